/* SPDX-License-Identifier: MIT */
/*
 * All variables of a function were put away for each of its calls of setjmp: those
 * that are live there are enough.  Lines are what wasm2c writes.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "translate/frames.h"

#include <check.h>

static struct variable variables[] = {
	{ .name = "var_p0", .length = 6 },
	{ .name = "var_l1", .length = 6 },
	{ .name = "var_l2", .length = 6 },
	{ .name = "var_l11", .length = 7 },
	{ .name = "var_i0", .length = 6 },
	{ .name = "var_j0", .length = 6 },
};

#define N (sizeof(variables) / sizeof(*variables))
#define HERE "  var_i9 = setjmp();\n"

/* Names of those that are live behind HERE, each with a blank behind it. */
static const char *live(const char *text)
{
	static char names[100];
	const char *place = strstr(text, HERE) + strlen(HERE);
	bool are[N] = { false };

	ck_assert_int_eq(live_variables(text, text + strlen(text), variables, N,
					&place, 1, are), 0);
	*names = 0;
	for (size_t i = 0; i < N; i++)
		if (are[i])
			sprintf(names + strlen(names), "%s ", variables[i].name + 4);
	return names;
}

START_TEST(what_is_read_before_it_is_assigned_is_live)
{
	ck_assert_str_eq(live(HERE "  var_i0 = var_l1;\n  var_l2 = var_i0;\n"
			      "  var_i0 = var_l2;\n"), "l1 ");
	ck_assert_str_eq(live("  var_i0 = var_l1;\n" HERE "  var_i0 = 1u;\n"), "");
	ck_assert_str_eq(live(HERE "  var_l1 += var_l2;\n"), "l1 l2 ");
	ck_assert_str_eq(live(HERE "  var_l11 = var_l11;\n"), "l11 ");
	ck_assert_str_eq(live(HERE "  i32_store(m, (u64)(var_i0), var_j0);\n"), "i0 j0 ");
	ck_assert_str_eq(live(HERE "  f_var_l1(instance, xvar_l2, var_l110);\n"), "");
	ck_assert(variables[3].assigned);
	ck_assert(!variables[0].assigned);
}
END_TEST

START_TEST(branches_lead_to_what_is_live)
{
	ck_assert_str_eq(live(HERE "  if (var_i0) {goto var_B0;}\n  var_l1 = 0u;\n"
			      "  var_B0:;\n  var_i0 = var_l1;\n"), "l1 i0 ");
	ck_assert_str_eq(live(HERE "  goto var_B0;\n  var_i0 = var_l1;\n"
			      "  var_B0:;\n  var_i0 = var_l2;\n"), "l2 ");
	/* what a branch assigns is assigned in that branch only */
	ck_assert_str_eq(live(HERE "  if (1) {var_l1 = 0u; goto var_B0;}\n"
			      "  var_i0 = var_l1;\n  var_B0:;\n"), "l1 ");
	ck_assert_str_eq(live("  var_L0: \n    var_i0 = var_l1;\n" HERE
			      "    goto var_L0;\n"), "l1 ");
	ck_assert_str_eq(live(HERE "  switch (1) {\n    case 0: var_l1 = 0u; goto var_B1;\n"
			      "    case 1: goto var_B2;\n    default: goto var_B1;\n  }\n"
			      "  var_B1:;\n  UNREACHABLE;\n"
			      "  var_B2:;\n  var_i0 = var_l1;\n"), "l1 ");
}
END_TEST

START_TEST(either_side_of_an_if_counts)
{
	ck_assert_str_eq(live(HERE "  if (1) {\n    var_l1 = 0u;\n  } else {\n"
			      "    var_l2 = 0u;\n  }\n  var_i0 = var_l1;\n"
			      "  var_i0 = var_l2;\n"), "l1 l2 ");
	ck_assert_str_eq(live(HERE "  if (1) {\n    var_l1 = 0u;\n  } else {\n"
			      "    var_l1 = 1u;\n  }\n  var_i0 = var_l1;\n"), "");
	ck_assert_str_eq(live(HERE "  if (1) {\n    var_l1 = 0u;\n  }\n"
			      "  var_i0 = var_l1;\n"), "l1 ");
	ck_assert_str_eq(live("  if (1) {\n" HERE "  } else {\n"
			      "    var_i0 = var_l1;\n  }\n"), "");
	ck_assert_str_eq(live(HERE "  if (1) {\n    var_l1 = tmp.i0;\n"
			      "  } else wasm_rt_load_exception(tag, 4, tmp);\n"
			      "  var_i0 = var_l1;\n"), "l1 ");
}
END_TEST

/* before the body has assigned anything, even what it begins with */
START_TEST(a_body_may_throw_to_its_catch)
{
	static const char text[] =
		"  {\n    WASM_RT_UNWIND_TARGET *var_T1_outer_target = f();\n"
		"    if (!wasm_rt_try(var_T1_unwind_target)) {\n" HERE
		"      var_l1 = w2c_program_f1(instance);\n"
		"      if (1) {\n        var_l2 = w2c_program_f1(instance);\n"
		"        goto var_B0;\n      }\n"
		"    } else {\n      var_T1_catch:;\n"
		"      var_i0 = var_l1;\n      var_i0 = var_l2;\n      wasm_rt_throw();\n    }\n"
		"  }\n  var_i0 = var_l11;\n  var_B0:;\n";
	/* an inner catch has nothing for it */
	static const char nested[] =
		"  if (!wasm_rt_try(var_T1_unwind_target)) {\n"
		"    if (!wasm_rt_try(var_T2_unwind_target)) {\n" HERE
		"      UNREACHABLE;\n"
		"    } else {\n      var_T2_catch:;\n      wasm_rt_throw();\n    }\n"
		"    var_i0 = var_l2;\n"
		"  } else {\n    var_T1_catch:;\n    var_i0 = var_l1;\n  }\n";

	ck_assert_str_eq(live(text), "l1 l2 l11 ");
	ck_assert_str_eq(live(nested), "l1 ");
}
END_TEST

START_TEST(other_text_is_refused)
{
	static const char *const texts[] = {
		HERE "  goto var_B0;\n",
		HERE "  if (!wasm_rt_try(t)) {\n  }\n",
		HERE "  {\n  } else {\n  }\n",
	};
	bool are[N];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *place = texts[i] + strlen(HERE);

		ck_assert_int_ne(live_variables(texts[i], texts[i] + strlen(texts[i]),
						variables, N, &place, 1, are), 0);
	}
}
END_TEST

Suite *frames_suite(void);
Suite *frames_suite(void)
{
	Suite *suite = suite_create("frames");
	TCase *tc = tcase_create("frames");

	tcase_add_test(tc, what_is_read_before_it_is_assigned_is_live);
	tcase_add_test(tc, branches_lead_to_what_is_live);
	tcase_add_test(tc, either_side_of_an_if_counts);
	tcase_add_test(tc, a_body_may_throw_to_its_catch);
	tcase_add_test(tc, other_text_is_refused);
	suite_add_tcase(suite, tc);
	return suite;
}
