/* SPDX-License-Identifier: MIT */
/*
 * messages processes|threads GROUPS LOOPS: as hackbench does it.  In each group are 20
 * that send and 20 that receive; each of the former sends LOOPS messages of 100 bytes
 * to each of the latter, by a socket for each receiver.  Prints nanoseconds for each
 * message, from when all are there until all have gone, and a constant.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "clock.h"

enum { PEERS = 20, SIZE = 100 };

struct group {
	int in[PEERS], out[PEERS];
};

struct worker {
	struct group *group;
	int receives;		/* which one it is, -1: it sends */
	pthread_t thread;
	pid_t pid;
};

static int threads, groups, loops;
static int ready[2], go[2];

static void send_all(struct group *g)
{
	char data[SIZE] = { 0 };
	int i, k;

	for (i = 0; i < loops; i++)
		for (k = 0; k < PEERS; k++)
			if (write(g->out[k], data, SIZE) != SIZE)
				die("write");
}

static void receive_all(int fd)
{
	char data[SIZE];
	long left = (long)PEERS * loops * SIZE;
	ssize_t n;

	for (; left; left -= n) {
		n = read(fd, data, SIZE);
		if (n <= 0)
			die("read");
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	char c = 0;

	/* each takes one byte of as many as there are */
	if (write(ready[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
		die("start");
	if (w->receives < 0)
		send_all(w->group);
	else
		receive_all(w->group->in[w->receives]);
	return NULL;
}

static void start(struct worker *w)
{
	pthread_attr_t a;

	if (threads) {
		pthread_attr_init(&a);
		pthread_attr_setstacksize(&a, 65536);
		if (pthread_create(&w->thread, &a, work, w))
			die("pthread_create");
		return;
	}
	w->pid = fork();
	if (w->pid < 0)
		die("fork");
	if (!w->pid) {
		work(w);
		_exit(0);
	}
}

static void end(struct worker *w)
{
	int status;

	if (threads)
		pthread_join(w->thread, NULL);
	else if (waitpid(w->pid, &status, 0) != w->pid || status)
		die("wait");
}

static void make_group(struct group *g, struct worker *w)
{
	int i, fd[2];

	for (i = 0; i < PEERS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
			die("socketpair");
		g->in[i] = fd[0];
		g->out[i] = fd[1];
	}
	for (i = 0; i < 2 * PEERS; i++) {
		w[i] = (struct worker){ .group = g, .receives = i < PEERS ? i : -1 };
		start(&w[i]);
	}
	for (i = 0; !threads && i < PEERS; i++) {
		close(g->in[i]);
		close(g->out[i]);
	}
}

int main(int argc, char **argv)
{
	struct worker *workers;
	struct group *all;
	int i, n;
	double t;
	char *c;

	if (argc < 4)
		return 2;
	threads = !strcmp(argv[1], "threads");
	groups = atoi(argv[2]);
	loops = atoi(argv[3]);
	n = groups * PEERS * 2;
	workers = calloc(n, sizeof *workers);
	all = calloc(groups, sizeof *all);
	c = calloc(n, 1);
	if (!workers || !all || !c || pipe(ready) || pipe(go))
		die("messages");
	for (i = 0; i < groups; i++)
		make_group(&all[i], &workers[i * PEERS * 2]);
	for (i = 0; i < n; i++)
		if (read(ready[0], c, 1) != 1)
			die("read");
	t = now_ns();
	if (write(go[1], c, n) != n)
		die("write");
	for (i = 0; i < n; i++)
		end(&workers[i]);
	t = now_ns() - t;
	printf("%.1f 0\n", t / ((double)groups * PEERS * PEERS * loops));
	return 0;
}
