/* SPDX-License-Identifier: MIT */
/* The C between a program's own and its host. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "translate/translate.h"
#include "wasm/wasm.h"

static const char *c_type(char type)
{
	switch (type) {
	case 'i':
		return "u32";
	case 'l':
		return "u64";
	case 'f':
		return "f32";
	case 'v':
		return "v128";
	default:
		return "f64";
	}
}

static const char *result(const char *type)
{
	const char *r = strchr(type, ':') + 1;

	return *r ? c_type(*r) : "void";
}

/* "struct w2c_linux *p, u32 a0, u64 a1" */
static void parameters(const char *type, const char *name, FILE *out)
{
	fprintf(out, "struct w2c_linux *%s", name);
	for (int i = 0; type[i] != ':'; i++)
		fprintf(out, *name ? ", %s a%d" : ", %s", c_type(type[i]), i);
}

/*
 * How wasm2c mangles linux.__syscall_NAME.  check.c has compared the name
 * with the kernel's, which have only letters, digits and underscores.
 */
static void c_name(const struct wasm_import *im, FILE *out)
{
	fprintf(out, "w2c_linux_0x5F%s", im->name + 1);
}

/* The function pointer l->sc[i]. */
static void thunk(const char *type, uint32_t i, FILE *out)
{
	fprintf(out, "((%s (*)(", result(type));
	parameters(type, "", out);
	fprintf(out, "))l->sc[%u])", i);
}

/* The first import of this name: wasm allows more. */
static bool is_first(const struct wasm *w, uint32_t i)
{
	for (uint32_t j = 0; j < i; j++)
		if (w->imports[j].kind == WASM_FUNC &&
		    !strcmp(w->imports[j].name, w->imports[i].name))
			return false;
	return w->imports[i].kind == WASM_FUNC;
}

/* --- imports of a module that is linked: each is called by the word that it has --- */

static bool is_system_call(const struct wasm_import *im)
{
	return !strcmp(im->module, "linux");
}

/* The function pointer that is import i's word. */
static void word(const struct wasm *w, uint32_t i, FILE *out)
{
	const char *type = w->types[w->imports[i].type];

	fprintf(out, "((%s (*)(void *", result(type));
	for (int a = 0; type[a] != ':'; a++)
		fprintf(out, ", %s", c_type(type[a]));
	fprintf(out, "))MUSLIN_MODULE->muslin_words[%u])", i);
}

static const char *first_argument(const struct wasm_import *im)
{
	return is_system_call(im) ? "(void *)muslin_head((void *)instance)->linux_imports" :
		"(void *)instance";
}

static void write_linked_imports(const struct wasm *w, FILE *out)
{
	for (uint32_t i = 0; i < w->nimports; i++) {
		if (w->imports[i].kind != WASM_FUNC)
			continue;
		fprintf(out, "#define w2c_env_i%u(l, ...) ", i);
		word(w, i, out);
		fprintf(out, "(%s, ##__VA_ARGS__)\n", first_argument(&w->imports[i]));
	}
}

static void write_linked_functions(const struct wasm *w, FILE *out)
{
	for (uint32_t i = 0; i < w->nimports; i++) {
		const char *type = w->types[w->imports[i].type];

		if (w->imports[i].kind != WASM_FUNC)
			continue;
		fprintf(out, "%s (w2c_env_i%u)(struct w2c_env *p", result(type), i);
		for (int a = 0; type[a] != ':'; a++)
			fprintf(out, ", %s a%d", c_type(type[a]), a);
		fputs(")\n{\n\tw2c_program *instance = (void *)p;\n\n\t", out);
		if (*result(type) != 'v')
			fputs("return ", out);
		fprintf(out, "w2c_env_i%u(0", i);
		for (int a = 0; type[a] != ':'; a++)
			fprintf(out, ", a%d", a);
		fputs(");\n}\n\n", out);
	}
}

void glue_write_imports(const struct wasm *w, FILE *out)
{
	if (wasm_is_linked(w)) {
		write_linked_imports(w, out);
		return;
	}
	for (uint32_t i = 0; i < w->nimports; i++) {
		if (!is_first(w, i))
			continue;
		fputs("#define ", out);
		c_name(&w->imports[i], out);
		fputs("(l, ...) ", out);
		thunk(w->types[w->imports[i].type], i, out);
		fputs("(l, ##__VA_ARGS__)\n", out);
	}
}

/* The same as functions, for tables: their callers pass the instance, reload.c. */
static void write_import_functions(const struct wasm *w, const char *name, FILE *out)
{
	if (wasm_is_linked(w)) {
		write_linked_functions(w, out);
		return;
	}
	for (uint32_t i = 0; i < w->nimports; i++) {
		const char *type = w->types[w->imports[i].type];

		if (!is_first(w, i))
			continue;
		fprintf(out, "%s (", result(type));
		c_name(&w->imports[i], out);
		fputs(")(", out);
		parameters(type, "p", out);
		fprintf(out, ")\n{\n\tstruct w2c_linux *l = ((w2c_%s *)p)->w2c_linux_instance;\n\n\t",
			name);
		if (*result(type) != 'v')
			fputs("return ", out);
		thunk(type, i, out);
		fputs("(l", out);
		for (int a = 0; type[a] != ':'; a++)
			fprintf(out, ", a%d", a);
		fputs(");\n}\n\n", out);
	}
}

/* The table call of a type, or a trap if the module has no such type. */
static void write_call(const struct wasm *w, const char *type,
		       const char *pointer, const char *args, FILE *out)
{
	uint32_t t;

	for (t = 0; t < w->ntypes && strcmp(w->types[t], type); t++)
		;
	if (t == w->ntypes)
		fputs("\tUNREACHABLE;\n", out);
	else
		fprintf(out, "\tCALL_INDIRECT((*table), %s, TYPE(%u), index,\n"
			"\t\t      (void *)instance, %s);\n",
			pointer, t, args);
}

/*
 * The calls that wasm2c's instantiate function makes, in two parts: START is
 * the one that copies data segments, and the start function.  FORK is what of
 * SETUP depends on where the instance is.
 */
enum calls { SETUP, START, FORK };

static bool is_of(enum calls calls, const char *word, bool linked)
{
	bool init = !strncmp(word, "init_", 5) && strncmp(word, "init_memories(", 14);

	/* words are the host's to fill */
	if (linked && !strncmp(word, "init_instance_import(", 21))
		return false;
	switch (calls) {
	case SETUP:
		return init;
	case START:
		return !init;
	default:
		return !strncmp(word, "init_instance_import(", 21);
	}
}

static int write_calls(const struct wasm *w, const char *name, const char *text, size_t size,
		       enum calls calls, FILE *out)
{
	bool linked = wasm_is_linked(w);
	char head[256];
	const char *p, *end, *next;

	snprintf(head, sizeof(head), "\nvoid wasm2c_%s_instantiate(", name);
	p = memmem(text, size, head, strlen(head));
	if (!p)
		return -EINVAL;
	end = memmem(p, text + size - p, "\n}\n", 3);
	if (!end)
		return -EINVAL;
	for (p++; p < end; p = next) {
		const char *word = p + 2, *paren;

		next = memchr(p, '\n', end + 1 - p);
		next = next ? next + 1 : end;
		paren = memchr(p, '(', next - p);
		if (p[0] != ' ' || !paren || strncmp(paren, "(instance", 9))
			continue;
		if (is_of(calls, word, linked))
			fprintf(out, "\t%.*s", (int)(next - word), word);
	}
	return 0;
}

/* @ stands for the module's name. */
static void write_template(const char *template, const char *name, FILE *out)
{
	for (; *template; template++) {
		if (*template == '@')
			fputs(name, out);
		else
			fputc(*template, out);
	}
}

static const char glue_head[] =
	"\n/* --- glue.c --- */\n\n"
	"#define TYPE(n) w2c_@_t##n\n"
	"#define TABLE(instance) \\\n"
	"\tw2c_@_0x5F_indirect_function_table(instance)\n\n";

/* Of equal types wasm2c declares the first alone. */
static uint32_t first_type(const struct wasm *w, uint32_t t)
{
	uint32_t i = 0;

	while (strcmp(w->types[i], w->types[t]))
		i++;
	return i;
}

static bool is_first_type(const struct wasm *w, uint32_t t)
{
	return first_type(w, t) == t;
}

/* What adapt.c must know. */
static void write_types(const struct wasm *w, FILE *out)
{
	fputs("static const struct muslin_type glue_types[] = {\n", out);
	for (uint32_t t = 0; t < w->ntypes; t++)
		if (is_first_type(w, t))
			fprintf(out, "\t{ TYPE(%u), \"%s\" },\n", t,
				w->types[t]);
	fputs("\t{ 0 },\n};\n\n", out);
}

/* What CALL_INDIRECT() compares with: the process's word for a type. */
void glue_write_types(const struct wasm *w, FILE *out)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < w->ntypes; t++)
		if (is_first_type(w, t))
			fprintf(out, "#define muslin_type_w2c_program_t%u "
				"(MUSLIN_MODULE->muslin_types[%u])\n", t, n++);
}

static uint32_t imported_functions(const struct wasm *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->nimports; i++)
		n += w->imports[i].kind == WASM_FUNC;
	return n;
}

static bool is_known_function(const struct wasm *w, uint32_t f)
{
	for (uint32_t i = 0; i < w->nexports; i++)
		if (w->exports[i].kind == WASM_FUNC && w->exports[i].index == f &&
		    wasm_is_known_export(w->exports[i].name))
			return true;
	return false;
}

/* What linking puts into the table, wasm_slots(): how many. */
static uint32_t write_slots(const struct wasm *w, FILE *out)
{
	uint32_t n = wasm_slots(w, NULL), *list = calloc(n + 1, sizeof(*list));
	uint32_t imported = imported_functions(w);

	if (list)
		wasm_slots(w, list);
	fputs("static const struct muslin_function glue_slots[] = {\n", out);
	for (uint32_t i = 0; list && i < n; i++) {
		bool none = list[i] < imported ||
			(!wasm_is_library(w) && is_known_function(w, list[i]));

		/* what only the host calls has no other name for it */
		fprintf(out, none ? "\t{ 0 },\n" :
			"\t{ TYPE(%u), (wasm_rt_function_ptr_t)w2c_program_f%u },\n",
			first_type(w, w->funcs[list[i]]), list[i]);
	}
	fputs("\t{ 0 },\n};\n\n", out);
	free(list);
	return n;
}

static bool is_tag(const struct wasm *w, const char *name)
{
	const struct wasm_export *e = wasm_find_export(w, name);

	return e && e->kind == WASM_TAG && !wasm_is_library(w);
}

/* Those that C and C++ throw: wasm2c names a tag by what it was first exported as. */
static void write_tags(const struct wasm *w, const char *name, FILE *out)
{
	fputs("static const struct muslin_tag glue_tags[] = {\n", out);
	if (is_tag(w, WASM_LONGJMP_TAG))
		fprintf(out, "\t{ \"__c_longjmp\", &w2c_%s_0x5F_c_longjmp_0 },\n", name);
	if (is_tag(w, "__cpp_exception"))
		fprintf(out, "\t{ \"__cpp_exception\", &w2c_%s_0x5F_cpp_exception_0 },\n", name);
	fputs("\t{ 0 },\n};\n\n", out);
}

static const char glue_init[] =
	"static void glue_init(void *p)\n"
	"{\n"
	"\tinit_globals(p);\n"
	"}\n\n";

/* Where compilers need not look for what is in it. */
static const char glue_slot[] =
	"__asm__(\".pushsection .data; .balign 8; .globl muslin_slot; .hidden muslin_slot;\"\n"
	"\t\" muslin_slot: .quad 0; .popsection\");\n\n";

static void write_link(const struct translation *t, bool globals, FILE *out)
{
	const struct wasm *w = t->w;
	const char *name = t->name;
	bool library = wasm_is_library(w), linked = wasm_is_linked(w);
	uint32_t nslots = write_slots(w, out);

	write_tags(w, name, out);
	if (library && !t->place)
		fputs(glue_slot, out);
	if (library && globals)
		fputs(glue_init, out);
	fputs("static const struct muslin_link glue_link = {\n", out);
	fprintf(out, "\t.nslots = %u,\n\t.slots = glue_slots,\n\t.tags = glue_tags,\n",
		nslots);
	if (linked)
		fprintf(out, "\t.size = sizeof(w2c_%s),\n"
			"\t.words = offsetof(w2c_%s, muslin_words),\n"
			"\t.types = offsetof(w2c_%s, muslin_types),\n"
			"\t.tls = offsetof(w2c_%s, muslin_tls),\n", name, name, name, name);
	if (t->place)
		fputs("\t.place = muslin_slot,\n", out);
	else if (library)
		fputs("\t.slot = (int64_t *)&muslin_slot,\n", out);
	if (library && globals)
		fputs("\t.init = glue_init,\n", out);
	fputs("};\n\n", out);
}

static const char glue_library[] =
	"__attribute__((visibility(\"default\")))\n"
	"const struct module_ops muslin_module_@ = {\n"
	"\t.types = glue_types,\n"
	"\t.link = &glue_link,\n"
	"};\n";

static const char glue_setup[] =
	"static int glue_setup(void *p, struct w2c_linux *w2c_linux_instance)\n"
	"{\n"
	"\tw2c_@ *instance = p;\n"
	"\tstruct muslin_head *head = muslin_head(p);\n"
	"\tstruct w2c_env *w2c_env_instance = (void *)&head->memory;\n\n"
	"\t__builtin_memset(instance, 0, sizeof(*instance));\n"
	"\thead->memory.data = MUSLIN_MEM(0);\n";

static const char glue_setup_end[] =
	"\thead->functions = *TABLE(instance);\n"
	"\treturn 0;\n"
	"}\n\n"
	"static void glue_fork(void *p, const void *parent, struct w2c_linux *w2c_linux_instance)\n"
	"{\n"
	"\tw2c_@ *instance = p;\n"
	"\tstruct muslin_head *head = muslin_head(p);\n"
	"\tstruct w2c_env *w2c_env_instance = (void *)&head->memory;\n\n"
	"\t__builtin_memcpy(instance, parent, sizeof(*instance));\n"
	"\thead->memory = muslin_head((void *)parent)->memory;\n"
	"\thead->memory.data = (u8 *)p + MUSLIN_MEMORY_OFFSET;\n"
	"\thead->table = muslin_head((void *)parent)->table;\n";

static const char glue_fork_end[] =
	"\thead->functions = *TABLE(instance);\n"
	"}\n\n"
	"static void glue_teardown(void *p)\n"
	"{\n"
	"\tw2c_@ *instance = p;\n\n"
	"\twasm_rt_free_funcref_table(TABLE(instance));\n"
	"\tmuslin_head(p)->table = NULL;\n"
	"}\n\n"
	"static void glue_start(void *p)\n"
	"{\n"
	"\tw2c_@ *instance = p;\n\n";

static const char glue_start_end[] =
	"}\n\n"
	"static void glue_entry(void *p, u32 sp)\n"
	"{\n"
	"\tw2c_@_0x5Fstart(p, sp);\n"
	"}\n\n"
	"static void glue_call1(void *p, u32 index, u32 a)\n"
	"{\n"
	"\tw2c_@ *instance = p;\n"
	"\twasm_rt_funcref_table_t *table = TABLE(instance);\n\n";

/* A handler may interrupt the code between a throw and its catch. */
static const char glue_call4[] =
	"}\n\n"
	"static void glue_call4(void *p, u32 index, u32 a, u32 b, u32 c, u32 d)\n"
	"{\n"
	"\tw2c_@ *instance = p;\n"
	"\twasm_rt_funcref_table_t *table = TABLE(instance);\n"
	"\tstruct muslin_unwind saved = *MUSLIN_UNWIND;\n\n";

static const char glue_end[] =
	"\tMUSLIN_RELOAD;\n"
	"\tsaved.last_landing = MUSLIN_UNWIND->last_landing;\n"
	"\t*MUSLIN_UNWIND = saved;\n"
	"}\n\n"
	"static wasm_rt_funcref_table_t *glue_table(void *p)\n"
	"{\n"
	"\treturn TABLE(p);\n"
	"}\n\n"
	"__attribute__((visibility(\"default\")))\n"
	"const struct module_ops muslin_module_@ = {\n"
	"\t.instance_size = sizeof(w2c_@),\n"
	"\t.setup = glue_setup,\n"
	"\t.fork = glue_fork,\n"
	"\t.teardown = glue_teardown,\n"
	"\t.start = glue_start,\n"
	"\t.entry = glue_entry,\n"
	"\t.call1 = glue_call1,\n"
	"\t.call4 = glue_call4,\n"
	"\t.table = glue_table,\n"
	"\t.types = glue_types,\n"
	"\t.link = &glue_link,\n"
	"};\n";

int glue_write(const struct translation *t, const char *text, size_t size, FILE *out)
{
	const struct wasm *w = t->w;
	const char *name = t->name;
	static const char globals[] = "\nstatic void init_globals(";
	int r;

	write_template(glue_head, name, out);
	write_import_functions(w, name, out);
	write_types(w, out);
	write_link(t, memmem(text, size, globals, strlen(globals)), out);
	if (wasm_is_library(w)) {
		write_template(glue_library, name, out);
		return ferror(out) ? -EIO : 0;
	}
	write_template(glue_setup, name, out);
	fprintf(out, "\thead->table = head->rt->alloc(p, %uull * sizeof(*head->table) + 1);\n"
		"\tif (!head->table)\n\t\treturn %d;\n",
		w->ntables ? w->tables[0].min : 0, -ENOMEM);
	r = write_calls(w, name, text, size, SETUP, out);
	if (r < 0)
		return r;
	write_template(glue_setup_end, name, out);
	r = write_calls(w, name, text, size, FORK, out);
	if (r < 0)
		return r;
	write_template(glue_fork_end, name, out);
	r = write_calls(w, name, text, size, START, out);
	if (r < 0)
		return r;
	write_template(glue_start_end, name, out);
	write_call(w, "i:", "void (*)(void *, u32)", "a", out);
	write_template(glue_call4, name, out);
	write_call(w, "iiii:", "void (*)(void *, u32, u32, u32, u32)",
		   "a, b, c, d", out);
	write_template(glue_end, name, out);
	return ferror(out) ? -EIO : 0;
}
