/* SPDX-License-Identifier: MIT */
/*
 * usage: libcxx-run SECONDS DIR <PROGRAMS
 *
 * Runs DIR/PROGRAM for each line "PROGRAM", one after the other, in an empty directory
 * and a group of its own: what it says goes through, then comes a line "@ PROGRAM
 * pass|fail|timeout|build".  One that takes more than SECONDS is ended, with all its
 * group.  None is root.  The same source runs natively and in a guest.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Who is root may do what some tests expect to be refused. */
enum { NOBODY = 65534 };

static void child(const char *program, const char *directory)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(1, 2);
	/* by its descriptor: stdio would put back what the parent has read ahead */
	dup2(null, 0);
	if (null >= 0 && !chdir(directory) &&
	    (getuid() || (!setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY))))
		execl(program, program, (char *)NULL);
	perror(program);
	_exit(126);
}

/* Its status, or -1 if it took too long. */
static int wait_for(pid_t pid, int seconds)
{
	struct timespec left = { .tv_sec = seconds }, now, end;
	siginfo_t info;
	sigset_t set;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	while (waitpid(pid, &status, WNOHANG) != pid) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left.tv_sec = end.tv_sec - now.tv_sec;
		if (left.tv_sec <= 0)
			return -1;
		sigtimedwait(&set, &info, &left);
	}
	return status;
}

static const char *run(const char *program, int seconds)
{
	char directory[] = "/tmp/libcxx-XXXXXX";
	const char *result = "timeout";
	pid_t pid;
	int status;

	if (access(program, X_OK))
		return "build";
	if (!mkdtemp(directory) || (!getuid() && chown(directory, NOBODY, NOBODY)))
		return perror(directory), "fail";
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return perror("fork"), "fail";
	if (!pid)
		child(program, directory);
	status = wait_for(pid, seconds);
	if (status >= 0)
		result = status ? "fail" : "pass";
	if (status > 0 && WIFSIGNALED(status))
		printf("%s: signal %d\n", program, WTERMSIG(status));
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	rmdir(directory);
	return result;
}

int main(int argc, char **argv)
{
	char line[4096], program[8192];
	sigset_t set;

	if (argc != 3)
		return 2;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		snprintf(program, sizeof program, "%s/%s", argv[2], line);
		printf("\n@ %s %s\n", line, run(program, atoi(argv[1])));
		fflush(stdout);
	}
	return 0;
}
