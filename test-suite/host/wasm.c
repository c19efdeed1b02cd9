/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "image.h"
#include "wasm/wasm.h"

#include <check.h>

static struct wasm w;
static char error[200];
static uint32_t relaxed;	/* of wasm_fix_code() */
static struct image image, *im = &image;

/* In a block of exactly its size, so that a tool sees a read beyond it. */
static int read_image(size_t n)
{
	void *copy = malloc(n ? n : 1);
	int r;

	memcpy(copy, im->p, n);
	*error = 0;
	r = wasm_read(copy, n, &w, error, sizeof(error));
	free(copy);
	return r;
}

static void refused(const char *why)
{
	ck_assert_int_eq(read_image(im->n), -ENOEXEC);
	ck_assert_str_eq(error, why);
}

START_TEST(program_is_read)
{
	char buf[80];

	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_int_eq(read_image(im->n), 0);
	ck_assert_uint_eq(w.ntypes, 4);
	ck_assert_str_eq(w.types[0], "i:");
	ck_assert_str_eq(w.types[1], "iii:i");
	ck_assert_uint_eq(w.nimports, 1);
	ck_assert_str_eq(w.imports[0].module, "env");
	ck_assert_str_eq(w.imports[0].name, "memory");
	ck_assert_int_eq(w.imports[0].kind, WASM_MEMORY);
	ck_assert_uint_eq(w.memories[0].min, 2);
	ck_assert(w.memories[0].shared);
	ck_assert_uint_eq(w.nfuncs, 1);
	ck_assert_uint_eq(w.tables[0].min, 16);
	ck_assert(w.globals[0].mutable);
	ck_assert_int_eq(wasm_find_export(&w, "__tls_base")->index, 1);
	ck_assert_ptr_null(wasm_find_export(&w, "__tls"));
	ck_assert_int_eq(w.start, -1);
	ck_assert_str_eq(wasm_signature(w.types[0], buf, sizeof(buf)), "(i32) -> ()");
	ck_assert_str_eq(wasm_signature(w.types[1], buf, sizeof(buf)), "(i32 i32 i32) -> i32");
	wasm_free(&w);
}
END_TEST

START_TEST(signature_is_cut)
{
	char buf[8];

	memset(buf, 'x', sizeof(buf));
	wasm_signature("ilfdvr:il", buf, sizeof(buf));
	ck_assert_uint_lt(strlen(buf), sizeof(buf));
	ck_assert_int_eq(strncmp("(i32 i6", buf, strlen(buf)), 0);
}
END_TEST

START_TEST(text_is_no_module)
{
	BYTES(im, "#!/bin/sh\n");
	refused("not a WebAssembly module");
	im->n = 0;
	refused("not a WebAssembly module");
}
END_TEST

START_TEST(version_2_is_refused)
{
	BYTES(im, "\0asm\2\0\0\0");
	refused("WebAssembly version 2, only 1 is supported");
}
END_TEST

START_TEST(component_is_refused)
{
	BYTES(im, "\0asm\x0d\0\1\0");
	refused("WebAssembly version 65549, only 1 is supported");
}
END_TEST

/* A prefix that ends with a section is a module, though no program. */
START_TEST(every_prefix_is_handled)
{
	size_t whole, modules = 0;

	PROGRAM(im, STORE_ARGUMENT);
	whole = im->n;
	for (size_t n = 0; n < whole; n++) {
		if (read_image(n) == 0) {
			modules++;
			wasm_free(&w);
		} else {
			ck_assert(*error);
		}
	}
	ck_assert_uint_eq(modules, 7);
	ck_assert_int_eq(read_image(whole - 1), -ENOEXEC);
	ck_assert_int_eq(strncmp(error, "truncated at byte ", 18), 0);
}
END_TEST

START_TEST(sections_are_ordered)
{
	IMAGE_HEADER(im);
	SECTION(im, FUNCTIONS, "\0");
	SECTION(im, TYPES, "\0");
	refused("section 1 is out of order at byte 12");
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\0");
	SECTION(im, TYPES, "\0");
	refused("section 1 is out of order at byte 12");
	IMAGE_HEADER(im);
	SECTION(im, 14, "\0");
	refused("unknown section 14 at byte 8");
}
END_TEST

START_TEST(counts_are_not_believed)
{
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\xff\xff\xff\xff\x0f");
	refused("truncated at byte 16");
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\xff\xff\xff\xff\x1f");
	refused("invalid number at byte 15");
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\x80\x80\x80\x80\x80\0");
	refused("invalid number at byte 16");
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\1" TYPE_I_V "\0");
	refused("section 1 is too long at byte 16");
}
END_TEST

START_TEST(indices_are_checked)
{
	IMAGE_HEADER(im);
	SECTION(im, FUNCTIONS, "\1\0");
	refused("no type 0 at byte 12");
	IMAGE_HEADER(im);
	SECTION(im, EXPORTS, "\1\1f\0\0");
	refused("export of something that is not there at byte 15");
	IMAGE_HEADER(im);
	SECTION(im, EXPORTS, "\1\1f\x09\0");
	refused("export of something that is not there at byte 15");
	IMAGE_HEADER(im);
	SECTION(im, START, "\0");
	refused("no start function 0");
}
END_TEST

START_TEST(names_have_no_control_characters)
{
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\1" TYPE_V_V);
	SECTION(im, IMPORTS, "\1\5linux\2a\0\0\0");
	refused("control character in the name at byte 26");
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\1" TYPE_V_V);
	SECTION(im, IMPORTS, "\1\5li\nux\2ab\0\0");
	refused("control character in the name at byte 20");
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\1" TYPE_V_V);
	SECTION(im, IMPORTS, "\1\5li\xc2\x9bx\2ab\0\0");
	refused("control character in the name at byte 20");
	/* not so is what is only near */
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\1" TYPE_V_V);
	SECTION(im, IMPORTS, "\1\5l\xc2\xa0\xc3\x9b\2ab\0\0");
	ck_assert_msg(read_image(im->n) == 0, "%s", error);
	wasm_free(&w);
}
END_TEST

START_TEST(atomic_wait_and_notify_are_replaced)
{
	/* notify drop; wait32 with a long offset; fence */
	static const char body[] =
		"\x20\0\x20\0\xfe\0\2\0\x1a"
		"\x20\0\x20\0\x42\0\xfe\1\2\x80\x81\2\x1a\xfe\3\0";
	static const char fixed[] =
		"\x20\0\x20\0\x1a\x1a\x41\0\x1a"
		"\x20\0\x20\0\x42\0\0\1\1\1\1\1\x1a\xfe\3\0";

	PROGRAM(im, body);
	ck_assert_int_eq(wasm_fix_code(im->p, im->n, NULL, 0, &relaxed, error, sizeof(error)), 0);
	ck_assert_int_eq(memcmp(im->p + im->n - sizeof(body), fixed,
				sizeof(fixed) - 1), 0);
}
END_TEST

/* What 0xfd and op are refused for, or "". */
static const char *vector_refused(uint32_t op)
{
	char body[] = { 0xfd, op | 0x80, op >> 7, 0 };

	PROGRAM(im, body);
	*error = 0;
	wasm_fix_code(im->p, im->n, NULL, 0, &relaxed, error, sizeof(error));
	return error;
}

START_TEST(vectors_are_those_of_the_specification)
{
	static const uint32_t gaps[] = {
		0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2,
		0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee, 0x114, 0x17f,
	};

	for (size_t i = 0; i < sizeof(gaps) / sizeof(*gaps); i++)
		ck_assert_ptr_nonnull(strstr(vector_refused(gaps[i]), "unknown instruction 0xfd"));
	for (uint32_t op = 0x100; op <= 0x113; op++) {
		ck_assert_str_eq(vector_refused(op), "");
		ck_assert_uint_eq(relaxed, (op >= 0x105 && op <= 0x108) || op >= 0x112);
	}
	for (uint32_t op = 0x5e; op < 0x9a; op++)
		ck_assert_str_eq(vector_refused(op), "");
	ck_assert_str_eq(vector_refused(0xff), "");
}
END_TEST

START_TEST(vectors_can_be_global)
{
	IMAGE_HEADER(im);
	SECTION(im, GLOBALS, "\2\x7b\1\xfd\x0c" "0123456789abcdef" "\x0b\x7f\0\x41\3\x0b");
	ck_assert_msg(read_image(im->n) == 0, "%s", error);
	ck_assert_uint_eq(w.nglobals, 2);
	ck_assert_int_eq(w.globals[0].type, 'v');
	ck_assert_uint_eq(w.globals[1].value, 3);
	wasm_free(&w);
	IMAGE_HEADER(im);
	SECTION(im, GLOBALS, "\1\x7b\1\xfd\x0f" "0123456789abcdef" "\x0b");
	refused("unknown vector at byte 15");
}
END_TEST

/* An atomic.notify behind each is still found, and replaced. */
START_TEST(vectors_have_operands)
{
	static const char body[] =
		"\xfd\x0c\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe"
		"\xfd\x0d\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe"
		"\xfd\0\4\x80\1\xfd\x0b\4\0\xfd\x54\0\x80\x80\1\xfe\xfd\x5b\0\0\xfe\xfd\x5d\0\0"
		"\xfd\x15\xfe\xfd\x22\xfe\xfd\x0e\xfd\x14\xfd\x53\xfd\xff\1"
		"\xfe\0\2\0";
	static const char fixed[] = "\x1a\x1a\x41";

	PROGRAM(im, body);
	ck_assert_int_eq(wasm_fix_code(im->p, im->n, NULL, 0, &relaxed, error, sizeof(error)), 0);
	ck_assert_int_eq(memcmp(im->p + im->n - 5, fixed, sizeof(fixed) - 1), 0);
}
END_TEST

/* The image that PROGRAM has made. */
static void is_refused_for_its_table(void)
{
	ck_assert_int_eq(wasm_fix_code(im->p, im->n, NULL, 0, &relaxed, error, sizeof(error)),
			 -ENOEXEC);
	ck_assert_str_eq(error, "changes its function table, which is not supported");
}

START_TEST(table_cannot_change)
{
	PROGRAM(im, "\x41\0\xd0\x70\x26\0");			/* set */
	is_refused_for_its_table();
	PROGRAM(im, "\x41\0\x41\0\x41\0\xfc\x0c\0\0");		/* init */
	is_refused_for_its_table();
	PROGRAM(im, "\x41\0\x41\0\x41\0\xfc\x0e\0\0");		/* copy */
	is_refused_for_its_table();
	PROGRAM(im, "\xd0\x70\x41\1\xfc\x0f\0\x1a");		/* grow */
	is_refused_for_its_table();
	PROGRAM(im, "\x41\0\xd0\x70\x41\0\xfc\x11\0");		/* fill */
	is_refused_for_its_table();
}
END_TEST

/*
 * What wasm-ld makes: TLS of 4 bytes (segment 0) at 65536, which threads use
 * too, and 3 bytes (segment 1) at 65540, bss up to 65552, where its flag is.
 */
#define INIT_MEMORY(second, flag) \
	"\0\2\x40\2\x40\2\x40" flag "\x41\0\x41\1\xfe\x48\2\0\x0e\2\0\1\2\x0b" \
	"\x41\x80\x80\4\x41\x80\x80\4\x24\1\x41\0\x41\4\xfc\x08\0\0" \
	second "\x41\0\x41\3\xfc\x08\1\0" \
	"\x41\x87\x80\4\x41\0\x41\x09\xfc\x0b\0" \
	flag "\x41\2\xfe\x17\2\0" flag "\x41\x7f\xfe\0\2\0\x1a\x0c\1\x0b" \
	flag "\x41\1\x42\x7f\xfe\1\2\0\x1a\x0b\xfc\x09\1\x0b"
#define SECOND	"\x41\x84\x80\4"
#define FLAG	"\x41\x90\x80\4"
#define INIT_TLS "\0\x20\0\x41\0\x41\4\xfc\x08\0\0\x0b"
#define TWO_SEGMENTS "\2\1\4tls!\1\3abc"

static void init_program(const char *body, size_t n)
{
	char code[400] = { 2, sizeof(INIT_TLS) - 1 };
	size_t at = 2;

	memcpy(code + at, INIT_TLS, sizeof(INIT_TLS) - 1);
	at += sizeof(INIT_TLS) - 1;
	code[at++] = n % 128 + 128;
	code[at++] = n / 128;
	memcpy(code + at, body, n);
	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\1" ENV_MEMORY);
	SECTION(im, FUNCTIONS, "\2\0\2");
	SECTION(im, TABLES, TABLE_16);
	SECTION(im, GLOBALS, ALL_GLOBALS);
	SECTION(im, EXPORTS, ALL_EXPORTS);
	SECTION(im, START, "\1");
	SECTION(im, 12, "\2");
	image_section(im, CODE, code, at + n);
	SECTION(im, DATA, TWO_SEGMENTS);
	SECTION(im, 0, "\4name and more");
}
#define INIT_PROGRAM(body) init_program(body, sizeof(body) - 1)

/* pieces found, and what is at 65536 with them */
static uint32_t pieces(char to[16])
{
	struct wasm_data d;
	uint32_t n;

	ck_assert_int_eq(read_image(im->n), 0);
	ck_assert_int_eq(wasm_data_read(&w, im->p, im->n, &d), 0);
	wasm_data_copy(&d, im->p, 65536, to, 16);
	n = d.n;
	wasm_data_free(&d);
	wasm_free(&w);
	return n;
}

/* Does the stripped module still have this?  -ENOEXEC if it is none. */
static int stripped_has(const char *bytes, size_t n)
{
	void *out;
	size_t size;
	int has;

	ck_assert_int_eq(read_image(im->n), 0);
	has = wasm_strip(&w, im->p, im->n, &out, &size, error, sizeof(error));
	wasm_free(&w);
	if (has < 0)
		return has;
	ck_assert_int_eq(wasm_read(out, size, &w, error, sizeof(error)), 0);
	wasm_free(&w);
	has = memmem(out, size, bytes, n) != NULL;
	free(out);
	return has;
}
#define STRIPPED_HAS(s) (stripped_has(s, sizeof(s) - 1) == 1)

/* Changes of one to eight bytes; what is wanted is an answer. */
START_TEST(damaged_modules_are_handled)
{
	struct image good;
	uint64_t random = 88172645463325252;
	size_t size;
	void *out;

	INIT_PROGRAM(INIT_MEMORY(SECOND, FLAG));
	good = *im;
	for (int i = 0; i < 100000; i++) {
		*im = good;
		for (int k = 0; k < 8; k++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			im->p[random % im->n] = random >> 32;
			if (random >> 63)
				break;
		}
		if (read_image(im->n) == 0) {
			if (!wasm_strip(&w, im->p, im->n, &out, &size, error, sizeof(error)))
				free(out);
			wasm_free(&w);
		} else {
			ck_assert(*error);
		}
	}
}
END_TEST

START_TEST(data_of_the_linkers_start_function_is_found)
{
	char at[16];

	INIT_PROGRAM(INIT_MEMORY(SECOND, FLAG));
	ck_assert_uint_eq(pieces(at), 2);
	ck_assert_int_eq(memcmp(at, "tls!abc\0\0\0\0\0\0\0\0\0", 16), 0);
	ck_assert(STRIPPED_HAS("\x0b\x89\x80\x80\x80\0\2\1\4tls!\1\0"));
	ck_assert(!STRIPPED_HAS("and more"));
	/* its other steps stay */
	ck_assert(STRIPPED_HAS("\1\1\1\1\x41\x80\x80\4\x24\1\1\1"));
	ck_assert(STRIPPED_HAS("\x41\x90\x80\4\x41\2\xfe\x17\2\0"));
}
END_TEST

/* Each is one byte away from what is known. */
START_TEST(data_of_other_start_functions_is_theirs)
{
	static const char good[] = INIT_MEMORY(SECOND, FLAG);
	char bad[sizeof(good)], at[16];
	uint32_t same = 0, n;

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		memcpy(bad, good, sizeof(good));
		bad[i] ^= 4;
		init_program(bad, sizeof(bad) - 1);
		n = pieces(at);
		if (n)
			same++;
		else
			ck_assert_int_ne(stripped_has(TWO_SEGMENTS, sizeof(TWO_SEGMENTS) - 1), 0);
	}
	/* other numbers: addresses, sizes, the TLS global, the dropped segment */
	ck_assert_uint_le(same, 12);
}
END_TEST

START_TEST(pieces_out_of_order_are_not_data)
{
	char at[16];

	INIT_PROGRAM(INIT_MEMORY("\x41\x83\x80\4", FLAG));	/* overlaps */
	ck_assert_uint_eq(pieces(at), 0);
	INIT_PROGRAM(INIT_MEMORY("\x41\xff\xff\7", FLAG));	/* at the end of memory */
	ck_assert_uint_eq(pieces(at), 0);
	INIT_PROGRAM(INIT_MEMORY("\x41\x04", FLAG));		/* in page 0 */
	ck_assert_uint_eq(pieces(at), 0);
	INIT_PROGRAM(INIT_MEMORY(SECOND, "\x41\x84\x80\4"));	/* the flag in data */
	ck_assert_uint_eq(pieces(at), 0);
}
END_TEST

START_TEST(active_segments_are_data)
{
	char at[16];

	PROGRAM(im, STORE_ARGUMENT);
	SECTION(im, DATA, "\2\0\x41\x80\x80\4\x0b\3abc\0\x41\x88\x80\4\x0b\1d");
	ck_assert_uint_eq(pieces(at), 2);
	ck_assert_int_eq(memcmp(at, "abc\0\0\0\0\0d\0\0\0\0\0\0\0", 16), 0);
	ck_assert(!STRIPPED_HAS("abc"));
	PROGRAM(im, STORE_ARGUMENT);
	SECTION(im, DATA, "\1\0\x23\0\x0b\3abc");	/* at a global's value */
	ck_assert_uint_eq(pieces(at), 0);
	ck_assert(STRIPPED_HAS("abc"));
}
END_TEST

/* Its third global, exported as __data_start, is what global says. */
static void constants_program(const char *global, size_t n, const char *data, size_t size)
{
	char globals[80] = "\3\x7f\1\x41\0\x0b\x7f\1\x41\0\x0b";

	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\1\3env\6memory\2\3\6\x80\x80\4");
	SECTION(im, FUNCTIONS, "\1\0");
	SECTION(im, TABLES, TABLE_16);
	memcpy(globals + 11, global, n);
	image_section(im, GLOBALS, globals, 11 + n);
	SECTION(im, EXPORTS, "\5" EXPORT_START EXPORT_SP EXPORT_TLS EXPORT_TABLE
		"\x0c__data_start\3\2");
	SECTION(im, CODE, "\1\2\0\x0b");
	image_section(im, DATA, data, size);
}

static uint32_t data_start(void)
{
	struct wasm_data d;
	uint32_t start;

	ck_assert_int_eq(read_image(im->n), 0);
	ck_assert_int_eq(wasm_data_read(&w, im->p, im->n, &d), 0);
	start = wasm_data_start(&w, &d);
	wasm_data_free(&d);
	wasm_free(&w);
	return start;
}

#define DATA_START(global, data) \
	(constants_program(global, sizeof(global) - 1, data, sizeof(data) - 1), data_start())
#define I32(n)		"\x7f\0\x41" n "\x0b"
#define PAGE_2		"\x80\x80\x08"
#define PIECES(second)	"\2\0\x41\x80\x80\4\x0b\3abc\0\x41" second "\x0b\1d"

START_TEST(constants_end_where_the_module_says)
{
	ck_assert_uint_eq(DATA_START(I32(PAGE_2), PIECES(PAGE_2)), 2 * WASM_PAGE);
	ck_assert_uint_eq(DATA_START(I32("\x80\x80\4"), PIECES(PAGE_2)), WASM_PAGE);
	ck_assert_uint_eq(DATA_START(I32("\x80\x80\x10"), PIECES("\x80\x80\x10")), 4 * WASM_PAGE);
	PROGRAM(im, STORE_ARGUMENT);	/* it says nothing */
	SECTION(im, DATA, PIECES(PAGE_2));
	ck_assert_uint_eq(data_start(), WASM_PAGE);
}
END_TEST

START_TEST(what_cannot_be_the_end_of_constants_is_not)
{
	static const struct {
		const char *p;
		size_t n;
	} globals[] = {
#define G(s)	{ s, sizeof(s) - 1 }
		G("\x7f\1\x41" PAGE_2 "\x0b"),		/* a variable */
		G("\x7e\0\x42" PAGE_2 "\x0b"),		/* of 64 bits */
		G("\x7f\0\x23\0\x0b"),			/* another global's value */
		G("\x7f\0\x41" PAGE_2 "\x41\0\x6a\x0b"),	/* a sum */
		G(I32("\x80\x80\x10")),			/* behind data */
		G(I32("\x80\x80\x0c")),			/* no segment's */
		G(I32("\x81\x80\x08")),			/* not a page's */
		G(I32("\0")),
		G(I32("\x80\x80\x7c")),			/* -65536 */
		G(I32("\x80\x80\x80\x80\x78")),		/* 2 GiB */
	};

	for (size_t i = 0; i < sizeof(globals) / sizeof(*globals); i++) {
		constants_program(globals[i].p, globals[i].n, PIECES(PAGE_2),
				  sizeof(PIECES(PAGE_2)) - 1);
		ck_assert_msg(data_start() == WASM_PAGE, "global %zu", i);
	}
	/* a segment lies across it, begins behind it, or ends there */
	ck_assert_uint_eq(DATA_START(I32(PAGE_2), "\1\0\x41\xfe\xff\7\x0b\3abc"), WASM_PAGE);
	ck_assert_uint_eq(DATA_START(I32(PAGE_2), PIECES("\x81\x80\x08")), WASM_PAGE);
	ck_assert_uint_eq(DATA_START(I32(PAGE_2), "\1\0\x41\xfd\xff\7\x0b\3abc"), WASM_PAGE);
	ck_assert_uint_eq(DATA_START(I32("\x88\x80\4"), "\1\0\x41\x88\x80\4\x0b\3abc"), WASM_PAGE);
	/* an unknown start function may write anywhere */
	constants_program(I32(PAGE_2), sizeof(I32(PAGE_2)) - 1, PIECES(PAGE_2),
			  sizeof(PIECES(PAGE_2)) - 1);
	im->n -= 3 + sizeof(PIECES(PAGE_2)) - 1 + 3 + 4;
	SECTION(im, START, "\0");
	SECTION(im, CODE, "\1\2\0\x0b");
	SECTION(im, DATA, PIECES(PAGE_2));
	ck_assert_uint_eq(data_start(), WASM_PAGE);
}
END_TEST

START_TEST(functions_are_described)
{
	char buf[100];

	INIT_PROGRAM(INIT_MEMORY(SECOND, FLAG));
	wasm_describe(im->p, im->n, 1, buf, sizeof(buf));
	ck_assert_ptr_nonnull(strstr(buf, "function 1 (byte 0x"));
	ck_assert_mem_eq(im->p + strtoul(strstr(buf, "0x"), NULL, 16), "\0\2\x40\2\x40", 5);
	wasm_describe(im->p, im->n, 2, buf, sizeof(buf));
	ck_assert_str_eq(buf, "function 2 (byte 0)");
	SECTION(im, 0, "\4name\0\2\1m\1\x0a\2\0\3tls\1\2i\n");
	wasm_describe(im->p, im->n, 1, buf, sizeof(buf));
	ck_assert_int_eq(strncmp(buf, "i? (function 1, byte 0x", 22), 0);
	/* names cut short */
	im->n -= 2;
	wasm_describe(im->p, im->n, 1, buf, sizeof(buf));
	ck_assert_ptr_nonnull(strstr(buf, "function 1"));
}
END_TEST

Suite *wasm_suite(void);
Suite *wasm_suite(void)
{
	Suite *suite = suite_create("wasm");
	TCase *tc = tcase_create("wasm");

	tcase_add_test(tc, program_is_read);
	tcase_add_test(tc, signature_is_cut);
	tcase_add_test(tc, text_is_no_module);
	tcase_add_test(tc, version_2_is_refused);
	tcase_add_test(tc, component_is_refused);
	tcase_add_test(tc, every_prefix_is_handled);
	tcase_add_test(tc, sections_are_ordered);
	tcase_add_test(tc, counts_are_not_believed);
	tcase_add_test(tc, indices_are_checked);
	tcase_add_test(tc, names_have_no_control_characters);
	tcase_add_test(tc, damaged_modules_are_handled);
	tcase_add_test(tc, atomic_wait_and_notify_are_replaced);
	tcase_add_test(tc, vectors_are_those_of_the_specification);
	tcase_add_test(tc, vectors_have_operands);
	tcase_add_test(tc, vectors_can_be_global);
	tcase_add_test(tc, table_cannot_change);
	tcase_add_test(tc, data_of_the_linkers_start_function_is_found);
	tcase_add_test(tc, data_of_other_start_functions_is_theirs);
	tcase_add_test(tc, pieces_out_of_order_are_not_data);
	tcase_add_test(tc, active_segments_are_data);
	tcase_add_test(tc, constants_end_where_the_module_says);
	tcase_add_test(tc, what_cannot_be_the_end_of_constants_is_not);
	tcase_add_test(tc, functions_are_described);
	suite_add_tcase(suite, tc);
	return suite;
}
