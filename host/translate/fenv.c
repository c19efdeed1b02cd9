/* SPDX-License-Identifier: MIT */
/*
 * The C of a program that uses the floating-point environment.  It is
 * compiled so that each operation is done, in its place and in the rounding
 * mode of the time; WebAssembly has nothing that asks for this, and other
 * programs do not pay for it.
 */
#include <stdbool.h>
#include <string.h>
#include "translate/lines.h"
#include "translate/translate.h"

/* What musl's functions of these names do (src/fenv/wasm32/access.s). */
static const char get_name[] = "0x5F_fenv_get_0(w2c_";
static const char get_body[] = "  return muslin_head(instance)->rt->fenv_get();\n";
static const char set_name[] = "0x5F_fenv_set_0(w2c_";
static const char set_body[] = "  muslin_head(instance)->rt->fenv_set(var_p0);\n";

static const char head[] =
	"#define MUSLIN_INVALID() ({ volatile float zero_ = 0; zero_ /= zero_; })\n";

static bool defines(const char *line, size_t n, const char *name)
{
	return n > 2 && line[n - 2] == '{' && memmem(line, n, name, strlen(name));
}

/* var_d0 or var_f0: its length, or 0 */
static size_t variable(const char *p)
{
	if (strncmp(p, "var_d", 5) && strncmp(p, "var_f", 5))
		return 0;
	return 5 + strspn(p + 5, "0123456789");
}

static const char *comparison(const char *op, size_t n)
{
	if (n == 1)
		return *op == '<' ? "isless" : *op == '>' ? "isgreater" : NULL;
	if (n == 2 && op[1] == '=')
		return *op == '<' ? "islessequal" :
			*op == '>' ? "isgreaterequal" : NULL;
	return NULL;
}

/*
 * "  var_i0 = var_d0 < var_d1;": C's operator raises an exception for a quiet
 * NaN, WebAssembly's may not, since isless() is compiled to it.
 */
static bool write_comparison(const char *line, FILE *out)
{
	const char *left = strstr(line, " = "), *op, *right, *name;
	size_t n;

	if (!left || !(n = variable(left += 3)) || left[n] != ' ')
		return false;
	op = left + n + 1;
	name = comparison(op, strcspn(op, " \n"));
	if (!name)
		return false;
	right = op + strcspn(op, " ") + 1;
	if (!variable(right) || right[variable(right)] != ';')
		return false;
	fprintf(out, "%.*s__builtin_%s(%.*s, %.*s);\n", (int)(left - line), line,
		name, (int)n, left, (int)variable(right), right);
	return true;
}

/* "  var_f0 = 0.1;" is no float, and would be rounded in the mode of the time. */
static bool write_constant(const char *line, FILE *out)
{
	const char *value = strstr(line, " = ");
	size_t n;

	if (!value || strncmp(line + strspn(line, " "), "var_f", 5))
		return false;
	value += 3;
	n = strspn(value, "-+.e0123456789");
	if (value[n] != ';' || !memchr(value, '.', n))
		return false;
	fprintf(out, "%.*sf;\n", (int)(value + n - line), line);
	return true;
}

static void write_line(const char *line, size_t n, FILE *out)
{
	char text[256];

	if (n < sizeof(text)) {
		memcpy(text, line, n);
		text[n] = 0;
		if (write_comparison(text, out) || write_constant(text, out))
			return;
	}
	fwrite(line, 1, n, out);
}

void fenv_filter(const char *text, size_t size, FILE *out)
{
	const char *p = text, *end = text + size, *next;
	bool skip = false;

	fputs(head, out);
	for (; p < end; p = next) {
		next = next_line(p, end);
		if (*p == '}')
			skip = false;
		if (skip)
			continue;
		write_line(p, next - p, out);
		if (defines(p, next - p, get_name)) {
			fputs(get_body, out);
			skip = true;
		} else if (defines(p, next - p, set_name)) {
			fputs(set_body, out);
			skip = true;
		}
	}
}
