/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "process/child.h"
#include "process/workdir.h"
#include "process/sandbox.h"
#include "translate/translate.h"
#include "wasm/wasm.h"

static const char *limit_reached(int err)
{
	switch (err) {
	case ETIME:
		return "took too much time";
	case EFBIG:
		return "wrote too much";
	default:
		return NULL;
	}
}

/* What a compiler says of the sandbox is no help. */
static const char *hint(const char *why)
{
	if (!strstr(why, "Permission denied") &&
	    !strstr(why, "Operation not permitted"))
		return "";
	return " (see " SANDBOX_DIRS ")";
}

int translate_cannot_run(struct translation *t, const char *program, int err)
{
	const char *why = strerror(-err);

	snprintf(t->error, t->n, "%s: %s%s", program, why, hint(why));
	return err;
}

/* text may be NULL; errno is as child_succeeded() leaves it */
static int quote(struct translation *t, const char *what, char *text)
{
	const char *limit = limit_reached(errno);
	char *line = NULL;

	if (!limit && text && *text) {
		line = strstr(text, "error: ");
		line = line ? line + 7 : text;
		line[strcspn(line, "\n")] = 0;
	}
	if (limit || !line || !*line)
		snprintf(t->error, t->n, "%s: %s", what,
			 limit ? limit : "failed without a message");
	else
		snprintf(t->error, t->n, "%s: %s%s", what, line, hint(line));
	return -ENOEXEC;
}

int translate_failed(struct translation *t, const char *what, const char *log)
{
	int err = errno, r;
	size_t size;
	char *text = workdir_read(t->dir, log, &size);

	errno = err;
	r = quote(t, what, text);
	free(text);
	return r;
}

static int no_space(struct translation *t)
{
	int err = errno ? -errno : -EIO;

	snprintf(t->error, t->n, "cannot write temporary files: %s",
		 strerror(-err));
	return err;
}

static int write_file(struct translation *t, const char *name,
		      const void *data, size_t size)
{
	FILE *f = workdir_create(t->dir, name);

	if (!f)
		return no_space(t);
	fwrite(data, 1, size, f);
	return fclose(f) ? no_space(t) : 0;
}

int translate_headers(struct translation *t)
{
	int r = 0;

	for (const struct prelude_file *f = prelude_headers(); f->name && !r; f++)
		r = write_file(t, f->name, f->text, f->end - f->text);
	return r;
}

static int write_image(struct translation *t, const void *image, size_t size)
{
	char name[PART_NAME_SIZE];
	void *module;
	int r = wasm_strip(t->w, image, size, &module, &size, t->error, t->n);

	if (r)
		return r;
	snprintf(name, sizeof(name), "%s.wasm", t->name);
	r = write_file(t, name, module, size);
	free(module);
	return r;
}

/* 0 if the program has exited with 0; its output is in the file log */
static int run(struct translation *t, char *const argv[])
{
	pid_t pid;
	int r = child_start(&pid, argv, t->dir, "log");

	if (r < 0)
		return translate_cannot_run(t, argv[0], r);
	if (child_succeeded(pid))
		return 0;
	return translate_failed(t, "wasm2c", "log");
}

/* What argv writes when it has read in; to be freed.  No file is made. */
static int capture(struct translation *t, char *const argv[],
		   const void *in, size_t in_size, char **out, size_t *out_size)
{
	char *errors = NULL;
	int r = child_capture(argv, in, in_size, out, out_size, &errors);

	if (r < 0)
		translate_cannot_run(t, argv[0], r);
	if (r > 0)
		r = quote(t, "wasm2c", errors);
	free(errors);
	return r;
}

/* What an older one writes, our prelude does not know.  0, or 1 for a newer one. */
static int check_version(struct translation *t)
{
	char *argv[] = { (char *)t->wasm2c, "--version", NULL }, *text;
	int version[3] = { 0 }, r;
	size_t size;

	r = capture(t, argv, NULL, 0, &text, &size);
	if (r)
		return r;
	sscanf(text, "%d.%d.%d", &version[0], &version[1], &version[2]);
	free(text);
	if (version[0] > 1 || version[1] > 0 || version[2] >= 36)
		return version[0] > 1 || version[1] > 0 || version[2] > 36;
	snprintf(t->error, t->n, "%s has version %d.%d.%d, 1.0.36 is needed (set MUSLIN_WASM2C)",
		 t->wasm2c, version[0], version[1], version[2]);
	return -ENOENT;
}

/*
 * Names for debugging could be any, also those that we rely on.  An old one may
 * not even know these options.  What a newer one makes for tail calls, which no
 * program has, is for tables that are wasm2c's own.
 */
static char *const options[2][4] = {
	{ "--no-debug-names", "--enable-threads", "--enable-exceptions", "-n" },
	{ "--no-debug-names", "--enable-threads", "--disable-tail-call", "-n" },
};

/* Room for them in argv, behind wasm2c's name. */
#define NO_OPTIONS NULL, NULL, NULL, NULL

/* Which of them this process's wasm2c knows. */
static bool newer;

static void set_options(char **argv)
{
	memcpy(argv + 1, options[newer], sizeof(options[newer]));
}

/* err, unless wasm2c's age is the reason; notes which options it knows. */
static int explain(struct translation *t, int err)
{
	char why[256];
	int version;

	snprintf(why, sizeof(why), "%s", t->error);
	version = check_version(t);
	newer = newer || version == 1;
	if (version == -ENOENT)
		return -ENOENT;
	snprintf(t->error, t->n, "%s", why);
	return err;
}

/* Whether other options may do after a failure; else err is explained. */
static bool other_options(struct translation *t, char **argv, int *err)
{
	bool had = newer;

	if (!*err)
		return false;
	*err = explain(t, *err);
	set_options(argv);
	return newer && !had;
}

int translate_unknown(struct translation *t)
{
	snprintf(t->error, t->n, "%s does not write what versions 1.0.36 and 1.0.42 do",
		 t->wasm2c);
	return explain(t, -EINVAL);
}

static int run_wasm2c(struct translation *t)
{
	char image[PART_NAME_SIZE], source[PART_NAME_SIZE], outputs[32];
	char *argv[] = {
		(char *)t->wasm2c, NO_OPTIONS, (char *)t->name, outputs,
		"-o", source, image, NULL,
	};
	int r;

	set_options(argv);
	snprintf(outputs, sizeof(outputs), "--num-outputs=%d", t->parts);
	snprintf(image, sizeof(image), "%s.wasm", t->name);
	snprintf(source, sizeof(source), "%s.c", t->name);
	do
		r = run(t, argv);
	while (other_options(t, argv, &r));
	return r;
}

void translate_part(const struct translation *t, int i, const char *suffix,
		    char name[PART_NAME_SIZE])
{
	if (t->parts == 1)
		snprintf(name, PART_NAME_SIZE, "%s.%s", t->name, suffix);
	else
		snprintf(name, PART_NAME_SIZE, "%s_%d.%s", t->name, i, suffix);
}

enum file { HEADER, IMPL_HEADER, FIRST_PART, PART };

/* Vectors are ours, not SIMDe's: simd.h. */
static const char simde[] = "#include <simde/wasm/simd128.h>\n";

bool translate_has_vectors(const char *text, size_t size)
{
	return memmem(text, size, simde, strlen(simde));
}

/* Up to there, and where to go on. */
static const char *put_vectors(const char *text, const char *end, FILE *out)
{
	const char *p = memmem(text, end - text, simde, strlen(simde));

	if (!p)
		return text;
	fwrite(text, 1, p - text, out);
	fputs("#include \"simd.h\"\n", out);
	return p + strlen(simde);
}

int translate_header(struct translation *t, const char *text, size_t size,
		     FILE *out)
{
	static const char member[] = "\n  u32 w2c_0x5F_stack_pointer;";
	const char *end = text + size, *from;

	/* words.c looks for that name */
	if (!wasm_is_library(t->w) && !memmem(text, size, member, strlen(member)))
		return -EINVAL;
	from = put_vectors(text, end, out);
	if (wasm_is_linked(t->w)) {
		from = link_put_members(t->w, from, end, out);
		if (!from)
			return -EINVAL;
	}
	fwrite(from, 1, end - from, out);
	if (wasm_is_linked(t->w)) {
		link_write_header(t, out);
		glue_write_types(t->w, out);
	}
	glue_write_imports(t->w, out);
	/* what prelude.h asks for */
	fputs("#define MUSLIN_PROGRAM\n", out);
	return ferror(out) ? -EIO : 0;
}

/* --- what changes code, one after the other --- */

typedef int filter_code(struct translation *t, const char *text, size_t size, FILE *out);

static int put_prelude(struct translation *t, const char *text, size_t size, FILE *out)
{
	(void)t;
	return prelude_filter(text, size, out);
}

static int put_catches(struct translation *t, const char *text, size_t size, FILE *out)
{
	catches_filter(t, text, size, out);
	return 0;
}

static int put_fenv(struct translation *t, const char *text, size_t size, FILE *out)
{
	(void)t;
	fenv_filter(text, size, out);
	return 0;
}

/* What it writes, to be freed. */
static int filter_to_memory(struct translation *t, filter_code *filter, const char *text,
			    size_t size, char **code, size_t *n)
{
	FILE *out = open_memstream(code, n);
	int r;

	if (!out)
		return -ENOMEM;
	r = filter(t, text, size, out);
	if (fclose(out) && !r)
		r = -ENOMEM;
	return r;
}

int translate_code(struct translation *t, const char *text, size_t size,
		   FILE *out)
{
	filter_code *filters[7];
	char *code = NULL;
	int n = 0, r = 0;

	filters[n++] = put_prelude;
	if (wasm_is_linked(t->w))
		filters[n++] = link_filter;
	if (wasm_throws_longjmp(t->w))
		filters[n++] = put_catches;
	if (wasm_uses_setjmp(t->w))
		filters[n++] = frames_filter;
	if (wasm_uses_fenv(t->w))
		filters[n++] = put_fenv;
	filters[n++] = words_filter;
	filters[n++] = reload_filter;
	for (int i = 0; i < n - 1 && !r; i++) {
		char *made = NULL;

		r = filter_to_memory(t, filters[i], text, size, &made, &size);
		free(code);
		text = code = made;
	}
	if (!r)
		r = filters[n - 1](t, text, size, out);
	free(code);
	return r;
}

/* In place: the prelude, and what we add to this file. */
static int filter(struct translation *t, const char *name, enum file file)
{
	size_t size;
	char *text = workdir_read(t->dir, name, &size);
	FILE *out;
	int r;

	if (!text)
		return explain(t, translate_failed(t, "wasm2c", "log"));
	out = workdir_create(t->dir, name);
	if (!out) {
		free(text);
		return no_space(t);
	}
	if (file == HEADER)
		r = translate_header(t, text, size, out);
	else
		r = translate_code(t, text, size, out);
	if (!r && file == FIRST_PART)
		r = glue_write(t, text, size, out);
	free(text);
	if (fclose(out) && !r)
		return no_space(t);
	if (r == -ENOEXEC)
		return r;
	return r < 0 ? translate_unknown(t) : 0;
}

static int filter_all(struct translation *t)
{
	char name[PART_NAME_SIZE];
	int r;

	snprintf(name, sizeof(name), "%s.h", t->name);
	r = filter(t, name, HEADER);
	if (!r && t->parts > 1) {
		snprintf(name, sizeof(name), "%s-impl.h", t->name);
		r = filter(t, name, IMPL_HEADER);
	}
	for (int i = 0; i < t->parts && !r; i++) {
		translate_part(t, i, "c", name);
		r = filter(t, name, i ? PART : FIRST_PART);
	}
	return r;
}

int translate(struct translation *t, const void *image, size_t size)
{
	int r = write_image(t, image, size);

	if (!r)
		r = run_wasm2c(t);
	if (!r)
		r = filter_all(t);
	return r;
}

int translate_capture(struct translation *t, const void *image, size_t size,
		      char **out, size_t *out_size)
{
	char *argv[] = {
		(char *)t->wasm2c, NO_OPTIONS, (char *)t->name, "-", NULL,
	};
	void *module;
	int r = wasm_strip(t->w, image, size, &module, &size, t->error, t->n);

	if (r)
		return r;
	set_options(argv);
	do
		r = capture(t, argv, module, size, out, out_size);
	while (other_options(t, argv, &r));
	free(module);
	return r;
}
