/* SPDX-License-Identifier: MIT */
/*
 * The reader of programs, for libFuzzer: all that is done with an image before
 * wasm2c has accepted it, the glue that is written about it, and frames.c.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"
#include "machine/syscalls.h"
#include "muslin.h"
#include "loader/module.h"
#include "translate/translate.h"
#include "wasm/wasm.h"

static void write_glue(const struct wasm *w)
{
	static const char text[] =
		"\nvoid wasm2c_program_instantiate(w2c_program* instance) {\n"
		"  init_globals(instance);\n  init_memories(instance);\n}\n";
	const struct translation t = { .w = w, .name = "program" };
	char *out;
	size_t n;
	FILE *f = open_memstream(&out, &n);

	if (wasm_is_linked(w))
		link_write_header(&t, f);
	glue_write_imports(w, f);
	glue_write(&t, text, strlen(text), f);
	fclose(f);
	free(out);
}

/* What could be in the body of a function, for its C. */
static void write_frames(const uint8_t *data, size_t size)
{
	char error[MODULE_ERROR_SIZE], *text, *out;
	struct translation t = { .name = "program", .error = error,
				 .n = sizeof(error) };
	size_t n, m;
	FILE *f = open_memstream(&text, &n);

	fputs("u32 w2c_program_f1(w2c_program* instance, u32 var_p0) {\n"
	      "  FUNC_PROLOGUE;\n  u32 var_i0, var_i1;\n", f);
	fwrite(data, 1, size, f);
	fputs("\n  var_i0 = w2c_program_0x5F_setjmp_0(instance, var_i0);\n"
	      "  FUNC_EPILOGUE;\n  return var_i0;\n}\n", f);
	fclose(f);
	f = open_memstream(&out, &m);
	frames_filter(&t, text, n, f);
	fclose(f);
	free(out);
	free(text);
}

static void print_types(const struct wasm *w)
{
	char buf[40];

	for (uint32_t i = 0; i < w->ntypes; i++)
		if (strlen(wasm_signature(w->types[i], buf, sizeof(buf))) >= sizeof(buf))
			abort();
}

/* What it writes, it reads. */
static void strip_twice(const struct wasm *w, const void *image, size_t size)
{
	char error[MODULE_ERROR_SIZE];
	void *once, *twice;
	struct wasm w2;

	if (wasm_strip(w, image, size, &once, &size, error, sizeof(error)))
		return;
	if (wasm_read(once, size, &w2, error, sizeof(error)) ||
	    wasm_strip(&w2, once, size, &twice, &size, error, sizeof(error)))
		abort();
	wasm_free(&w2);
	free(twice);
	free(once);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* what is accepted gets no further */
	setenv("MUSLIN_WASM2C", "/nowhere/wasm2c", 1);
	setenv("MUSLIN_CACHE", "/dev/null", 1);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* it has a process that would compile, which is started once */
	static struct muslin_stats stats;
	static uint64_t files;
	static struct loader loader = {
		.exports = kernel_exports, .stats = &stats, .files = &files,
	};
	char error[MODULE_ERROR_SIZE], description[50];
	struct module *mod;
	struct wasm w;
	int r;

	loader.nexports = kernel_exports_count;
	r = module_load(&loader, "prog", data, size, &mod, error);

	if (!r || memchr(error, 0, sizeof(error)) == NULL)
		abort();
	write_frames(data, size);
	wasm_describe(data, size, size % 7, description, sizeof(description));
	if (!wasm_read(data, size, &w, error, sizeof(error))) {
		print_types(&w);
		/* check.c has accepted it */
		if (r == -ENOENT)
			write_glue(&w);
		strip_twice(&w, data, size);
		wasm_free(&w);
	}
	return 0;
}
