/* SPDX-License-Identifier: MIT */
/* What libcheck lacks: a unit test that cannot run here says why, and returns. */
#ifndef TEST_SKIP_H
#define TEST_SKIP_H

#define SKIP "# SKIP "

void check_skipped(const char *why);

/* Of a test function; what its fixture has made is removed as ever. */
#define check_skip(why) do { check_skipped(why); return; } while (0)

#endif
