/* SPDX-License-Identifier: MIT */
/* A handler ends a system call that sleeps with EINTR; with SA_RESTART it goes
 * on, where Linux lets it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static volatile int fired;
static void fires(int sig) { fired++; (void)sig; }

static int pipefd[2], full[2], sock[2], fullsock[2], udp, listener, pty, event, timer, epfd;
static int sigfd, locked, msq, fullmsq, semset, fullevent, fulltty, watch, client, inet_client;
static struct sockaddr_un un = { AF_UNIX, "/tmp/restart.sock" };
static struct sockaddr_in busy;
static mqd_t mq, fullmq;
static sem_t sem;
static char buf[100];
static pid_t child;

static long do_read(void) { return read(pipefd[0], buf, 1); }
static long do_write(void) { return write(full[1], buf, sizeof buf); }
static struct iovec iov = { buf, sizeof buf };
static struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
static long do_readv(void) { return readv(pipefd[0], &iov, 1); }
static long do_writev(void) { return writev(full[1], &iov, 1); }
static long do_pty(void) { return read(pty, buf, 1); }
static long do_tty(void) { return write(fulltty, buf, sizeof buf); }
static long do_event_write(void) { return write(fullevent, &(uint64_t){ 1 }, 8); }
static long do_inotify(void) { return read(watch, buf, sizeof buf); }
static long do_splice(void) { return splice(pipefd[0], NULL, full[1], NULL, 10, 0); }
static long do_tee(void) { return tee(pipefd[0], full[1], 10, 0); }
static long do_vmsplice(void) { return vmsplice(full[1], &iov, 1, 0); }
static long do_sendmsg(void) { return sendmsg(fullsock[0], &msg, 0); }
static long do_sendto(void) { return sendto(fullsock[0], buf, sizeof buf, 0, NULL, 0); }
static long do_recvmmsg(void)
{
	struct mmsghdr m = { .msg_hdr = msg };
	return recvmmsg(udp, &m, 1, 0, NULL);
}
static long do_accept4(void) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }
static long do_connect(void) { return connect(client, (void *)&un, sizeof un); }
static long do_inet_connect(void)
{
	return connect(inet_client, (void *)&busy, sizeof busy);
}
static long do_open_write(void) { return open("/tmp/restart.fifo", O_WRONLY); }
static long do_ofd(void)
{
	return fcntl(locked, F_OFD_SETLKW, &(struct flock){ .l_type = F_WRLCK });
}
static long do_mq_send(void) { return mq_send(fullmq, buf, 1, 0); }
static long do_msgsnd(void) { return msgsnd(fullmsq, &(long[2]){ 1 }, sizeof(long), 0); }
static long do_wait4(void) { return wait4(child, NULL, 0, NULL); }
static long do_futex(void)
{
	int word = 0;
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}
static long do_event(void) { return read(event, buf, 8); }
static long do_timer(void) { return read(timer, buf, 8); }
static long do_sigfd(void) { return read(sigfd, buf, sizeof(struct signalfd_siginfo)); }
static long do_recv(void) { return recv(sock[0], buf, 1, 0); }
static long do_recvmsg(void)
{
	struct iovec v = { buf, 1 };
	return recvmsg(sock[0], &(struct msghdr){ .msg_iov = &v, .msg_iovlen = 1 }, 0);
}
static long do_recvfrom(void) { return recvfrom(udp, buf, 1, 0, NULL, NULL); }
static long do_send(void) { return send(fullsock[0], buf, sizeof buf, 0); }
static long do_accept(void) { return accept(listener, NULL, NULL); }
static long do_wait(void) { return waitpid(child, NULL, 0); }
static long do_waitid(void)
{
	siginfo_t si;
	return waitid(P_PID, child, &si, WEXITED);
}
static long do_flock(void) { return flock(locked, LOCK_EX); }
static long do_setlkw(void)
{
	return fcntl(locked, F_SETLKW, &(struct flock){ .l_type = F_WRLCK });
}
static long do_open(void) { return open("/tmp/restart.fifo", O_RDONLY); }
static long do_mq(void) { return mq_receive(mq, buf, sizeof buf, NULL); }
static long do_sem(void) { return sem_wait(&sem); }

static long do_pause(void) { return pause(); }
static long do_sigsuspend(void)
{
	sigset_t none;
	sigemptyset(&none);
	return sigsuspend(&none);
}
static long do_nanosleep(void) { return nanosleep(&(struct timespec){ 5, 0 }, NULL); }
static long do_clock_nanosleep(void)
{
	errno = clock_nanosleep(CLOCK_REALTIME, 0, &(struct timespec){ 5, 0 }, NULL);
	return errno ? -1 : 0;
}
static long do_clock_nanosleep_until(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += 5;
	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	return errno ? -1 : 0;
}
static long do_futex_timeout(void)
{
	int word = 0;
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &(struct { long long s, n; }){ 5, 0 },
		       NULL, 0);
}
static long do_semtimedop(void)
{
	return semtimedop(semset, &(struct sembuf){ 0, -1, 0 }, 1, &(struct timespec){ 5, 0 });
}
static long do_epoll_pwait(void)
{
	struct epoll_event e;
	sigset_t none;
	sigemptyset(&none);
	return epoll_pwait(epfd, &e, 1, 5000, &none);
}
static long do_poll(void)
{
	return poll(&(struct pollfd){ pipefd[0], POLLIN }, 1, 5000);
}
static long do_poll_forever(void)
{
	return poll(&(struct pollfd){ pipefd[0], POLLIN }, 1, -1);
}
static long do_ppoll(void)
{
	sigset_t none;
	sigemptyset(&none);
	return ppoll(&(struct pollfd){ pipefd[0], POLLIN }, 1, NULL, &none);
}
static long do_select(void)
{
	fd_set f;
	FD_ZERO(&f);
	FD_SET(pipefd[0], &f);
	return select(pipefd[0] + 1, &f, NULL, NULL, NULL);
}
static long do_pselect(void)
{
	fd_set f;
	sigset_t none;
	sigemptyset(&none);
	FD_ZERO(&f);
	FD_SET(pipefd[0], &f);
	return pselect(pipefd[0] + 1, &f, NULL, NULL, &(struct timespec){ 5, 0 }, &none);
}
static long do_epoll(void)
{
	struct epoll_event e;
	return epoll_wait(epfd, &e, 1, -1);
}
static long do_msgrcv(void) { return msgrcv(msq, buf, 10, 0, 0); }
static long do_semop(void) { return semop(semset, &(struct sembuf){ 0, -1, 0 }, 1); }
static long do_recv_timeout(void)
{
	struct timeval t = { 5, 0 }, none = { 0 };
	long r;
	int e;

	setsockopt(sock[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	r = recv(sock[0], buf, 1, 0);
	e = errno;
	setsockopt(sock[0], SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
	errno = e;
	return r;
}

static const struct call {
	const char *name;
	long (*f)(void);
	int restarts;
} calls[] = {
	{ "read of a pipe", do_read, 1 },
	{ "write to a pipe", do_write, 1 },
	{ "readv", do_readv, 1 },
	{ "writev", do_writev, 1 },
	{ "read of a pty", do_pty, 1 },
	{ "write to a tty", do_tty, 1 },
	{ "write to an eventfd", do_event_write, 1 },
	{ "read of inotify", do_inotify, 1 },
	{ "splice", do_splice, 1 },
	{ "tee", do_tee, 1 },
	{ "vmsplice", do_vmsplice, 1 },
	{ "read of an eventfd", do_event, 1 },
	{ "read of a timerfd", do_timer, 1 },
	{ "read of a signalfd", do_sigfd, 1 },
	{ "recv", do_recv, 1 },
	{ "recvmsg", do_recvmsg, 1 },
	{ "recvfrom", do_recvfrom, 1 },
	{ "send", do_send, 1 },
	{ "recvmmsg", do_recvmmsg, 1 },
	{ "sendmsg", do_sendmsg, 1 },
	{ "sendto", do_sendto, 1 },
	{ "accept", do_accept, 1 },
	{ "accept4", do_accept4, 1 },
	{ "connect", do_connect, 1 },
	{ "connect by IP", do_inet_connect, 1 },
	{ "waitpid", do_wait, 1 },
	{ "waitid", do_waitid, 1 },
	{ "wait4", do_wait4, 1 },
	{ "flock", do_flock, 1 },
	{ "F_SETLKW", do_setlkw, 1 },
	{ "F_OFD_SETLKW", do_ofd, 1 },
	{ "open of a fifo", do_open, 1 },
	{ "open of a fifo for writing", do_open_write, 1 },
	{ "mq_receive", do_mq, 1 },
	{ "mq_send", do_mq_send, 1 },
	{ "sem_wait", do_sem, 1 },
	{ "futex", do_futex, 1 },
	{ "pause", do_pause, 0 },
	{ "sigsuspend", do_sigsuspend, 0 },
	{ "nanosleep", do_nanosleep, 0 },
	{ "clock_nanosleep", do_clock_nanosleep, 0 },
	{ "clock_nanosleep until", do_clock_nanosleep_until, 0 },
	{ "futex with a timeout", do_futex_timeout, 0 },
	{ "poll", do_poll, 0 },
	{ "poll without end", do_poll_forever, 0 },
	{ "ppoll", do_ppoll, 0 },
	{ "select", do_select, 0 },
	{ "pselect", do_pselect, 0 },
	{ "epoll_wait", do_epoll, 0 },
	{ "epoll_pwait", do_epoll_pwait, 0 },
	{ "msgrcv", do_msgrcv, 0 },
	{ "msgsnd", do_msgsnd, 0 },
	{ "semop", do_semop, 0 },
	{ "semtimedop", do_semtimedop, 0 },
	{ "recv with a timeout", do_recv_timeout, 0 },
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

/* Nobody accepts: who comes when the queue is full waits. */
static void fill_listeners(void)
{
	socklen_t n = sizeof busy;
	int i, s;

	unlink(un.sun_path);
	t_check((s = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	t_check(!bind(s, (void *)&un, sizeof un) && !listen(s, 0));
	t_check((client = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0 && !do_connect());
	t_check((client = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);

	busy.sin_family = AF_INET;
	busy.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t_check((s = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
	t_check(!bind(s, (void *)&busy, sizeof busy) && !listen(s, 0));
	t_check(!getsockname(s, (void *)&busy, &n));
	for (i = 0; i < 3; i++) {
		inet_client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		do_inet_connect();
	}
	t_check((inet_client = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
}

static void prepare(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = sizeof buf };
	struct epoll_event e = { .events = EPOLLIN };
	sigset_t set;
	int other, ready[2], i;

	t_check(!pipe(pipefd) && !pipe(full) && !pipe(ready));
	fill(full[1]);
	t_check(!socketpair(AF_UNIX, SOCK_STREAM, 0, sock));
	t_check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fullsock));
	fill(fullsock[0]);
	t_check((udp = socket(AF_INET, SOCK_DGRAM, 0)) >= 0);
	t_check(!bind(udp, (void *)&in, sizeof in));
	t_check((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && !listen(listener, 1));
	t_check((pty = posix_openpt(O_RDWR | O_NOCTTY)) >= 0);
	t_check(!grantpt(pty) && !unlockpt(pty));
	t_check(open(ptsname(pty), O_RDWR | O_NOCTTY) >= 0);
	t_check((other = posix_openpt(O_RDWR | O_NOCTTY)) >= 0);
	t_check(!grantpt(other) && !unlockpt(other));
	t_check((fulltty = open(ptsname(other), O_RDWR | O_NOCTTY)) >= 0);
	for (i = 0; i < 10; i++) {	/* the other end takes some, for a while */
		fill(fulltty);
		usleep(10000);
	}
	t_check((event = eventfd(0, 0)) >= 0);
	t_check((fullevent = eventfd(0, 0)) >= 0);
	t_check(write(fullevent, &(uint64_t){ -2 }, 8) == 8);
	t_check((watch = inotify_init()) >= 0);
	t_check((timer = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0);
	t_check((epfd = epoll_create1(0)) >= 0);
	t_check(!epoll_ctl(epfd, EPOLL_CTL_ADD, pipefd[0], &e));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t_check((sigfd = signalfd(-1, &set, 0)) >= 0);
	t_check((mq = mq_open("/restart", O_RDWR | O_CREAT, 0600, &attr)) >= 0);
	mq_unlink("/restart");
	t_check((fullmq = mq_open("/restart", O_RDWR | O_CREAT, 0600, &attr)) >= 0);
	mq_unlink("/restart");
	t_check(!mq_send(fullmq, buf, 1, 0) && !mq_send(fullmq, buf, 1, 0));
	t_check((msq = msgget(IPC_PRIVATE, 0600)) >= 0);
	t_check((fullmsq = msgget(IPC_PRIVATE, 0600)) >= 0);
	while (!msgsnd(fullmsq, &(long[2]){ 1 }, sizeof(long), IPC_NOWAIT))
		;
	t_check((semset = semget(IPC_PRIVATE, 1, 0600)) >= 0);
	sem_init(&sem, 0, 0);
	unlink("/tmp/restart.fifo");
	t_check(!mkfifo("/tmp/restart.fifo", 0600));
	t_check((locked = open("/tmp/restart.lock", O_RDWR | O_CREAT, 0600)) >= 0);

	fill_listeners();

	child = fork();
	if (child == 0) {
		other = open("/tmp/restart.lock", O_RDWR);
		if (flock(other, LOCK_EX) ||
		    fcntl(other, F_SETLK, &(struct flock){ .l_type = F_WRLCK }))
			_exit(1);
		write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	t_check(read(ready[0], buf, 1) == 1);
}

static sigjmp_buf env;

/* SA_RESTART: the call must sleep again after each of two signals, so that
 * only the third, which jumps, ends it. */
static void jumps_at_last(int sig)
{
	if (++fired == 3)
		siglongjmp(env, 1);
}

static void every(int us)
{
	struct itimerval t = { { 0, us }, { 0, us } };

	t_check(setitimer(ITIMER_REAL, &t, NULL) == 0);
}

static void interrupted(const struct call *c, int flags)
{
	struct sigaction a = { .sa_handler = fires, .sa_flags = flags };
	long r;

	sigaction(SIGALRM, &a, NULL);
	fired = 0;
	every(5000);
	r = c->f();
	if (r != -1 || errno != EINTR)
		t_error("%s%s: returned %ld, errno %d\n", c->name,
			flags ? ", SA_RESTART" : "", r, errno);
	every(0);
	if (fired == 0)
		t_error("%s: no signal\n", c->name);
}

static void restarted(const struct call *c)
{
	struct sigaction a = { .sa_handler = jumps_at_last, .sa_flags = SA_RESTART };
	volatile long r;

	sigaction(SIGALRM, &a, NULL);
	fired = 0;
	if (sigsetjmp(env, 1) == 0) {
		every(5000);
		r = c->f();
		t_error("%s, SA_RESTART: returned %ld, errno %d, after %d signals\n", c->name,
			(long)r, errno, fired);
	}
	every(0);
}

/* What no handler interrupts: stopped and continued, or a mutex. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void never_interrupted(void)
{
	struct sigaction a = { .sa_handler = fires };
	struct timespec t;

	sigaction(SIGALRM, &a, NULL);
	fired = 0;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 50000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	pthread_mutex_lock(&mutex);
	every(5000);
	t_check(pthread_cond_timedwait(&cond, &mutex, &t) == ETIMEDOUT);
	t_check(fired >= 2);
	t.tv_sec++;
	fired = 0;
	t.tv_sec--;
	t.tv_nsec += 50000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	t_check(pthread_mutex_timedlock(&mutex, &t) == ETIMEDOUT);
	t_check(fired >= 2);
	every(0);
	pthread_mutex_unlock(&mutex);
}

/* Half of what was to be written was. */
static void part_of_a_write(void)
{
	struct sigaction a = { .sa_handler = fires, .sa_flags = SA_RESTART };
	static char large[4 << 20];
	int fd[2], r;

	t_check(!pipe(fd));
	sigaction(SIGALRM, &a, NULL);
	alarm(0);
	every(5000);
	r = write(fd[1], large, sizeof large);
	every(0);
	if (r <= 0 || r >= (int)sizeof large)
		t_error("write of %d bytes: %d\n", (int)sizeof large, r);
}

int main(void)
{
	int i, n = sizeof calls / sizeof calls[0];

	prepare();
	for (i = 0; i < n; i++) {
		interrupted(&calls[i], 0);
		if (calls[i].restarts)
			restarted(&calls[i]);
		else
			interrupted(&calls[i], SA_RESTART);
	}
	never_interrupted();
	part_of_a_write();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	msgctl(msq, IPC_RMID, NULL);
	msgctl(fullmsq, IPC_RMID, NULL);
	semctl(semset, 0, IPC_RMID);
	return t_status;
}
