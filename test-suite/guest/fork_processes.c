/* SPDX-License-Identifier: MIT */
/* Pipelines, orphans, zombies, groups, limits: what forked processes are for. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define STAGES 10

static int status_of(pid_t pid)
{
	int status = -1;

	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

/* yes | cat | ... | cat | head: all but the last die of SIGPIPE */
static void pipeline(void)
{
	pid_t pid[STAGES];
	int p[2], in = -1, i, status;
	char buf[512];
	ssize_t n;

	for (i = 0; i < STAGES; i++) {
		t_check(!pipe(p));
		pid[i] = fork();
		t_check(pid[i] >= 0);
		if (!pid[i]) {
			close(p[0]);
			memset(buf, 'y', sizeof(buf));
			while ((n = in < 0 ? (ssize_t)sizeof(buf) : read(in, buf, sizeof(buf))) > 0)
				if (write(p[1], buf, n) != n)
					break;
			_exit(1);
		}
		close(p[1]);
		if (in >= 0)
			close(in);
		in = p[0];
	}
	for (i = 0; i < 10000; i += n) {
		n = read(in, buf, sizeof(buf));
		if (n <= 0 || buf[0] != 'y')
			break;
	}
	t_check(i >= 10000);
	close(in);
	for (i = 0; i < STAGES; i++) {
		status = status_of(pid[i]);
		t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	}
}

static void orphan_is_adopted(void)
{
	int p[2];
	pid_t pid, parent[2];

	t_check(!pipe(p));
	pid = fork();
	if (!pid) {
		parent[0] = getpid();
		if (fork() == 0) {
			while (getppid() == parent[0])
				usleep(1000);
			parent[1] = getppid();
			_exit(write(p[1], parent, sizeof(parent)) != sizeof(parent));
		}
		_exit(0);
	}
	t_check(status_of(pid) == 0);
	t_check(read(p[0], parent, sizeof(parent)) == sizeof(parent));
	t_check(parent[0] == pid && parent[1] == 1);
	close(p[0]);
	close(p[1]);
}

static void sessions_and_groups(void)
{
	siginfo_t si;
	pid_t pid = fork();

	if (!pid) {
		if (getpgrp() != getppid() && getpgrp() == getpid())
			_exit(1);
		if (setsid() != getpid() || getpgrp() != getpid() || getsid(0) != getpid())
			_exit(2);
		pause();
	}
	while (getsid(pid) != pid)
		usleep(1000);
	t_check(!kill(-pid, SIGSTOP));
	t_check(!waitid(P_PID, pid, &si, WSTOPPED));
	t_check(si.si_code == CLD_STOPPED && si.si_status == SIGSTOP && si.si_pid == pid);
	t_check(!kill(-pid, SIGCONT));
	t_check(!waitid(P_PID, pid, &si, WCONTINUED));
	t_check(si.si_code == CLD_CONTINUED);
	t_check(!kill(-pid, SIGKILL));
	t_check(!waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
	t_check(si.si_code == CLD_KILLED && si.si_status == SIGKILL);
	t_check(WTERMSIG(status_of(pid)) == SIGKILL);
}

/* many at once; a bomb ends in EAGAIN, and leaves a machine that works */
static void limits(void)
{
	struct rlimit r;
	pid_t pid = fork();
	int n;

	if (pid) {
		t_check(status_of(pid) == 0);
		return;
	}
	if (setgid(1000) || setuid(1000))
		_exit(10);
	r.rlim_cur = r.rlim_max = 50;
	if (setrlimit(RLIMIT_NPROC, &r))
		_exit(11);
	for (n = 0; n < 100; n++) {
		pid = fork();
		if (pid < 0)
			break;
		if (!pid)
			for (;;)
				pause();
	}
	if (pid >= 0 || errno != EAGAIN || n < 40 || n > 50)
		_exit(12);
	signal(SIGTERM, SIG_IGN);
	kill(-1, SIGTERM);
	for (; n; n--)
		if (wait(NULL) < 0)
			_exit(13);
	pid = fork();
	if (!pid)
		_exit(0);
	_exit(pid < 0 || waitpid(pid, NULL, 0) != pid);
}

static void statuses(void)
{
	int i, status;
	pid_t pid[20];

	for (i = 0; i < 20; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(i);
	}
	for (i = 19; i >= 0; i--) {
		status = status_of(pid[i]);
		t_check(WIFEXITED(status) && WEXITSTATUS(status) == i);
	}
}

int main(void)
{
	signal(SIGPIPE, SIG_DFL);
	pipeline();
	orphan_is_adopted();
	sessions_and_groups();
	statuses();
	limits();
	t_check(wait(NULL) == -1 && errno == ECHILD);
	return t_status;
}
