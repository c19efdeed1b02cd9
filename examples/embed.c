/* SPDX-License-Identifier: MIT */
/* Runs a program on a Linux of its own, in this process: embed PROG [ARG]... */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "muslin.h"

static int run(struct muslin *m, char **argv, int *status)
{
	char *env[] = { "PATH=/bin:/usr/bin", "HOME=/work", NULL };
	struct muslin_program program = {
		.path = "/program/main", .argv = argv,
		.envp = env,
		.cwd = "/work",
		.uid = getuid(), .gid = getgid(),
		.umask = 022,
		.fd = { 0, 1, 2 }, .flags = MUSLIN_TTY,
	};
	/* all that even a guest that breaks out can reach */
	const struct muslin_reach reach[] = { { argv[0], MUSLIN_READ_ONLY }, { ".", 0 } };
	int r = muslin_confine(m, reach, 2);

	if (!r)
		r = muslin_boot(m);
	if (!r)
		r = muslin_mount_file(m, argv[0], "/program", "main");
	if (!r)
		r = muslin_mount(m, ".", "/work", 0);
	if (!r)
		r = muslin_spawn(m, &program);
	if (r > 0)
		r = muslin_wait(m, r, status);
	if (!r)
		r = muslin_shutdown(m);
	return r;
}

int main(int argc, char **argv)
{
	struct muslin *m;
	int r, status = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: embed PROG [ARG]...\n");
		return 2;
	}
	r = muslin_new(NULL, &m);
	if (r) {
		fprintf(stderr, "embed: %s\n", strerror(-r));
		return 125;
	}
	r = run(m, argv + 1, &status);
	if (r)
		fprintf(stderr, "embed: %s\n", muslin_error(m));
	muslin_free(m);
	return r ? 125 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
