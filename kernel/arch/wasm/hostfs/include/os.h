/* SPDX-License-Identifier: GPL-2.0 */
/* fs/hostfs/hostfs.h includes User-Mode Linux's header of this name. */
#include <linux/types.h>
