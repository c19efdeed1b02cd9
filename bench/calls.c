/* SPDX-License-Identifier: MIT */
/* calls WHAT [DIRECTORY]: see rows.h; files are in DIRECTORY, /tmp if there is none. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rows.h"

extern char **environ;

static const char *self;
static char file[200];
static int fd[2];
static char buf[65536];

static void byte_through_pipe(void)
{
	int i;
	char c = 0;

	for (i = 0; i < times; i++)
		if (write(fd[1], &c, 1) != 1 || read(fd[0], &c, 1) != 1)
			die("pipe");
}

static void open_close(void)
{
	int i, f;

	for (i = 0; i < times; i++) {
		f = open(file, O_RDONLY);
		if (f < 0 || close(f))
			die(file);
	}
}

static void stat_file(void)
{
	struct stat st;
	int i;

	for (i = 0; i < times; i++)
		if (stat(file, &st))
			die(file);
}

static void read_file(void)
{
	int i, f = open(file, O_RDONLY);

	for (i = 0; i < times; i++)
		if (pread(f, buf, 4096, i % 16 * 4096) != 4096)
			die(file);
	close(f);
}

static void make_file(void)
{
	char new[210];
	int i, f;

	snprintf(new, sizeof new, "%s.new", file);
	for (i = 0; i < times; i++) {
		f = open(new, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (f < 0 || close(f) || unlink(new))
			die(new);
	}
}

/* times blocks to another program */
static void blocks_through_pipe(void)
{
	char *argv[] = { (char *)self, "sink", NULL };
	posix_spawn_file_actions_t a;
	int i, p[2], status;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC))
		die("pipe");
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_adddup2(&a, p[0], 0);
	if (posix_spawn(&pid, self, &a, NULL, argv, environ))
		die("posix_spawn");
	close(p[0]);
	for (i = 0; i < times; i++)
		if (write(p[1], buf, sizeof buf) != sizeof buf)
			die("write");
	close(p[1]);
	if (waitpid(pid, &status, 0) != pid || status)
		die("sink");
}

static int sink(void)
{
	ssize_t n;

	while ((n = read(0, buf, sizeof buf)) > 0)
		;
	return n < 0;
}

static const struct row rows[] = {
	{ "pipe", byte_through_pipe, 100000 },
	{ "open", open_close, 30000 },
	{ "stat", stat_file, 50000 },
	{ "read", read_file, 50000 },
	{ "make", make_file, 2000 },
	{ "stream", blocks_through_pipe, 8000 },
	{ NULL, NULL, 0 },
};

int main(int argc, char **argv)
{
	int f, r;

	self = argv[0];
	if (argc > 1 && !strcmp(argv[1], "sink"))
		return sink();
	snprintf(file, sizeof file, "%s/muslin-bench.%d", argc > 2 ? argv[2] : "/tmp", (int)getpid());
	f = open(file, O_CREAT | O_WRONLY, 0600);
	if (f < 0 || write(f, buf, sizeof buf) != sizeof buf || close(f) || pipe(fd))
		die(file);
	r = measure(rows, argc > 1 ? argv[1] : "");
	unlink(file);
	return r;
}
