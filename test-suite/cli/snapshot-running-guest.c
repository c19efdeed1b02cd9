// SPDX-License-Identifier: MIT
// Goes on from any moment: see cli/snapshot-running.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) { printf("%s: %s\n", what, strerror(errno)); fflush(stdout); _exit(1); }
static int over(void) { return !access("stop", F_OK); }

/* Sums that a lost or doubled word would change. */
static unsigned compute(unsigned seed)
{
	static _Thread_local unsigned table[4096];
	unsigned i, k, sum = 0;

	for (i = 0; i < 4096; i++)
		table[i] = seed + i;
	for (k = 0; k < 50; k++)
		for (i = 0; i < 4096; i++)
			sum = sum * 31 + (table[i] += table[(i * 7 + k) % 4096]);
	return sum;
}

static void *computing(void *arg)
{
	unsigned seed = (long)arg, want = compute(seed);

	while (!over())
		if (compute(seed) != want)
			die("computed otherwise");
	return NULL;
}

static void *copying(void *arg)
{
	size_t n = 8 << 20;
	char *a = malloc(n), *b = malloc(n);

	memset(a, (long)arg, n);
	while (!over()) {
		memcpy(b, a, n);
		if (memcmp(a, b, n))
			die("copied otherwise");
		memset(b, 0, n);
	}
	return NULL;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;
static void *turning(void *arg)
{
	int me = (long)arg;

	while (!over()) {
		pthread_mutex_lock(&lock);
		while (turn % 2 != me && !over()) {
			struct timespec t;
			clock_gettime(CLOCK_REALTIME, &t);
			t.tv_sec++;
			pthread_cond_timedwait(&cond, &lock, &t);
		}
		turn++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

/* Two ends of a pipe or a socket pair: numbers there and back. */
static void echo(int in, int out)
{
	unsigned n;

	while (read(in, &n, sizeof(n)) == sizeof(n))
		if (write(out, &(unsigned){ n + 1 }, sizeof(n)) != sizeof(n))
			die("write");
	_exit(0);
}

static void talk(int in, int out)
{
	unsigned n = 0, r;

	while (!over()) {
		if (write(out, &n, sizeof(n)) != sizeof(n) || read(in, &r, sizeof(r)) != sizeof(r))
			die("talk");
		if (r != n + 1)
			die("talked otherwise");
		n = r;
		if (n % 64 == 0)
			usleep(100);
	}
	_exit(0);
}

static int children;
static void pipes(void)
{
	int a[2], b[2];

	if (pipe(a) || pipe(b))
		die("pipe");
	if (!fork()) { close(a[1]); close(b[0]); echo(a[0], b[1]); }
	if (!fork()) { close(a[0]); close(b[1]); talk(b[0], a[1]); }
	close(a[0]); close(a[1]); close(b[0]); close(b[1]);
	children += 2;
}

static void tcp(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(sa);
	int l = socket(AF_INET, SOCK_STREAM, 0), s;

	if (bind(l, (void *)&sa, n) || listen(l, 5) || getsockname(l, (void *)&sa, &n))
		die("listen");
	if (!fork()) { s = accept(l, NULL, NULL); close(l); echo(s, s); }
	if (!fork()) {
		close(l);
		s = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(s, (void *)&sa, n)) die("connect");
		talk(s, s);
	}
	close(l);
	children += 2;
}

static volatile int ticks, nested;
static volatile double x = 1;
static void tick(int sig)
{
	double y = x;
	int i;

	/* half way for a while */
	for (i = 0; i < 20000; i++)
		x = x * 1.0000001;
	x = y;
	ticks++;
	(void)sig;
}

static void timers(void)
{
	struct itimerval it = { { 0, 3000 }, { 0, 3000 } };
	double y = 0;

	signal(SIGALRM, tick);
	setitimer(ITIMER_REAL, &it, NULL);
	while (!over()) {
		y = y * 0.5 + 1;
		if (y > 2.0 || x != 1)
			die("a handler left something");
	}
	if (ticks < 2)
		die("no ticks");
	_exit(0);
}

static void sleeping(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec it = { { 0, 10000000 }, { 0, 10000000 } };
	uint64_t n, sum = 0;

	timerfd_settime(fd, 0, &it, NULL);
	while (!over()) {
		if (read(fd, &n, 8) != 8)
			die("timerfd");
		sum += n;
	}
	if (sum < 3) die("no timer");
	_exit(0);
}

static void forking(void)
{
	int s, k = 0;

	while (!over()) {
		pid_t p = fork();
		if (!p)
			_exit(k % 100);
		if (waitpid(p, &s, 0) != p || WEXITSTATUS(s) != k++ % 100)
			die("forked otherwise");
	}
	_exit(0);
}

static void faulting(void)
{
	while (!over()) {
		size_t n = 4 << 20, i;
		char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (i = 0; i < n; i += 4096)
			p[i] = i >> 12;
		for (i = 0; i < n; i += 4096)
			if (p[i] != (char)(i >> 12))
				die("memory is otherwise");
		munmap(p, n);
	}
	_exit(0);
}

int main(void)
{
	pthread_t t[6];
	int i, s;

	printf("begun\n");
	fflush(stdout);
	pipes();
	tcp();
	if (!fork()) timers();
	if (!fork()) sleeping();
	if (!fork()) forking();
	if (!fork()) faulting();
	if (!fork()) for (;;) ;
	children += 4;
	for (i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, computing, (void *)(long)i);
	for (i = 0; i < 2; i++)
		pthread_create(&t[i + 2], NULL, turning, (void *)(long)i);
	pthread_create(&t[4], NULL, copying, (void *)5L);
	for (i = 0; i < 5; i++)
		pthread_join(t[i], NULL);
	for (i = 0; i < children; i++)
		if (wait(&s) < 0 || s)
			printf("status %x\n", s), die("a child failed");
	printf("ended\n");
	return 7;
}
