/* SPDX-License-Identifier: MIT */
/* Every kind of argument, pointing to where nothing is: EFAULT. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/time.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static size_t page;

/* One page, read and write, between others without access; a read-only one. */
static char *good, *good_end, *read_only;
/* What no call may read or write. */
static uintptr_t bad[12];
static int nbad;
/* Of those that may be read. */
static uintptr_t unwritable[14];
static int nunwritable;

static void places(void)
{
	char *p = mmap(NULL, 5 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *gone = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t list[] = {
		8, (uintptr_t)p, (uintptr_t)gone, (uintptr_t)gone + page - 3, 0x80000000,
		0xc0000000, 0xe0000000, 0xfffefff0 + 0x10, 0xffff0000, 0xfffff000, 0xfffffffc,
		0xffffffff,
	};
	int i;

	t_check(munmap(gone, 3 * page) == 0);
	good = p + page;
	good_end = good + page;
	t_check(mprotect(good, page, PROT_READ | PROT_WRITE) == 0);
	memset(good, 1, page);
	read_only = p + 3 * page;
	t_check(mprotect(read_only, page, PROT_READ) == 0);
	for (i = 0; i < 12; i++)
		bad[nbad++] = unwritable[nunwritable++] = list[i];
	unwritable[nunwritable++] = (uintptr_t)read_only;
}

#define IS_EFAULT(call, p) \
	do { \
		long r_ = (errno = 0, (call)); \
		if (r_ != -1 || errno != EFAULT) \
			t_error("%s: %ld, errno %d with %#lx\n", #call, r_, errno, (long)(p)); \
	} while (0)

/* call uses p, a void pointer: of size bytes, the last of which are missing too */
#define READS(size, call) \
	do { \
		for (int i_ = 0; i_ < nbad; i_++) { \
			void *p = (void *)bad[i_]; \
			IS_EFAULT(call, p); \
		} \
		for (int i_ = 1; i_ < (int)(size); i_++) { \
			void *p = good_end - i_; \
			IS_EFAULT(call, p); \
		} \
	} while (0)
#define WRITES(size, call) \
	do { \
		for (int i_ = 0; i_ < nunwritable; i_++) { \
			void *p = (void *)unwritable[i_]; \
			IS_EFAULT(call, p); \
		} \
		for (int i_ = 1; i_ < (int)(size); i_++) { \
			void *p = good_end - i_; \
			IS_EFAULT(call, p); \
		} \
	} while (0)

static int null, zero, file, dir, ends[2], sock[2];

static void open_files(void)
{
	null = open("/dev/null", O_RDWR);
	zero = open("/dev/zero", O_RDWR);
	file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	dir = open("/", O_RDONLY | O_DIRECTORY);
	t_check(pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, sock) == 0);
	t_check(write(file, "contents", 8) == 8 && null >= 0 && zero >= 0 && dir >= 0);
}

static void read_and_write(void)
{
	struct iovec v;

	READS(1, syscall(SYS_write, ends[1], p, 1));
	READS(1, syscall(SYS_write, file, p, 100000));
	READS(1, syscall(SYS_pwrite64, file, p, 10, 0LL));
	WRITES(1, syscall(SYS_pread64, file, p, 8, 0LL));
	WRITES(1, syscall(SYS_read, zero, p, 5));
	WRITES(1, syscall(SYS_getdents64, dir, p, 1000));
	WRITES(1, syscall(SYS_getrandom, p, 5, 0));
	WRITES(1, syscall(SYS_getcwd, p, 1000));
	WRITES(1, syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", p, 1000));
	/* the array, and what it points to */
	READS(8, syscall(SYS_writev, null, p, 1));
	READS(8, syscall(SYS_readv, zero, p, 1));
	READS(8, syscall(SYS_preadv, file, p, 1, 0, 0));
	WRITES(1, (v = (struct iovec){ p, 10 }, syscall(SYS_readv, zero, &v, 1)));
	READS(1, (v = (struct iovec){ p, 10 }, syscall(SYS_writev, ends[1], &v, 1)));
	READS(1, (v = (struct iovec){ p, 10 }, syscall(SYS_vmsplice, ends[1], &v, 1, 0)));
	READS(8, syscall(SYS_sendfile64, null, file, p, 1));
	READS(8, syscall(SYS_splice, file, p, ends[1], NULL, 1, 0));
	WRITES(1, syscall(SYS_pipe2, p, 0));
}

/* What was there before the end of memory is done, and counted. */
static void partly(void)
{
	struct iovec v[2] = { { good, 4 }, { (void *)8, 4 } };

	t_check(read(zero, good_end - 5, 10) == 5);
	t_check(pwrite(file, good_end - 5, 10, 100) == 5 && pread(file, good, 10, 100) == 5);
	t_check(pread(file, good_end - 3, 8, 0) == 3 && memcmp(good_end - 3, "con", 3) == 0);
	t_check(pwritev(file, v, 2, 200) == 4 && pread(file, good, 10, 200) == 4);
	t_check(preadv(file, v, 2, 0) == 4 && memcmp(good, "cont", 4) == 0);
}

/* Strings: bad ones, and one without end at the end of its page. */
static void strings(void)
{
	struct stat st;

	memset(good_end - 100, 'x', 100);
#define STRING(call) READS(101, call)
	STRING(syscall(SYS_openat, AT_FDCWD, p, O_RDONLY));
	STRING(syscall(SYS_mkdirat, AT_FDCWD, p, 0700));
	STRING(syscall(SYS_unlinkat, AT_FDCWD, p, 0));
	STRING(syscall(SYS_chdir, p));
	STRING(syscall(SYS_execve, p, NULL, NULL));
	STRING(syscall(SYS_renameat2, AT_FDCWD, "file", AT_FDCWD, p, 0));
	STRING(syscall(SYS_linkat, AT_FDCWD, p, AT_FDCWD, "other", 0));
	STRING(syscall(SYS_symlinkat, p, AT_FDCWD, "other"));
	STRING(syscall(SYS_symlinkat, "file", AT_FDCWD, p));
	STRING(syscall(SYS_statx, AT_FDCWD, p, 0, 0, &st));
	STRING(syscall(SYS_fchmodat, AT_FDCWD, p, 0600));
	STRING(syscall(SYS_memfd_create, p, 0));
	STRING(syscall(SYS_faccessat, AT_FDCWD, p, R_OK));
	STRING(syscall(SYS_mount, p, "/", "tmpfs", 0, NULL));
	STRING(syscall(SYS_mount, "none", "/", p, 0, NULL));
	STRING(syscall(SYS_umount2, p, 0));
	STRING(syscall(SYS_setxattr, p, "user.x", "", 0, 0));
	STRING(syscall(SYS_inotify_add_watch, syscall(SYS_inotify_init1, 0), p, 1));
	STRING(syscall(SYS_mq_unlink, p));
}

/* A path that ends with the address space's last byte: once its rest was the kernel's own. */
static void last_string(void)
{
	char *last = (char *)0xfffeffff - 63, *p = last, old[64];
	struct stat st;

	/* the top of the stack: the program's name, and a null pointer */
	memcpy(old, last, 64);
	memset(last, 'x', 64);
	IS_EFAULT(syscall(SYS_openat, AT_FDCWD, p, O_RDONLY), p);
	IS_EFAULT(syscall(SYS_statx, AT_FDCWD, p + 40, 0, 0, &st), p);
	IS_EFAULT(syscall(SYS_openat, AT_FDCWD, p + 63, O_RDONLY), p);
	memcpy(last, old, 64);
}

static void exec_arrays(void)
{
	char *strings[3] = { good, NULL, NULL }, **argv;
	int i;

	good[0] = 'a';
	good[1] = '\0';
	READS(4, syscall(SYS_execve, "/proc/self/exe", p, NULL));
	READS(4, syscall(SYS_execve, "/proc/self/exe", strings, p));
	READS(101, (strings[1] = p, syscall(SYS_execve, "/proc/self/exe", strings, NULL)));
	/* no null pointer before the end */
	argv = (char **)good_end - 5;
	for (i = 0; i < 5; i++)
		argv[i] = good;
	IS_EFAULT(syscall(SYS_execve, "/proc/self/exe", argv, NULL), argv);
	memset(good, 1, page);
}

static void times(void)
{
	struct timespec soon = { 0, 1 };
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };
	sigset_t set;
	timer_t timer = 0;
	int fd = syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0);

	sigemptyset(&set);
	memset(good, 0, page);
	WRITES(16, syscall(SYS_clock_gettime64, CLOCK_REALTIME, p));
	WRITES(16, syscall(SYS_clock_getres_time64, CLOCK_REALTIME, p));
	READS(16, syscall(SYS_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, p, NULL));
	READS(16, syscall(SYS_clock_settime64, CLOCK_REALTIME, p));
	READS(16, syscall(SYS_utimensat_time64, AT_FDCWD, "file", p, 0));
	READS(32, syscall(SYS_timerfd_settime64, fd, 0, p, NULL));
	WRITES(32, syscall(SYS_timerfd_gettime64, fd, p));
	READS(64, syscall(SYS_timer_create, CLOCK_MONOTONIC, p, &timer));
	WRITES(4, syscall(SYS_timer_create, CLOCK_MONOTONIC, &ev, p));
	READS(16, syscall(SYS_setitimer, ITIMER_REAL, p, NULL));
	WRITES(16, syscall(SYS_getitimer, ITIMER_REAL, p));
	WRITES(8, syscall(SYS_times, p));
	WRITES(72, syscall(SYS_getrusage, RUSAGE_SELF, p));
	WRITES(64, syscall(SYS_sysinfo, p));
	WRITES(390, syscall(SYS_uname, p));
	READS(16, syscall(SYS_ppoll_time64, NULL, 0, p, NULL, 8));
	READS(8, syscall(SYS_rt_sigtimedwait_time64, p, NULL, &soon, 8));
	READS(16, syscall(SYS_rt_sigtimedwait_time64, &set, NULL, p, 8));
	memset(good, 1, page);
	close(fd);
}

static void polls(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int ep = epoll_create1(0);
	struct timespec zero_time = { 0, 0 };
	fd_set none;

	FD_ZERO(&none);
	t_check(epoll_ctl(ep, EPOLL_CTL_ADD, zero, &e) == -1 && errno == EPERM);
	t_check(write(ends[1], "x", 1) == 1 && epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &e) == 0);
	WRITES(8, syscall(SYS_ppoll_time64, p, 1, &zero_time, NULL, 8));
	WRITES(4, syscall(SYS_pselect6_time64, 1, p, NULL, NULL, &zero_time, NULL));
	WRITES(4, syscall(SYS_pselect6_time64, 1, NULL, p, NULL, &zero_time, NULL));
	READS(8, syscall(SYS_pselect6_time64, 1, &none, NULL, NULL, NULL, p));
	READS(8, syscall(SYS_ppoll_time64, NULL, 0, NULL, p, 8));
	READS(16, syscall(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, ends[0], p));
	WRITES(12, syscall(SYS_epoll_pwait, ep, p, 1, 0, NULL, 8));
	close(ep);
	t_check(read(ends[0], good, 1) == 1);
}

static void futexes(void)
{
	int word = 0;
	struct futex { uint64_t val, uaddr; uint32_t flags, reserved; } wait = { 0, 0, 2 };

	/* addresses that are no multiple of 4 are EINVAL before that */
#define WORD(call) \
	for (int i_ = 0; i_ < nbad; i_++) { \
		void *p = (void *)(bad[i_] & ~3); \
		IS_EFAULT(call, p); \
	}
	WORD(syscall(SYS_futex_time64, p, FUTEX_WAIT_PRIVATE, 0, NULL));
	WORD(syscall(SYS_futex_time64, p, FUTEX_WAIT, 0, NULL));
	WORD(syscall(SYS_futex_time64, p, FUTEX_WAKE, 1));
	WORD(syscall(SYS_futex_time64, p, FUTEX_LOCK_PI_PRIVATE, 0, NULL));
	WORD(syscall(SYS_futex_time64, p, FUTEX_TRYLOCK_PI, 0, NULL));
	WORD(syscall(SYS_futex_time64, p, FUTEX_UNLOCK_PI, 0, NULL));
	WORD(syscall(SYS_futex_time64, &word, FUTEX_WAKE_OP_PRIVATE, 1, 1, p, 0));
	WORD(syscall(SYS_futex_time64, &word, FUTEX_CMP_REQUEUE, 1, 1, p, 0));
	WORD(syscall(SYS_futex_time64, p, FUTEX_CMP_REQUEUE_PRIVATE, 1, 1, &word, 0));
	WORD((wait.uaddr = (uintptr_t)p, syscall(SYS_futex_waitv, &wait, 1, 0, NULL, 0)));
	READS(16, syscall(SYS_futex_time64, &word, FUTEX_WAIT, 0, p));
	READS(24, syscall(SYS_futex_waitv, p, 1, 0, NULL, 0));
	t_check(syscall(SYS_futex_time64, (char *)&word + 1, FUTEX_WAIT, 0, NULL) == -1 && errno == EINVAL);
	/* a word that cannot be written can be waited on, not locked */
	t_check(syscall(SYS_futex_time64, read_only, FUTEX_WAIT_PRIVATE, 1, NULL) == -1 && errno == EAGAIN);
	IS_EFAULT(syscall(SYS_futex_time64, read_only, FUTEX_LOCK_PI_PRIVATE, 0, NULL), read_only);
	IS_EFAULT(syscall(SYS_futex_time64, &word, FUTEX_WAKE_OP, 1, 1, read_only, 0), read_only);
}

static void signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	memset(good, 0, page);
	READS(20, syscall(SYS_rt_sigaction, SIGUSR1, p, NULL, 8));
	WRITES(20, syscall(SYS_rt_sigaction, SIGUSR1, NULL, p, 8));
	READS(8, syscall(SYS_rt_sigprocmask, SIG_BLOCK, p, NULL, 8));
	WRITES(8, syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, p, 8));
	WRITES(8, syscall(SYS_rt_sigpending, p, 8));
	READS(8, syscall(SYS_rt_sigsuspend, p, 8));
	READS(12, syscall(SYS_sigaltstack, p, NULL));
	WRITES(12, syscall(SYS_sigaltstack, NULL, p));
	READS(12, syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, p));
	READS(8, syscall(SYS_signalfd4, -1, p, 8, 0));
	t_check(raise(SIGURG) == 0);
	sigaddset(&set, SIGCHLD);
	t_check(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGCHLD) == 0);
	WRITES(128, (raise(SIGCHLD), syscall(SYS_rt_sigtimedwait_time64, &set, p,
					     &(struct timespec){ 0, 0 }, 8)));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	memset(good, 1, page);
}

static void sockets(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t len = sizeof name;
	char text[10];
	struct iovec v = { text, sizeof text };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);

	t_check(s >= 0);
	READS(3, syscall(SYS_bind, s, p, 16));
	READS(3, syscall(SYS_connect, s, p, 16));
	READS(4, syscall(SYS_setsockopt, s, SOL_SOCKET, SO_REUSEADDR, p, 4));
	WRITES(4, syscall(SYS_getsockopt, s, SOL_SOCKET, SO_REUSEADDR, p, &len));
	WRITES(4, syscall(SYS_getsockopt, s, SOL_SOCKET, SO_REUSEADDR, &one, p));
	WRITES(4, syscall(SYS_getsockname, s, &name, p));
	WRITES(2, (len = sizeof name, syscall(SYS_getsockname, s, p, &len)));
	WRITES(8, syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, p));
	READS(1, syscall(SYS_sendto, sock[0], p, 5, 0, NULL, 0));
	READS(28, syscall(SYS_sendmsg, sock[0], p, 0));
	WRITES(28, (send(sock[0], "x", 1, 0), syscall(SYS_recvmsg, sock[1], p, MSG_DONTWAIT)));
	WRITES(1, (send(sock[0], "x", 1, 0), syscall(SYS_recvfrom, sock[1], p, 1, MSG_DONTWAIT, NULL, NULL)));
	READS(8, (m.msg_iov = p, syscall(SYS_sendmsg, sock[0], &m, 0)));
	m.msg_iov = &v;
	READS(1, (v.iov_base = p, syscall(SYS_sendmsg, sock[0], &m, 0)));
	v.iov_base = text;
	READS(1, (m.msg_name = p, m.msg_namelen = 16, syscall(SYS_sendmsg, sock[0], &m, 0)));
	m.msg_name = NULL;
	m.msg_namelen = 0;
	READS(16, (m.msg_control = p, m.msg_controllen = 16, syscall(SYS_sendmsg, sock[0], &m, 0)));
	READS(28, syscall(SYS_sendmmsg, sock[0], p, 1, 0));
	WRITES(1, (v.iov_base = p, send(sock[0], "x", 1, 0), m.msg_controllen = 0,
		   syscall(SYS_recvmsg, sock[1], &m, MSG_DONTWAIT)));
	close(s);
}

static long statfs_raw(void *p)
{
	/* its size has to be told */
	long r = syscall(SYS_statfs64, "/", 84, p);

	return r == -1 && errno == EINVAL ? syscall(SYS_statfs64, "/", 88, p) : r;
}

static void others(void)
{

	int id = msgget(IPC_PRIVATE, 0600), sem = semget(IPC_PRIVATE, 1, 0600);
	struct { long type; char text[20]; } m = { 1, "text" };
	char name[8];

	memset(good, 0, page);
	READS(16, syscall(SYS_prlimit64, 0, 7, p, NULL));
	WRITES(16, syscall(SYS_prlimit64, 0, 7, NULL, p));
	WRITES(256, syscall(SYS_statx, AT_FDCWD, "/", 0, 0x7ff, p));
	WRITES(80, statfs_raw(p));
	WRITES(1, (lseek(dir, 0, SEEK_SET), syscall(SYS_getdents64, dir, p, 500)));
	WRITES(4, ioctl(ends[0], FIONREAD, p));
	WRITES(4, syscall(SYS_getresuid, name, name, p));
	WRITES(4, syscall(SYS_sched_getparam, 0, p));
	READS(4, syscall(SYS_sched_setparam, 0, p));
	WRITES(4, syscall(SYS_sched_getaffinity, 0, 4, p));
	READS(4, syscall(SYS_sched_setaffinity, 0, 4, p));
	READS(1, syscall(SYS_prctl, PR_SET_NAME, p));
	WRITES(16, syscall(SYS_prctl, PR_GET_NAME, p));
	WRITES(4, syscall(SYS_getcpu, p, NULL, NULL));
	WRITES(1, syscall(SYS_mincore, good, page, p));
	WRITES(4, syscall(SYS_get_robust_list, 0, p, name));
	WRITES(4, syscall(SYS_capget, p, NULL));
	READS(2, syscall(SYS_fcntl64, file, F_SETLK, p));
	READS(8, syscall(SYS_copy_file_range, file, p, file, NULL, 1, 0));
	READS(88, syscall(SYS_clone3, p, 88));
	READS(24, syscall(SYS_openat2, AT_FDCWD, "file", p, 24));
	WRITES(10, syscall(SYS_msgctl, id, IPC_STAT & 0xff, p));
	READS(4, syscall(SYS_msgsnd, id, p, 20, 0));
	WRITES(4, (msgsnd(id, &m, 20, 0), syscall(SYS_msgrcv, id, p, 20, 0, IPC_NOWAIT)));
	READS(6, syscall(SYS_semtimedop_time64, sem, p, 1, NULL));
	WRITES(2, syscall(SYS_semctl, sem, 0, GETALL, p));
	READS(2, syscall(SYS_semctl, sem, 0, SETALL, p));
	READS(8, syscall(SYS_process_vm_readv, getpid(), p, 1, &(struct iovec){ name, 1 }, 1, 0));
	READS(8, syscall(SYS_process_vm_readv, getpid(), &(struct iovec){ name, 1 }, 1, p, 1, 0));
	READS(1, syscall(SYS_process_vm_readv, getpid(), &(struct iovec){ name, 1 }, 1,
			 &(struct iovec){ p, 1 }, 1, 0));
	WRITES(1, syscall(SYS_process_vm_writev, getpid(), &(struct iovec){ name, 1 }, 1,
			  &(struct iovec){ p, 1 }, 1, 0));
	msgctl(id, IPC_RMID, NULL);
	semctl(sem, 0, IPC_RMID);

}

int main(void)
{
	alarm(50);
	page = sysconf(_SC_PAGESIZE);
	places();
	open_files();
	read_and_write();
	partly();
	strings();
	last_string();
	exec_arrays();
	times();
	polls();
	futexes();
	signals();
	sockets();
	others();
	return t_status;
}
