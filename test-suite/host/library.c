/* SPDX-License-Identifier: MIT */
/* What may be a shared library, and what the host knows of it.  Nothing here is compiled. */
#include <errno.h>
#include <stdlib.h>

#include "image.h"
#include "loader/load.h"
#include "machine/machine.h"
#include "machine/syscalls.h"
#include "wasm/wasm.h"

/* It has a macro called fail. */
#include <check.h>

static struct loader loader;
static struct image image, *im = &image;
static char error[MODULE_ERROR_SIZE];

#define DYLINK		"\10dylink.0\1\4\0\0\0\0"
#define MEMORY_BASE	"\3env\15__memory_base\3\x7f\0"
#define TABLE_BASE	"\3env\14__table_base\3\x7f\0"
#define STACK_POINTER	"\3env\17__stack_pointer\3\x7f\1"
#define FUNCTION_TABLE	"\3env\31__indirect_function_table\1\x70\0\1"
#define TYPE_V_I	"\x60\0\1\x7f"

/* Function 0 is env.f, function 1 its own, exported as g and h; sections before code. */
#define LIBRARY(im, imports, globals, exports, elements) do { \
	IMAGE_HEADER(im); \
	SECTION(im, 0, DYLINK); \
	SECTION(im, TYPES, "\4" TYPE_V_I TYPE_I_V "\x60\0\2\x7f\x7f" "\x60\1\x6f\0"); \
	SECTION(im, IMPORTS, imports); \
	SECTION(im, FUNCTIONS, "\1\0"); \
	SECTION(im, GLOBALS, globals); \
	SECTION(im, EXPORTS, exports); \
	SECTION(im, ELEMENTS, elements); \
	ONE_FUNCTION(im, "\x10\0"); \
} while (0)

#define USUAL_IMPORTS	ENV_MEMORY MEMORY_BASE TABLE_BASE FUNCTION_TABLE "\3env\1f\0\0"
#define NO_GLOBALS	"\0"
#define EXPORTS_2	"\2\1g\0\1\1h\0\1"
#define ELEMENT		"\1\0\x23\1\x0b\1\1"

static int check(void)
{
	struct load l = {
		.loader = &loader, .name = "lib.so", .image = im->p, .size = im->n,
		.error = error, .library = true,
	};
	void *thunks[16];
	int r = wasm_read(im->p, im->n, &l.w, error, sizeof(error));

	*error = 0;
	if (!r)
		r = load_check_library(&l, thunks);
	wasm_free(&l.w);
	return r;
}

static void setup(void)
{
	loader = (struct loader) {
		.exports = kernel_exports, .nexports = kernel_exports_count,
	};
}

static void refused(const char *why)
{
	ck_assert_int_eq(check(), -ENOEXEC);
	ck_assert_str_eq(error, why);
}

START_TEST(library_is_accepted)
{
	LIBRARY(im, "\5" USUAL_IMPORTS, NO_GLOBALS, EXPORTS_2, ELEMENT);
	ck_assert_msg(!check(), "%s", error);
	LIBRARY(im, "\7" USUAL_IMPORTS STACK_POINTER "\7GOT.mem\1x\3\x7f\1",
		"\1\x7f\1\x41\5\x0b", EXPORTS_2, ELEMENT);
	ck_assert_msg(!check(), "%s", error);
}
END_TEST

START_TEST(other_imports_are_refused)
{
	LIBRARY(im, "\6" USUAL_IMPORTS "\1x\1y\0\0", NO_GLOBALS, EXPORTS_2, ELEMENT);
	refused("lib.so: imports x.y, which is no function of a library");
	LIBRARY(im, "\6" USUAL_IMPORTS "\5linux\1y\0\0", NO_GLOBALS, EXPORTS_2, ELEMENT);
	refused("lib.so: imports linux.y, which this kernel does not export");
	LIBRARY(im, "\6" USUAL_IMPORTS "\3env\1y\3\x7e\0", NO_GLOBALS, EXPORTS_2, ELEMENT);
	refused("lib.so: imports env.y, which is no address");
	LIBRARY(im, "\6" USUAL_IMPORTS "\3env\1y\3\x7f\1", NO_GLOBALS, EXPORTS_2, ELEMENT);
	refused("lib.so: imports env.y, which is no address");
	LIBRARY(im, "\6" USUAL_IMPORTS "\3env\17__stack_pointer\3\x7f\0", NO_GLOBALS, EXPORTS_2,
		ELEMENT);
	refused("lib.so: imports env.__stack_pointer, which is not a mutable i32");
	LIBRARY(im, "\6" USUAL_IMPORTS "\3env\1t\1\x70\0\1", NO_GLOBALS, EXPORTS_2, ELEMENT);
	refused("lib.so: imports env.t, which is not the table of functions");
	LIBRARY(im, "\6" USUAL_IMPORTS "\3env\6setjmp\0\0", NO_GLOBALS, EXPORTS_2, ELEMENT);
	refused("lib.so: imports env.setjmp, whose type is not (i32) -> i32");
	LIBRARY(im, "\6" USUAL_IMPORTS "\3env\1y\0\2", NO_GLOBALS, EXPORTS_2, ELEMENT);
	refused("lib.so: imports env.y, with references, or more than one result");
	LIBRARY(im, "\6" USUAL_IMPORTS "\3env\1y\0\3", NO_GLOBALS, EXPORTS_2, ELEMENT);
	refused("lib.so: imports env.y, with references, or more than one result");
}
END_TEST

START_TEST(globals_begin_as_constants)
{
	LIBRARY(im, "\5" USUAL_IMPORTS, "\1\x7e\1\x42\5\x0b", EXPORTS_2, ELEMENT);
	refused("lib.so: has global 2, which does not begin as an i32 that it says");
	LIBRARY(im, "\5" USUAL_IMPORTS, "\1\x7f\1\x23\0\x0b", EXPORTS_2, ELEMENT);
	refused("lib.so: has global 2, which does not begin as an i32 that it says");
}
END_TEST

START_TEST(elements_are_at_the_table_base)
{
	static const char why[] = "lib.so: has elements that are not at __table_base";

	LIBRARY(im, "\5" USUAL_IMPORTS, NO_GLOBALS, EXPORTS_2, "\1\0\x23\0\x0b\1\1");
	refused(why);
	LIBRARY(im, "\5" USUAL_IMPORTS, NO_GLOBALS, EXPORTS_2, "\1\0\x41\5\x0b\1\1");
	refused(why);
	LIBRARY(im, "\5" USUAL_IMPORTS, NO_GLOBALS, EXPORTS_2, "\1\0\x23\1\x41\1\x6a\x0b\1\1");
	refused(why);
	LIBRARY(im, "\5" USUAL_IMPORTS, NO_GLOBALS, EXPORTS_2,
		"\2\0\x23\1\x0b\1\1\0\x23\1\x0b\1\1");
	refused(why);
	LIBRARY(im, "\5" USUAL_IMPORTS, NO_GLOBALS, EXPORTS_2, "\1\1\0\1\1");
	refused(why);
	LIBRARY(im, "\5" USUAL_IMPORTS, NO_GLOBALS, EXPORTS_2, "\1\0\x23\1\x0b\1\2");
	ck_assert_int_eq(check(), -ENOEXEC);
}
END_TEST

START_TEST(only_programs_export_what_we_replace)
{
	LIBRARY(im, "\5" USUAL_IMPORTS, NO_GLOBALS, "\1\10__setjmp\0\1", ELEMENT);
	refused("lib.so: exports __setjmp, which only a program can");
}
END_TEST

START_TEST(without_dylink_it_is_no_library)
{
	PROGRAM(im, "");
	refused("lib.so: is not a shared library");
}
END_TEST

START_TEST(slots_are_elements_exports_start)
{
	struct wasm w;
	uint32_t list[8];

	/* functions: f 0, imported; g, h 1, an element; k 2; the start function 3 */
	IMAGE_HEADER(im);
	SECTION(im, 0, DYLINK);
	SECTION(im, TYPES, "\2" TYPE_V_V TYPE_I_V);
	SECTION(im, IMPORTS, "\5" USUAL_IMPORTS);
	SECTION(im, FUNCTIONS, "\3\0\0\0");
	SECTION(im, EXPORTS, "\4\1k\0\2\1g\0\1\1h\0\1\1j\0\2");
	SECTION(im, START, "\3");
	SECTION(im, ELEMENTS, "\1\0\x23\1\x0b\2\1\1");
	SECTION(im, CODE, "\3\2\0\x0b\2\0\x0b\2\0\x0b");
	ck_assert_int_eq(wasm_read(im->p, im->n, &w, error, sizeof(error)), 0);
	ck_assert_uint_eq(wasm_slots(&w, NULL), 4);
	ck_assert_uint_eq(wasm_slots(&w, list), 4);
	ck_assert_uint_eq(list[0], 1);
	ck_assert_uint_eq(list[1], 1);
	ck_assert_uint_eq(list[2], 2);
	ck_assert_uint_eq(list[3], 3);
	wasm_free(&w);
}
END_TEST

Suite *library_suite(void);
Suite *library_suite(void)
{
	Suite *s = suite_create("library");
	TCase *tc = tcase_create("library");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, library_is_accepted);
	tcase_add_test(tc, other_imports_are_refused);
	tcase_add_test(tc, globals_begin_as_constants);
	tcase_add_test(tc, elements_are_at_the_table_base);
	tcase_add_test(tc, only_programs_export_what_we_replace);
	tcase_add_test(tc, without_dylink_it_is_no_library);
	tcase_add_test(tc, slots_are_elements_exports_start);
	suite_add_tcase(s, tc);
	return s;
}
