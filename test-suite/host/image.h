/* SPDX-License-Identifier: MIT */
/* WebAssembly modules for unit tests, written by hand. */
#ifndef TEST_IMAGE_H
#define TEST_IMAGE_H

#include <stdint.h>
#include <string.h>

struct image {
	uint8_t p[4096];
	size_t n;
};

static inline void image_bytes(struct image *im, const char *bytes, size_t n)
{
	memcpy(im->p + im->n, bytes, n);
	im->n += n;
}

#define BYTES(im, s) image_bytes(im, s, sizeof(s) - 1)

static inline void image_section(struct image *im, int id, const char *bytes,
				 size_t n)
{
	im->p[im->n++] = id;
	im->p[im->n++] = n % 128 + 128;
	im->p[im->n++] = n / 128;
	image_bytes(im, bytes, n);
}

#define SECTION(im, id, s) image_section(im, id, s, sizeof(s) - 1)

enum { TYPES = 1, IMPORTS, FUNCTIONS, TABLES, MEMORIES, GLOBALS, EXPORTS, START,
       ELEMENTS, CODE, DATA };

/* sections of a program that does what its body does */
#define TYPE_I_V	"\x60\1\x7f\0"
#define TYPE_III_I	"\x60\3\x7f\x7f\x7f\1\x7f"
#define TYPE_V_V	"\x60\0\0"
#define TYPE_IIII_V	"\x60\4\x7f\x7f\x7f\x7f\0"
#define ENV_MEMORY	"\3env\6memory\2\3\2\x80\x80\4"
#define ALL_TYPES	"\4" TYPE_I_V TYPE_III_I TYPE_V_V TYPE_IIII_V
#define TABLE_16	"\1\x70\1\x10\x10"
#define ALL_GLOBALS	"\2\x7f\1\x41\0\x0b\x7f\1\x41\0\x0b"
#define EXPORT_START	"\6_start\0\0"
#define EXPORT_SP	"\x0f__stack_pointer\3\0"
#define EXPORT_TLS	"\x0a__tls_base\3\1"
#define EXPORT_TABLE	"\x19__indirect_function_table\1\0"
#define ALL_EXPORTS	"\4" EXPORT_START EXPORT_SP EXPORT_TLS EXPORT_TABLE

#define IMAGE_HEADER(im) (*(im) = (struct image){ .n = 0 }, \
	BYTES(im, "\0asm\1\0\0\0"))

/* The code section, of one function without locals. */
#define ONE_FUNCTION(im, body) do { \
	im->p[im->n++] = CODE; \
	im->p[im->n++] = sizeof(body) + 3; \
	im->p[im->n++] = 1; \
	im->p[im->n++] = sizeof(body) + 1; \
	im->p[im->n++] = 0; \
	BYTES(im, body); \
	im->p[im->n++] = 0x0b; \
} while (0)

/* One function, _start of type (i32) -> (); body without the end. */
#define PROGRAM(im, body) do { \
	IMAGE_HEADER(im); \
	SECTION(im, TYPES, ALL_TYPES); \
	SECTION(im, IMPORTS, "\1" ENV_MEMORY); \
	SECTION(im, FUNCTIONS, "\1\0"); \
	SECTION(im, TABLES, TABLE_16); \
	SECTION(im, GLOBALS, ALL_GLOBALS); \
	SECTION(im, EXPORTS, ALL_EXPORTS); \
	ONE_FUNCTION(im, body); \
} while (0)

/* i32.store of its argument at 65536 */
#define STORE_ARGUMENT	"\x41\x80\x80\4\x20\0\x36\2\0"

#endif
