/* SPDX-License-Identifier: MIT */
/*
 * What the host gives to the whole process, and one machine must not use up:
 * mappings (vm.max_map_count), and open files (RLIMIT_NOFILE).  A machine can have three quarters of what the
 * others leave, so that there is always some.
 */
#ifndef MUSLIN_SHARE_H
#define MUSLIN_SHARE_H

#include <stdbool.h>
#include <stdint.h>

struct share {
	uint64_t (*limit)(void);
	uint64_t used;		/* by all machines */
};

extern struct share share_mappings;
extern struct share share_files;

/* n more for a machine that has *mine; false: that would be too many. */
bool share_take(struct share *s, uint64_t *mine, uint64_t n);
/* n of them back.  What a boot image brought was never taken. */
void share_give(struct share *s, uint64_t *mine, uint64_t n);

#endif
