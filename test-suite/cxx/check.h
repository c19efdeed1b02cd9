// SPDX-License-Identifier: MIT
#ifndef CHECK_H
#define CHECK_H

#include <cstdio>

// What main returns.  check(condition): the condition itself says what failed.
static volatile int status;
#define check(...) \
	((__VA_ARGS__) ? (void)0 : (void)(status = 1, \
		std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__)))

#endif
