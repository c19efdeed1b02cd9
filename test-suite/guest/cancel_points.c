/* SPDX-License-Identifier: MIT */
/* Cancellation at every point where a thread may sleep; asynchronous
 * cancellation of computations. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static int pipefd[2], full[2], sock[2], fullsock[2], listener, epfd, locked, msq;
static mqd_t mq;
static sem_t sem, ready;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_t sleeper;
static char buf[100];
static pid_t child;
static struct iovec iov = { buf, 1 };
static struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
static const struct timespec hour = { 3600, 0 };
static struct timespec later;	/* absolute */

#define POINT(name, call) static void do_##name(void) { call; }
POINT(read, read(pipefd[0], buf, 1))
POINT(readv, readv(pipefd[0], &iov, 1))
POINT(write, write(full[1], buf, sizeof buf))
POINT(writev, writev(full[1], &iov, 1))
POINT(recv, recv(sock[0], buf, 1, 0))
POINT(recvfrom, recvfrom(sock[0], buf, 1, 0, NULL, NULL))
POINT(recvmsg, recvmsg(sock[0], &msg, 0))
POINT(send, send(fullsock[0], buf, sizeof buf, 0))
POINT(sendto, sendto(fullsock[0], buf, sizeof buf, 0, NULL, 0))
POINT(sendmsg, sendmsg(fullsock[0], &msg, 0))
POINT(accept, accept(listener, NULL, NULL))
POINT(accept4, accept4(listener, NULL, NULL, SOCK_CLOEXEC))
POINT(waitpid, waitpid(child, NULL, 0))
POINT(wait, wait(NULL))
POINT(waitid, waitid(P_PID, child, &(siginfo_t){ 0 }, WEXITED))
POINT(pause, pause())
POINT(sigsuspend, sigsuspend(&(sigset_t){ 0 }))
POINT(sigwait, sigset_t s; int sig; sigemptyset(&s); sigaddset(&s, SIGUSR2); sigwait(&s, &sig))
POINT(sigwaitinfo, sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR2); sigwaitinfo(&s, NULL))
POINT(sigtimedwait, sigset_t s; sigemptyset(&s); sigaddset(&s, SIGUSR2);
      sigtimedwait(&s, NULL, &hour))
POINT(nanosleep, nanosleep(&hour, NULL))
POINT(clock_nanosleep, clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, NULL))
POINT(usleep, usleep(2000000000))
POINT(sleep, sleep(3600))
POINT(poll, poll(&(struct pollfd){ pipefd[0], POLLIN }, 1, -1))
POINT(ppoll, ppoll(&(struct pollfd){ pipefd[0], POLLIN }, 1, &hour, NULL))
POINT(select, fd_set f; FD_ZERO(&f); FD_SET(pipefd[0], &f); select(pipefd[0] + 1, &f, NULL, NULL, NULL))
POINT(pselect, pselect(0, NULL, NULL, NULL, &hour, NULL))
POINT(epoll_wait, struct epoll_event e; epoll_wait(epfd, &e, 1, -1))
POINT(flock, fcntl(locked, F_SETLKW, &(struct flock){ .l_type = F_WRLCK }))
POINT(open, open("/tmp/cancel.fifo", O_RDONLY))
POINT(mq_receive, mq_receive(mq, buf, sizeof buf, NULL))
POINT(mq_timedreceive, mq_timedreceive(mq, buf, sizeof buf, NULL, &later))
POINT(msgrcv, msgrcv(msq, buf, 10, 0, 0))
POINT(sem_wait, sem_wait(&sem))
POINT(sem_timedwait, sem_timedwait(&sem, &later))
POINT(cond_wait, pthread_cond_wait(&cond, &mutex))
POINT(cond_timedwait, pthread_cond_timedwait(&cond, &mutex, &later))
POINT(join, pthread_join(sleeper, NULL))
POINT(testcancel, for (;;) pthread_testcancel())
POINT(tcdrain, for (;;) tcdrain(pipefd[0]))

static const struct point {
	const char *name;
	void (*f)(void);
} points[] = {
#define P(name) { #name, do_##name }
	P(read), P(readv), P(write), P(writev), P(recv), P(recvfrom), P(recvmsg), P(send),
	P(sendto), P(sendmsg), P(accept), P(accept4), P(waitpid), P(wait), P(waitid),
	P(pause), P(sigsuspend), P(sigwait), P(sigwaitinfo), P(sigtimedwait), P(nanosleep),
	P(clock_nanosleep), P(usleep), P(sleep), P(poll), P(ppoll), P(select), P(pselect),
	P(epoll_wait), P(flock), P(open), P(mq_receive), P(mq_timedreceive),
	P(msgrcv), P(sem_wait), P(sem_timedwait), P(cond_wait), P(cond_timedwait), P(join),
	P(testcancel), P(tcdrain),
};

static void fill(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, buf, sizeof buf) > 0)
		;
	while (write(fd, buf, 1) > 0)
		;
	fcntl(fd, F_SETFL, flags);
}

static void *sleeps(void *arg)
{
	pause();
	return arg;
}

static void prepare(void)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = sizeof buf };
	struct epoll_event e = { .events = EPOLLIN };
	int p[2], other;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	clock_gettime(CLOCK_REALTIME, &later);
	later.tv_sec += 3600;
	t_check(!pipe(pipefd) && !pipe(full) && !pipe(p));
	fill(full[1]);
	t_check(!socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	t_check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fullsock));
	fill(fullsock[0]);
	t_check((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && !listen(listener, 1));
	t_check((epfd = epoll_create1(0)) >= 0);
	t_check(!epoll_ctl(epfd, EPOLL_CTL_ADD, pipefd[0], &e));
	t_check((mq = mq_open("/cancel", O_RDWR | O_CREAT, 0600, &attr)) >= 0);
	mq_unlink("/cancel");
	t_check((msq = msgget(IPC_PRIVATE, 0600)) >= 0);
	t_check(!sem_init(&sem, 0, 0) && !sem_init(&ready, 0, 0));
	unlink("/tmp/cancel.fifo");
	t_check(!mkfifo("/tmp/cancel.fifo", 0600));
	t_check((locked = open("/tmp/cancel.lock", O_RDWR | O_CREAT, 0600)) >= 0);
	child = fork();
	if (child == 0) {
		other = open("/tmp/cancel.lock", O_RDWR);
		fcntl(other, F_SETLK, &(struct flock){ .l_type = F_WRLCK });
		write(p[1], "x", 1);
		for (;;)
			pause();
	}
	t_check(read(p[0], buf, 1) == 1);
	t_check(!pthread_create(&sleeper, NULL, sleeps, NULL));
}

static atomic_int cleaned;
static const struct point *volatile at;

static void first(void *arg) { cleaned = cleaned * 10 + (intptr_t)arg; }
static void unlocks(void *arg) { pthread_mutex_unlock(arg); }

static void *thread(void *arg)
{
	volatile int i;

	pthread_mutex_lock(&mutex);	/* conditions have it again when cancelled */
	pthread_cleanup_push(first, (void *)1);
	pthread_cleanup_push(first, (void *)2);
	pthread_cleanup_push(unlocks, &mutex);
	sem_post(&ready);
	for (i = (intptr_t)arg; i; i--)
		;
	at->f();
	t_error("%s returned, errno %d\n", at->name, errno);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

/* delay: 0, asked before it gets there; else about when, or after, it does. */
static void cancel(const struct point *p, int us, int turns)
{
	void *result = NULL;
	pthread_t t;

	at = p;
	cleaned = 0;
	t_check(!pthread_create(&t, NULL, thread, (void *)(intptr_t)turns));
	while (sem_wait(&ready))
		;
	if (us)
		usleep(us);
	t_check(!pthread_cancel(t) && !pthread_join(t, &result));
	if (result != PTHREAD_CANCELED || cleaned != 21)
		t_error("%s: result %p, cleanup %d\n", p->name, result, cleaned);
	if (pthread_mutex_trylock(&mutex))
		t_error("%s: the mutex is locked\n", p->name);
	else
		pthread_mutex_unlock(&mutex);
}

/* --- asynchronous: anywhere --- */

static volatile int deep_value;

static volatile int never;

static int deep(int n)
{
	volatile int local = n;

	while (n == 0 && !never)
		deep_value++;
	return n ? deep(n - 1) + local : 0;
}

static void *computes(void *arg)
{
	int which = (intptr_t)arg;
	volatile double x = 1;
	static char from[30000], to[30000];

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	pthread_cleanup_push(first, (void *)1);
	sem_post(&ready);
	if (which == 0)
		while (1)
			;
	if (which == 1)
		deep(200);
	if (which == 2)
		for (;;)
			x = x * 1.0001 + 1;
	for (;;) {
		memcpy(to, from, sizeof to);
		__asm__ volatile ("" : : : "memory");
	}
	pthread_cleanup_pop(0);
	return NULL;
}

static void asynchronous(void)
{
	void *result;
	pthread_t t;
	int i;

	for (i = 0; i < 400; i++) {
		cleaned = 0;
		t_check(!pthread_create(&t, NULL, computes, (void *)(intptr_t)(i % 4)));
		while (sem_wait(&ready))
			;
		if (i % 8 == 0)
			usleep(500);
		t_check(!pthread_cancel(t) && !pthread_join(t, &result));
		t_check(result == PTHREAD_CANCELED && cleaned == 1);
	}
}

int main(void)
{
	int i, n = sizeof points / sizeof points[0];

	prepare();
	for (i = 0; i < n; i++) {
		cancel(&points[i], 0, 0);
		cancel(&points[i], 0, 1000 * i);
		cancel(&points[i], 2000, 0);
	}
	asynchronous();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	msgctl(msq, IPC_RMID, NULL);
	return t_status;
}
