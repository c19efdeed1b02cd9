/* SPDX-License-Identifier: MIT */
/*
 * The driver of `make check`.  Two kinds of tests: suites of unit tests,
 * linked in, which suites.h lists as X(NAME); and the commands in the file that it is
 * given, lines of "SUITE NAME COMMAND".  A command passes if it is silent and
 * exits with 0, and is skipped if it exits with 77.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skip.h"

#define TIMEOUT 60	/* seconds; only a test that hangs comes near */

struct command {
	char *suite, *name, *command;
};

static struct command *commands;
static int ncommands;

/* Every test runs in a directory below this one, which main removes. */
static char scratch[] = "/tmp/muslin-check.XXXXXX";

static void die(const char *what)
{
	fprintf(stderr, "check: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Reads all of f; a failure's output is shown, but not megabytes of it. */
static size_t read_output(FILE *f, char *buf, size_t size)
{
	size_t n = 0, r;
	char rest[4096];

	while ((r = fread(buf + n, 1, size - 1 - n, f)) > 0)
		n += r;
	while (fread(rest, 1, sizeof rest, f) > 0)
		;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

/*
 * libcheck has no skipped tests: it takes them for passed ones.  What it
 * writes goes through a process of its own, which has heard of them before
 * from their comment "# SKIP REASON".
 */
static int *skipped;	/* counted there */

void check_skipped(const char *why)
{
	printf(SKIP "%.*s\n", (int)strcspn(why, "\n"), why);
	fflush(stdout);
}

/* The last line that is of interest is the plan; who else has the pipe may keep it. */
static void print_tap(FILE *tap)
{
	static const char passed[] = ": Passed\n";
	char *line = NULL, *why = NULL, *end;
	size_t size = 0;

	while (getline(&line, &size, tap) >= 0) {
		if (!strncmp(line, SKIP, strlen(SKIP))) {
			free(why);
			why = strdup(line);
			continue;
		}
		end = strstr(line, passed);
		if (why && end && !strncmp(line, "ok ", 3)) {
			++*skipped;
			printf("%.*s %s", (int)(end - line), line, why);
		} else {
			fputs(line, stdout);
		}
		fflush(stdout);
		free(why);
		why = NULL;
		if (!strncmp(line, "1..", 3))
			break;
	}
	free(line);
}

static pid_t filter;
static int unfiltered;

static void begin_filter(void)
{
	int fd[2];

	skipped = mmap(NULL, sizeof *skipped, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unfiltered = fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (skipped == MAP_FAILED || pipe(fd) < 0 || (filter = fork()) < 0)
		die("filter");
	if (filter == 0) {
		close(fd[1]);
		print_tap(fdopen(fd[0], "r"));
		_exit(0);
	}
	close(fd[0]);
	if (dup2(fd[1], 1) < 0)
		die("filter");
	close(fd[1]);
}

static void end_filter(void)
{
	fflush(stdout);
	if (dup2(unfiltered, 1) < 0)
		die("filter");
	waitpid(filter, NULL, 0);
}

/* Makes the second line and the rest TAP comments. */
static char *tap_comment(const char *s)
{
	char *out = malloc(3 * strlen(s) + 1), *p = out;

	for (; *s; s++) {
		*p++ = *s;
		if (*s == '\n') {
			*p++ = '#';
			*p++ = ' ';
		}
	}
	*p = '\0';
	return out;
}

static void describe(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
}

static void enter_directory(const struct command *c)
{
	char dir[4096];

	snprintf(dir, sizeof dir, "%s/%s-%s", scratch, c->suite, c->name);
	if (mkdtemp(strcat(dir, ".XXXXXX")) == NULL || chdir(dir) < 0)
		ck_abort_msg("%s: %s", dir, strerror(errno));
	setenv("COMMAND", c->command, 1);
}

START_TEST(is_silent_and_succeeds)
{
	char out[3000], how[64];
	size_t n;
	int status;
	FILE *f;

	enter_directory(&commands[_i]);
	f = popen("exec 2>&1 </dev/null && eval \"$COMMAND\"", "r");
	if (f == NULL)
		ck_abort_msg("popen: %s", strerror(errno));
	n = read_output(f, out, sizeof out);
	status = pclose(f);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		check_skip(n ? out : "for no reason");
	describe(status, how, sizeof how);
	/* libcheck ends the test, instead of failing it, at 4096 bytes */
	ck_assert_msg(status == 0 && n == 0, "%s%s%.3900s", how, n ? "\n# " : "",
		      tap_comment(out));
}
END_TEST

static void read_commands(const char *file)
{
	FILE *f = fopen(file, "r");
	struct command c;

	if (f == NULL)
		die(file);
	while (fscanf(f, "%ms %ms %m[^\n]", &c.suite, &c.name, &c.command) == 3) {
		commands = realloc(commands, (ncommands + 1) * sizeof c);
		commands[ncommands++] = c;
	}
	fclose(f);
}

/* Commands of one suite are consecutive lines. */
static void add_commands(SRunner *runner)
{
	Suite *suite = NULL;
	TCase *tcase;
	int i;

	for (i = 0; i < ncommands; i++) {
		if (i == 0 || strcmp(commands[i].suite, commands[i - 1].suite)) {
			suite = suite_create(commands[i].suite);
			srunner_add_suite(runner, suite);
		}
		tcase = tcase_create(commands[i].name);
		tcase_set_timeout(tcase, TIMEOUT);
		tcase_add_loop_test(tcase, is_silent_and_succeeds, i, i + 1);
		suite_add_tcase(suite, tcase);
	}
}

#define X(name) Suite *name##_suite(void);
#include "suites.h"
#undef X

static void add_suites(SRunner *runner)
{
#define X(name) srunner_add_suite(runner, name##_suite());
#include "suites.h"
#undef X
}

static void remove_scratch(void)
{
	setenv("DIRECTORY", scratch, 1);
	if (chdir("/") < 0 || system("chmod -R u+rwX \"$DIRECTORY\"; rm -rf \"$DIRECTORY\"") != 0)
		fprintf(stderr, "check: %s is left\n", scratch);
}

int main(int argc, char **argv)
{
	SRunner *runner = srunner_create(NULL);
	int run, failed;

	if (argc != 2) {
		fprintf(stderr, "usage: check LIST\n");
		return 2;
	}
	if (mkdtemp(scratch) == NULL)
		die(scratch);
	read_commands(argv[1]);
	begin_filter();
	add_suites(runner);
	add_commands(runner);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	remove_scratch();

	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	end_filter();
	printf("%d passed, %d failed", run - failed - *skipped, failed);
	printf(*skipped ? ", %d skipped\n" : "\n", *skipped);
	return failed != 0;
}
