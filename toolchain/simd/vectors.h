/* SPDX-License-Identifier: MIT */
/*
 * Functions of the C library sixteen bytes at a time, for programs of -msimd128.  An
 * aligned block lies in one page, so that whoever may read one byte of it may read all.
 */
#ifndef SIMD_VECTORS_H
#define SIMD_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <wasm_simd128.h>

#define BLOCK 16
#define PAGE 4096

/* The block that p is in, and how many of its bytes lie before p. */
static inline const unsigned char *block(const void *p)
{
	return (void *)((uintptr_t)p & -BLOCK);
}

static inline unsigned before(const void *p)
{
	return (uintptr_t)p % BLOCK;
}

/* A bit for each byte of a block, the first one lowest. */
static inline unsigned equal(const unsigned char *p, v128_t to)
{
	return wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(p), to));
}

static inline unsigned zero(const unsigned char *p)
{
	return equal(p, wasm_i8x16_splat(0));
}

#endif
