/* SPDX-License-Identifier: MIT */
/* Which tier programs are compiled by. */
#ifndef MUSLIN_TIER_H
#define MUSLIN_TIER_H

#include <stddef.h>

struct loader;

/* AUTO, QUICK or OPTIMIZED of muslin.h; or -EINVAL, with error set. */
int tier_of(const struct loader *loader, char *error, size_t n);

#endif
