/* SPDX-License-Identifier: MIT */
/* What a child of fork() gets of its parent's program: addresses, and text that finds them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/fork.h"
#include "translate/translate.h"

#include <check.h>

START_TEST(addresses_of_a_range_move)
{
	uint64_t words[] = { 0xfff, 0x1000, 0x1fff, 0x2000, 0, ~0ull, 0x9000 };
	const struct fork_move moves[] = { { 0x1000, 0x1000, 0x70000 }, { 0x9000, 1, -0x8000ull } };

	fork_relocate(words, sizeof(words) / sizeof(*words), moves, 2);
	ck_assert_uint_eq(words[0], 0xfff);
	ck_assert_uint_eq(words[1], 0x71000);
	ck_assert_uint_eq(words[2], 0x71fff);
	ck_assert_uint_eq(words[3], 0x2000);
	ck_assert_uint_eq(words[4], 0);
	ck_assert_uint_eq(words[5], ~0ull);
	ck_assert_uint_eq(words[6], 0x1000);
}
END_TEST

/* A word that was moved is not moved again, even if another range begins there. */
START_TEST(a_word_moves_once)
{
	uint64_t word = 0x1000;
	const struct fork_move moves[] = { { 0x1000, 0x1000, 0x1000 }, { 0x2000, 0x1000, 0x1000 } };

	fork_relocate(&word, 1, moves, 2);
	ck_assert_uint_eq(word, 0x2000);
}
END_TEST

static void becomes(const char *body, const char *expected)
{
	static const char head[] = "static u32 w2c_program_f5(w2c_program* instance) {\n  FUNC_PROLOGUE;\n";
	char *text, *want, *got = NULL;
	size_t n;
	FILE *out = open_memstream(&got, &n);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_gt(asprintf(&text, "%s%s}\n", head, body), 0);
	ck_assert_int_gt(asprintf(&want, "%s%s}\n", head, expected), 0);
	ck_assert_int_eq(reload_filter(NULL, text, strlen(text), out), 0);
	fclose(out);
	ck_assert_str_eq(got, want);
	free(text);
	free(want);
	free(got);
}

START_TEST(calls_are_followed_by_a_look)
{
	becomes("  w2c_program_f6(instance);\n", "  w2c_program_f6(instance);\n  MUSLIN_RELOAD;\n");
	becomes("  var_i0 = w2c_program_f6(instance, var_i0);\n",
		"  var_i0 = w2c_program_f6(instance, var_i0);\n  MUSLIN_RELOAD;\n");
	becomes("  var_i0 = w2c_linux_0x5F_syscall_gettid(instance->w2c_linux_instance);\n",
		"  var_i0 = w2c_linux_0x5F_syscall_gettid(instance->w2c_linux_instance);\n  MUSLIN_RELOAD;\n");
	becomes("  var_i0 = CALL_INDIRECT(instance->w2c_T, u32 (*)(void*, u32), w2c_program_t2, var_i1, instance->w2c_T.data[var_i1].module_instance, var_i0);\n",
		"  var_i0 = CALL_INDIRECT(instance->w2c_T, u32 (*)(void*, u32), w2c_program_t2, var_i1, (void *)instance, var_i0);\n  MUSLIN_RELOAD;\n");
}
END_TEST

START_TEST(all_else_stays)
{
	static const char *const same[] = {
		"  var_i0 = i32_load(&instance->w2c_env_memory, (u64)(var_i0));\n",
		"  instance->w2c_0x5F_stack_pointer = var_i0;\n",
		"  if (var_i0) {goto var_B1;}\n",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		becomes(same[i], same[i]);
}
END_TEST

/* What sets an instance up runs when another one is the vCPU's. */
START_TEST(set_up_does_not_look)
{
	static const char text[] = "static void init_tables(w2c_program* instance) {\n  init_it(instance);\n}\n";
	char *got = NULL;
	size_t n;
	FILE *out = open_memstream(&got, &n);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(reload_filter(NULL, text, strlen(text), out), 0);
	fclose(out);
	ck_assert_str_eq(got, text);
	free(got);
}
END_TEST

Suite *fork_suite(void);
Suite *fork_suite(void)
{
	Suite *suite = suite_create("fork");
	TCase *tc = tcase_create("fork");

	tcase_add_test(tc, addresses_of_a_range_move);
	tcase_add_test(tc, a_word_moves_once);
	tcase_add_test(tc, calls_are_followed_by_a_look);
	tcase_add_test(tc, all_else_stays);
	tcase_add_test(tc, set_up_does_not_look);
	suite_add_tcase(suite, tc);
	return suite;
}
