/* SPDX-License-Identifier: MIT */
/* The programs that make native code, and how they are called. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cache/cache.h"
#include "process/child.h"
#include "loader/compile.h"
#include "process/cpu.h"
#include "translate/translate.h"

/*
 * Floating point is exactly WebAssembly's.  A frame that is larger than the
 * guard page below a task's stack must not jump over it.
 */
const char *const compiler_cc_options[] = {
	"-std=gnu11", "-O2", "-w", "-fPIC", "-fvisibility=hidden",
	"-ffreestanding", "-fno-strict-aliasing", "-fwrapv",
	"-ffp-contract=off", "-fno-math-errno", "-fno-stack-protector",
	"-fstack-clash-protection", "-fcf-protection=none",
	"-fno-asynchronous-unwind-tables", "-ffunction-sections",
	/* or the speed of a loop depends on what else is in the program */
	"-falign-functions=64", "-falign-loops=32",
	/*
	 * Or a loop might have, instead of an address of memory, one far away to add
	 * something to: machine/fork.c has to find them all.  gcc's name of it; clang,
	 * which may have any name here, ignores that: see CHILD_CLANG_OPTIONS.
	 */
	"-fno-ivopts",
	NULL,
};

/* Of a program that uses the floating-point environment: see fenv.c. */
const char *const compiler_fenv_options[COMPILER_FENV_OPTIONS + 1] = {
	"-frounding-math", "-ftrapping-math", NULL,
};

const char *const compiler_ld_options[] = {
	"-shared", "-nostdlib", "-Wl,-z,now", "-Wl,-Bsymbolic",
	"-Wl,--gc-sections", "-Wl,--build-id=none",
	NULL,
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

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

/* The file name in the directory up levels above that of this program. */
static bool find_beside(int up, const char *name, char *path, size_t n)
{
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	for (up++; len > 0 && up; up--) {
		exe[len] = 0;
		len = strrchr(exe, '/') ? strrchr(exe, '/') - exe : 0;
	}
	return len > 0 && snprintf(path, n, "%.*s/%s", (int)len, exe, name) < (int)n &&
		executable(path);
}

static bool find_wasm2c(char *path, size_t n)
{
	const char *given = getenv("MUSLIN_WASM2C");

	if (given && *given)
		return find_program(given, path, n);
	return find_beside(1, "libexec/muslin/wasm2c", path, n) ||
		find_program("wasm2c", path, n);
}

bool compiler_find_muslin(char *path, size_t n)
{
	return find_beside(0, "muslin", path, n) ||
		find_program("muslin", path, n);
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

static void print_words(const char *const *words, FILE *out)
{
	for (; *words; words++)
		fprintf(out, "%s ", *words);
}

/* What any code relies on: our sources, and the processor. */
static char *basis(void)
{
	uint64_t ours = hash_files(hash_files(0, prelude_headers()),
				   prelude_sources());
	char *text;

	if (asprintf(&text, "muslin %016llx %s\n", (unsigned long long)ours,
		     cpu_flags()) < 0)
		return NULL;
	return text;
}

static char *identify(const struct compiler *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(c->basis, out);
	identify_file(c->wasm2c, out);
	identify_file(c->cc[0], out);
	print_words((const char *const *)c->cc + 1, out);
	print_words(compiler_cc_options, out);
	print_words(compiler_fenv_options, out);
	print_words(compiler_ld_options, out);
	fprintf(out, "%s ", CHILD_CLANG_OPTIONS);
	fputs("placed\n", out);	/* compile.c */
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

int compiler_find(struct compiler *c)
{
	memset(c, 0, sizeof(*c));
	if (!find_wasm2c(c->wasm2c, sizeof(c->wasm2c)))
		*c->wasm2c = 0;
	c->cc = find_cc();
	c->basis = basis();
	if (c->basis && *c->wasm2c && c->cc)
		c->identity = identify(c);
	if (c->basis && (c->identity || !*c->wasm2c || !c->cc))
		return 0;
	compiler_free(c);
	return -ENOMEM;
}

int compiler_need(const struct compiler *c, bool cc, char *error, size_t n)
{
	const char *given = getenv("MUSLIN_CC");

	if (!*c->wasm2c)
		snprintf(error, n, "wasm2c not found (set MUSLIN_WASM2C)");
	else if (!cc || c->cc)
		return 0;
	else if (given && *given)
		snprintf(error, n, "C compiler not found: MUSLIN_CC is %s", given);
	else
		snprintf(error, n, "no C compiler found (tried clang-22, clang, gcc, cc; set MUSLIN_CC)");
	return -ENOENT;
}

void compiler_free(struct compiler *c)
{
	free_words(c->cc);
	free(c->basis);
	free(c->identity);
	c->cc = NULL;
	c->basis = c->identity = NULL;
}

/* --- the identity of who has filled a cache, for when it is gone --- */

/* Not an entry, and hidden: it is no program's. */
#define FILE_NAME ".compiler"
#define MAX_IDENTITY 65536

static char *read_identity(int cache)
{
	int fd = openat(cache, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *text = NULL;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	text = calloc(1, MAX_IDENTITY + 1);
	if (text)
		n = read(fd, text, MAX_IDENTITY);
	close(fd);
	if (n > 0)
		return text;
	free(text);
	return NULL;
}

void compiler_recall(struct compiler *c, int cache)
{
	char *text = c->identity ? NULL : read_identity(cache);

	if (text && !strncmp(text, c->basis, strlen(c->basis)))
		c->identity = text;
	else
		free(text);
}

/* Who reads half of it finds nothing by it, which does no harm. */
void compiler_remember(const struct compiler *c, int cache)
{
	char *old = read_identity(cache);
	int fd;

	if (!old || strcmp(old, c->identity)) {
		fd = openat(cache, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC |
			    O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd >= 0 && write(fd, c->identity, strlen(c->identity)) < 0)
			unlinkat(cache, FILE_NAME, 0);
		if (fd >= 0)
			close(fd);
	}
	free(old);
}
