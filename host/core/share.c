/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/resource.h>

#include "core/share.h"

#define MAPPINGS_DEFAULT 65530

/* The rest is for the embedder. */
static uint64_t most(uint64_t n)
{
	return n - n / 16;
}

static uint64_t read_mappings(void)
{
	FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
	unsigned long n;

	if (!f)
		return MAPPINGS_DEFAULT;
	if (fscanf(f, "%lu", &n) != 1)
		n = MAPPINGS_DEFAULT;
	fclose(f);
	return n;
}

static uint64_t mappings(void)
{
	static uint64_t known;
	uint64_t n = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (!n) {
		n = most(read_mappings());
		__atomic_store_n(&known, n, __ATOMIC_RELAXED);
	}
	return n;
}

struct share share_mappings = { .limit = mappings };

/* The embedder may change it at any time. */
static uint64_t files(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_NOFILE, &r) ? 0 : most(r.rlim_cur);
}

struct share share_files = { .limit = files };

/* Several threads may do so at once: then it is a few more. */
bool share_take(struct share *s, uint64_t *mine, uint64_t n)
{
	uint64_t have = __atomic_load_n(mine, __ATOMIC_RELAXED), limit = s->limit();
	uint64_t others = __atomic_load_n(&s->used, __ATOMIC_RELAXED) - have;

	if (others >= limit || have + n > (limit - others) / 4 * 3)
		return false;
	__atomic_fetch_add(&s->used, n, __ATOMIC_RELAXED);
	__atomic_fetch_add(mine, n, __ATOMIC_RELAXED);
	return true;
}

void share_give(struct share *s, uint64_t *mine, uint64_t n)
{
	uint64_t have = __atomic_load_n(mine, __ATOMIC_RELAXED);

	if (n > have)
		n = have;
	__atomic_fetch_sub(&s->used, n, __ATOMIC_RELAXED);
	__atomic_fetch_sub(mine, n, __ATOMIC_RELAXED);
}
