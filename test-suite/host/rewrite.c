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
#define SLOTS 0xd8000000

static struct image image, *im = &image;
static struct rewritten out;
static uint32_t how;

/* In a block of exactly its size, so that a tool sees a read beyond it. */
static int rewrite_image(const uint8_t *p, size_t n)
{
	void *copy = malloc(n ? n : 1);
	int r;

	memcpy(copy, p, n);
	r = rewrite(copy, n, TLB, POLL, how, SLOTS, &out);
	free(copy);
	ck_assert(r == 0 || (r == -ENOEXEC && out.error[0] && !out.module && !out.data && !out.about));
	return r;
}

/* What is imported into each program, and into one that forks. */
enum { PLAIN = 9, FORKING = 13 };

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
	ck_assert_uint_eq(count_mmu(&w), PLAIN);
	ck_assert_uint_eq(w.memories[0].min, 1);
	/* what follows the import is the program's */
	ck_assert_uint_eq(wasm_find_export(&w, "_start")->index, PLAIN);
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
static void change_each_byte(void)
{
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

START_TEST(any_changed_byte_is_survived)
{
	PROGRAM(im, STORE_ARGUMENT);
	change_each_byte();
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

#define TYPE_CLONE "\x60\5\x7f\x7f\x7f\x7f\x7f\1\x7f"
#define FORK "\x41\x11\x41\0\x41\0\x41\0\x41\0\x10\0\x1a"
/* a child with a stack: the function has written to it */
#define CLONE "\x20\0\x41\0\x36\2\0" "\x41\x11\x20\0\x41\0\x41\0\x41\0\x10\0\x1a"

/* As PROGRAM, and function 0 is the system call clone. */
#define CLONE_PROGRAM(im, body) do { \
	IMAGE_HEADER(im); \
	SECTION(im, TYPES, "\2" TYPE_I_V TYPE_CLONE); \
	SECTION(im, IMPORTS, "\2" ENV_MEMORY "\5linux\x0f__syscall_clone\0\1"); \
	SECTION(im, FUNCTIONS, "\1\0"); \
	SECTION(im, TABLES, TABLE_16); \
	SECTION(im, GLOBALS, ALL_GLOBALS); \
	SECTION(im, EXPORTS, "\4\6_start\0\1" EXPORT_SP EXPORT_TLS EXPORT_TABLE); \
	SECTION(im, ELEMENTS, "\1\0\x41\1\x0b\2\0\1"); \
	ONE_FUNCTION(im, body); \
} while (0)

static uint32_t mmu_imports(void)
{
	struct wasm w;
	char error[200];
	uint32_t n;

	ck_assert_int_eq(rewrite_image(im->p, im->n), 0);
	ck_assert_int_eq(wasm_read(out.module, out.size, &w, error, sizeof(error)), 0);
	n = count_mmu(&w);
	wasm_free(&w);
	rewritten_free(&out);
	return n;
}

START_TEST(only_a_program_that_forks_pays_for_it)
{
	CLONE_PROGRAM(im, FORK);
	ck_assert_uint_eq(mmu_imports(), FORKING);
	CLONE_PROGRAM(im, CLONE);
	ck_assert_uint_eq(mmu_imports(), PLAIN);
	/* another value than what was written to */
	CLONE_PROGRAM(im, "\x20\0\x41\0\x36\2\0\x41\0\x21\0"
		      "\x41\x11\x20\0\x41\0\x41\0\x41\0\x10\0\x1a");
	ck_assert_uint_eq(mmu_imports(), FORKING);
	CLONE_PROGRAM(im, "");
	ck_assert_uint_eq(mmu_imports(), PLAIN);
}
END_TEST

/* a fork in a loop, in an if, in a try, and in its handler; operands below */
START_TEST(any_changed_byte_around_a_fork_is_survived)
{
	CLONE_PROGRAM(im, "\x41\1\x03\x40\x20\0\x04\x40" FORK "\x05" FORK "\x0b\x0b"
		      "\x06\x7f" "\x41\2" FORK "\x19" "\x41\3" FORK "\x0b\x1a\x1a");
	ck_assert_uint_eq(mmu_imports(), FORKING);
	change_each_byte();
}
END_TEST

/* _start, and two functions that are exported, of those types and names; rest is their bodies. */
#define THREE_FUNCTIONS(im, types, names, body, rest) do { \
	IMAGE_HEADER(im); \
	SECTION(im, TYPES, "\3" TYPE_I_V types); \
	SECTION(im, IMPORTS, "\1" ENV_MEMORY); \
	SECTION(im, FUNCTIONS, "\3\0\1\2"); \
	SECTION(im, TABLES, TABLE_16); \
	SECTION(im, GLOBALS, ALL_GLOBALS); \
	SECTION(im, EXPORTS, "\6" EXPORT_START EXPORT_SP EXPORT_TLS EXPORT_TABLE names); \
	im->p[im->n++] = CODE; \
	im->p[im->n++] = sizeof(body) + 11; \
	im->p[im->n++] = 3; \
	im->p[im->n++] = sizeof(body) + 1; \
	im->p[im->n++] = 0; \
	BYTES(im, body); \
	BYTES(im, "\x0b" rest); \
} while (0)

#define JUMPING(im, body) THREE_FUNCTIONS(im, "\x60\1\x7f\1\x7f" "\x60\2\x7f\x7f\0", \
	"\x08__setjmp\0\1" "\x09__longjmp\0\2", body, "\3\0\0\x0b\3\0\0\x0b")

START_TEST(any_changed_byte_around_setjmp_is_survived)
{
	struct wasm w;
	char error[200];

	JUMPING(im, "\x20\0\x10\1\x1a\x03\x40\x20\0\x10\1\x0d\0\x0b\x20\0\x41\1\x10\2");
	ck_assert_int_eq(rewrite_image(im->p, im->n), 0);
	ck_assert_int_eq(wasm_read(out.module, out.size, &w, error, sizeof(error)), 0);
	ck_assert_uint_eq(w.ntags, 1);
	wasm_free(&w);
	rewritten_free(&out);
	change_each_byte();
}
END_TEST

/* The environment's functions, and operations of all kinds that mind it. */
#define FLOATING(im, body) THREE_FUNCTIONS(im, "\x60\0\1\x7f" "\x60\1\x7f\0", \
	"\x0a__fenv_get\0\1" "\x0a__fenv_set\0\2", body, "\4\0\x41\0\x0b\2\0\x0b")

/* PLAIN's, those of forks, and float.c's */
enum { FLOATING_IMPORTS = 18 };

START_TEST(only_a_program_with_an_environment_pays_for_it)
{
	FLOATING(im, "\x20\0\xb7\x9f\x20\0\xb2\xbb\xa3\x9e\xb6\x91\x43\0\0\0\0\x94\xa8\x1a"
		 "\x20\0\xac\xba\xfc\x02\x1a");
	ck_assert_uint_eq(mmu_imports(), FLOATING_IMPORTS);
	change_each_byte();
	/* what is exported is no such function: it gets no body of ours */
	for (size_t i = 0; i < im->n - 10; i++)
		if (!memcmp(im->p + i, "__fenv_", 7))
			im->p[i + 11] = 3 - im->p[i + 11];
	ck_assert_uint_eq(mmu_imports(), PLAIN);
}
END_TEST

/* Loops in a loop, in an if, in a try and in its handler, and with operands below. */
START_TEST(any_changed_byte_around_loops_is_survived)
{
	struct wasm w;
	char error[200];

	how = REWRITE_REENTERS | REWRITE_COUNTS;
	PROGRAM(im, "\x41\1\x03\x40\x20\0\x04\x40\x03\x40\x20\0\x0d\0\x0b\x05\x03\x40\x0b\x0b\x20\0\x0d\0\x0b"
		"\x06\x7f" "\x41\2\x03\x40\x20\0\x0d\0\x0b" "\x19" "\x41\3\x03\x40\x0b" "\x0b\x1a\x1a");
	ck_assert_int_eq(rewrite_image(im->p, im->n), 0);
	ck_assert_int_eq(wasm_read(out.module, out.size, &w, error, sizeof(error)), 0);
	ck_assert_uint_eq(count_mmu(&w), FORKING);
	wasm_free(&w);
	rewritten_free(&out);
	change_each_byte();
	/* no loop */
	PROGRAM(im, "");
	ck_assert_uint_eq(mmu_imports(), PLAIN);
	how = 0;
}
END_TEST

#define DYLINK		"\10dylink.0\1\4\0\0\0\0"
#define CONSTANT	"\3\x7f\0"
#define VARIABLE	"\3\x7f\1"
#define TYPE_I_I	"\x60\1\x7f\1\x7f"

/* A library with an import of each kind, of functions (i32) -> (i32) and (i32) -> (). */
#define LIBRARY(im, body) do { \
	IMAGE_HEADER(im); \
	SECTION(im, 0, DYLINK); \
	SECTION(im, TYPES, "\2" TYPE_I_V TYPE_I_I); \
	SECTION(im, IMPORTS, "\12" ENV_MEMORY "\3env\x0d__memory_base" CONSTANT "\3env\x0c__table_base" CONSTANT \
		"\3env\x0f__stack_pointer" VARIABLE "\7GOT.mem\1x" VARIABLE "\3env\1f\0\1" "\3env\6setjmp\0\1" \
		"\3env\x19__indirect_function_table\1\x70\0\1" "\3env\x0f__cpp_exception\4\0\0" \
		"\5linux\x0f__syscall_close\0\1"); \
	SECTION(im, FUNCTIONS, "\1\0"); \
	SECTION(im, GLOBALS, "\1\x7f\1\x41\5\x0b"); \
	SECTION(im, EXPORTS, "\2\1f\0\3\x0a__tls_base\3\4"); \
	SECTION(im, ELEMENTS, "\1\0\x23\1\x0b\1\3"); \
	ONE_FUNCTION(im, body); \
} while (0)

/* a call of another module, of its own by the table, setjmp, and all globals */
#define LIBRARY_BODY "\x20\0\x10\0\x1a\x20\0\x20\0\x11\0\0\x20\0\x10\1\x1a\x20\0\x10\2\x1a" \
	"\x23\0\x23\1\x23\2\x23\3\x6a\x6a\x6a\x24\2\x23\4\x24\4\x20\0\x08\0"

START_TEST(library_is_one_of_a_process)
{
	struct wasm w;
	char error[200];

	LIBRARY(im, LIBRARY_BODY);
	ck_assert_int_eq(rewrite_image(im->p, im->n), -ENOEXEC);
	ck_assert_str_eq(out.error, "is a shared library");
	how = REWRITE_LIBRARY;
	ck_assert_int_eq(rewrite_image(im->p, im->n), 0);
	/* a memory base, an address, two functions, a global, and two of ours */
	ck_assert_str_eq(out.about, "7");
	ck_assert_int_eq(wasm_read(out.module, out.size, &w, error, sizeof(error)), 0);
	/* what is others' is called by its slot */
	for (uint32_t i = 0; i < w.nimports; i++)
		ck_assert(w.imports[i].kind != WASM_FUNC || strcmp(w.imports[i].module, "env"));
	ck_assert_ptr_nonnull(wasm_find_export(&w, "muslin.load"));
	ck_assert_ptr_null(wasm_find_export(&w, "f"));
	ck_assert_uint_eq(w.nelements, 1);
	wasm_free(&w);
	rewritten_free(&out);
	PROGRAM(im, "");
	ck_assert_int_eq(rewrite_image(im->p, im->n), -ENOEXEC);
	ck_assert_str_eq(out.error, "is not a shared library");
	how = 0;
}
END_TEST

START_TEST(any_changed_byte_of_a_library_is_survived)
{
	for (how = REWRITE_LIBRARY; how <= (REWRITE_LIBRARY | REWRITE_REENTERS); how += REWRITE_REENTERS) {
		LIBRARY(im, LIBRARY_BODY);
		change_each_byte();
	}
	how = 0;
	/* and of what is taken for a program that needs libraries */
	change_each_byte();
}
END_TEST

/* A kernel is made for functions that it has, and for those alone. */
START_TEST(kernel_has_the_functions_to_leave)
{
	static const uint32_t none[] = { 0 }, wild[] = { 1 }, most[] = { UINT32_MAX };

	PROGRAM(im, "");
	ck_assert_int_eq(rewrite_kernel(im->p, im->n, TLB, none, 1, &out), 0);
	rewritten_free(&out);
	ck_assert_int_eq(rewrite_kernel(im->p, im->n, TLB, none, 0, &out), 0);
	rewritten_free(&out);
	ck_assert_int_eq(rewrite_kernel(im->p, im->n, TLB, wild, 1, &out), -ENOEXEC);
	ck_assert_int_eq(rewrite_kernel(im->p, im->n, TLB, most, 1, &out), -ENOEXEC);
	for (size_t n = 0; n < im->n; n++)
		if (rewrite_kernel(im->p, n, TLB, none, 1, &out) == 0)
			rewritten_free(&out);
}
END_TEST

/* setjmp with the type of another function, and twice too many variables */
START_TEST(wrong_setjmp_is_refused)
{
	JUMPING(im, "\x20\0\x10\1\x1a");
	for (size_t i = 0; i < im->n - 8; i++)
		if (!memcmp(im->p + i, "__setjmp", 8))
			im->p[i + 9] = 2;
	ck_assert_int_eq(rewrite_image(im->p, im->n), -ENOEXEC);
}
END_TEST

START_TEST(table_is_described)
{
	CLONE_PROGRAM(im, FORK);
	ck_assert_int_eq(rewrite_image(im->p, im->n), 0);
	ck_assert_uint_eq(out.nslots, 16);
	ck_assert(!out.slots[0] && out.slots[1] && out.slots[2] && !out.slots[3]);
	ck_assert_uint_ne(out.slots[1], out.slots[2]);
	rewritten_free(&out);
}
END_TEST

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

/* The same around and behind a fork. */
START_TEST(deep_blocks_around_a_fork_take_no_stack)
{
	static const uint8_t head[] = "\0asm\1\0\0\0" "\1\x0d\2\x60\0\0" TYPE_CLONE
		"\2\x28\2\3env\6memory\2\3\1\2" "\5linux\x0f__syscall_clone\0\1" "\3\2\1\0";
	uint32_t n = 300000, body = 2 + 6 * n + sizeof(FORK) - 1, i;
	uint8_t *p = malloc(body + 100), *q = put(p, head, sizeof(head) - 1);

	*q++ = 10;
	q = put_size(q, body + 6);
	*q++ = 1;
	q = put_size(q, body);
	*q++ = 0;
	for (i = 0; i < n; i++)
		q = put(q, "\2\x40\3\x40", 4);
	q = put(q, FORK, sizeof(FORK) - 1);
	for (i = 0; i < 2 * n; i++)
		*q++ = 0x0b;
	*q++ = 0x0b;
	ck_assert_int_eq(rewrite_image(p, q - p), 0);
	ck_assert_uint_lt(out.size, body + 100 * n);
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
	ck_assert_int_eq(rewrite_image(p, large_program(p, 1, "\x41\0\xfd\0\x40\0\0\x1a", 8)), -ENOEXEC);
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

	/* each needs less than half a second of a machine that has nothing else to do */
	tcase_set_timeout(t, 60);
	tcase_add_test(t, program_has_no_access_of_its_own);
	tcase_add_test(t, truncated_program_is_refused);
	tcase_add_test(t, any_changed_byte_is_survived);
	tcase_add_test(t, only_a_program_that_forks_pays_for_it);
	tcase_add_test(t, any_changed_byte_around_a_fork_is_survived);
	tcase_add_test(t, any_changed_byte_around_setjmp_is_survived);
	tcase_add_test(t, any_changed_byte_around_loops_is_survived);
	tcase_add_test(t, only_a_program_with_an_environment_pays_for_it);
	tcase_add_test(t, library_is_one_of_a_process);
	tcase_add_test(t, any_changed_byte_of_a_library_is_survived);
	tcase_add_test(t, kernel_has_the_functions_to_leave);
	tcase_add_test(t, wrong_setjmp_is_refused);
	tcase_add_test(t, table_is_described);
	tcase_add_test(t, deep_blocks_take_no_stack);
	tcase_add_test(t, deep_blocks_around_a_fork_take_no_stack);
	tcase_add_test(t, each_access_grows_by_a_bounded_amount);
	tcase_add_test(t, access_of_another_memory_is_refused);
	tcase_add_test(t, function_of_a_million_variables_is_refused);
	suite_add_tcase(s, t);
	return s;
}
