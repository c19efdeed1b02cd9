/* SPDX-License-Identifier: MIT */
/* muslin serve: the options, the socket, the end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/serve.h"

static const char help[] =
	"usage: muslin serve --socket PATH [--machines N] [OPTION]...\n"
	"       muslin serve --socket PATH [--machines N] --resume FILE\n"
	"\n"
	"Makes machines, runs programs in them, reads and writes their files, for whoever\n"
	"may connect to the Unix socket PATH: its user.  doc/serve.md has the protocol.\n"
	"\n"
	"  --socket PATH            is made, with mode 0600\n"
	"  --machines N             there are at most so many at once (default 64)\n"
	"  --resume FILE            each machine goes on from an image with a program, of\n"
	"                           muslin snapshot --image FILE PROG\n"
	"\n"
	"All other options are those of `muslin run', and are each machine's; without\n"
	"them it has --time 3600 --processes 1024, and no directory of the host.\n";

static int complain(int status, const char *what, const char *why)
{
	fprintf(stderr, "muslin-serve: %s%s%s\n", what, why ? ": " : "", why ? why : "");
	return status;
}

struct options {
	const char *socket;
	unsigned int machines;
	char **machine;		/* each one's */
	size_t n;
};

static void add(struct options *o, char *arg)
{
	o->machine[o->n++] = arg;
	o->machine[o->n] = NULL;
}

/* "--name VALUE" or "--name=VALUE" */
static const char *value(const char *name, char **argv, int *i)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n))
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	return argv[*i][n] || !argv[*i + 1] ? NULL : argv[++*i];
}

static int parse(struct options *o, int argc, char **argv)
{
	const char *text;
	char *end;
	int i;

	*o = (struct options){ .machines = 64, .machine = calloc(argc + 8, sizeof(char *)) };
	if (!o->machine)
		return complain(125, "out of memory", NULL);
	/* attend has it first */
	for (i = 1; i < argc; i++)
		if (!strncmp(argv[i], "--resume", 8) && (text = value("--resume", argv, &i))) {
			add(o, "--resume");
			add(o, "--image");
			add(o, (char *)text);
		}
	add(o, "--time=3600");
	add(o, "--processes=1024");
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			fputs(help, stdout);
			exit(0);
		}
		if ((text = value("--socket", argv, &i))) {
			o->socket = text;
		} else if ((text = value("--resume", argv, &i))) {
			continue;	/* above */
		} else if ((text = value("--machines", argv, &i))) {
			o->machines = strtoul(text, &end, 10);
			if (*end || *text < '1' || *text > '9' || o->machines > 100000)
				return complain(2, text, "not a number of machines");
		} else {
			add(o, argv[i]);
		}
	}
	return o->socket ? 0 : complain(2, "no --socket; see muslin serve --help", NULL);
}

/* Nobody listens at a socket that was left behind. */
static bool is_left(const struct sockaddr_un *a)
{
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool left = connect(s, (struct sockaddr *)a, sizeof(*a)) && errno == ECONNREFUSED;

	close(s);
	return left;
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t mask;
	int r;

	if (strlen(path) >= sizeof(a.sun_path))
		return errno = ENAMETOOLONG, -1;
	strcpy(a.sun_path, path);
	mask = umask(0177);
	r = bind(s, (struct sockaddr *)&a, sizeof(a));
	if (r && errno == EADDRINUSE && is_left(&a) && !unlink(path))
		r = bind(s, (struct sockaddr *)&a, sizeof(a));
	umask(mask);
	if (r || listen(s, 64))
		return -1;
	return s;
}

int main(int argc, char **argv)
{
	struct options o;
	sigset_t set;
	int s, sig, status = parse(&o, argc, argv);

	if (status)
		return status;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);

	s = listen_at(o.socket);
	if (s < 0)
		return complain(125, o.socket, strerror(errno));
	machines_init(o.machine, o.machines);
	if (!http_start(s))
		return complain(125, "no HTTP", NULL);
	while (!sigwait(&set, &sig) && sig == SIGCHLD)
		machines_reap();
	unlink(o.socket);
	/* their programs' ends are what connections wait for */
	machines_kill_all();
	http_stop();
	return 0;
}
