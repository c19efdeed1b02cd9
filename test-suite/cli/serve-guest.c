/* SPDX-License-Identifier: MIT */
/* What cli/serve and cli/oci run: its first argument says what. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void on_term(int sig)
{
	(void)sig;
	write(1, "terminated\n", 11);
	_exit(9);
}

static int tell(void)
{
	char name[65], cwd[256];
	struct rlimit files;
	struct winsize ws;
	gid_t groups[8];
	int n = getgroups(8, groups);
	mode_t mask = umask(0);

	gethostname(name, sizeof(name));
	getrlimit(RLIMIT_NOFILE, &files);
	printf("uid %d gid %d groups", getuid(), getgid());
	for (int i = 0; i < n; i++)
		printf(" %d", groups[i]);
	printf("\ncwd %s host %s umask %o files %llu %llu\n", getcwd(cwd, sizeof(cwd)), name,
	       mask, files.rlim_cur, files.rlim_max);
	for (char **e = environ; *e; e++)
		puts(*e);
	if (isatty(0) && !ioctl(0, TIOCGWINSZ, &ws))
		printf("terminal %dx%d\n", ws.ws_row, ws.ws_col);
	return 0;
}

static void on_winch(int sig)
{
	(void)sig;
}

/* The size that a terminal has got while it was looked at. */
static int winch(void)
{
	struct winsize ws;
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGWINCH, on_winch);
	puts("ready");
	fflush(stdout);
	do {
		sigsuspend(&old);
		ioctl(0, TIOCGWINSZ, &ws);
	} while (ws.ws_row != 12);
	printf("%dx%d\n", ws.ws_row, ws.ws_col);
	return 0;
}

static int write_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0 || write(fd, "written\n", 8) != 8) {
		perror(path);
		return 1;
	}
	return 0;
}

/* One connection is answered. */
static int listen_at(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int s = socket(AF_INET, SOCK_STREAM, 0), c;

	if (bind(s, (struct sockaddr *)&a, sizeof(a)) || listen(s, 1))
		return perror("listen"), 1;
	puts("ready");
	fflush(stdout);
	c = accept(s, NULL, NULL);
	return c < 0 || write(c, "hello\n", 6) != 6;
}

int main(int argc, char **argv)
{
	static char buf[65536];
	const char *what = argc > 1 ? argv[1] : "";
	size_t n;

	if (!strcmp(what, "exit"))
		return atoi(argv[2]);
	if (!strcmp(what, "die"))
		return raise(atoi(argv[2]));
	if (!strcmp(what, "winch"))
		return winch();
	if (!strcmp(what, "tell"))
		return tell();
	if (!strcmp(what, "say"))
		for (int i = 2; i < argc; i++)
			fprintf(i % 2 ? stderr : stdout, "%s\n", argv[i]);
	if (!strcmp(what, "cat"))
		while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0)
			fwrite(buf, 1, n, stdout);
	if (!strcmp(what, "show")) {
		FILE *f = fopen(argv[2], "r");

		if (!f)
			return perror(argv[2]), 1;
		while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
			fwrite(buf, 1, n, stdout);
	}
	if (!strcmp(what, "write"))
		return write_to(argv[2]);
	if (!strcmp(what, "listen"))
		return listen_at(atoi(argv[2]));
	if (!strcmp(what, "bytes"))
		return write(1, "\xff\x00z", 3) != 3;
	if (!strcmp(what, "fill"))
		for (;;)
			fwrite(buf, 1, sizeof(buf), stdout);
	if (!strcmp(what, "slow"))
		for (int i = 0; i < 3; i++)
			printf("%d\n", i), fflush(stdout), usleep(200000);
	if (!strcmp(what, "spin"))
		for (;;)
			;
	if (!strcmp(what, "bomb"))
		for (;;)
			if (fork() < 0)
				pause();
	if (!strcmp(what, "memory"))
		for (;;) {
			void *volatile p = malloc(1 << 20);

			if (!p)
				return 12;
			memset(p, 1, 1 << 20);
		}
	if (!strcmp(what, "term")) {
		signal(SIGTERM, on_term);
		puts("ready");
		fflush(stdout);
		for (;;)
			pause();
	}
	if (!strcmp(what, "prepare")) {
		if (write_to("/tmp/prepared"))
			return 1;
		for (;;)
			pause();
	}
	if (!strcmp(what, "pause")) {
		puts("ready");
		fflush(stdout);
		for (;;)
			pause();
	}
	if (!strcmp(what, "count"))
		for (int i = 0;; i++)
			printf("%d\n", i), fflush(stdout), usleep(20000);
	return 0;
}
