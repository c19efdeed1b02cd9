/* SPDX-License-Identifier: MIT */
/*
 * Processes that do everything to break out, and others that must not notice:
 *
 *	hostile [SECONDS [SEED]]
 *
 * The attackers call every system call with random arguments, write all over
 * their memory, corrupt their stack pointer, table and TLS, and fork.  They are
 * killed after a while, and the next ones get the next seed.  Beside them a
 * victim looks whether its memory and files are what they were, and in the end
 * the kernel's log must have no complaint.  What fails is printed with the
 * seed; `hostile attack SEED trace' is one attacker, with its calls on stderr.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../guest/test.h"

#define ATTACKERS 3
#define SLICE_MS 400
#define NOBODY 65534
#define CALLS 470	/* numbers up to here, some of them unused */

/* --- random numbers: the same ones for the same seed --- */

static uint64_t state;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull >> 32;
}

static uint32_t below(uint32_t n) { return rnd() % n; }

static void seed_with(uint32_t seed)
{
	int i;

	state = 0x9e3779b97f4a7c15ull * (seed + 1);
	for (i = 0; i < 10; i++)
		rnd();
}

/* --- the attacker --- */

static char pool[3][65536] __attribute__((aligned(65536)));
static int trace, alone;

static const char *const paths[] = {
	"x", "y", "dir/z", "/tmp/x", "/tmp/y", "/dev/shm/x", ".", "..", "../..", "/", "../outside/keep",
	"/ro/keep", "/ro/new", "victim", "/proc/self/mem", "/proc/self/maps", "/proc/self/fd/3",
	"/proc/self/oom_score_adj", "/proc/1/mem", "/proc/self/exe", "/dev/null", "/dev/zero",
	"/dev/full", "/dev/ptmx", "/dev/tty", "/dev/ttyW0", "/dev/stream0", "/dev/stream1",
	"/dev/mem", "/dev/kmsg", "/dev/random", "/sys/kernel", "/proc/sys/kernel/core_pattern",
	"/proc/sysrq-trigger", "tmpfs", "hostfs", "proc", "user.x", "lo", "",
};

static void fill_pool(void)
{
	size_t i;

	for (i = 0; i < sizeof pool[0] / 4; i++)
		((uint32_t *)pool[0])[i] = below(3) ? below(64) : rnd();
	for (i = 0; i < 200; i++)
		((uint32_t *)pool[0])[below(16384)] = (uint32_t)pool[0] + below(65536);
	for (i = 0; i < 100; i++)
		strcpy(pool[0] + below(1000) * 64, paths[below(sizeof paths / sizeof *paths)]);
}

static uint32_t number(void)
{
	static const uint32_t some[] = {
		0, 1, 2, 3, 4, 8, 16, 100, 1000, 4095, 4096, 65535, 65536, 65537, 1 << 20, 0x7fffffff,
		0x80000000, 0xffffffff, 0xfffffffe, 0xffff0000, 0xfffeffff, 0xffffff9c, O_CREAT | O_RDWR,
		0x10000000, 0x40000000, 0xfffff000, 0xffffff00,
	};

	return below(3) ? some[below(sizeof some / sizeof *some)] : rnd() >> below(32);
}

static uint32_t pointer(void)
{
	char here;

	switch (below(12)) {
	case 0: return number();
	case 1: return (uint32_t)pool[0] + sizeof pool[0] - below(100);
	case 2: return (uint32_t)&here - 512 + below(1024);
	case 3: return (uint32_t)paths[below(sizeof paths / sizeof *paths)];
	case 4: return (uint32_t)pool[2] + below(65536);	/* read-only */
	default: return (uint32_t)pool[0] + below(16384) * 4;
	}
}

static uint32_t argument(void)
{
	switch (below(4)) {
	case 0: return below(32);
	case 1: return number();
	default: return pointer();
	}
}

/* These end the attacker, or only wait. */
static int too_often(uint32_t nr)
{
	return nr == SYS_exit || nr == SYS_exit_group || nr == SYS_rt_sigsuspend ||
		nr == SYS_kill || nr == SYS_tkill || nr == SYS_tgkill || nr == SYS_munmap ||
		nr == SYS_execve || nr == SYS_execveat || nr == SYS_close_range || nr == SYS_sched_setscheduler;
}

/* Without another user these would be allowed to hit the victim. */
static int forbidden(uint32_t nr)
{
	return nr == SYS_kill || nr == SYS_tkill || nr == SYS_tgkill || nr == SYS_rt_sigqueueinfo ||
		nr == SYS_rt_tgsigqueueinfo || nr == SYS_pidfd_send_signal || nr == SYS_ptrace ||
		nr == SYS_process_vm_writev || nr == SYS_prlimit64 || nr == SYS_setpriority ||
		nr == SYS_ioprio_set || nr == SYS_sched_setscheduler || nr == SYS_sched_setattr ||
		nr == SYS_sched_setparam || nr == SYS_sched_setaffinity || nr == SYS_fcntl64 ||
		nr == SYS_ioctl || nr == SYS_setpgid || nr == SYS_process_madvise ||
		nr == SYS_pidfd_getfd || nr == SYS_unlinkat || nr == SYS_renameat2 || nr == SYS_chdir ||
		nr == SYS_fchdir;
}

static void call(void)
{
	uint32_t nr = below(CALLS), a[12];
	int i;

	if (nr == SYS_reboot || (too_often(nr) && below(50)) || (!alone && forbidden(nr)))
		return;
	for (i = 0; i < 12; i++)
		a[i] = argument();
	if (trace)
		dprintf(2, "%u %x %x %x %x %x %x %x %x\n", nr, a[0], a[1], a[2], a[3], a[4],
			a[5], a[6], a[7]);
	syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]);
}

static void set_stack_pointer(uint32_t v)
{
	__asm__ volatile(".globaltype __stack_pointer, i32\n"
			 "local.get %0\n"
			 "global.set __stack_pointer" : : "r"(v));
}

static void set_tls_base(uint32_t v)
{
	__asm__ volatile(".globaltype __tls_base, i32\n"
			 "local.get %0\n"
			 "global.set __tls_base" : : "r"(v));
}

static int deep(volatile char *from);
static int (*volatile deep_call)(volatile char *) = deep;
static int deep(volatile char *from)
{
	volatile char buf[200];

	buf[0] = from[0];
	return deep_call(buf) + 1;
}

static void *calls(void *arg)
{
	for (;;)
		call();
	return arg;
}

static void write_around(void)
{
	uint32_t at = below(4) ? rnd() : pointer(), n = rnd() >> below(32), i;

	switch (below(6)) {
	case 0:
		memset((void *)at, rnd(), n);
		break;
	case 1:
		memmove((void *)at, (void *)rnd(), n);
		break;
	case 2:
		/* the whole 4 GiB, a word of every page */
		for (i = 0; i < 65536; i++)
			*(volatile uint32_t *)((i << 16) + (at & 0xfffc)) = n;
		break;
	default:
		for (i = 0; i < 1000; i++)
			*(volatile uint8_t *)rnd() = i;
	}
}

static sigjmp_buf again;
static char alternate[65536];

static void recover(int sig)
{
	siglongjmp(again, sig);
}

static void interrupt(int sig)
{
	(void)sig;
}

static void handlers(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
	struct sigaction a = { .sa_handler = recover, .sa_flags = SA_ONSTACK | SA_NODEFER };
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } };
	stack_t alt = { .ss_sp = alternate, .ss_size = sizeof alternate };
	size_t i;

	sigaltstack(&alt, NULL);
	for (i = 0; i < sizeof faults / sizeof *faults; i++)
		sigaction(faults[i], &a, NULL);
	a.sa_handler = interrupt;
	sigaction(SIGALRM, &a, NULL);
	sigaction(SIGPIPE, &a, NULL);
	sigaction(SIGXFSZ, &a, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void corrupt(void)
{
	uint32_t v = below(2) ? pointer() : rnd();
	pthread_t t;

	switch (below(10)) {
	case 0:
		set_stack_pointer(v);
		deep_call((char *)v);
		break;
	case 1:
		set_stack_pointer(v);
		call();
		break;
	case 2:
		set_tls_base(v);
		call();
		break;
	case 3:
		((void (*)(uint32_t))(uintptr_t)(below(2) ? below(1000) : v))(v);
		break;
	case 4:
		((uint64_t (*)(double, uint32_t))(uintptr_t)below(1000))(1, v);
		break;
	case 5:
		__builtin_wasm_memory_grow(0, number());
		break;
	case 6:
		pthread_create(&t, NULL, calls, NULL);
		break;
	case 7:
		/* a dispatcher and a handler that are none */
		((uint32_t *)pool[0])[0] = number();
		((uint32_t *)pool[0])[1] = rnd();
		((uint32_t *)pool[0])[2] = below(1000);
		syscall(SYS_rt_sigaction, 1 + below(64), pool[0], NULL, 8);
		break;
	default:
		/* a child goes another way */
		if (fork() == 0)
			state += getpid();
		handlers();
	}
}

static void open_all(void)
{
	int fd[2];

	pipe(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	open("x", O_RDWR | O_CREAT, 0600);
	open("/tmp", O_RDONLY);
	open("/dev/zero", O_RDWR);
	open("/dev/ptmx", O_RDWR | O_NOCTTY);
	open("/proc/self/mem", O_RDWR);
	open("/proc/self/status", O_RDONLY);
	socket(AF_INET, SOCK_STREAM, 0);
	socket(AF_INET6, SOCK_DGRAM, 0);
	socket(AF_NETLINK, SOCK_RAW, 0);
	epoll_create1(0);
	eventfd(0, 0);
	timerfd_create(CLOCK_MONOTONIC, 0);
	inotify_init1(0);
	memfd_create("m", MFD_ALLOW_SEALING);
	mq_open("/hostile", O_RDWR | O_CREAT, 0600, NULL);
	syscall(SYS_pidfd_open, getpid(), 0);
}

static void limit(int what, rlim_t n)
{
	struct rlimit r = { n, n };

	setrlimit(what, &r);
}

static int attack(uint32_t seed)
{
	/* not volatile: what a longjmp leaves of it is good enough */
	static uint32_t calls_each;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	write(fd, "1000", 4);
	close(fd);
	if (getuid() == 0) {
		alone = 1;
		if (syscall(SYS_setgroups, 0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			return 99;
	}
	limit(RLIMIT_FSIZE, 65536);
	limit(RLIMIT_NPROC, 30);
	seed_with(seed);
	open_all();
	fill_pool();
	mprotect(pool[2], sizeof pool[2], PROT_READ);
	handlers();
	calls_each = 20 + below(500);
	sigsetjmp(again, 1);
	for (;;) {
		uint32_t i;

		for (i = 0; i < calls_each; i++)
			call();
		handlers();
		if (below(4) == 0)
			fill_pool();
		if (below(20) == 0)
			write_around();
		if (below(20) == 0)
			corrupt();
	}
}

/* What attackers leave behind. */
static int sweep(void)
{
	struct shmid_ds ds;
	int i, id;

	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	kill(-1, SIGKILL);
	for (i = 0; i < 1000; i++) {
		id = shmctl(i, SHM_STAT, &ds);
		if (id >= 0)
			shmctl(id, IPC_RMID, NULL);
	}
	return 0;
}

/* --- the victim --- */

#define VICTIM (2 << 20)

static uint32_t pattern(uint32_t i) { return i * 2654435761u ^ 0x5a5a5a5a; }

static int victim(void)
{
	static uint32_t own[VICTIM / 4];
	uint32_t *shared, i, n = VICTIM / 4, c;
	int fd = open("victim", O_RDWR | O_CREAT | O_EXCL, 0600);
	struct pollfd p = { 0, POLLIN, 0 };

	t_check(fd >= 0 && ftruncate(fd, VICTIM) == 0);
	shared = mmap(NULL, VICTIM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (i = 0; i < n; i++)
		own[i] = shared[i] = pattern(i);
	do {
		for (i = 0; i < n && !t_status; i++) {
			if (((volatile uint32_t *)own)[i] != pattern(i))
				t_error("the victim's memory has changed at %p\n", own + i);
			if (((volatile uint32_t *)shared)[i] != pattern(i))
				t_error("the victim's file has changed at %#x\n", i * 4);
		}
		for (i = 0; i < n; i += 1000)
			if (pread(fd, &c, 4, i * 4) != 4 || c != pattern(i))
				t_error("the victim's file reads as changed at %#x\n", i * 4);
	} while (!t_status && poll(&p, 1, 20) == 0);
	unlink("victim");
	return t_status;
}

/* --- the supervisor --- */

static uint32_t seed;

static pid_t start(const char *what, const char *arg, int in, int quiet)
{
	char *argv[] = { (char *)"hostile", (char *)what, (char *)arg, NULL };
	posix_spawn_file_actions_t a;
	pid_t pid = -1;
	int r;

	posix_spawn_file_actions_init(&a);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&a, in, 0);
	if (quiet) {
		posix_spawn_file_actions_addopen(&a, 1, "/dev/null", O_WRONLY, 0);
		posix_spawn_file_actions_addopen(&a, 2, "/dev/null", O_WRONLY, 0);
	}
	r = posix_spawn(&pid, "/proc/self/exe", &a, NULL, argv, environ);
	if (r)
		t_error("seed %u: %s: %s\n", seed, what, strerror(r));
	posix_spawn_file_actions_destroy(&a);
	return r ? -1 : pid;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Those that have ended, and nobody asked yet. */
static struct {
	pid_t pid;
	int status;
} ended[64];

/* Attackers also make us the parent of others, and the tracer of their threads. */
static int reap(void)
{
	static unsigned int next;
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);

	if (pid > 0 && !WIFSTOPPED(status)) {
		ended[next % 64].pid = pid;
		ended[next++ % 64].status = status;
	}
	return pid > 0;
}

/* The end of pid, within 10 seconds. */
static int end_of(pid_t pid, const char *what)
{
	double until = now() + 10;
	int i;

	while (pid > 0 && now() < until) {
		for (i = 0; i < 64; i++)
			if (ended[i].pid == pid) {
				ended[i].pid = 0;
				return ended[i].status;
			}
		if (!reap())
			usleep(1000);
	}
	if (pid > 0)
		t_error("seed %u: the %s does not end\n", seed, what);
	return -1;
}

static void round_of_attacks(void)
{
	pid_t pid[ATTACKERS];
	char text[20];
	int i;

	for (i = 0; i < ATTACKERS; i++) {
		snprintf(text, sizeof text, "%u", seed + i);
		pid[i] = start("attack", text, -1, 1);
	}
	usleep(SLICE_MS * 1000);
	for (i = 0; i < ATTACKERS; i++) {
		if (pid[i] > 0)
			kill(pid[i], SIGKILL);
		end_of(pid[i], "attacker");
	}
	if (getuid() == 0 && end_of(start("sweep", NULL, -1, 0), "sweeper") != 0)
		t_error("seed %u: the sweeper failed\n", seed);
	seed += ATTACKERS;
}

static void read_log(void)
{
	static const char *const bad[] = {
		"Oops", "BUG", "WARNING", "Call Trace", "panic", "orruption", "verwritten", "Redzone",
		"trapped", "faulted", "bad pte", "Bad page", "blocked for more", "unable to handle",
		"INFO:", "refcount_t", "UBSAN", "list_add", "list_del", "overrun",
	};
	static char text[1 << 18];
	int n = klogctl(3, text, sizeof text - 1);
	char *line, *rest;
	size_t i;

	t_check(n >= 0);
	text[n > 0 ? n : 0] = '\0';
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		for (i = 0; i < sizeof bad / sizeof *bad; i++)
			if (strstr(line, bad[i])) {
				t_error("seed %u: the kernel says: %s\n", seed, line);
				break;
			}
}

int main(int argc, char **argv)
{
	double until;
	pid_t bystander;
	int fd[2];

	if (argc > 2 && strcmp(argv[1], "attack") == 0) {
		trace = argc > 3;
		return attack(strtoul(argv[2], NULL, 0));
	}
	if (argc > 1 && strcmp(argv[1], "sweep") == 0)
		return sweep();
	if (argc > 1 && strcmp(argv[1], "victim") == 0)
		return victim();
	until = now() + (argc > 1 ? atoi(argv[1]) : 5);
	seed = argc > 2 ? strtoul(argv[2], NULL, 0) : (uint32_t)time(NULL);
	signal(SIGPIPE, SIG_IGN);
	mkdir("dir", 0777);
	chmod(".", 0777);
	t_check(pipe2(fd, O_CLOEXEC) == 0);
	bystander = start("victim", NULL, fd[0], 0);
	while (now() < until && !t_status) {
		round_of_attacks();
		read_log();
	}
	close(fd[1]);
	if (end_of(bystander, "victim") != 0)
		t_error("seed %u: the victim failed\n", seed);
	/* and there is room for others, still */
	t_check(end_of(start("victim", NULL, open("/dev/null", O_RDONLY), 0), "last one") == 0);
	read_log();
	return t_status;
}
