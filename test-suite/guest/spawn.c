/* SPDX-License-Identifier: MIT */
/* Other programs: posix_spawn, system and popen; fork says what it cannot. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

extern char **environ;

/* this program again, as a child */
static int child(int argc, char **argv)
{
	if (!strcmp(argv[1], "exit"))
		return atoi(argv[2]);
	if (!strcmp(argv[1], "kill"))
		raise(atoi(argv[2]));
	if (!strcmp(argv[1], "echo"))
		return write(atoi(argv[3]), argv[2], strlen(argv[2])) < 0;
	if (!strcmp(argv[1], "blocked")) {
		sigset_t set;

		sigprocmask(SIG_SETMASK, NULL, &set);
		return sigismember(&set, atoi(argv[2]));
	}
	return 99;
}

static int run(const posix_spawn_file_actions_t *fa, const posix_spawnattr_t *attr,
	       const char *a, const char *b, const char *c)
{
	char *argv[] = { "spawn", (char *)a, (char *)b, (char *)c, NULL };
	int status = -1, e;
	pid_t pid;

	e = posix_spawn(&pid, "/proc/self/exe", fa, attr, argv, environ);
	if (e) {
		t_error("posix_spawn: %s\n", strerror(e));
		return -1;
	}
	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	char buf[16] = "";
	sigset_t set;
	int p[2], status, sp[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	pid_t pid;

	if (argc > 1)
		return child(argc, argv);

	status = run(NULL, NULL, "exit", "7", NULL);
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = run(NULL, NULL, "kill", "15", NULL);
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == 15);

	t_check(!pipe(p));
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, p[1], 9);
	t_check(run(&fa, NULL, "echo", "hello", "9") == 0);
	t_check(read(p[0], buf, sizeof(buf)) == 5 && !strcmp(buf, "hello"));

	posix_spawnattr_init(&attr);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	status = run(NULL, &attr, "blocked", "10", NULL);
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	status = run(NULL, NULL, "blocked", "10", NULL);
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 0);

	t_check(posix_spawn(&pid, "/no/such/file", NULL, NULL, argv, environ) == ENOENT);

	/* the child ran on our stack's memory */
	for (int i = 0; i < 8; i++)
		t_check(sp[i] == i + 1);

	t_check(fork() == -1 && errno == ENOSYS);
	t_check(vfork() == -1 && errno == ENOSYS);
	return t_status;
}
