/* SPDX-License-Identifier: MIT */
/* What `muslin run --stats' prints. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "cli/cli.h"
#include "muslin.h"

struct call {
	const char *name;
	uint64_t calls, time;
};

struct calls {
	struct call *p;
	size_t n;
};

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int add_call(void *arg, const char *name, uint64_t calls, uint64_t time)
{
	struct calls *c = arg;

	/* there are no more than a few hundred */
	c->p = grown(c->p, c->n + 1, sizeof(*c->p));
	c->p[c->n++] = (struct call){ name, calls, time };
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? 1 : -1;
	if (x->calls != y->calls)
		return x->calls < y->calls ? 1 : -1;
	return 0;
}

static void print_time(const char *what, uint64_t ns, const char *more)
{
	fprintf(stderr, "%-12s %12.3f ms%s\n", what, ns / 1e6, more);
}

static void print_count(const char *what, uint64_t n, const char *more)
{
	fprintf(stderr, "%-12s %12llu%s\n", what, (unsigned long long)n, more);
}

static void print_memory(const char *what, uint64_t bytes, const char *more)
{
	fprintf(stderr, "%-12s %12.1f MiB%s\n", what, bytes / 1048576.0, more);
}

static void print_calls(const struct muslin *m)
{
	struct calls c = { 0 };
	size_t i;

	muslin_stats_calls(m, add_call, &c);
	if (c.n)
		qsort(c.p, c.n, sizeof(*c.p), by_time);
	if (c.n)
		fprintf(stderr, "\n%12s %12s %12s  %s\n", "calls", "ms", "us each",
			"system call");
	for (i = 0; i < c.n; i++)
		fprintf(stderr, "%12llu %12.3f %12.3f  %s\n",
			(unsigned long long)c.p[i].calls, c.p[i].time / 1e6,
			c.p[i].time / 1e3 / c.p[i].calls, c.p[i].name);
	free(c.p);
}

static void print_confined(int what)
{
	fprintf(stderr, "%-12s %12s%s\n", "confined",
		what & MUSLIN_CONFINED_FILES ? "files" : what ? "" : "no",
		what & MUSLIN_CONFINED_CALLS ? "  and system calls" : "");
}

void print_stats(const struct muslin *m, const struct run_times *t)
{
	struct muslin_stats s;
	struct rusage host;

	muslin_stats(m, &s);
	getrusage(RUSAGE_SELF, &host);
	fputc('\n', stderr);
	print_time("boot", s.boot, "");
	print_time("translate", s.translate, "  wasm2c");
	print_time("quick", s.quick, "  libtcc");
	print_time("optimize", s.optimize, "  C compiler");
	print_time("load", s.load, "");
	if (t->run)
		print_time("run", t->run - s.translate - s.quick - s.optimize - s.load, "");
	print_time("shut down", t->shutdown, "");
	fputc('\n', stderr);
	print_count("compiled", s.compiled, "  programs");
	print_count("cached", s.cached, "  programs found in the cache");
	print_count("loaded", s.loaded, "  programs that were there already");
	print_count("forks", s.forks, "");
	print_count("switches", s.switches, "  between tasks");
	print_count("page faults", s.page_faults, "");
	print_memory("guest", s.memory, " of its memory touched");
	print_confined(muslin_confined(m));
	print_memory("host", host.ru_maxrss * 1024ull, " resident at most");
	print_calls(m);
}
