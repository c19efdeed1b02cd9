/* SPDX-License-Identifier: MIT */
/* muslin(1) */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "muslin.h"

static const struct {
	const char *name;
	int (*fn)(int argc, char **argv);
} commands[] = {
	{ "run", cmd_run },
	{ "boot", cmd_boot },
	{ "compile", cmd_compile },
	{ "imports", cmd_imports },
	{ "cache", cmd_cache },
	{ "snapshot", cmd_snapshot },
	{ "binfmt", cmd_binfmt },
	{ "shell", cmd_shell },
	{ "diff", cmd_diff },
	{ "apply", cmd_apply },
	{ "attend", cmd_attend },
	{ "serve", cmd_serve },
};

static const char usage[] =
	"usage: muslin run [OPTION]... [--] PROG [ARG]...\n"
	"       muslin boot [OPTION]... [--] [PROG [ARG]...]\n"
	"       muslin compile PROG\n"
	"       muslin imports PROG\n"
	"       muslin cache [list | dir | clear]\n"
	"       muslin snapshot [OPTION]... [--image FILE PROG [ARG]...]\n"
	"       muslin binfmt [--print | --remove | COMMAND [ARG]...]\n"
	"       muslin shell [OPTION]... [DIR]... [-c COMMAND]\n"
	"       muslin diff [--cow-dir DIR] [HOST]\n"
	"       muslin apply [--cow-dir DIR] [--discard] [HOST [FILE]...]\n"
	"       muslin serve --socket PATH [OPTION]...\n"
	"       muslin PROG [ARG]...\n"
	"       muslin --version | --help\n"
	"\n"
	"Runs Linux programs compiled to WebAssembly, on a Linux kernel compiled to\n"
	"WebAssembly.  `muslin COMMAND --help' tells more.\n";

bool was_closed[3];

int complain(int status, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("muslin: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

/*
 * One line of a terminal, again and again, and in the end none.  The terminal
 * may be in raw mode, the program's.
 */
static void show_progress(void *arg, const char *line)
{
	static const char head[] = "muslin: ", clear[] = "\r\033[K";
	size_t n = strlen(line), room = 80;
	struct winsize ws;

	(void)arg;
	if (!ioctl(2, TIOCGWINSZ, &ws) && ws.ws_col)
		room = ws.ws_col;
	room = room > sizeof(head) ? room - sizeof(head) : 0;
	if (n > room)
		n = room;
	/* not within a character of UTF-8 */
	while (n && n < strlen(line) && (line[n] & 0xc0) == 0x80)
		n--;
	fprintf(stderr, "%s%s%.*s", clear, n ? head : "", (int)n, line);
}

progress_fn *progress_for_terminal(void)
{
	const char *term = getenv("TERM");

	if (!isatty(2) || !term || !*term || !strcmp(term, "dumb"))
		return NULL;
	return show_progress;
}

int one_argument(int argc, char **argv, const char *help)
{
	int i = 1;

	if (i < argc && !strcmp(argv[i], "--help")) {
		fputs(help, stdout);
		return -1;
	}
	if (i < argc && !strcmp(argv[i], "--"))
		i++;
	else if (i < argc && argv[i][0] == '-')
		return -1 - complain(STATUS_USAGE, "%s: unknown option", argv[i]);
	if (i + 1 != argc)
		return -1 - complain(STATUS_USAGE,
				     "one program; see muslin %s --help", argv[0]);
	return i;
}

void *xmalloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		exit(complain(STATUS_FAILED, "out of memory"));
	return p;
}

char *xstrdup(const char *s)
{
	return strcpy(xmalloc(strlen(s) + 1), s);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		exit(complain(STATUS_FAILED, "out of memory"));
	return s;
}

/* Or the first files that we open would be the program's standard ones. */
static void keep_standard_files(void)
{
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0) {
			was_closed[fd] = true;
			open("/dev/null", O_RDWR);
		}
}

static bool is_program(const char *arg)
{
	struct stat st;

	return strchr(arg, '/') || !stat(arg, &st);
}

static int dispatch(int argc, char **argv)
{
	size_t i;

	if (is_interpreter())
		return run_as_interpreter(argc, argv);
	if (argc < 2) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("muslin %s\n", muslin_version());
		return 0;
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].fn(argc - 1, argv + 1);
	if (argv[1][0] == '-')
		return complain(STATUS_USAGE,
				"%s: unknown option; see muslin --help",
				argv[1]);
	/* as if "run --" stood there: argv[0] is in the place of "run" */
	if (is_program(argv[1]))
		return cmd_run(argc, argv);
	return complain(STATUS_USAGE,
			"%s: neither a command nor a program; see muslin --help",
			argv[1]);
}

int main(int argc, char **argv)
{
	int status;

	keep_standard_files();
	status = dispatch(argc, argv);
	if (fflush(stdout) && !was_closed[1] && !status)
		status = complain(STATUS_FAILED, "standard output: %s",
				  strerror(errno));
	return status;
}
