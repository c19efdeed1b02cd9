/* SPDX-License-Identifier: MIT */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <stdio.h>

/*
 * What main returns: 1 once t_error() was called.  Volatile, so that it is not
 * set before an access that is expected to fault.
 */
static volatile int t_status;

/* Says where and what failed.  The test goes on. */
#define t_error(...) \
	(t_status = 1, fprintf(stderr, "%s:%d: ", __FILE__, __LINE__), \
	 fprintf(stderr, __VA_ARGS__))

/* t_check(condition): the condition itself says what failed. */
#define t_check(x) ((x) ? (void)0 : (void)t_error("%s: false, errno %d\n", #x, errno))

#endif
