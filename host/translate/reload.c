/* SPDX-License-Identifier: MIT */
/*
 * A call may return in a child of fork(), whose instance is elsewhere.  So it is
 * looked for anew behind each (MUSLIN_RELOAD), and a function in the table is called
 * with the caller's, not with the one that made the table.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "translate/lines.h"
#include "translate/translate.h"

/* "  var_i0 = w2c_program_f5(instance, var_i0);" and the like, on one line. */
static bool is_call(const char *p, const char *end)
{
	static const char *const calls[] = {
		"(instance, ", "(instance)", "(instance->w2c_linux_instance", "CALL_INDIRECT(",
		"(MUSLIN_MODULE->w2c_env_instance", "(instance->w2c_env_instance",
	};

	if (end - p < 4 || memcmp(end - 3, ");\n", 3))
		return false;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (find(p, end, calls[i]))
			return true;
	return false;
}

/*
 * The callee's instance in CALL_INDIRECT(): "instance->
 * w2c_0x5F_indirect_function_table.data[var_i1].module_instance".
 */
static const char *put_caller(const char *p, const char *end, FILE *out)
{
	static const char last[] = "].module_instance";
	static const char *const first[] = { ", instance->", ", muslin_i" };
	const char *to = find(p, end, last), *from = to, *next;

	if (!to)
		return p;
	for (size_t i = 0; i < 2 && from == to; i++)
		for (next = find(p, to, first[i]); next; next = find(next + 1, to, first[i]))
			from = next;
	if (from == to)
		return p;
	fwrite(p, 1, from - p, out);
	fputs(", (void *)instance", out);
	return to + strlen(last);
}

int reload_filter(struct translation *t, const char *text, size_t size, FILE *out)
{
	const char *end = text + size, *p, *next;
	bool code = false;

	(void)t;
	for (p = text; p < end; p = next) {
		bool call;

		next = next_line(p, end);
		code = in_code(code, p, next);
		call = code && is_call(p, next);
		if (call)
			p = put_caller(p, next, out);
		fwrite(p, 1, next - p, out);
		if (call)
			fputs("  MUSLIN_RELOAD;\n", out);
	}
	return 0;
}
