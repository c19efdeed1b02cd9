/* SPDX-License-Identifier: MIT */
/* posix_spawn: arguments, files, attributes, how the child ends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static char self[500];

/* What the child does, by its first argument. */
static int child(char **argv)
{
	const char *what = argv[1];
	sigset_t set;

	if (strcmp(what, "exit") == 0)
		return atoi(argv[2]);
	if (strcmp(what, "echo") == 0)
		return printf("%s %s", getenv("NAME"), argv[2]) < 0;
	if (strcmp(what, "kill") == 0)
		kill(getpid(), atoi(argv[2]));
	if (strcmp(what, "null") == 0)
		*(volatile int *)0 = 1;
	if (strcmp(what, "trap") == 0)
		__builtin_trap();
	if (strcmp(what, "pause") == 0)
		for (;;)
			pause();
	if (strcmp(what, "spin") == 0)
		for (;;)
			;
	if (strcmp(what, "attributes") == 0) {
		sigprocmask(SIG_BLOCK, NULL, &set);
		t_check(sigismember(&set, SIGUSR2));
		t_check(signal(SIGTERM, SIG_DFL) == SIG_DFL);
		t_check(signal(SIGHUP, SIG_DFL) == SIG_IGN);
		t_check(getpgrp() == getpid());
		return t_status;
	}
	if (strcmp(what, "closed") == 0)
		return fcntl(atoi(argv[2]), F_GETFD) != -1 || errno != EBADF;
	return 99;
}

static pid_t start(const char *what, const char *arg,
		   const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr)
{
	char *argv[] = { self, (char *)what, (char *)arg, NULL };
	char *envp[] = { (char *)"NAME=value", NULL };
	pid_t pid = -1;
	int r = posix_spawn(&pid, self, actions, attr, argv, envp);

	if (r)
		t_error("%s %s: %s\n", what, arg ? arg : "", strerror(r));
	return pid;
}

static int end_of(pid_t pid)
{
	int status = -1;

	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

static void how_it_ends(void)
{
	int status = end_of(start("exit", "0", NULL, NULL));

	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	status = end_of(start("exit", "200", NULL, NULL));
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 200);
	status = end_of(start("kill", "15", NULL, NULL));
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = end_of(start("null", NULL, NULL, NULL));
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = end_of(start("trap", NULL, NULL, NULL));
	t_check(WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP));
}

static void can_be_killed(const char *what)
{
	pid_t pid = start(what, NULL, NULL, NULL);
	int status;

	usleep(20000);
	t_check(waitpid(pid, &status, WNOHANG) == 0);
	t_check(kill(pid, SIGKILL) == 0);
	status = end_of(pid);
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	t_check(kill(pid, 0) == -1 && errno == ESRCH);
}

static void can_be_stopped(void)
{
	pid_t pid = start("spin", NULL, NULL, NULL);
	int status;

	t_check(kill(pid, SIGSTOP) == 0);
	t_check(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	t_check(kill(pid, SIGCONT) == 0);
	t_check(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	t_check(kill(pid, SIGKILL) == 0);
	end_of(pid);
}

static void files(void)
{
	posix_spawn_file_actions_t a;
	char buf[100] = "", number[10];
	int fd[2];

	t_check(pipe2(fd, O_CLOEXEC) == 0);
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_adddup2(&a, fd[1], 1);
	posix_spawn_file_actions_addopen(&a, 0, "/dev/null", O_RDONLY, 0);
	t_check(end_of(start("echo", "two words", &a, NULL)) == 0);
	close(fd[1]);
	t_check(read(fd[0], buf, sizeof buf - 1) == 15);
	t_check(strcmp(buf, "value two words") == 0);
	t_check(read(fd[0], buf, 1) == 0);
	snprintf(number, sizeof number, "%d", fd[0]);
	t_check(end_of(start("closed", number, NULL, NULL)) == 0);
	posix_spawn_file_actions_destroy(&a);
}

static void attributes(void)
{
	posix_spawnattr_t a;
	sigset_t mask, defaults;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGTERM);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	posix_spawnattr_init(&a);
	posix_spawnattr_setsigmask(&a, &mask);
	posix_spawnattr_setsigdefault(&a, &defaults);
	posix_spawnattr_setpgroup(&a, 0);
	posix_spawnattr_setflags(&a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
				     POSIX_SPAWN_SETPGROUP);
	t_check(end_of(start("attributes", NULL, NULL, &a)) == 0);
	posix_spawnattr_destroy(&a);
	signal(SIGTERM, SIG_DFL);
}

static void failures(void)
{
	char *argv[] = { (char *)"x", NULL };
	pid_t pid;

	t_check(posix_spawn(&pid, "/no/such/file", NULL, NULL, argv, argv) == ENOENT);
	t_check(posix_spawn(&pid, "/", NULL, NULL, argv, argv) == EACCES);
	t_check(posix_spawn(&pid, "/proc/version", NULL, NULL, argv, argv) == EACCES);
	t_check(wait(NULL) == -1 && errno == ECHILD);
}

static void many(void)
{
	pid_t pid[20];
	char number[10];
	int i, status;

	for (i = 0; i < 20; i++) {
		snprintf(number, sizeof number, "%d", i);
		pid[i] = start("exit", number, NULL, NULL);
	}
	for (i = 19; i >= 0; i--) {
		status = end_of(pid[i]);
		t_check(WIFEXITED(status) && WEXITSTATUS(status) == i);
	}
}

static void usage_is_counted(void)
{
	struct rusage u;
	siginfo_t info;
	pid_t pid = start("exit", "3", NULL, NULL);

	t_check(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
	t_check(info.si_pid == pid && info.si_code == CLD_EXITED && info.si_status == 3);
	t_check(wait4(pid, NULL, 0, &u) == pid);
	t_check(u.ru_maxrss > 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child(argv);
	t_check(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	how_it_ends();
	can_be_killed("pause");
	can_be_killed("spin");
	can_be_stopped();
	files();
	attributes();
	failures();
	many();
	usage_is_counted();
	return t_status;
}
