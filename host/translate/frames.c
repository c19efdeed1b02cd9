/* SPDX-License-Identifier: MIT */
/*
 * The C of a program that calls setjmp (src/setjmp/wasm32/setjmp.s).  Each call
 * returns twice in the function that makes it, whatever that is doing when it
 * is jumped to.
 *
 * A C compiler keeps no more than variables that have not changed, and that only for
 * C's sake: a pointer that it made of one variable, and a count that it made of
 * another, need not be of the same time.  So a function is made two.  One puts away
 * what may be read when the call has returned (frames-live.c), in the frame of the
 * other, which has called it.  There is where longjmp leads; it calls the first again,
 * whose variables are then as new, are taken back, or 0, and which goes to behind the
 * call.  That is C like any other, and compiled as well, even if a variable that is
 * read was taken for one that is not.
 *
 * A try block cannot be gone into that way, since it begins with a muslin_setjmp() of
 * its own.  In a function that has one each call of setjmp becomes muslin_setjmp(),
 * and nothing but instance and the frame's own address is used behind it that the
 * compiler has from before.  All that lies in the frame and leads out of it has its
 * place for the function's whole life, not for a block's: blocks are jumped into.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "translate/frames.h"
#include "translate/lines.h"
#include "translate/translate.h"
#include "wasm/wasm.h"

/* Variables put away in a function, for all its calls. */
#define MAX_KEPT 16384
/* Those, and the ones that become 0. */
#define MAX_SET (1 << 18)

struct function {
	const char *begin, *body, *end;
	const char *code;	/* behind its declarations */
	struct variable *variables;
	size_t nvariables;
	unsigned int sites;
	bool *live;	/* of each variable, for each site */
	bool again;	/* it is called again, and jumps to the site */
};

struct filter {
	struct translation *t;
	char set[64], jump[64];	/* "w2c_program_0x5F_setjmp_0(" */
	FILE *out;
};

static void put(struct filter *f, const char *p, const char *end)
{
	fwrite(p, 1, end - p, f->out);
}

/* As prelude.c has it; one that wasm2c has made of a body has a prologue. */
static bool function(const char *p, const char *end, struct function *fn)
{
	const char *line = next_line(p, end), *open, *semicolon, *last;

	if (*p == ' ' || *p == '#' || !find(p, line, "* instance"))
		return false;
	open = find(p, end, ") {\n");
	semicolon = memchr(p, ';', end - p);
	if (!open || !semicolon || semicolon < open || !memchr(p, '(', open - p))
		return false;
	last = find(open, end, "\n}\n");
	if (!last)
		return false;
	*fn = (struct function){ .begin = p, .body = open + 4, .end = last + 3 };
	return find(fn->body, fn->end, "  FUNC_PROLOGUE;\n");
}

static bool is_declaration(const char *p, const char *end)
{
	static const char *const types[] = {
		"  u32 var_", "  u64 var_", "  f32 var_", "  f64 var_", "  v128 var_",
		"  wasm_rt_funcref_t var_", "  wasm_rt_externref_t var_",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (begins(p, end, types[i]))
			return true;
	return false;
}

static const char *behind_declarations(const struct function *fn)
{
	static const char prologue[] = "  FUNC_PROLOGUE;\n";
	const char *p = find(fn->body, fn->end, prologue) + strlen(prologue);

	while (is_declaration(p, fn->end)) {
		p = memchr(p, ';', fn->end - p);
		if (!p)
			return fn->end;
		p = next_line(p, fn->end);
	}
	return p;
}

/* The word that ends at p, and does not begin before begin. */
static const char *word_before(const char *begin, const char *p)
{
	while (p > begin && (isalnum((unsigned char)p[-1]) || p[-1] == '_'))
		p--;
	return p;
}

/* Parameters, locals (var_p0, var_l0) and slots of the stack (var_i0). */
static int find_variables(struct function *fn)
{
	const char *p = fn->begin, *type = "u32";
	size_t room = 0;

	while ((p = find(p, fn->code, "var_"))) {
		struct variable v = { .name = p, .length = 5 };

		/* behind a type, or a comma */
		if (p > fn->begin && word_before(fn->begin, p - 1) < p - 1)
			type = word_before(fn->begin, p - 1);
		v.type = type;
		p += 4;
		if (!islower(*p) || !isdigit(p[1]))
			continue;
		while (isdigit(v.name[v.length]))
			v.length++;
		if (fn->nvariables == room) {
			struct variable *more;

			room = room ? room * 2 : 64;
			more = realloc(fn->variables, room * sizeof(*more));
			if (!more)
				return -ENOMEM;
			fn->variables = more;
		}
		fn->variables[fn->nvariables++] = v;
	}
	return 0;
}

/* It may change, and is no slot of the stack above those that the call leaves. */
static bool is_kept(const struct variable *v, unsigned long slot)
{
	return v->assigned && (v->name[4] == 'p' || v->name[4] == 'l' ||
			       strtoul(v->name + 5, NULL, 10) < slot);
}

/* "var_i3 = w2c_program_0x5F_setjmp_0(instance, var_i3);": its slot, or -1 */
static long site(const struct filter *f, const char *p, const char *end)
{
	char *rest;
	long slot;

	p += strspn(p, " ");
	if (!begins(p, end, "var_i") || !isdigit(p[5]))
		return -1;
	slot = strtol(p + 5, &rest, 10);
	if (!begins(rest, end, " = ") || !begins(rest + 3, end, f->set))
		return -1;
	rest += 3 + strlen(f->set);
	if (!begins(rest, end, "instance, var_i") ||
	    strtol(rest + 15, &rest, 10) != slot || !begins(rest, end, ");\n"))
		return -1;
	return slot;
}

/* Every call is one that we know, and its function is left in one place. */
static int find_sites(const struct filter *f, struct function *fn)
{
	unsigned int calls = 0, ends = 0, returns = 0;
	const char *p, *next;

	for (p = fn->body; (p = find(p, fn->end, f->set)); p++)
		calls++;
	if (!calls)
		return 0;
	for (p = fn->code; p < fn->end; p = next) {
		next = next_line(p, fn->end);
		fn->sites += site(f, p, next) >= 0;
		ends += begins(p, next, "  FUNC_EPILOGUE;\n");
		returns += find(p, next, "return") != NULL;
	}
	return calls == fn->sites && ends == 1 && returns <= 1 ? 0 : -EINVAL;
}

static int refuse(struct filter *f, const char *why)
{
	snprintf(f->t->error, f->t->n, "has a function that calls setjmp and %s", why);
	return -ENOEXEC;
}

static int check(struct filter *f, const struct function *fn)
{
	if (fn->sites * fn->nvariables > MAX_SET || fn->sites > MAX_KEPT / 16)
		return refuse(f, "has too many variables");
	return 0;
}

static bool is_reference(const struct variable *v)
{
	return *v->type == 'w';	/* wasm_rt_funcref_t */
}

/* Sets fn->live.  A reference has no 0 that any compiler knows. */
static int find_live(struct filter *f, struct function *fn)
{
	const char **places = calloc(fn->sites, sizeof(*places));
	size_t n = fn->nvariables, kept = 0;
	unsigned int i = 0;
	int r = -ENOMEM;

	fn->live = calloc(fn->sites, n);
	for (const char *p = fn->code, *next; places && p < fn->end; p = next) {
		next = next_line(p, fn->end);
		if (site(f, p, next) >= 0)
			places[i++] = next;
	}
	if (places && fn->live)
		r = live_variables(fn->code, fn->end, fn->variables, n, places,
				   fn->sites, fn->live);
	free(places);
	for (size_t k = 0; k < fn->sites * n && !r; k++) {
		fn->live[k] |= is_reference(&fn->variables[k % n]);
		kept += fn->live[k] && fn->variables[k % n].assigned;
	}
	if (r == -E2BIG || kept > MAX_KEPT)
		return refuse(f, "has too many variables");
	return r;
}

static bool is_vector(const struct variable *v)
{
	return *v->type == 'v';	/* v128: of no number that C knows */
}

static void put_variables(struct filter *f, const struct function *fn,
			  unsigned int i, long slot, bool live, const char *format)
{
	for (size_t k = 0; k < fn->nvariables; k++) {
		const struct variable *v = &fn->variables[k];

		if (!is_kept(v, slot) || fn->live[i * fn->nvariables + k] != live)
			continue;
		for (const char *s = format; *s; s++) {
			if (*s == '@')
				fprintf(f->out, "%.*s", v->length, v->name);
			else if (*s == '%')
				fprintf(f->out, "%.*s", (int)strcspn(v->type, " "), v->type);
			else if (*s == '$')
				fputs(fn->again ? "kept->" : "kept.", f->out);
			else if (*s == '#')
				fprintf(f->out, "%u", i);
			else if (*s == '0' && is_vector(v))
				fputs("(v128){ 0 }", f->out);
			else
				fputc(*s, f->out);
		}
	}
}

static void put_landing(struct filter *f, const struct function *fn, unsigned int i,
			long slot)
{
	const char *to = fn->again ? "kept->" : "kept.";

	put_variables(f, fn, i, slot, true, "  @ = $k#_@;\n");
	put_variables(f, fn, i, slot, false, "  @ = 0;\n");
	fprintf(f->out,
		"  MUSLIN_SET_SP(%slandings[%u].sp);\n"
		"  var_i%ld = %slandings[%u].value;\n", to, i, slot, to, i);
}

static void put_site(struct filter *f, const struct function *fn, unsigned int i,
		     long slot)
{
	static const char set[] =
		"  var_i%ld = muslin_landing_set(instance, &%slandings[%u], var_i%ld,\n"
		"    MUSLIN_SP);\n";

	put_variables(f, fn, i, slot, true, "  $k#_@ = @;\n");
	if (fn->again) {
		fprintf(f->out, set, slot, "kept->", i, slot);
		fprintf(f->out, "  goto set_%u;\n  landed_%u:\n", i, i);
		put_landing(f, fn, i, slot);
		fprintf(f->out, "  set_%u:;\n", i);
	} else {
		fprintf(f->out, "  if (muslin_setjmp(&kept.landings[%u].jump)) {\n"
			"  MUSLIN_RELOAD;\n", i);
		put_landing(f, fn, i, slot);
		fputs("  }\n  else\n", f->out);
		fprintf(f->out, set, slot, "kept.", i, slot);
	}
}

static const char target_type[] = "WASM_RT_UNWIND_TARGET ";

/* Those of try blocks become the function's. */
static void declare_targets(struct filter *f, const struct function *fn)
{
	const char *p = fn->code;

	while ((p = find(p, fn->end, target_type))) {
		const char *name = p + strlen(target_type);
		size_t n = strspn(name, "*abcdefghijklmnopqrstuvwxyzT_0123456789");

		fprintf(f->out, "  %s%.*s;\n", target_type, (int)n, name);
		p = name;
	}
}

/*
 * "void *var_T1 = alloca(var_T1_size);": an exception that is thrown again, with
 * var_T1_tag and var_T1_size.  Each becomes the function's, and is where the compiler
 * does not look.
 */
static const char alloca_call[] = " = alloca(";

static void declare_rethrown(struct filter *f, const struct function *fn)
{
	const char *p = fn->code, *name;

	while ((p = find(p, fn->end, alloca_call))) {
		for (name = p; name[-1] != '*' && name > fn->code; name--)
			;
		fprintf(f->out, "  volatile wasm_rt_tag_t %.*s_tag = 0;\n"
			"  volatile uint32_t %.*s_size = 0;\n"
			"  u64 %.*s_values[MUSLIN_EXCEPTION_VALUES] = { 0 };\n"
			"  void *volatile %.*s = %.*s_values;\n",
			(int)(p - name), name, (int)(p - name), name,
			(int)(p - name), name, (int)(p - name), name,
			(int)(p - name), name);
		p++;
	}
}

/* Its name, and the parenthesis behind that. */
static const char *find_name(const struct function *fn, const char **end)
{
	*end = memchr(fn->begin, '(', fn->body - fn->begin);
	return word_before(fn->begin, *end);
}

/* "struct w2c_program_f1_kept {": what is kept, and where it is jumped to. */
static void put_kept(struct filter *f, const struct function *fn)
{
	const char *p, *next, *end, *name = find_name(fn, &end);
	unsigned int i = 0;
	long slot;

	fprintf(f->out, "struct %.*s_kept {\n"
		"  struct muslin_frame frame;\n  struct muslin_jump jump;\n"
		"  struct muslin_landing landings[%u];\n",
		(int)(end - name), name, fn->sites);
	for (p = fn->code; p < fn->end; p = next) {
		next = next_line(p, fn->end);
		slot = site(f, p, next);
		if (slot >= 0)
			put_variables(f, fn, i++, slot, true, "  volatile % k#_@;\n");
	}
	fputs("};\n", f->out);
}

static void declare(struct filter *f, const struct function *fn)
{
	const char *end, *name = find_name(fn, &end);

	fprintf(f->out, "  struct %.*s_kept kept;\n", (int)(end - name), name);
	if (!fn->again) {
		declare_targets(f, fn);
		declare_rethrown(f, fn);
	}
	fprintf(f->out, "  muslin_frame_enter(instance, &kept.frame, kept.landings, %u);\n",
		fn->sites);
}

/* Its type, the name with what is behind it, and parameters. */
static void put_head(struct filter *f, const struct function *fn)
{
	const char *end, *name = find_name(fn, &end);

	fputs("__attribute__((noinline)) static ", f->out);
	put(f, fn->begin, end);
	fputs("_from", f->out);
	put(f, end, fn->body - 4);
	fprintf(f->out, ", struct %.*s_kept *kept)", (int)(end - name), name);
}

/*
 * What callers of the function call.  It is jumped back to, and calls the function,
 * that is, what was made of it, once more.
 */
static void put_caller(struct filter *f, const struct function *fn)
{
	const char *end, *name = find_name(fn, &end);
	bool value = !begins(fn->begin, end, "void ");

	put_head(f, fn);
	fputs(";\n", f->out);
	put(f, fn->begin, fn->body);
	if (value)
		fprintf(f->out, "  %.*s result;\n", (int)(name - fn->begin), fn->begin);
	declare(f, fn);
	fprintf(f->out, "  kept.frame.again = &kept.jump;\n"
		"  muslin_setjmp(&kept.jump);\n  MUSLIN_RELOAD;\n  %s%.*s_from(instance, ",
		value ? "result = " : "", (int)(end - name), name);
	for (size_t i = 0; i < fn->nvariables; i++)
		if (fn->variables[i].name[4] == 'p')
			fprintf(f->out, "%.*s, ", fn->variables[i].length,
				fn->variables[i].name);
	fprintf(f->out, "&kept);\n  MUSLIN_RELOAD;\n  muslin_frame_leave(instance, &kept.frame);\n%s}\n",
		value ? "  return result;\n" : "");
}

static void put_entries(struct filter *f, const struct function *fn)
{
	fputs("  switch (kept->frame.entry) {\n", f->out);
	for (unsigned int i = 0; i < fn->sites; i++)
		fprintf(f->out, "  case %u: goto landed_%u;\n", i + 1, i);
	fputs("  }\n", f->out);
}

/* "WASM_RT_UNWIND_TARGET *name = ...;": the assignment.  Or nothing. */
static void put_target(struct filter *f, const char *p, const char *next)
{
	p += strlen(target_type);
	if (*p == '*')
		put(f, p + 1, next);
}

/* The same for one that is thrown again.  False if the line is none of it. */
static bool put_rethrown(struct filter *f, const char *p, const char *next)
{
	static const char *const types[] = { "const wasm_rt_tag_t ", "uint32_t " };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (begins(p, next, types[i])) {
			put(f, p + strlen(types[i]), next);
			return true;
		}
	}
	return begins(p, next, "void *") && find(p, next, alloca_call);
}

static void put_code(struct filter *f, const struct function *fn)
{
	const char *p, *next, *word;
	unsigned int i = 0;
	long slot;

	for (p = fn->code; p < fn->end; p = next) {
		next = next_line(p, fn->end);
		word = p + strspn(p, " ");
		slot = site(f, p, next);
		if (slot >= 0)
			put_site(f, fn, i++, slot);
		else if (begins(word, next, target_type))
			put_target(f, word, next);
		else if (put_rethrown(f, word, next))
			;
		else if (!fn->again && begins(p, next, "  FUNC_EPILOGUE;\n"))
			fputs("  muslin_frame_leave(instance, &kept.frame);\n"
			      "  FUNC_EPILOGUE;\n", f->out);
		else
			put(f, p, next);
	}
}

static void put_frame(struct filter *f, const struct function *fn)
{
	if (fn->again) {
		put_caller(f, fn);
		put_head(f, fn);
		fputs(" {\n", f->out);
		put(f, fn->body, fn->code);
		put_entries(f, fn);
	} else {
		put(f, fn->begin, fn->code);
		declare(f, fn);
	}
	put_code(f, fn);
}

static int put_function(struct filter *f, struct function *fn)
{
	int r;

	fn->code = behind_declarations(fn);
	r = find_sites(f, fn);
	if (!r && fn->sites)
		r = find_variables(fn);
	if (!r && fn->sites)
		r = check(f, fn);
	if (!r && fn->sites)
		r = find_live(f, fn);
	if (!r && fn->sites) {
		fn->again = !find(fn->code, fn->end, "wasm_rt_try(");
		put_kept(f, fn);
		put_frame(f, fn);
	} else if (!r) {
		put(f, fn->begin, fn->end);
	}
	free(fn->variables);
	free(fn->live);
	return r;
}

/* setjmp called by a pointer has no frame. */
static const char set_body[] =
	"  FUNC_PROLOGUE;\n  UNREACHABLE;\n  FUNC_EPILOGUE;\n  return 0;\n}\n";
static const char jump_body[] =
	"  FUNC_PROLOGUE;\n  muslin_land(instance, var_p0, var_p1);\n  FUNC_EPILOGUE;\n}\n";

int frames_filter(struct translation *t, const char *text, size_t size, FILE *out)
{
	const char *p = text, *end = text + size, *next;
	struct filter f = { .t = t, .out = out };
	struct function fn;
	int r = 0;

	snprintf(f.set, sizeof(f.set), "w2c_%s_0x5F_setjmp_0(", t->name);
	snprintf(f.jump, sizeof(f.jump), "w2c_%s_0x5F_longjmp_0(", t->name);
	for (; p < end && !r; p = next) {
		if (!function(p, end, &fn)) {
			next = next_line(p, end);
			put(&f, p, next);
			continue;
		}
		next = fn.end;
		if (find(p, fn.body, f.set)) {
			put(&f, p, fn.body);
			fputs(set_body, out);
		} else if (find(p, fn.body, f.jump)) {
			put(&f, p, fn.body);
			fputs(jump_body, out);
		} else {
			r = put_function(&f, &fn);
		}
	}
	return r;
}
