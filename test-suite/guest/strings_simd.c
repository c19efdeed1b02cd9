// SPDX-License-Identifier: MIT
// strlen(), memchr(), memcmp() and the like of programs with vectors
#include "by_blocks.h"
