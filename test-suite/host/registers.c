/* SPDX-License-Identifier: MIT */
/* registers.c: lines of what wasm2c and our other filters write. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "translate/translate.h"

Suite *registers_suite(void);

static void becomes(const char *from, const char *to)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(out);
	registers_filter("program", from, strlen(from), out);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(text, to);
	free(text);
}

/* In a function that was WebAssembly's. */
static void line_becomes(const char *from, const char *to)
{
	char a[1000], b[1000];

	snprintf(a, sizeof(a), "void w2c_program_f5(w2c_program* instance) {\n%s}\n", from);
	snprintf(b, sizeof(b), "void w2c_program_f5(void) {\n%s}\n", to);
	becomes(a, b);
}

START_TEST(functions_have_no_instance)
{
	becomes("static u32 w2c_program_f5(w2c_program*, u32, f64);\n",
		"static u32 w2c_program_f5(u32, f64);\n");
	becomes("static void w2c_program_f5(w2c_program*);\n",
		"static void w2c_program_f5(void);\n");
	becomes("u32 w2c_program_f5(w2c_program* instance, volatile u32 var_p0, \n    u32 var_p1) {\n}\n",
		"u32 w2c_program_f5(volatile u32 var_p0, \n    u32 var_p1) {\n}\n");
	becomes("u32 w2c_linux_0x5F_syscall_getppid(struct w2c_linux*);\n",
		"u32 w2c_linux_0x5F_syscall_getppid(void);\n");
}
END_TEST

START_TEST(what_sets_up_keeps_it)
{
	static const char *const same[] = {
		"static void init_globals(w2c_program* instance) {\n  instance->w2c_0x5F_stack_pointer = 0u;\n}\n",
		"u32* w2c_program_0x5F_tls_base(w2c_program* instance) {\n  return &instance->w2c_0x5F_tls_base;\n}\n",
		"u32* w2c_program_0x5F_tls_base(w2c_program* instance);\n",
		"  struct w2c_linux* w2c_linux_instance;\n",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		becomes(same[i], same[i]);
	becomes("void wasm2c_program_instantiate(w2c_program* instance) {\n  init_globals(instance);\n  w2c_program_f5(instance);\n}\n",
		"void wasm2c_program_instantiate(w2c_program* instance) {\n  init_globals(instance);\n  w2c_program_f5();\n}\n");
}
END_TEST

START_TEST(calls_pass_none)
{
	line_becomes("  var_i0 = w2c_program_f6(instance, var_i0);\n",
		     "  var_i0 = w2c_program_f6(var_i0);\n");
	line_becomes("  w2c_program_f6(instance);\n", "  w2c_program_f6();\n");
	line_becomes("  CALL_INDIRECT(instance->w2c_0x5F_indirect_function_table, void (*)(void*, u32), w2c_program_t0, var_i1, instance->w2c_0x5F_indirect_function_table.data[var_i1].module_instance, var_i0);\n",
		     "  CALL_INDIRECT(MUSLIN_SELF->w2c_0x5F_indirect_function_table, void (*)(u32), w2c_program_t0, var_i1, var_i0);\n");
	line_becomes("  CALL_INDIRECT(instance->w2c_T0, void (*)(void*), w2c_program_t0, var_i1, instance->w2c_T0.data[var_i1].module_instance);\n",
		     "  CALL_INDIRECT(MUSLIN_SELF->w2c_T0, void (*)(void), w2c_program_t0, var_i1);\n");
	line_becomes("  w2c_linux_0x5F_syscall_close(instance->w2c_linux_instance, var_i0);\n",
		     "  w2c_linux_0x5F_syscall_close(MUSLIN_SELF->w2c_linux_instance, var_i0);\n");
}
END_TEST

START_TEST(words_are_the_tasks)
{
	line_becomes("  instance->w2c_0x5F_stack_pointer = var_i0;\n",
		     "  MUSLIN_WORDS->sp = var_i0;\n");
	line_becomes("  var_i0 = instance->w2c_0x5F_tls_base;\n",
		     "  var_i0 = MUSLIN_WORDS->tls;\n");
	line_becomes("  var_i0 = instance->w2c_0x5F_tls_base2;\n",
		     "  var_i0 = MUSLIN_SELF->w2c_0x5F_tls_base2;\n");
	line_becomes("  muslin_land(instance, var_p0, var_p1);\n",
		     "  muslin_land(MUSLIN_INSTANCE, var_p0, var_p1);\n");
	line_becomes("  funcref_table_copy(&instance->w2c_T0, &instance->w2c_T0, 1, 2, 3);\n",
		     "  funcref_table_copy(&MUSLIN_PLAIN_SELF->w2c_T0, &MUSLIN_PLAIN_SELF->w2c_T0, 1, 2, 3);\n");
}
END_TEST

Suite *registers_suite(void)
{
	Suite *s = suite_create("registers");
	TCase *tc = tcase_create("registers");

	tcase_add_test(tc, functions_have_no_instance);
	tcase_add_test(tc, what_sets_up_keeps_it);
	tcase_add_test(tc, calls_pass_none);
	tcase_add_test(tc, words_are_the_tasks);
	suite_add_tcase(s, tc);
	return s;
}
