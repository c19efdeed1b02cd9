/* SPDX-License-Identifier: GPL-2.0 */
/* fs/hostfs/hostfs_kern.c includes User-Mode Linux's header of this name. */
#include <linux/printk.h>

#define printf(fmt, ...) pr_err(fmt, ##__VA_ARGS__)
