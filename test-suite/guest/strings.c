// SPDX-License-Identifier: MIT
// strlen(), memchr(), memcmp() and the like of libc
#include "by_blocks.h"
