/* SPDX-License-Identifier: MIT */
/*
 * Many machines in this process, from one image of a program that answers lines:
 *
 *	density make IMAGE PROG [ARG]...	makes that image
 *	density IMAGE N		N machines, one after the other: each answers one line
 *	density IMAGE N idle	N at the same time, of which each has answered one
 *
 * Prints times of each, and what they take of memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "muslin.h"

static struct muslin *volatile running;

static void answered(int sig)
{
	(void)sig;
	if (running)
		muslin_interrupt(running);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "density: %s\n", what);
	exit(1);
}

static void make_pipe(int fd[2])
{
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK))
		die(strerror(errno));
}

struct clone {
	struct muslin *m;
	int id, in[2], out[2];
	double restored, all;	/* seconds */
};

/* A line for it, and its answer. */
static void ask(struct clone *c)
{
	char answer[100];
	int status;

	if (write(c->in[1], "line\n", 5) != 5)
		die("write");
	running = c->m;
	for (;;) {
		int r = muslin_wait(c->m, c->id, &status);

		if (r != -EINTR)
			die(r ? muslin_error(c->m) : "the program has ended");
		if (read(c->out[0], answer, sizeof(answer)) == 5 && !memcmp(answer, "LINE\n", 5))
			break;
	}
	running = NULL;
}

static void begin(struct clone *c, const char *image)
{
	struct muslin_config config = { 0 };
	double start = now();
	int fd[3];

	make_pipe(c->in);
	make_pipe(c->out);
	fcntl(c->out[0], F_SETOWN, getpid());
	fcntl(c->out[0], F_SETFL, O_NONBLOCK | O_ASYNC);
	fd[0] = c->in[0];
	fd[1] = fd[2] = c->out[1];
	c->id = muslin_clone(&config, image, fd, &c->m);
	if (c->id < 0)
		die(c->m ? muslin_error(c->m) : strerror(-c->id));
	c->restored = now() - start;
	ask(c);
	c->all = now() - start;
}

static void end(struct clone *c)
{
	muslin_free(c->m);
	for (int i = 0; i < 2; i++) {
		close(c->in[i]);
		close(c->out[i]);
	}
}

/* KiB: of lines that begin so. */
static long memory(const char *path, const char *word)
{
	FILE *f = fopen(path, "r");
	char line[200];
	long n, sum = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, word, strlen(word)) &&
		    sscanf(strchr(line, ':') + 1, "%ld", &n) == 1)
			sum += n;
	if (f)
		fclose(f);
	return sum;
}

static long private_memory(void)
{
	return memory("/proc/self/smaps_rollup", "Private_") +
		memory("/proc/self/status", "VmPTE");
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void show(const char *what, double *t, int n)
{
	qsort(t, n, sizeof(*t), by_size);
	printf("%-28s p50 %.3f ms, p95 %.3f ms, p99.9 %.3f ms\n", what, t[n / 2] * 1e3,
	       t[n * 95 / 100] * 1e3, t[(int)(n * 0.999)] * 1e3);
}

/* Its standard files are pipes, of which the first never has anything. */
static int make(const char *image, char **argv)
{
	struct muslin_config config = { .keep = MUSLIN_KEEP_WAITING, .image = "",
					.tier = MUSLIN_TIER_OPTIMIZED };
	struct muslin_program program = { .path = "/program/main", .argv = argv, .cwd = "/" };
	struct muslin *m;
	int in[2], out[2], r;

	make_pipe(in);
	make_pipe(out);
	program.fd[0] = in[0];
	program.fd[1] = program.fd[2] = out[1];
	r = muslin_new(&config, &m);
	if (r)
		die(strerror(-r));
	r = muslin_boot(m);
	if (!r)
		r = muslin_mount_file(m, argv[0], "/program", "main");
	if (!r)
		r = muslin_spawn(m, &program);
	if (r > 0)
		r = muslin_snapshot(m, image);
	if (r)
		die(muslin_error(m));
	muslin_free(m);
	return 0;
}

static void catch(void)
{
	struct sigaction sa = { .sa_handler = answered, .sa_flags = SA_ONSTACK | SA_RESTART };

	sigfillset(&sa.sa_mask);
	sigaction(SIGIO, &sa, NULL);
}

int main(int argc, char **argv)
{
	struct clone *clones, first = { 0 };
	int n = argc > 2 ? atoi(argv[2]) : 0;
	double *restored, *all, start;
	struct rusage u;
	long before;
	int i;

	if (argc > 3 && !strcmp(argv[1], "make"))
		return make(argv[2], argv + 3);
	if (n <= 0) {
		fprintf(stderr, "usage: density IMAGE N [idle]\n");
		return 2;
	}
	catch();
	clones = calloc(n, sizeof(*clones));
	restored = calloc(n, sizeof(double));
	all = calloc(n, sizeof(double));
	/* it has the image's own addresses, and the others are beside it */
	begin(&first, argv[1]);
	{
		struct clone second = { 0 };

		begin(&second, argv[1]);
		end(&second);
	}
	before = private_memory();
	start = now();
	for (i = 0; i < n; i++) {
		begin(&clones[i], argv[1]);
		restored[i] = clones[i].restored;
		all[i] = clones[i].all;
		if (argc == 3)
			end(&clones[i]);
	}
	start = now() - start;
	show("restored", restored, n);
	show("restored, and has answered", all, n);
	printf("%d in %.3f s, %.0f a second\n", n, start, n / start);
	if (argc > 3)
		printf("private memory of each: %.0f KiB (with its page tables)\n",
		       (double)(private_memory() - before) / n);
	getrusage(RUSAGE_SELF, &u);
	printf("peak RSS %ld MiB\n", u.ru_maxrss / 1024);
	return 0;
}
