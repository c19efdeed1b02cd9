/* SPDX-License-Identifier: MIT */
/*
 * What wasm2c and a C compiler may do with the user's rights: they read text
 * that a stranger may have written.  Nothing here is needed for a result, and
 * a kernel that has less of it (Landlock, seccomp) makes less of it.
 */
#ifndef MUSLIN_SANDBOX_H
#define MUSLIN_SANDBOX_H

/*
 * Files for a process that runs programs, which end with NULL: it reads the
 * system's, theirs, and writes to dir (NULL: nowhere), with all that is below.
 * A descriptor, or -1 if the kernel has no Landlock.
 */
int sandbox_files(const char *const programs[], const char *dir);
/* For good, with or without files.  Only system calls: also after vfork(). */
void sandbox_enter(int files);

/* More directories, with colons between them. */
#define SANDBOX_DIRS "MUSLIN_CC_DIRS"

#endif
