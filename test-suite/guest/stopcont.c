/* SPDX-License-Identifier: MIT */
/* Stopped and continued processes, and what their parent hears of it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static atomic_int *turns;	/* shared with children */

static volatile int n;
static siginfo_t last;

static void heard(int sig, siginfo_t *si, void *context)
{
	last = *si;
	n++;
	(void)sig;
	(void)context;
}

static void listen_with(int flags)
{
	struct sigaction a = { .sa_sigaction = heard, .sa_flags = SA_SIGINFO | flags };

	t_check(!sigaction(SIGCHLD, &a, NULL));
	n = 0;
}

static void *spins(void *arg)
{
	for (;;)
		turns[1]++;
	return arg;
}

static pid_t busy_child(void)
{
	pthread_t t;
	pid_t pid;

	turns[0] = turns[1] = 0;
	pid = fork();
	if (pid == 0) {
		pthread_create(&t, NULL, spins, NULL);
		for (;;)
			turns[0]++;
	}
	while (!turns[0] || !turns[1])
		usleep(1000);
	return pid;
}

static void await(int what)
{
	int i;

	for (i = 0; n < what && i < 2000; i++)
		usleep(1000);
	if (n < what)
		t_error("%d times SIGCHLD, not %d\n", n, what);
}

static void stands_still(void)
{
	int a = turns[0], b = turns[1];

	usleep(30000);
	t_check(turns[0] == a && turns[1] == b);
}

static void goes_on(void)
{
	int a = turns[0], b = turns[1], i;

	for (i = 0; i < 1000 && (turns[0] == a || turns[1] == b); i++)
		usleep(1000);
	t_check(turns[0] != a && turns[1] != b);
}

static void stop(int sig)
{
	pid_t pid = busy_child();
	siginfo_t si;
	int status;

	/* a group that is not orphaned, as this one may be */
	t_check(setpgid(pid, pid) == 0);
	listen_with(0);
	t_check(kill(pid, sig) == 0);
	await(1);
	t_check(last.si_code == CLD_STOPPED && last.si_status == sig && last.si_pid == pid);
	t_check(waitpid(pid, &status, WNOHANG) == 0);
	t_check(waitpid(pid, &status, WUNTRACED) == pid);
	t_check(WIFSTOPPED(status) && WSTOPSIG(status) == sig);
	t_check(waitpid(pid, &status, WUNTRACED | WNOHANG) == 0);
	stands_still();

	t_check(kill(pid, SIGCONT) == 0);
	await(2);
	t_check(last.si_code == CLD_CONTINUED && last.si_status == SIGCONT);
	t_check(waitid(P_PID, pid, &si, WCONTINUED | WNOWAIT) == 0);
	t_check(si.si_code == CLD_CONTINUED && si.si_pid == pid);
	t_check(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	goes_on();

	/* SIGKILL needs no SIGCONT */
	kill(pid, SIGSTOP);
	t_check(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	kill(pid, SIGKILL);
	t_check(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
	signal(SIGCHLD, SIG_DFL);
}

/* Others wait until it is continued. */
static void signals_wait(void)
{
	pid_t pid = busy_child();
	int status;

	kill(pid, SIGSTOP);
	t_check(waitpid(pid, &status, WUNTRACED) == pid);
	kill(pid, SIGTERM);
	usleep(5000);
	t_check(waitpid(pid, &status, WNOHANG) == 0);
	kill(pid, SIGCONT);
	t_check(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGTERM);
}

static void on_cont(int sig) { turns[2] += sig == SIGCONT; }

static void cont_can_be_handled(void)
{
	int status;
	pid_t pid;

	turns[2] = 0;
	pid = fork();
	if (pid == 0) {
		signal(SIGCONT, on_cont);
		raise(SIGSTOP);
		_exit(turns[2] == 1 ? 5 : 6);
	}
	t_check(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	kill(pid, SIGCONT);
	t_check(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
}

/* A stop, and going on, are not seen by who sleeps. */
static void sleep_goes_on(void)
{
	struct timespec t = { 0, 60000000 };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(nanosleep(&t, NULL) ? 1 : 0);
	usleep(10000);
	kill(pid, SIGSTOP);
	t_check(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	kill(pid, SIGCONT);
	t_check(waitpid(pid, &status, 0) == pid && status == 0);
}

static void flags(void)
{
	int status;
	pid_t pid;

	listen_with(SA_NOCLDSTOP);
	pid = busy_child();
	kill(pid, SIGSTOP);
	t_check(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	t_check(n == 0);
	kill(pid, SIGKILL);
	await(1);
	t_check(last.si_code == CLD_KILLED && waitpid(pid, &status, 0) == pid);

	listen_with(SA_NOCLDWAIT);
	pid = fork();
	if (pid == 0)
		_exit(3);
	t_check(waitpid(pid, &status, 0) == -1 && errno == ECHILD);
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (pid == 0)
		_exit(3);
	t_check(waitpid(pid, &status, 0) == -1 && errno == ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

/* In an orphaned process group nobody could continue it. */
static void orphans_do_not_stop(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		raise(SIGTSTP);
		_exit(9);
	}
	t_check(waitpid(pid, &status, WUNTRACED) == pid);
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 9);
}

static void groups(void)
{
	pid_t a, b;
	int status;

	a = busy_child();
	setpgid(a, a);
	b = fork();
	if (b == 0)
		for (;;)
			pause();
	setpgid(b, a);
	t_check(killpg(a, SIGSTOP) == 0);
	t_check(waitpid(-a, &status, WUNTRACED) > 0 && WIFSTOPPED(status));
	t_check(waitpid(-a, &status, WUNTRACED) > 0 && WIFSTOPPED(status));
	t_check(kill(-a, SIGKILL) == 0);
	t_check(waitpid(-a, &status, 0) > 0 && WIFSIGNALED(status));
	t_check(waitpid(-a, &status, 0) > 0 && WIFSIGNALED(status));
	t_check(waitpid(-a, &status, 0) == -1 && errno == ECHILD);
}

int main(void)
{
	turns = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stop(SIGSTOP);
	stop(SIGTTIN);
	signals_wait();
	cont_can_be_handled();
	sleep_goes_on();
	flags();
	orphans_do_not_stop();
	groups();
	return t_status;
}
