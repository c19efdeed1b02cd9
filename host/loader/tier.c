/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "loader/loader.h"
#include "muslin.h"
#include "loader/tier.h"

static const struct {
	const char *name;
	enum muslin_tier tier;
} tiers[] = {
	{ "auto", MUSLIN_TIER_AUTO },
	{ "quick", MUSLIN_TIER_QUICK },
	{ "optimized", MUSLIN_TIER_OPTIMIZED },
};

int muslin_tier(const char *name)
{
	for (size_t i = 0; i < sizeof(tiers) / sizeof(*tiers); i++)
		if (!strcmp(name, tiers[i].name))
			return tiers[i].tier;
	return -EINVAL;
}

int tier_of(const struct loader *loader, char *error, size_t n)
{
	const char *name = getenv("MUSLIN_TIER");
	int tier = loader->tier;

	if (tier)
		return tier;
	if (!name || !*name)
		return MUSLIN_TIER_AUTO;
	tier = muslin_tier(name);
	if (tier < 0)
		snprintf(error, n, "MUSLIN_TIER is %s, not auto, quick or optimized",
			 name);
	return tier;
}
