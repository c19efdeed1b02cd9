/* SPDX-License-Identifier: MIT */
/*
 * The C of a module that is linked when it runs: a shared library, or a program that
 * needs one.  A library has no instance of its own: its functions get the process's, as
 * the program's do, and what wasm2c takes for the library's instance lies at
 * muslin_slot from that (MUSLIN_MODULE), in each process at the same distance.  Imports
 * become words there (muslin_words), that the host fills: machine/link.c.  wasm/strip.c
 * has given each import its number as its name, env.i5.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "translate/lines.h"
#include "translate/translate.h"
#include "wasm/wasm.h"

/* --- the header --- */

/* What a process has of a module, besides what wasm2c wants. */
const char *link_put_members(const struct wasm *w, const char *text, const char *end, FILE *out)
{
	static const char last[] = "\n} w2c_program;\n";
	const char *p = find(text, end, last);

	if (!p)
		return NULL;
	fwrite(text, 1, p + 1 - text, out);
	fprintf(out, "  u64 muslin_words[%u];\n"
		"  const char *muslin_types[%u];\n"
		"  u32 muslin_tls;\n", w->nimports + 1, w->ntypes + 1);
	return p + 1;
}

/* The stack pointer is the running thread's: words.c. */
static void define_global(const struct wasm *w, uint32_t i, FILE *out)
{
	if (strcmp(w->imports[i].name, "__stack_pointer"))
		fprintf(out, "#define muslin_i%u (*(u32 *)&MUSLIN_MODULE->muslin_words[%u])\n", i, i);
}

/* A function is glue.c's. */
static void define_import(const struct wasm *w, uint32_t i, FILE *out)
{
	switch (w->imports[i].kind) {
	case WASM_GLOBAL:
		define_global(w, i, out);
		break;
	case WASM_TABLE:
		fprintf(out, "#define muslin_i%u (muslin_head((void *)instance)->functions)\n", i);
		break;
	case WASM_MEMORY:
		fprintf(out, "#define muslin_i%u (&muslin_head((void *)instance)->memory)\n", i);
		break;
	case WASM_TAG:
		fprintf(out, "#define w2c_env_i%u ((wasm_rt_tag_t)MUSLIN_MODULE->muslin_words[%u])\n",
			i, i);
		break;
	default:
		break;
	}
}

void link_write_header(const struct translation *t, FILE *out)
{
	const struct wasm *w = t->w;

	fputs("#define MUSLIN_LINKED\n", out);
	if (t->place)
		fprintf(out, "#define muslin_slot %lldll\n", (long long)t->place);
	else if (wasm_is_library(w))
		fputs("extern const int64_t muslin_slot __attribute__((visibility(\"hidden\")));\n",
		      out);
	if (wasm_is_library(w))
		fputs("#define MUSLIN_MODULE ((w2c_program *)((char *)instance + muslin_slot))\n"
		      "#define muslin_tls_base (MUSLIN_TLS + MUSLIN_MODULE->muslin_tls)\n", out);
	else
		fputs("#define MUSLIN_MODULE ((w2c_program *)instance)\n", out);
	for (uint32_t i = 0; i < w->nimports; i++)
		define_import(w, i, out);
}

/* --- code --- */

/* Functions that set up an instance, of which a library has none. */
static bool is_dropped(bool of_library, const char *p, const char *end)
{
	static const char *const always[] = {
		"static void init_instance_import(", "void wasm2c_program_instantiate(",
		"wasm_rt_func_type_t wasm2c_program_get_func_type(",
	};
	static const char *const library[] = {
		"static void init_memories(", "static void init_tables(",
		"static void init_data_instances(", "static void init_elem_instances(",
	};

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (begins(p, end, always[i]))
			return true;
	for (size_t i = 0; of_library && i < sizeof(library) / sizeof(*library); i++)
		if (begins(p, end, library[i]))
			return true;
	return false;
}

static const char *skip_function(const char *p, const char *end)
{
	p = find(p, end, "\n}\n");
	return p ? p + 3 : end;
}

struct link {
	const struct wasm *w;
	bool library, setjmp;
	char tls[48];		/* "instance->w2c_g5", or empty */
	FILE *out;
};

/* The number of the import that p names, "w2c_env_i5", or -1; *behind is where that ends. */
static long import_number(const struct link *l, const char *p, const char *end,
			  const char **behind)
{
	static const char prefix[] = "w2c_env_i";
	const char *number = p + strlen(prefix);
	char *last;
	unsigned long i;

	if (!begins(p, end, prefix) || number == end || !isdigit((unsigned char)*number))
		return -1;
	i = strtoul(number, &last, 10);
	*behind = last;
	return i < l->w->nimports ? (long)i : -1;
}

static void put_import(const struct link *l, uint32_t i)
{
	const struct wasm_import *im = &l->w->imports[i];

	if (im->kind == WASM_GLOBAL && !strcmp(im->name, "__stack_pointer"))
		fputs("instance->w2c_0x5F_stack_pointer", l->out);
	else
		fprintf(l->out, "muslin_i%u", i);
}

/*
 * If there is a call of setjmp in a line, "  var_i0 = w2c_env_i5(instance->w2c_env_instance,
 * var_i0);", puts that up to the arguments as a program's own is called, which frames.c knows.
 * Returns where to go on.
 */
static const char *put_setjmp(const struct link *l, const char *p, const char *end)
{
	static const char call[] = " = w2c_env_i", instance[] = "(instance->w2c_env_instance, ";
	const char *at = find(p, end, call), *behind;
	long i = at ? import_number(l, at + 3, end, &behind) : -1;

	if (i < 0 || !wasm_is_setjmp(&l->w->imports[i]) || !begins(behind, end, instance))
		return p;
	fwrite(p, 1, at + 3 - p, l->out);
	fputs("w2c_program_0x5F_setjmp_0(instance, ", l->out);
	return behind + strlen(instance);
}

/*
 * Puts what is before "instance->" at p, from "from" on, and what that means in a
 * function; returns where to go on.  wasm2c writes a global as "(*instance->w2c_env_i5)".
 */
static const char *put_member(const struct link *l, const char *from, const char *p,
			      const char *end)
{
	const char *name = p + strlen("instance->"), *behind;
	long i = import_number(l, name, end, &behind);
	size_t tls = strlen(l->tls);

	if (i >= 0) {
		bool star = p > from && p[-1] == '*';
		bool paren = star && p - 1 > from && p[-2] == '(' && *behind == ')';

		fwrite(from, 1, p - star - paren - from, l->out);
		put_import(l, i);
		return behind + paren;
	}
	fwrite(from, 1, p - from, l->out);
	if (tls && begins(p, end, l->tls) && !isdigit((unsigned char)p[tls])) {
		fputs("muslin_tls_base", l->out);
		return p + tls;
	}
	fputs(l->library ? "MUSLIN_MODULE->" : "instance->", l->out);
	return name;
}

/* A line of a function.  What sets __tls_base is the program's, of all its modules. */
static void put_line(const struct link *l, const char *p, const char *end)
{
	static const char instance[] = "instance->";
	const char *next;
	size_t tls = strlen(l->tls);

	if (tls && begins(p, end, "  ") && begins(p + 2, end, l->tls) &&
	    begins(p + 2 + tls, end, " = ")) {
		fputs("  (void)(", l->out);
		fwrite(p + 5 + tls, 1, end - 2 - (p + 5 + tls), l->out);
		fputs(");\n", l->out);
		return;
	}
	if (l->setjmp)
		p = put_setjmp(l, p, end);
	while ((next = find(p, end, instance)))
		p = put_member(l, p, next, end);
	fwrite(p, 1, end - p, l->out);
}

int link_filter(struct translation *t, const char *text, size_t size, FILE *out)
{
	struct link l = {
		.w = t->w, .library = wasm_is_library(t->w),
		.setjmp = wasm_uses_setjmp(t->w), .out = out,
	};
	const char *end = text + size, *p, *next;
	bool keep = false;	/* what sets a library's own globals gets its own words */

	if (l.library && wasm_tls_base(t->w) >= 0)
		snprintf(l.tls, sizeof(l.tls), "instance->w2c_g%u", (unsigned int)wasm_tls_base(t->w));
	for (p = text; p < end; p = next) {
		next = next_line(p, end);
		if (is_dropped(l.library, p, end) && next > p + 2 && next[-2] == '{') {
			next = skip_function(p, end);
			continue;
		}
		if (begins(p, end, "static void init_globals("))
			keep = l.library;
		if (*p == '}')
			keep = false;
		if (keep)
			fwrite(p, 1, next - p, out);
		else
			put_line(&l, p, next);
	}
	return 0;
}
