/* SPDX-License-Identifier: MIT */
/*
 * The C of a program whose longjmp is an exception (src/setjmp/wasm32/sjlj.c).
 * What LLVM makes of a destructor that has to run, or of noexcept, is a catch_all,
 * the only clause of its handler.  No longjmp is caught there: it would destroy
 * what lives on, or end the program.  wasm2c writes such a handler as
 *
 *	} else {
 *	  var_T0_catch:;			(where something goes to it)
 *	  wasm_rt_set_unwind_target(var_T0_outer_target);
 *	  ...					(four lines, if it throws again)
 *	  the code of the catch_all, or if (wasm_rt_exception_tag() == ...
 */
#include <stdbool.h>
#include "translate/lines.h"
#include "translate/translate.h"
#include "wasm/wasm.h"

struct lines {
	const char *p, *end;
};

/* Whether the line begins so; spaces do not count. */
static bool is(const struct lines *l, const char *with)
{
	const char *p = l->p;

	while (p < l->end && *p == ' ')
		p++;
	return begins(p, l->end, with);
}

/* The next line if this one is of that kind. */
static bool take(struct lines *l, const char *with)
{
	if (!is(l, with))
		return false;
	l->p = next_line(l->p, l->end);
	return true;
}

/* l is behind "} else {": moves on to the code of a catch_all, or says no. */
static bool find_catch_all(struct lines *l, const char **at)
{
	take(l, "var_T");
	if (!take(l, "wasm_rt_set_unwind_target(var_T"))
		return false;
	*at = l->p;
	if (take(l, "/* save exception "))
		while (!take(l, "wasm_rt_memcpy(var_T") && l->p < l->end)
			l->p = next_line(l->p, l->end);
	while (take(l, "\n"))
		;
	return !is(l, "if (wasm_rt_exception_tag() == ");
}

void catches_filter(struct translation *t, const char *text, size_t size, FILE *out)
{
	struct lines l = { text, text + size }, handler;
	const char *from = text, *at;
	int64_t import = wasm_longjmp_tag(t->w);
	char tag[64];

	if (import < 0)
		snprintf(tag, sizeof(tag), "&w2c_%s_0x5F_c_longjmp_0", t->name);
	else
		snprintf(tag, sizeof(tag), "w2c_env_i%u", (unsigned int)import);
	while (l.p < l.end) {
		if (!take(&l, "} else {\n")) {
			l.p = next_line(l.p, l.end);
			continue;
		}
		handler = l;
		if (!find_catch_all(&handler, &at))
			continue;
		fwrite(from, 1, at - from, out);
		fprintf(out, "if (wasm_rt_exception_tag() == %s) wasm_rt_throw();\n", tag);
		from = at;
		l.p = at;
	}
	fwrite(from, 1, l.end - from, out);
}
