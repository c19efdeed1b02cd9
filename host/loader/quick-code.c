/* SPDX-License-Identifier: MIT */
/* The quick tier's code, where it runs. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cgen/abi.h"
#include "loader/build.h"
#include "loader/quick.h"

/*
 * Below what a boot image wants, arena.h: by any habit of Linux nobody's, so
 * that it is free in the process that compiles, too.
 */
#define FIRST_PLACE	0x080000000000ull
#define LAST_PLACE	0x0f0000000000ull

void *quick_reserve(void)
{
	static _Atomic uint64_t number;
	uint64_t at = FIRST_PLACE +
		number++ % ((LAST_PLACE - FIRST_PLACE) / QUICK_PLACE) * QUICK_PLACE;
	void *p = mmap((void *)at, QUICK_PLACE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

bool quick_reserve_at(void *place)
{
	uint64_t at = (uintptr_t)place;
	void *p;

	if (at < FIRST_PLACE || at >= LAST_PLACE || (at - FIRST_PLACE) % QUICK_PLACE)
		return false;
	p = mmap(place, QUICK_PLACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (p == place)
		return true;
	if (p != MAP_FAILED)
		munmap(p, QUICK_PLACE);
	return false;
}

void quick_release(void *place)
{
	munmap(place, QUICK_PLACE);
}

static size_t whole_pages(size_t n)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (n + page - 1) & -page;
}

static bool is_inside(const struct quick_code *c, const void *p, size_t n)
{
	size_t at = (uintptr_t)p - (uintptr_t)c->p;

	return c->size >= n && at <= c->size - n && !((uintptr_t)p % sizeof(void *));
}

int quick_map(struct quick_code *c, int fd)
{
	size_t size = whole_pages(c->size);
	int r = -ENOEXEC;

	if (!c->size || !is_inside(c, c->ops, sizeof(*c->ops)) ||
	    !is_inside(c, c->functions, sizeof(*c->functions)))
		goto out;
	if (mmap(c->p, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
	    MAP_FAILED) {
		r = -errno;
		goto out;
	}
	munmap((char *)c->p + size, QUICK_PLACE - size);
	return 0;
out:
	quick_release(c->p);
	*c = (struct quick_code) { 0 };
	return r;
}

void quick_free(struct quick_code *c)
{
	if (c->p)
		munmap(c->p, whole_pages(c->size));
	*c = (struct quick_code) { 0 };
}

int64_t quick_function(const struct quick_code *code, const uint8_t *pc)
{
	const uint8_t *const *f = code->functions, *const *end;
	int64_t last = -1;

	/* what compiled it may not have made the list that it should */
	end = (void *)((char *)code->p + code->size / sizeof(*f) * sizeof(*f));
	for (int64_t i = 0; f && f + i < end; i++) {
		if (!f[i] && last >= 0)
			return -1;	/* behind the last one */
		if (f[i] && pc < f[i])
			return last;
		if (f[i])
			last = i;
	}
	return -1;
}
