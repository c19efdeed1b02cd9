/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "module-cache.h"
#include "child.h"
#include "compile.h"
#include "machine.h"
#include "translate.h"
#include "wasm.h"

#define NAME "program"
#define MAX_PARTS 64
/*
 * Bytes of wasm code in a file of C: each processor gets a file unless they
 * would be smaller than this, but none is larger than that.
 */
#define MIN_PART (64 << 10)
#define MAX_PART (1 << 20)

/*
 * Floating point is exactly WebAssembly's.  A frame that is larger than the
 * guard page below a task's stack must not jump over it.
 */
static const char *const cc_options[] = {
	"-std=gnu11", "-O2", "-w", "-fPIC", "-fvisibility=hidden",
	"-ffreestanding", "-fno-strict-aliasing", "-fwrapv",
	"-ffp-contract=off", "-fno-math-errno", "-fno-stack-protector",
	"-fstack-clash-protection", "-fcf-protection=none",
	"-fno-asynchronous-unwind-tables", "-ffunction-sections",
};

/* Of a program that uses the floating-point environment: see fenv.c. */
static const char *const fenv_options[] = {
	"-frounding-math", "-ftrapping-math",
};

static const char *const ld_options[] = {
	"-shared", "-nostdlib", "-Wl,-z,now", "-Wl,-Bsymbolic",
	"-Wl,--gc-sections", "-Wl,--build-id=none",
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* --- finding the programs --- */

static bool executable(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* name, in PATH unless it has a slash. */
static bool find_program(const char *name, char *path, size_t n)
{
	const char *dirs = getenv("PATH");

	if (strchr(name, '/'))
		return snprintf(path, n, "%s", name) < (int)n && executable(path);
	for (const char *p = dirs, *end; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (*p == '/' &&
		    snprintf(path, n, "%.*s/%s", (int)(end - p), p, name) < (int)n &&
		    executable(path))
			return true;
	}
	return false;
}

static bool find_wasm2c(char *path, size_t n)
{
	const char *given = getenv("MUSLIN_WASM2C");
	char exe[PATH_MAX];
	ssize_t len;

	if (given && *given)
		return find_program(given, path, n);
	len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	for (int up = 0; len > 0 && up < 2; up++) {
		exe[len] = 0;
		len = strrchr(exe, '/') ? strrchr(exe, '/') - exe : 0;
	}
	if (len > 0 && snprintf(path, n, "%.*s/libexec/muslin/wasm2c",
				(int)len, exe) < (int)n && executable(path))
		return true;
	return find_program("wasm2c", path, n);
}

static void free_words(char **words)
{
	for (char **w = words; w && *w; w++)
		free(*w);
	free(words);
}

/* The words of s, the first of them found in PATH. */
static char **find_command(const char *s)
{
	char **words = calloc(strlen(s) / 2 + 2, sizeof(*words));
	char path[PATH_MAX];
	size_t have = 0;

	while (words && *(s += strspn(s, " "))) {
		size_t n = strcspn(s, " ");

		words[have] = strndup(s, n);
		if (!words[have])
			break;
		have++;
		s += n;
	}
	if (have && find_program(words[0], path, sizeof(path))) {
		free(words[0]);
		words[0] = strdup(path);
		if (words[0])
			return words;
	}
	free_words(words);
	return NULL;
}

static char **find_cc(void)
{
	static const char *const names[] = { "clang-22", "clang", "gcc", "cc" };
	const char *given = getenv("MUSLIN_CC");
	char **words = NULL;

	if (given && *given)
		return find_command(given);
	for (size_t i = 0; i < COUNT(names) && !words; i++)
		words = find_command(names[i]);
	return words;
}

static void identify_file(const char *path, FILE *out)
{
	struct stat st = { 0 };

	stat(path, &st);
	fprintf(out, "%s %lld %lld.%09ld\n", path, (long long)st.st_size,
		(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static uint64_t hash_files(uint64_t h, const struct prelude_file *f)
{
	for (; f->name; f++)
		h = cache_hash(h, f->text, f->end - f->text);
	return h;
}

static char *identify(const struct compiler *c)
{
	uint64_t ours = hash_files(hash_files(0, prelude_headers()),
				   prelude_sources());
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "muslin %016llx\n", (unsigned long long)ours);
	identify_file(c->wasm2c, out);
	identify_file(c->cc[0], out);
	for (char **w = c->cc + 1; *w; w++)
		fprintf(out, "%s ", *w);
	fprintf(out, "%s ", cpu_flags());
	for (size_t i = 0; i < COUNT(cc_options); i++)
		fprintf(out, "%s ", cc_options[i]);
	for (size_t i = 0; i < COUNT(fenv_options); i++)
		fprintf(out, "%s ", fenv_options[i]);
	for (size_t i = 0; i < COUNT(ld_options); i++)
		fprintf(out, "%s ", ld_options[i]);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

int compiler_find(struct compiler *c, char *error, size_t n)
{
	const char *given = getenv("MUSLIN_CC");

	memset(c, 0, sizeof(*c));
	if (!find_wasm2c(c->wasm2c, sizeof(c->wasm2c))) {
		snprintf(error, n, "wasm2c not found (set MUSLIN_WASM2C)");
		return -ENOENT;
	}
	c->cc = find_cc();
	if (!c->cc && given && *given) {
		snprintf(error, n, "C compiler not found: MUSLIN_CC is %s", given);
		return -ENOENT;
	}
	if (!c->cc) {
		snprintf(error, n, "no C compiler found (tried clang-22, clang, gcc, cc; set MUSLIN_CC)");
		return -ENOENT;
	}
	c->identity = identify(c);
	if (!c->identity) {
		compiler_free(c);
		snprintf(error, n, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

void compiler_free(struct compiler *c)
{
	free_words(c->cc);
	free(c->identity);
	c->cc = NULL;
	c->identity = NULL;
}

/* --- compiling --- */

struct job {
	struct translation t;
	const struct compiler *c;
	void (*progress)(void *arg, const char *line);
	void *arg;
};

static size_t append(char **argv, size_t have, const char *const *words,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		argv[have++] = (char *)words[i];
	return have;
}

/* The compiler with options, and room for n arguments more. */
static char **command(struct job *j, const char *const *options, size_t count,
		      size_t n, size_t *have)
{
	size_t words = 0;
	char **argv;

	while (j->c->cc[words])
		words++;
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
		snprintf(j->t.error, j->t.n, "%s: %s", argv[0], strerror(-r));
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
	argv = command(j, cc_options, COUNT(cc_options),
		       COUNT(fenv_options) + COUNT(last), &have);
	if (!argv)
		return -ENOMEM;
	if (wasm_uses_fenv(j->t.w))
		have = append(argv, have, fenv_options, COUNT(fenv_options));
	append(argv, have, last, COUNT(last));
	return start_cc(j, argv, log, pid);
}

static int finish_part(struct job *j, int i, pid_t pid)
{
	char line[80], log[PART_NAME_SIZE];

	snprintf(line, sizeof(line), "compiling, %d of %d", i + 1, j->t.parts);
	if (j->progress)
		j->progress(j->arg, line);
	translate_part(&j->t, i, "log", log);
	return finish_cc(j, log, pid);
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

/* Keeps as many compilers running as there are processors. */
static int compile_parts(struct job *j)
{
	int cpus = processors();
	pid_t pids[MAX_PARTS];
	int started = 0, done = 0, r = 0, e;

	while (done < started || (!r && started < j->t.parts)) {
		if (!r && started < j->t.parts && started - done < cpus) {
			r = compile_part(j, started, &pids[started]);
			started += !r;
			continue;
		}
		e = finish_part(j, done, pids[done]);
		done++;
		if (!r)
			r = e;
	}
	return r;
}

static int link_parts(struct job *j)
{
	char objects[MAX_PARTS][PART_NAME_SIZE], **argv;
	/* libm: floor() and the like, where the processor has no instruction */
	const char *const last[] = {
		"-o", NAME ".so", "-Wl,--as-needed", "-l:libm.so.6",
	};
	size_t have;
	pid_t pid;
	int r;

	argv = command(j, ld_options, COUNT(ld_options),
		       MAX_PARTS + COUNT(last), &have);
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
	stats->compile += stats_now() - start;
	if (r)
		return r;
	*so = workdir_read(j->t.dir, NAME ".so", so_size);
	return *so ? 0 : translate_failed(&j->t, j->c->cc[0], "log");
}

int compile(const struct compiler *c, const struct wasm *w,
	    const void *image, size_t size, void **so, size_t *so_size,
	    void (*progress)(void *arg, const char *line), void *arg,
	    char *error, size_t n)
{
	char dir[PATH_MAX];
	struct job j = {
		.c = c, .progress = progress, .arg = arg,
		.t = {
			.wasm2c = c->wasm2c, .w = w, .name = NAME, .dir = dir,
			.parts = how_many_parts(w->code),
			.error = error, .n = n,
		},
	};
	int r, lock;

	/* C, assembly and objects are about 50 times as large */
	r = workdir_make(dir, sizeof(dir), (1 << 20) + 50 * size);
	if (r < 0) {
		snprintf(error, n, "no directory for temporary files (tried TMPDIR, /tmp, /var/tmp, /dev/shm): %s",
			 strerror(-r));
		return r;
	}
	lock = r;
	r = steps(&j, image, size, so, so_size);
	workdir_remove(dir);
	close(lock);
	return r;
}
