/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fs/hostfs/hostfs_kern.c includes User-Mode Linux's header of this name, for
 * its boot parameter.  Here the host decides what can be mounted, so that the
 * parameter's function is never called.
 */
#define __uml_setup(str, fn, help...) \
	static int (*const fn##_unused)(char *, int *) __maybe_unused = fn
