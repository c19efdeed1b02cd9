/* SPDX-License-Identifier: MIT */
/*
 * The rewriter as a module of its own: it is instantiated for one program, and
 * forgotten with all that it has allocated.
 */
#include <stddef.h>
#include "rewrite.h"

#define EXPORT(name) __attribute__((export_name(#name)))

extern unsigned char __heap_base[];
static unsigned char *brk = __heap_base;

EXPORT(malloc) void *malloc(size_t n)
{
	unsigned char *p = brk;
	size_t have = __builtin_wasm_memory_size(0) << 16, need;

	if (n > (1u << 30) || (size_t)p > 0x60000000)
		return NULL;
	brk = p + ((n + 15) & ~15ul);
	need = (size_t)brk;
	if (need > have && __builtin_wasm_memory_grow(0, (need - have + (1 << 20)) >> 16) == (size_t)-1) {
		brk = p;
		return NULL;
	}
	return p;
}

void free(void *p)
{
	(void)p;
}

/* Fresh memory is zero, and none is used twice. */
void *calloc(size_t n, size_t size)
{
	return size && n > (1u << 30) / size ? NULL : malloc(n * size);
}

/* What is behind p is a copy of too much, never more than there is. */
void *realloc(void *p, size_t n)
{
	unsigned char *q = malloc(n);
	size_t old = p ? q - (unsigned char *)p : 0;

	if (q)
		__builtin_memcpy(q, p, old < n ? old : n);
	return q;
}

static struct rewritten result;

EXPORT(rewrite) int rewrite_image(const void *image, size_t size, uint32_t tlb, uint32_t poll,
				  uint32_t how, uint32_t slots)
{
	return rewrite(image, size, tlb, poll, how, slots, &result);
}

EXPORT(rewrite_kernel) int kernel(const void *image, size_t size, uint32_t tlb,
				  const uint32_t *functions, uint32_t n)
{
	return rewrite_kernel(image, size, tlb, functions, n, &result);
}

EXPORT(result) struct rewritten *get_result(void)
{
	return &result;
}
