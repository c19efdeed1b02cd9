/* SPDX-License-Identifier: MIT */
/* Child processes. */
#ifndef MUSLIN_CHILD_H
#define MUSLIN_CHILD_H

#include <stddef.h>
#include <sys/types.h>

struct workdir;

/* of the processor, that a child may take */
#define CHILD_SECONDS 600

/*
 * A variable in the environment of what child_start() runs, for clang by whatever name:
 * no optimization that loader/compiler.c has -fno-ivopts against.  "#" is for silence, "+" for
 * one more argument.
 */
#define CHILD_CLANG_OPTIONS "CCC_OVERRIDE_OPTIONS=# +-mllvm +-disable-lsr"

/*
 * Starts argv in w, without input; its output goes to the file log.  Time,
 * memory and files have limits, and of the user's files it has those in w:
 * sandbox.h.  It does not outlive the thread that called this.  0 or -errno.
 */
int child_start(pid_t *pid, char *const argv[], const struct workdir *w,
		const char *log);
/* True if it exited with 0.  Else errno is ETIME or EFBIG if that was a limit. */
int child_succeeded(pid_t pid);
/* The same, of any child if *pid is -1: and *pid is the one that ended. */
int child_ended(pid_t *pid);

/*
 * In a child with all signals blocked, before it goes on or executes something:
 * no file from first on is open, whatever an embedder left open; signals do
 * what they do by default, and are not blocked any more.  System calls only.
 */
void child_settle(int first);

/*
 * Runs run(arg) in a process that is nobody's child, so that no wait() of an embedder
 * finds it; it begins with all signals blocked.  What returns from run exits.  0, or
 * -errno of this process.
 */
int child_detach(void (*run)(void *arg), void *arg);

/*
 * Starts argv as nobody's child: with a session of its own, in /, with input
 * and a lock as files 0 and 3, without output.  It is not known whether it
 * succeeds.
 */
void child_leave(char *const argv[], int input, int lock);

/*
 * Runs argv to its end, with in as its input, and with no other file of the
 * user's.  0, with what it has written in
 * *out, to be freed and with a zero byte behind it; 1 if it failed, with what
 * it says to that in *errors, to be freed or NULL; or -errno.
 */
int child_capture(char *const argv[], const void *in, size_t in_size,
		  char **out, size_t *out_size, char **errors);

#endif
