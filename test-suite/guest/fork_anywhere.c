/* SPDX-License-Identifier: MIT */
/*
 * fork() copies a stack to another place, and the program's memory: wherever it is called,
 * parent and child both go on as if alone, and at once.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

static int failed(pid_t pid)
{
	int status;

	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

/* --- in a handler that interrupted code at any instruction --- */

static volatile sig_atomic_t forks;
static pid_t pids[16];
static volatile sig_atomic_t in_child;

static void fork_here(int sig)
{
	pid_t pid;

	if (in_child || forks == 16)
		return;
	pid = fork();
	if (!pid)
		in_child = 1;
	else
		pids[forks++] = pid;
}

static unsigned int table[4096];

/* Many addresses are alive in it, and in what it calls. */
static unsigned int mix(const unsigned int *a, unsigned int *b, unsigned int n)
{
	unsigned int i, x = 0;

	for (i = 0; i < n; i++) {
		b[n - 1 - i] += a[i] * 2654435761u + (x >> 3);
		x ^= b[i] + a[n - 1 - i];
	}
	return x;
}

static unsigned int compute(void)
{
	unsigned int i, x = 1;
	char text[200];

	for (i = 0; i < 4096; i++)
		table[i] = i;
	for (i = 0; i < 1500; i++) {
		x += mix(table, table + 2048, 2048);
		memset(text, i, sizeof(text));
		memmove(text + 3, text, 100);
		x = x * 31 + text[50];
	}
	return x;
}

static void asynchronous(void)
{
	unsigned int right = compute(), got;
	struct itimerval tick = { { 0, 3000 }, { 0, 3000 } }, off = { 0 };
	int i, rounds;

	signal(SIGALRM, fork_here);
	setitimer(ITIMER_REAL, &tick, NULL);
	/* children have no timer */
	for (rounds = 0; rounds < 200 && forks < 16 && !in_child; rounds++) {
		got = compute();
		if (got != right)
			break;
	}
	if (in_child)
		_exit(got != right || compute() != right);
	setitimer(ITIMER_REAL, &off, NULL);
	t_check(got == right);
	t_check(forks > 0);
	for (i = 0; i < forks; i++)
		if (failed(pids[i]))
			t_error("child %d of an interrupted program goes on wrongly\n", i);
}

/* A fault's handler forks; both repeat the access. */
static char *page;
static pid_t of_fault;

static void give_page(int sig, siginfo_t *si, void *context)
{
	of_fault = fork();
	mprotect(page, 65536, PROT_READ | PROT_WRITE);
}

static void synchronous(void)
{
	struct sigaction sa = { .sa_sigaction = give_page, .sa_flags = SA_SIGINFO };
	char source[3000];
	int i, bad = 0;

	sigaction(SIGSEGV, &sa, NULL);
	page = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(source, 'x', sizeof(source));
	/* in the C library's code, natively */
	memcpy(page + 100, source, sizeof(source));
	for (i = 0; i < 3000; i++)
		bad |= page[100 + i] != 'x';
	if (!of_fault)
		_exit(bad);
	t_check(!bad && !failed(of_fault));
	signal(SIGSEGV, SIG_DFL);
}

/* --- within frames --- */

static pid_t pid_of_depth;

static unsigned int deep(int depth, unsigned int x)
{
	volatile unsigned int here = x * 7;
	unsigned int r;

	if (!depth) {
		pid_of_depth = fork();
		return x;
	}
	r = deep(depth - 1, x + depth);
	return here == x * 7 ? r + here : 0;
}

static void in_frames(void)
{
	unsigned int right = 0;
	int i;

	for (i = 0; i < 3; i++) {
		unsigned int got = deep(50 * (i + 1), 5);

		if (!pid_of_depth)
			_exit(!got);
		t_check(!failed(pid_of_depth));
		right += got;
	}
	t_check(right != 0);
}

static jmp_buf outer, inner;
static int jumps;

static void jump(void)
{
	longjmp(inner, 5);
}

/* The child jumps to where the parent called setjmp, in frames of its own. */
static void in_setjmp(void)
{
	volatile int local = 17;
	pid_t pid = -1;
	int from, status = 0;

	from = setjmp(outer);
	if (!from) {
		local = 18;
		if (!setjmp(inner)) {
			pid = fork();
			if (!pid)
				jumps = 100;
			jump();
		}
		jumps++;
		longjmp(outer, 9);
	}
	if (jumps >= 100)
		_exit(from != 9 || local != 18 || jumps != 101);
	t_check(from == 9 && local == 18 && jumps == 1);
	t_check(wait(&status) > 0 && !status);
}

/* --- generations, and threads --- */

static int generation(int left)
{
	pid_t pid;

	if (!left)
		return 0;
	pid = fork();
	if (!pid)
		_exit(generation(left - 1));
	return failed(pid);
}

static void *in_thread(void *arg)
{
	pid_t pid;
	int i;

	for (i = 0; i < 20; i++) {
		pid = fork();
		if (!pid)
			_exit(generation(1));
		if (failed(pid))
			return "a thread's child";
	}
	return NULL;
}

static void in_threads(void)
{
	pthread_t t[4];
	void *bad;
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, in_thread, NULL);
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		if (bad)
			t_error("%s\n", (char *)bad);
	}
}

/* Relatives that wait for one another, without a system call. */
static void at_once(void)
{
	volatile int *turn = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();
	int i, self = !pid;

	for (i = 0; i < 10; i++) {
		while (*turn % 2 != self)
			;
		++*turn;
	}
	if (!pid)
		_exit(0);
	t_check(!failed(pid));
	t_check(*turn == 20);
}

int main(void)
{
	in_frames();
	in_setjmp();
	t_check(!generation(50));
	in_threads();
	at_once();
	synchronous();
	asynchronous();
	return t_status;
}
