/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "translate/lines.h"
#include "translate/translate.h"

/* A part of the text, from p to end. */
struct text {
	const char *p, *end;
};

static const char *find_in(struct text t, const char *s)
{
	return find(t.p, t.end, s);
}

static const char *after(struct text t, const char *s)
{
	const char *p = find_in(t, s);

	return p ? p + strlen(s) : NULL;
}

static void copy(struct text *t, const char *to, FILE *out)
{
	fwrite(t->p, 1, to - t->p, out);
	t->p = to;
}

/* What 1.0.36 writes: first and last lines of its prelude. */
static const char prelude_first[] = "#include <assert.h>\n";
static const char prelude_own_header[] = "\n#include \"";
static const char prelude_begin[] =
	"\n// Computes a pointer to an object of the given size in a little-endian memory.\n";
static const char prelude_last[] =
	"  __attribute__((weak)) void func(void** instance_ptr, void* tail_call_stack, \\\n"
	"                                  wasm_rt_tailcallee_t* next)\n"
	"#endif\n";
static const char prelude_atomics[] = "\n#include <stdatomic.h>\n";
static const char prelude_atomics_last[] =
	"#define atomic_fence() atomic_thread_fence(memory_order_seq_cst)\n";
/* If there are vectors; simd.h has what these define.  The type may be the header's. */
static const char prelude_simde[] = "\n#include <simde/wasm/simd128.h>\n";
static const char prelude_simde_last[] = "typedef simde_v128_t v128;\n#endif\n";
static const char prelude_simd[] =
	"\n#if defined(__GNUC__) && defined(__x86_64__)\n#define SIMD_FORCE_READ(";
static const char prelude_simd_newer[] =
	"\n#if WASM_RT_MEMCHECK_BOUNDS_CHECK || \\\n"
	"    WASM_RT_NONCONFORMING_ALLOW_OOB_READ_ELIMINATION\n#define SIMD_FORCE_READ(";
static const char prelude_simd_last[] =
	"#define v128_f64x2_convert_low_u32x4 simde_wasm_f64x2_convert_low_u32x4\n"
	"#endif\n// clang-format on";

/* If first is at p: what comes behind last, or NULL if that is not there.  Or p. */
static const char *behind(const char *p, const char *end, const char *first, const char *last)
{
	if (!p || !begins(p, end, first))
		return p;
	return after((struct text){ p, end }, last);
}

/* Replaces the prelude at the start of t and moves behind it. */
static int replace_prelude(struct text *t, FILE *out)
{
	const char *first = find_in(*t, prelude_first);
	const char *begin = find_in(*t, prelude_begin);
	const char *last = after(*t, prelude_last);
	const char *header, *plain;
	bool vectors;

	if (!first || !begin || !last || begin < first || last < begin)
		return -EINVAL;
	plain = behind(last, t->end, prelude_simde, prelude_simde_last);
	last = behind(plain, t->end, prelude_simd, prelude_simd_last);
	if (last == plain)
		last = behind(plain, t->end, prelude_simd_newer, prelude_simd_last);
	vectors = last != plain;
	last = behind(last, t->end, prelude_atomics, prelude_atomics_last);
	if (!last)
		return -EINVAL;
	header = find_in((struct text){ first, begin }, prelude_own_header);
	if (!header)
		return -EINVAL;
	copy(t, first, out);
	t->p = header + 1;
	copy(t, next_line(t->p, t->end), out);
	if (vectors)
		fputs("#include \"simd.h\"\n", out);
	fputs("#include \"prelude.h\"\n", out);
	t->p = last;
	return 0;
}

/*
 * A handler has to see what the body of its try block has assigned, but C
 * lets a variable lose its value in longjmp unless it is volatile.  wasm2c
 * does that from 1.0.37 on.  t is a function, body its first line.
 */
static void make_volatile(struct text *t, const char *body, FILE *out)
{
	struct text f = *t;
	const char *p;

	/* parameters: instance does not change */
	while ((p = memchr(t->p, ',', body - t->p))) {
		for (p++; *p == ' ' || *p == '\n'; p++)
			;
		copy(t, p, out);
		fputs("volatile ", out);
	}
	copy(t, body, out);
	/* locals: declarations before the prologue, each may span lines */
	f.end = find_in(*t, "  FUNC_PROLOGUE;\n");
	if (!f.end)
		f.end = t->p;
	while (t->p < f.end) {
		copy(t, t->p + 2, out);
		fputs("volatile ", out);
		p = memchr(t->p, ';', f.end - t->p);
		copy(t, p ? p + 2 : f.end, out);
	}
	copy(t, t->end, out);
}

/*
 * Data as a string, which compilers read ten times as fast as a list of
 * numbers.  True if t was at its definition, and is behind it now.
 */
static bool data_segment(struct text *t, FILE *out)
{
	struct text line = { t->p, next_line(t->p, t->end) };
	const char *brackets = find_in(line, "[] = {\n");
	const char *end, *p;
	size_t n = 0;

	if (!find_in(line, "const u8 data_segment_data_") || !brackets)
		return false;
	end = find_in((struct text){ line.end - 1, t->end }, "\n};\n");
	if (!end)
		return false;
	for (p = line.end; p < end; p++)
		n += *p == 'x';
	copy(t, brackets, out);
	fprintf(out, "[%zu] = \"", n);
	for (p = line.end; p < end; p++)
		if (*p == 'x')
			fprintf(out, "\\%03o", (int)strtol(p + 1, NULL, 16));
	fputs("\";\n", out);
	t->p = end + 4;
	return true;
}

/* If a function is defined at t's start, sets its body and end. */
static bool function(struct text t, const char **body, const char **end)
{
	const char *paren = memchr(t.p, '(', next_line(t.p, t.end) - t.p);
	const char *open, *semicolon;

	if (*t.p == ' ' || *t.p == '#' || !paren)
		return false;
	if (!find_in((struct text){ t.p, next_line(t.p, t.end) }, "* instance"))
		return false;
	open = after(t, ") {\n");
	semicolon = find_in(t, ";");
	if (!open || !semicolon || semicolon < open)
		return false;
	*body = open;
	*end = after((struct text){ open - 1, t.end }, "\n}\n");
	return *end;
}

/* --- 1.0.42: as 1.0.36 would write it --- */

static const char newer_local[] = "wasm_rt_local_memory_base, wasm_rt_local_memory_size, ";
static const char newer_default[] = "_default32(";
static const char newer_page_size[] = ", 65536);";

/* "uint8_t* const wasm_rt_local_memory_base = NULL;", and what is made of it, or put there */
static bool newer_declaration(struct text line)
{
	static const char *const starts[] = {
		"uint8_t* const wasm_rt_local_memory_base = ",
		"uint64_t wasm_rt_local_memory_size = ",
		"(void)wasm_rt_local_memory_base;", "(void)wasm_rt_local_memory_size;",
		"wasm_rt_local_memory_base = ", "wasm_rt_local_memory_size = ",
	};
	const char *p = line.p;

	while (p < line.end && *p == ' ')
		p++;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (begins(p, line.end, starts[i]))
			return true;
	return false;
}

/* A function around one that a table has: ours are called as they are. */
static const char *newer_wrapper(struct text t, struct text line)
{
	const char *end = NULL;

	if (begins(line.p, line.end, "static ") && find_in(line, " wrap_w2c_") &&
	    find_in(line, "(void *instance"))
		end = after((struct text){ line.end - 1, t.end }, "\n}\n");
	return end;
}

static void newer_line(struct text line, FILE *out)
{
	const char *p;

	while ((p = find_in(line, newer_local))) {
		const char *name = p - strlen(newer_default);

		/* i32_load_default32(..., or i32_load(..., */
		if (name >= line.p && begins(name, p, newer_default)) {
			copy(&line, name, out);
			fputc('(', out);
		} else {
			copy(&line, p, out);
		}
		line.p = p + strlen(newer_local);
	}
	/* {RefFunc, w2c_program_t3, (wasm_rt_function_ptr_t)wrap_w2c_program_f19, {NULL}, 0}, */
	p = begins(line.p, line.end, "  {RefFunc, ") ? find_in(line, ")wrap_w2c_") : NULL;
	if (p) {
		copy(&line, p + 1, out);
		line.p += strlen("wrap_");
	}
	/* wasm_rt_allocate_memory(&instance->w2c_memory, 15, 65536, 0, 65536); */
	p = begins(line.p, line.end, "  wasm_rt_allocate_memory") ?
		find_in(line, newer_page_size) : NULL;
	if (p) {
		copy(&line, p, out);
		line.p += strlen(newer_page_size) - strlen(");");
	}
	/* u32 volatile var_p0, which make_volatile() says */
	while ((p = find_in(line, " volatile var_"))) {
		copy(&line, p, out);
		line.p += strlen(" volatile");
	}
	copy(&line, line.end, out);
}

/* What the text of a newer wasm2c is in the older one's words, to be freed, or NULL. */
static char *newer_text(struct text t, size_t *size)
{
	char *older = NULL;
	FILE *out = open_memstream(&older, size);

	while (out && t.p < t.end) {
		struct text line = { t.p, next_line(t.p, t.end) };
		const char *wrapper = newer_wrapper(t, line);

		t.p = wrapper ? wrapper : line.end;
		if (!wrapper && !newer_declaration(line))
			newer_line(line, out);
	}
	if (out && !fclose(out))
		return older;
	free(older);
	return NULL;
}

static int filter(struct text t, FILE *out)
{
	const char *body, *end;
	int r;

	if (find_in(t, prelude_begin) || find_in(t, prelude_first)) {
		r = replace_prelude(&t, out);
		if (r < 0)
			return r;
	}
	while (t.p < t.end) {
		struct text f = t;

		if (data_segment(&t, out))
			continue;
		if (!function(t, &body, &end)) {
			copy(&t, next_line(t.p, t.end), out);
			continue;
		}
		f.end = end;
		if (find_in((struct text){ body, end }, "wasm_rt_try("))
			make_volatile(&f, body, out);
		copy(&f, end, out);
		t.p = end;
	}
	return ferror(out) ? -EIO : 0;
}

int prelude_filter(const char *text, size_t size, FILE *out)
{
	struct text t = { text, text + size };
	char *older;
	int r;

	if (!find_in(t, "wasm_rt_local_memory_base"))
		return filter(t, out);
	older = newer_text(t, &size);
	if (!older)
		return -ENOMEM;
	r = filter((struct text){ older, older + size }, out);
	free(older);
	return r;
}
