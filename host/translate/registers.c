/* SPDX-License-Identifier: MIT */
/*
 * The C of a program's optimized code: its functions find instance, memory and
 * the running task's words by registers (prelude-registers.h), and lose the
 * parameter that wasm2c gives them.  What sets an instance up keeps it: it is
 * called before there is a program that runs.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include "translate/translate.h"

struct filter {
	const char *end;
	char prefix[64];	/* "w2c_program_" */
	char type[64];		/* "w2c_program*" */
	FILE *out;
	bool body;		/* of a function that was WebAssembly's */
};

static bool begins(const struct filter *f, const char *p, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(f->end - p) >= n && !memcmp(p, s, n);
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void put(struct filter *f, const char *p, const char *end)
{
	fwrite(p, 1, end - p, f->out);
}

/*
 * "static u32 w2c_program_f5(w2c_program*, u32);", or "w2c_program* instance" and
 * a body: where the parenthesis is, or NULL.  What returns a pointer is the
 * host's; so are init_globals() and the like.  An import's first parameter is
 * of another type.
 */
static const char *declared(const struct filter *f, const char *p, const char *next)
{
	const char *paren = memchr(p, '(', next - p), *name;

	if (!paren || isspace((unsigned char)*p) || *p == '#')
		return NULL;
	for (name = paren; name > p && is_name(name[-1]); name--)
		;
	if (memchr(p, '*', name - p) || name == p || name[-1] != ' ')
		return NULL;
	if (begins(f, name, f->prefix) && begins(f, paren + 1, f->type))
		return paren;
	if (begins(f, name, "w2c_linux_0x5F") && begins(f, paren + 1, "struct w2c_linux*"))
		return paren;
	return NULL;
}

/* Behind a parameter or an argument, and the comma that follows. */
static const char *skip(const struct filter *f, const char *p)
{
	while (p < f->end && *p != ',' && *p != ')')
		p++;
	return begins(f, p, ", ") ? p + 2 : p;
}

static void put_declaration(struct filter *f, const char *p, const char *paren,
			    const char *next)
{
	const char *rest = skip(f, paren + 1);

	put(f, p, paren + 1);
	if (rest < next && *rest == ')')
		fputs("void", f->out);
	if (rest < next)
		put(f, rest, next);
	f->body = next[-2] != ';';
}

/* Of "f(instance, var_i0)", with p at instance: is f a function of the program? */
static bool is_argument(const struct filter *f, const char *line, const char *p)
{
	const char *name = p - 1;

	if (p == line || *name != '(')
		return false;
	while (name > line && is_name(name[-1]))
		name--;
	return begins(f, name, f->prefix);
}

/*
 * The last but the callee's arguments in CALL_INDIRECT(): ", instance->
 * w2c_0x5F_indirect_function_table.data[var_i1].module_instance".  Behind it, or p.
 */
static const char *skip_callee(const struct filter *f, const char *p)
{
	static const char last[] = "].module_instance";
	const char *q = p + 2;

	if (!begins(f, p, ", instance->"))
		return p;
	for (q += strlen("instance->"); is_name(*q); q++)
		;
	if (!begins(f, q, ".data["))
		return p;
	for (q += strlen(".data["); is_name(*q); q++)
		;
	return begins(f, q, last) ? q + strlen(last) : p;
}

static const struct {
	const char *from, *to;
} words[] = {
	{ "instance->w2c_0x5F_stack_pointer", "MUSLIN_WORDS->sp" },
	{ "instance->w2c_0x5F_tls_base", "MUSLIN_WORDS->tls" },
};

/* p is at a word "instance"; returns what is behind all that is replaced. */
static const char *put_instance(struct filter *f, const char *line, const char *p)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *end = p + strlen(words[i].from);

		if (begins(f, p, words[i].from) && !is_name(*end)) {
			fputs(words[i].to, f->out);
			return end;
		}
	}
	if (!begins(f, p, "instance->")) {
		fputs("MUSLIN_INSTANCE", f->out);
		return p + strlen("instance");
	}
	fputs(p > line && p[-1] == '&' ? "MUSLIN_PLAIN_SELF->" : "MUSLIN_SELF->", f->out);
	return p + strlen("instance->");
}

/* A type that CALL_INDIRECT() has: "(*)(void*, u32)". */
static const char *put_type(struct filter *f, const char *p)
{
	static const char first[] = "(*)(void*";
	const char *rest = skip(f, p + strlen(first));

	fputs(*rest == ')' ? "(*)(void" : "(*)(", f->out);
	return rest;
}

static void put_line(struct filter *f, const char *line, const char *next)
{
	const char *p = line;

	while (p < next) {
		bool word = begins(f, p, "instance") && !is_name(p[8]) &&
			(p == line || !is_name(p[-1]));
		const char *behind = f->body ? skip_callee(f, p) : p;

		if (behind > p)
			p = behind;
		else if (word && is_argument(f, line, p))
			p = skip(f, p);
		else if (word && f->body)
			p = put_instance(f, line, p);
		else if (f->body && begins(f, p, "(*)(void*"))
			p = put_type(f, p);
		else
			fputc(*p++, f->out);
	}
}

void registers_filter(const char *name, const char *text, size_t size, FILE *out)
{
	struct filter f = { .end = text + size, .out = out };
	const char *p, *next, *paren;

	snprintf(f.prefix, sizeof(f.prefix), "w2c_%s_", name);
	snprintf(f.type, sizeof(f.type), "w2c_%s*", name);
	for (p = text; p < f.end; p = next) {
		next = memchr(p, '\n', f.end - p);
		next = next ? next + 1 : f.end;
		paren = f.body ? NULL : declared(&f, p, next);
		if (paren)
			put_declaration(&f, p, paren, next);
		else
			put_line(&f, p, next);
		if (*p == '}')
			f.body = false;
	}
}
