/* SPDX-License-Identifier: MIT */
/* Programs for the machine in JavaScript, hostile ones among them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "wasm/wasm.h"
#include "../../web/rewrite.h"

#include <check.h>

#define TLB 0xd0000000
#define POLL 0x20000

static struct image image, *im = &image;
static struct rewritten out;

/* In a block of exactly its size, so that a tool sees a read beyond it. */
static int rewrite_image(const uint8_t *p, size_t n)
{
	void *copy = malloc(n ? n : 1);
	int r;

	memcpy(copy, p, n);
	r = rewrite(copy, n, TLB, POLL, &out);
	free(copy);
	ck_assert(r == 0 || (r == -ENOEXEC && out.error[0] && !out.module && !out.data));
	return r;
}

static uint32_t count_mmu(const struct wasm *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->nimports; i++)
		n += !strcmp(w->imports[i].module, "mmu");
	return n;
}

START_TEST(program_has_no_access_of_its_own)
{
	struct wasm w;
	char error[200];

	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_int_eq(rewrite_image(im->p, im->n), 0);
	ck_assert_int_eq(wasm_read(out.module, out.size, &w, error, sizeof(error)), 0);
	ck_assert_uint_eq(count_mmu(&w), 8);
	ck_assert_uint_eq(w.memories[0].min, 1);
	/* what follows the import is the program's */
	ck_assert_uint_eq(wasm_find_export(&w, "_start")->index, 8);
	ck_assert_ptr_null(wasm_find_export(&w, "muslin.start"));
	wasm_free(&w);
	rewritten_free(&out);
}
END_TEST

START_TEST(truncated_program_is_refused)
{
	PROGRAM(im, STORE_ARGUMENT);
	for (size_t n = 0; n < im->n; n++)
		if (rewrite_image(im->p, n) == 0)
			rewritten_free(&out);
	ck_assert_int_eq(rewrite_image(im->p, im->n / 2), -ENOEXEC);
}
END_TEST

/* The engine refuses most of these before; the rewriter is to survive all. */
START_TEST(any_changed_byte_is_survived)
{
	PROGRAM(im, STORE_ARGUMENT);
	for (size_t i = 0; i < im->n; i++) {
		uint8_t old = im->p[i];

		for (int v = 0; v < 256; v++) {
			im->p[i] = v;
			if (rewrite_image(im->p, im->n) == 0)
				rewritten_free(&out);
		}
		im->p[i] = old;
	}
}
END_TEST

static uint8_t *put(uint8_t *p, const void *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

static uint8_t *put_size(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++, v >>= 7)
		*p++ = v | 128;
	*p++ = v;
	return p;
}

/* header, a memory, one type, one function whose body is n times fill, and an end */
static size_t large_program(uint8_t *p, uint32_t n, const void *fill, size_t size)
{
	static const uint8_t head[] = "\0asm\1\0\0\0" "\1\4\1\x60\0\0"
		"\2\x10\1\3env\6memory\2\3\1\2" "\3\2\1\0";
	uint8_t *begin = p;
	uint32_t body = 2 + n * size;

	p = put(p, head, sizeof(head) - 1);
	*p++ = 10;
	p = put_size(p, body + 6);
	*p++ = 1;
	p = put_size(p, body);
	*p++ = 0;
	while (n--)
		p = put(p, fill, size);
	*p++ = 0x0b;
	return p - begin;
}

START_TEST(deep_blocks_take_no_stack)
{
	uint32_t n = 2000000;
	uint8_t *p = malloc(2 * n + 100);

	/* unbalanced, which the engine finds; here each is only copied */
	if (rewrite_image(p, large_program(p, n, "\2\x40", 2)) == 0)
		rewritten_free(&out);
	free(p);
}
END_TEST

START_TEST(each_access_grows_by_a_bounded_amount)
{
	uint32_t n = 100000;
	uint8_t *p = malloc(8 * n + 100);
	size_t size = large_program(p, n, "\x41\0\x28\2\0\x1a", 6);

	ck_assert_int_eq(rewrite_image(p, size), 0);
	ck_assert_uint_lt(out.size, size + n * 80);
	rewritten_free(&out);
	free(p);
}
END_TEST

START_TEST(access_of_another_memory_is_refused)
{
	uint8_t p[200];

	ck_assert_int_eq(rewrite_image(p, large_program(p, 1, "\x41\0\x28\x42\0\0\x1a", 7)), -ENOEXEC);
	ck_assert_int_eq(rewrite_image(p, large_program(p, 1, "\x41\0\xfd\0\0\0\x1a", 7)), -ENOEXEC);
}
END_TEST

START_TEST(function_of_a_million_variables_is_refused)
{
	uint8_t p[200];
	size_t n = large_program(p, 1, "\1", 1);

	/* its one group of variables */
	static const uint8_t body[] = "\x0a\x0a\1\x08\1\xff\xff\x3f\x7f\1\1\x0b";

	memcpy(p + n - 13 - 1, body, sizeof(body) - 1);
	ck_assert_int_eq(rewrite_image(p, n), -ENOEXEC);
}
END_TEST

Suite *rewrite_suite(void)
{
	Suite *s = suite_create("rewrite");
	TCase *t = tcase_create("core");

	tcase_add_test(t, program_has_no_access_of_its_own);
	tcase_add_test(t, truncated_program_is_refused);
	tcase_add_test(t, any_changed_byte_is_survived);
	tcase_add_test(t, deep_blocks_take_no_stack);
	tcase_add_test(t, each_access_grows_by_a_bounded_amount);
	tcase_add_test(t, access_of_another_memory_is_refused);
	tcase_add_test(t, function_of_a_million_variables_is_refused);
	suite_add_tcase(s, t);
	return s;
}
