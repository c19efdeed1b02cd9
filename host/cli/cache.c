/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "muslin.h"

static const char help[] =
	"usage: muslin cache [list]\n"
	"       muslin cache clear [--unused DAYS] [--] [PROG]...\n"
	"       muslin cache dir\n"
	"\n"
	"Lists the translated programs, and boot images, that are kept, the one used\n"
	"least recently first, and what is being compiled; removes them, or only those that were not used for DAYS\n"
	"days, or those that the list calls PROG; or prints the name of their directory.\n";

#define DAY 86400
#define TEXT_SIZE 24

struct work {
	time_t now;
	/* list */
	uint64_t count, size;
	/* clear */
	time_t unused;
	char **names;
	int nnames;
	bool *found;
};

/* --- list --- */

static const char *size_text(uint64_t n, char buf[TEXT_SIZE])
{
	static const char units[] = " KMGTPE";
	const char *unit = units;
	double x = n;

	for (; x >= 1000 && unit[1]; unit++)
		x /= 1024;
	snprintf(buf, TEXT_SIZE, unit == units ? "%.0f" : "%.1f%c", x, *unit);
	return buf;
}

static const char *age_text(time_t seconds, char buf[TEXT_SIZE])
{
	static const struct {
		time_t from, unit;
		char name;
	} units[] = {
		{ 2 * DAY, DAY, 'd' }, { 2 * 3600, 3600, 'h' },
		{ 2 * 60, 60, 'm' }, { 0, 1, 's' },
	};
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (seconds < units[i].from)
		i++;
	snprintf(buf, TEXT_SIZE, "%lld%c", (long long)(seconds / units[i].unit),
		 units[i].name);
	return buf;
}

/* A program of the guest has any name it likes. */
static void print_name(const char *s)
{
	for (; *s; s++) {
		unsigned char c = *s, next = s[1];

		if (c == 0xc2 && next && next < 0xa0) {	/* U+0080 to U+009F */
			s++;
		} else if (c >= ' ' && c != 127) {
			putchar(c);
			continue;
		}
		putchar('?');
	}
	putchar('\n');
}

static int list_one(void *arg, const struct muslin_cached *e)
{
	char size[TEXT_SIZE], made[TEXT_SIZE], used[TEXT_SIZE];
	struct work *w = arg;

	if (!w->count++)
		printf("%8s %6s %6s  %s\n", "SIZE", "AGE", "UNUSED", "PROGRAM");
	w->size += e->size;
	printf("%8s %6s %6s  ", size_text(e->size, size),
	       age_text(w->now - e->made, made), age_text(w->now - e->used, used));
	print_name(e->program ? e->program : "(damaged)");
	return 0;
}

static int cache_failed(const char *error)
{
	return complain(1, "%s", error);
}

static int list_compiling(void *arg, const struct muslin_compiling *c)
{
	char age[TEXT_SIZE];

	printf("being compiled for %s, %s: ",
	       age_text(*(time_t *)arg - c->since, age),
	       *c->progress ? c->progress : "beginning");
	print_name(c->program);
	return 0;
}

static int list(void)
{
	struct work w = { .now = time(NULL) };
	char error[PATH_MAX + 256], dir[PATH_MAX];
	char size[TEXT_SIZE], most[TEXT_SIZE];
	uint64_t limit;

	if (muslin_cache(list_one, &w, error, sizeof(error)))
		return cache_failed(error);
	if (muslin_cache_dir(dir, sizeof(dir), &limit))
		return 1;
	printf("%llu program%s, %s of at most %s, in %s\n",
	       (unsigned long long)w.count, w.count == 1 ? "" : "s",
	       size_text(w.size, size), size_text(limit, most), dir);
	if (muslin_compiling(list_compiling, &w.now, error, sizeof(error)))
		return cache_failed(error);
	return 0;
}

/* --- clear --- */

static bool is_named(struct work *w, const char *program)
{
	bool found = !w->nnames;
	int i;

	for (i = 0; i < w->nnames; i++)
		if (program && !strcmp(w->names[i], program))
			found = w->found[i] = true;
	return found;
}

static int clear_one(void *arg, const struct muslin_cached *e)
{
	struct work *w = arg;

	if (!is_named(w, e->program) || w->now - e->used < w->unused)
		return 0;
	return MUSLIN_CACHE_REMOVE;
}

static int set_unused(struct work *w, const char *arg)
{
	char *end;
	long days;

	if (!arg)
		return complain(STATUS_USAGE, "--unused: needs a value");
	errno = 0;
	days = strtol(arg, &end, 10);
	if (errno || *end || *arg < '0' || *arg > '9' || days > INT_MAX)
		return complain(STATUS_USAGE, "--unused %s: not a number of days",
				arg);
	w->unused = (time_t)days * DAY;
	return 0;
}

static int clear(int argc, char **argv)
{
	struct work w = { .now = time(NULL) };
	char error[PATH_MAX + 256];
	int i, status = 0;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (!strcmp(argv[i], "--help")) {
			fputs(help, stdout);
			return 0;
		}
		if (strcmp(argv[i], "--unused"))
			return complain(STATUS_USAGE, "%s: unknown option", argv[i]);
		i++;
		status = set_unused(&w, i < argc ? argv[i] : NULL);
		if (status)
			return status;
	}
	w.names = argv + i;
	w.nnames = argc - i;
	w.found = xmalloc(w.nnames + 1);
	if (muslin_cache(clear_one, &w, error, sizeof(error)))
		status = cache_failed(error);
	for (i = 0; i < w.nnames && !status; i++)
		if (!w.found[i])
			status = complain(1, "%s: not in the cache", w.names[i]);
	free(w.found);
	return status;
}

/* --- dir --- */

static int dir(void)
{
	char path[PATH_MAX], error[PATH_MAX + 256];
	uint64_t limit;

	if (!muslin_cache_dir(path, sizeof(path), &limit))
		return puts(path) < 0;
	/* it knows why */
	muslin_cache(list_one, &(struct work){ 0 }, error, sizeof(error));
	return cache_failed(error);
}

int cmd_cache(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "list";

	if (!strcmp(what, "--help")) {
		fputs(help, stdout);
		return 0;
	}
	if (what[0] == '-')
		return complain(STATUS_USAGE, "%s: unknown option", what);
	if (!strcmp(what, "clear"))
		return clear(argc - 1, argv + 1);
	if (argc > 2)
		return complain(STATUS_USAGE, "%s: too many arguments", argv[2]);
	if (!strcmp(what, "list"))
		return list();
	if (!strcmp(what, "dir"))
		return dir();
	return complain(STATUS_USAGE, "%s: neither list, clear nor dir; see muslin cache --help",
			what);
}
