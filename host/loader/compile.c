/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "process/child.h"
#include "process/workdir.h"
#include "loader/compile.h"
#include "process/cpu.h"
#include "core/stats.h"
#include "muslin.h"
#include "cache/cache.h"
#include "translate/translate.h"
#include "wasm/wasm.h"

#define NAME "program"
#define MAX_PARTS 64
/*
 * Bytes of wasm code in a file of C: each processor gets a file unless they
 * would be smaller than this, but none is larger than that.
 */
#define MIN_PART (64 << 10)
#define MAX_PART (1 << 20)

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

struct job {
	struct translation t;
	const struct compiler *c;
	void (*progress)(void *arg, const char *line);
	void *arg;
	uint64_t address;	/* to link for */
};

static size_t append(char **argv, size_t have, const char *const *words,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		argv[have++] = (char *)words[i];
	return have;
}

/* The compiler with options, and room for n arguments more. */
static char **command(struct job *j, const char *const *options, size_t n,
		      size_t *have)
{
	size_t words = 0, count = 0;
	char **argv;

	while (j->c->cc[words])
		words++;
	while (options[count])
		count++;
	argv = calloc(words + count + n + 1, sizeof(*argv));
	if (!argv) {
		snprintf(j->t.error, j->t.n, "out of memory");
		return NULL;
	}
	*have = append(argv, 0, (const char *const *)j->c->cc, words);
	*have = append(argv, *have, options, count);
	return argv;
}

static int start_cc(struct job *j, char **argv, const char *log, pid_t *pid)
{
	int r = child_start(pid, argv, j->t.dir, log);

	if (r < 0)
		translate_cannot_run(&j->t, argv[0], r);
	free(argv);
	return r;
}

static int finish_cc(struct job *j, const char *log, pid_t pid)
{
	if (child_succeeded(pid))
		return 0;
	return translate_failed(&j->t, j->c->cc[0], log);
}

static int compile_part(struct job *j, int i, pid_t *pid)
{
	char source[PART_NAME_SIZE], object[PART_NAME_SIZE], log[PART_NAME_SIZE];
	const char *const last[] = { cpu_flags(), "-c", source, "-o", object };
	size_t have;
	char **argv;

	translate_part(&j->t, i, "c", source);
	translate_part(&j->t, i, "o", object);
	translate_part(&j->t, i, "log", log);
	argv = command(j, compiler_cc_options, COMPILER_FENV_OPTIONS + COUNT(last),
		       &have);
	if (!argv)
		return -ENOMEM;
	if (wasm_uses_fenv(j->t.w))
		have = append(argv, have, compiler_fenv_options,
			      COMPILER_FENV_OPTIONS);
	append(argv, have, last, COUNT(last));
	return start_cc(j, argv, log, pid);
}

static int processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > MAX_PARTS ? MAX_PARTS : n;
}

static int how_many_parts(size_t code)
{
	size_t least = code / MAX_PART + 1, most = code / MIN_PART + 1;
	size_t n = processors();

	if (n > most)
		n = most;
	if (n < least)
		n = least;
	return n > MAX_PARTS ? MAX_PARTS : n;
}

struct part {
	int number;
	off_t size;
	pid_t pid;		/* 0 once it has ended */
};

static int larger(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return (x->size < y->size) - (x->size > y->size);
}

/* The largest first: what is left for the end is small, and no processor idle. */
static void order_parts(const struct job *j, struct part *parts)
{
	char source[PART_NAME_SIZE];
	struct stat st;

	for (int i = 0; i < j->t.parts; i++) {
		translate_part(&j->t, i, "c", source);
		parts[i] = (struct part){ .number = i };
		if (!fstatat(j->t.dir->fd, source, &st, AT_SYMLINK_NOFOLLOW))
			parts[i].size = st.st_size;
	}
	qsort(parts, j->t.parts, sizeof(*parts), larger);
}

/* Waits for whichever of them ends; the worker has no other children. */
static int finish_any(struct job *j, struct part *parts, int started, int done)
{
	char log[PART_NAME_SIZE], line[80];
	pid_t pid = -1;
	int ok = child_ended(&pid), err = errno, i = 0;

	while (i < started && parts[i].pid != pid)
		i++;
	if (i == started)
		return -ECHILD;
	parts[i].pid = 0;
	snprintf(line, sizeof(line), "compiling, %d of %d", done, j->t.parts);
	if (j->progress)
		j->progress(j->arg, line);
	if (ok)
		return 0;
	translate_part(&j->t, parts[i].number, "log", log);
	errno = err;
	return translate_failed(&j->t, j->c->cc[0], log);
}

/* Keeps as many compilers running as there are processors. */
static int compile_parts(struct job *j)
{
	struct part parts[MAX_PARTS];
	int cpus = processors(), started = 0, done = 0, r = 0, e;

	order_parts(j, parts);
	while (done < started || (!r && started < j->t.parts)) {
		if (!r && started < j->t.parts && started - done < cpus) {
			r = compile_part(j, parts[started].number, &parts[started].pid);
			started += !r;
			continue;
		}
		e = finish_any(j, parts, started, ++done);
		if (!r)
			r = e;
	}
	return r;
}

/* placement: an option more, or NULL */
static int link_with(struct job *j, const char *placement)
{
	char objects[MAX_PARTS][PART_NAME_SIZE], **argv;
	/* libm: floor() and the like, where the processor has no instruction */
	const char *const last[] = {
		"-o", NAME ".so", "-Wl,--as-needed", "-l:libm.so.6", placement,
	};
	size_t have;
	pid_t pid;
	int r;

	argv = command(j, compiler_ld_options, MAX_PARTS + COUNT(last), &have);
	if (!argv)
		return -ENOMEM;
	for (int i = 0; i < j->t.parts; i++) {
		translate_part(&j->t, i, "o", objects[i]);
		argv[have++] = objects[i];
	}
	append(argv, have, last, COUNT(last));
	r = start_cc(j, argv, "log", &pid);
	return r < 0 ? r : finish_cc(j, "log", pid);
}

/* Linkers call it differently.  Only a boot image minds: arena.h. */
static int link_parts(struct job *j)
{
	static const char *const options[] = { "-Ttext-segment", "--image-base" };
	char option[64];

	for (size_t i = 0; i < COUNT(options); i++) {
		snprintf(option, sizeof(option), "-Wl,%s=%#llx", options[i],
			 (unsigned long long)j->address);
		if (!link_with(j, option))
			return 0;
	}
	return link_with(j, NULL);
}

static int steps(struct job *j, const void *image, size_t size,
		 void **so, size_t *so_size)
{
	struct muslin_stats none, *stats = j->c->stats ? j->c->stats : &none;
	uint64_t start = stats_now();
	int r = translate_headers(&j->t);

	if (j->progress)
		j->progress(j->arg, "translating");
	if (!r)
		r = translate(&j->t, image, size);
	stats->translate += stats_now() - start;
	start = stats_now();
	if (!r)
		r = compile_parts(j);
	if (!r)
		r = link_parts(j);
	stats->optimize += stats_now() - start;
	if (r)
		return r;
	*so = workdir_read(j->t.dir, NAME ".so", so_size);
	return *so ? 0 : translate_failed(&j->t, j->c->cc[0], "log");
}

/* C, assembly and objects are about 50 times as large. */
size_t compile_room(size_t size)
{
	return (1 << 20) + 50 * size;
}

int compile(const struct compiler *c, const struct wasm *w,
	    const void *image, size_t size, const struct workdir *dir, void **so, size_t *so_size,
	    void (*progress)(void *arg, const char *line), void *arg,
	    char *error, size_t n)
{
	struct job j = {
		.c = c, .progress = progress, .arg = arg,
		.address = CODE_ADDRESS +
			cache_hash(0, image, size) % CODE_PLACES * CODE_PLACE,
		.t = {
			.wasm2c = c->wasm2c, .w = w, .name = NAME, .dir = dir,
			.parts = how_many_parts(w->code),
			.error = error, .n = n,
		},
	};

	return steps(&j, image, size, so, so_size);
}
