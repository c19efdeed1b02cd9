/* SPDX-License-Identifier: MIT */
/* fork(): the child has a copy of everything, and what is shared stays so. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define SIZE (20 * 65536)

static int global = 1;
static _Thread_local int local = 2;
static int order[6], norder;

static int status_of(pid_t pid)
{
	int status = -1;

	t_check(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* each side changes what it has, and sees nothing of the other's changes */
static void memory_is_copied(void)
{
	char *heap = malloc(SIZE), stack[1000];
	int *shared = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int i;

	memset(heap, 7, SIZE);
	memset(stack, 8, sizeof(stack));
	pid = fork();
	t_check(pid >= 0);
	if (!pid) {
		i = global != 1 || local != 2 || heap[SIZE - 1] != 7 || stack[999] != 8;
		global = local = 3;
		memset(heap, 9, SIZE);
		memset(stack, 9, sizeof(stack));
		*shared = getpid();
		while (*(volatile int *)shared)
			;
		_exit(i);
	}
	while (*(volatile int *)shared != pid)
		;
	t_check(global == 1 && local == 2);
	for (i = 0; i < SIZE; i++)
		if (heap[i] != 7)
			break;
	t_check(i == SIZE && stack[0] == 8 && stack[999] == 8);
	*(volatile int *)shared = 0;
	t_check(status_of(pid) == 0);
	munmap(shared, 65536);
	free(heap);
}

/* the child's frames, and those of who called, are as they were */
static int recurse(int depth)
{
	volatile int here[10];
	int r;

	here[depth % 10] = depth;
	if (!depth)
		return fork();
	r = recurse(depth - 1);
	return here[depth % 10] == depth ? r : -2;
}

static void stack_is_copied(void)
{
	pid_t pid;
	int i;

	for (i = 1; i < 2000; i *= 5) {
		pid = recurse(i);
		t_check(pid >= 0);
		if (!pid)
			_exit(i % 256);
		t_check(status_of(pid) == i % 256);
	}
}

static void files_are_shared(void)
{
	int fd = open("/tmp/fork-test", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int status, p[2];
	char buf[20];
	FILE *f;
	pid_t pid;

	t_check(write(fd, "abcdef", 6) == 6 && lseek(fd, 0, SEEK_SET) == 0);
	pid = fork();
	if (!pid)
		_exit(read(fd, buf, 3) != 3);
	t_check(status_of(pid) == 0);
	t_check(read(fd, buf, 20) == 3 && !memcmp(buf, "def", 3));
	close(fd);
	unlink("/tmp/fork-test");

	/* what is in a FILE's buffer is there twice */
	t_check(!pipe(p));
	f = fdopen(p[1], "w");
	fputs("x", f);
	pid = fork();
	if (!pid)
		exit(0);
	t_check(waitpid(pid, &status, 0) == pid);
	fclose(f);
	t_check(read(p[0], buf, 20) == 2 && !memcmp(buf, "xx", 2));
	close(p[0]);
}

static void prepare(void) { order[norder++] = 1; }
static void parent(void) { order[norder++] = 2; }
static void child(void) { order[norder++] = 3; }

static void atfork_handlers_run(void)
{
	pid_t pid;

	t_check(!pthread_atfork(prepare, parent, child));
	pid = fork();
	if (!pid)
		_exit(norder != 2 || order[0] != 1 || order[1] != 3);
	t_check(norder == 2 && order[0] == 1 && order[1] == 2);
	t_check(status_of(pid) == 0);
}

static void *forks(void *arg)
{
	pthread_t self = pthread_self();
	pid_t pid = fork();

	if (!pid)
		_exit(local != 2 || pthread_self() != self || kill(getpid(), 0));
	*(int *)arg = status_of(pid);
	return NULL;
}

static void *waits(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void only_the_caller_survives(void)
{
	pthread_t t[3];
	int i, status = -1;

	for (i = 0; i < 2; i++)
		t_check(!pthread_create(t + i, NULL, waits, NULL));
	t_check(!pthread_create(t + 2, NULL, forks, &status));
	pthread_join(t[2], NULL);
	t_check(status == 0);
	for (i = 0; i < 2; i++) {
		pthread_cancel(t[i]);
		pthread_join(t[i], NULL);
	}
}

static volatile pid_t in_handler = -1;

static void on_signal(int sig)
{
	(void)sig;
	in_handler = fork();
}

/* the child returns from the handler, too */
static void handler_forks(void)
{
	sigset_t set, old;
	pid_t pid;

	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	if (!in_handler)
		_exit(5);
	t_check(in_handler > 0 && status_of(in_handler) == 5);

	/* a pending signal is the parent's alone, the mask is both's */
	signal(SIGUSR1, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	pid = fork();
	if (!pid) {
		sigpending(&set);
		_exit(sigismember(&set, SIGUSR1));
	}
	t_check(status_of(pid) == 0);
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void child_longjmps(void)
{
	jmp_buf env;
	volatile pid_t pid = -1;

	if (setjmp(env))
		_exit(6);
	pid = fork();
	if (!pid)
		longjmp(env, 1);
	t_check(status_of(pid) == 6);
}

static void child_dies(void)
{
	pid_t pid = fork();

	if (!pid)
		*(volatile int *)8 = 1;
	t_check(status_of(pid) == 256 + SIGSEGV);
}

int main(void)
{
	memory_is_copied();
	stack_is_copied();
	files_are_shared();
	atfork_handlers_run();
	only_the_caller_survives();
	handler_forks();
	child_longjmps();
	child_dies();
	t_check(wait(NULL) == -1 && errno == ECHILD);
	return t_status;
}
