/* SPDX-License-Identifier: MIT */
/*
 * A guest's root that does everything to break out:
 *
 *	hostile-root SEED MILLISECONDS
 *
 * The machine may go down with it; cli/hostile-root looks at it from outside.
 * It does what hostile.c's attackers do, too, and nothing keeps it from hitting
 * others.  Escape sequences are in all that it writes but to its own streams.
 */
#define main hostile_main
#include "hostile.c"
#undef main

#include <dirent.h>
#include <linux/capability.h>
#include <linux/reboot.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define ESCAPE "\033[2J\033]0;hostile\007"

static const char *const values[] = {
	"0", "1", "-1", "2147483647", "18446744073709551615", "100", "|/work/x " ESCAPE, "/work/x",
	ESCAPE, "c", "b", "s", "u", "e", "f", "o", "t", "1 1 1 1", "max", "", "%s%n%p", "0xffffffff",
};

static const char *value(void)
{
	return values[below(sizeof values / sizeof *values)];
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return;
	write(fd, text, strlen(text));
	close(fd);
}

/* A file like a device, whatever that is. */
static void use(int fd)
{
	uint32_t i, nr;

	if (fd < 0)
		return;
	for (i = 0; i < 5; i++) {
		fill_pool();
		pread(fd, pool[0], 64, (uint64_t)rnd() << below(20));
		pwrite(fd, pool[0], 64, (uint64_t)rnd() << below(20));
		nr = below(2) ? 0x5400 + below(0x90) : rnd();
		ioctl(fd, nr, pool[0] + below(1000));
	}
	mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)below(100) << 16);
	close(fd);
}

static void device(mode_t type, unsigned int major, unsigned int minor)
{
	static const char *const where[] = { "/tmp/node", "/dev/node", "/work/node", "/dev/shm/node" };
	const char *path = where[below(4)];

	unlink(path);
	if (mknod(path, type | 0666, makedev(major, minor)) == 0)
		use(open(path, O_RDWR | O_NONBLOCK | O_NOCTTY));
	unlink(path);
}

static void every_major(void)
{
	unsigned int i;

	for (i = 0; i < 512; i++) {
		device(S_IFCHR, i, below(256));
		device(S_IFBLK, i, below(256));
	}
}

static void memory_devices(void)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		device(S_IFCHR, 1, i);
}

/* The number that /proc/devices has for name. */
static int major_of(const char *name)
{
	FILE *f = fopen("/proc/devices", "r");
	char line[100], is[100];
	int n, found = -1;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "%d %99s", &n, is) == 2 && strcmp(is, name) == 0)
			found = n;
	if (f)
		fclose(f);
	return found;
}

/* Nothing that a terminal would take for more than text: they may be its own. */
static void stream(int fd)
{
	static uint32_t head[300];
	uint32_t i, n;

	if (fd < 0)
		return;
	for (i = 0; i < 20; i++) {
		for (n = 0; n < 300; n++) {
			head[n] = below(2) ? below(20) : rnd() & 0x7f7f7f7f;
			if (((head[n] ^ 0x1b1b1b1b) - 0x01010101) & ~(head[n] ^ 0x1b1b1b1b) & 0x80808080)
				head[n] = 0;
		}
		if (below(2))
			head[0] = below(1200);
		write(fd, head, below(sizeof head));
		read(fd, head, below(sizeof head));
		ioctl(fd, below(2) ? 0x5400 + below(0x90) : rnd(), head);
	}
	close(fd);
}

static void streams(void)
{
	int i, major = major_of("stream");
	char path[40];

	for (i = 0; i < 300; i++) {
		snprintf(path, sizeof path, "/dev/stream%d", i);
		stream(open(path, O_RDWR | O_NONBLOCK));
		stream(open(path, O_WRONLY | O_NONBLOCK));
		if (major < 0)
			continue;
		unlink("/tmp/stream");
		mknod("/tmp/stream", S_IFCHR | 0666, makedev(major, below(2) ? i : below(1 << 20)));
		stream(open("/tmp/stream", O_RDWR | O_NONBLOCK));
	}
}

static void mounts(void)
{
	static const char *const sources[] = {
		"0", "1", "2", "3", "-1", "4294967295", "none", "/", "/work", "..", "/../..", "/dev/ram0",
	};
	static const char *const targets[] = {
		"/tmp/m", "/dev", "/proc", "/sys", "/", "/work", "/work/dir", "/ro", "/run", "/tmp",
	};
	static const char *const options[] = {
		"", "0", "1", "2", "9", "/", "/..", "../outside", "root=1", "lowerdir=/ro,upperdir=/work/dir,workdir=/work/dir",
		"lowerdir=/:/ro", "size=1%", "suid,dev", "memory", ESCAPE,
	};
	const char *source = sources[below(12)], *target = targets[below(10)];
	static char types[64][40];
	static int ntypes;
	char line[100], *name;
	FILE *f;

	if (!ntypes && (f = fopen("/proc/filesystems", "r"))) {
		while (ntypes < 64 && fgets(line, sizeof line, f)) {
			name = strrchr(line, '\t') + 1;
			snprintf(types[ntypes++], 40, "%.*s", (int)strcspn(name, "\n"), name);
		}
		fclose(f);
	}
	mkdir("/tmp/m", 0777);
	switch (below(5)) {
	case 0:
		mount(source, target, NULL, MS_BIND | (below(2) ? MS_REC : 0), NULL);
		break;
	case 1:
		mount(target, targets[below(10)], NULL, MS_MOVE, NULL);
		break;
	case 2:
		mount(NULL, target, NULL, MS_REMOUNT | (rnd() & 0xffff), options[below(15)]);
		break;
	case 3:
		umount2(target, below(16));
		break;
	default:
		mount(source, target, ntypes ? types[below(ntypes)] : "hostfs",
		      below(2) ? 0 : rnd() & 0xffff, options[below(15)]);
	}
	put("/tmp/m/x", "x");
	put("/tmp/m/outside/keep", "x");
	put("/tmp/m/keep", "x");
}

static void namespaces(void)
{
	static const char *const names[] = { "mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time" };
	char path[40];
	int fd;

	if (below(2)) {
		unshare(rnd());
		return;
	}
	snprintf(path, sizeof path, "/proc/%d/ns/%s", 1 + below(30), names[below(8)]);
	fd = open(path, O_RDONLY);
	setns(fd, 0);
	close(fd);
}

static void init_traced(void)
{
	pid_t pid = below(4) ? 1 : 1 + below(30);
	struct iovec mine = { pool[0], 4096 }, its = { (void *)(uintptr_t)rnd(), 4096 };
	char path[40];
	int fd, i;

	if (pid == getpid())
		return;
	fill_pool();
	ptrace(below(2) ? PTRACE_ATTACH : PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)below(256));
	for (i = 0; i < 20; i++)
		ptrace(below(30), pid, (void *)(uintptr_t)pointer(), (void *)(uintptr_t)pointer());
	process_vm_writev(pid, &mine, 1, &its, 1, 0);
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	for (i = 0; i < 20; i++)
		pwrite(fd, pool[0], below(4096), rnd() >> below(12));
	close(fd);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	kill(pid, SIGCONT);
}

static void init_files(void)
{
	int fd = syscall(SYS_pidfd_open, 1, 0), i, j;
	char path[40];

	for (i = 0; i < 16; i++) {
		stream(syscall(SYS_pidfd_getfd, fd, i, 0));
		snprintf(path, sizeof path, "/proc/1/fd/%d", i);
		for (j = 0; j < 3; j++)
			stream(open(path, j | O_NONBLOCK));
	}
	syscall(SYS_pidfd_send_signal, fd, below(65), NULL, 0);
	close(fd);
}

static void signals_to_all(void)
{
	if (below(10) == 0)
		kill(-1, 1 + below(64));
	kill(1, 1 + below(64));
}

static void machine_down(void)
{
	static const uint32_t commands[] = {
		LINUX_REBOOT_CMD_CAD_ON, LINUX_REBOOT_CMD_CAD_OFF, LINUX_REBOOT_CMD_KEXEC,
		LINUX_REBOOT_CMD_SW_SUSPEND, LINUX_REBOOT_CMD_HALT, LINUX_REBOOT_CMD_RESTART,
		LINUX_REBOOT_CMD_RESTART2, LINUX_REBOOT_CMD_POWER_OFF,
	};

	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		commands[below(below(20) ? 4 : 8)], ESCAPE);
}

static void code(void)
{
	fill_pool();
	syscall(SYS_kexec_load, pool[0], below(4), pool[0], rnd());
	syscall(SYS_init_module, pool[0], below(65536), ESCAPE);
	syscall(SYS_finit_module, open("/work/x", O_RDWR), "", below(4));
	syscall(SYS_delete_module, "x", rnd());
	syscall(SYS_bpf, below(40), pool[0], below(128));
	syscall(SYS_perf_event_open, pool[0], 0, -1, -1, 0);
}

/* Writes to everything below path, some of it or all. */
static void write_below(const char *path, int depth, uint32_t one_of)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char name[1000];
	struct stat st;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (lstat(name, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth > 0)
			write_below(name, depth - 1, one_of);
		else if (S_ISREG(st.st_mode) && below(one_of) == 0)
			put(name, value());
	}
	if (d)
		closedir(d);
}

static void settings(void)
{
	switch (below(6)) {
	case 0: write_below("/proc/sys", 6, 1 + below(20)); break;
	case 1: write_below("/sys", 8, 1 + below(50)); break;
	case 2: put("/proc/sysrq-trigger", value()); break;
	case 3: write_below("/proc/1", 1, 1); break;
	case 4: write_below("/proc/self", 1, 3); break;
	default:
		mkdir("/tmp/cgroup", 0755);
		mount("none", "/tmp/cgroup", below(2) ? "cgroup2" : "cgroup", 0, NULL);
		mkdir("/tmp/cgroup/x", 0755);
		put("/tmp/cgroup/cgroup.subtree_control", "+memory +pids +cpu");
		put("/tmp/cgroup/x/cgroup.procs", "1");
		write_below("/tmp/cgroup", 2, 2);
	}
}

static void log_text(void)
{
	int i;

	for (i = 0; i < 20; i++)
		put("/dev/kmsg", below(2) ? "<0>" ESCAPE "\n" : value());
	syscall(SYS_syslog, below(12), pool[0], below(60000));
	sethostname(ESCAPE, 10);
	setdomainname(ESCAPE, 10);
	put("/proc/self/comm", ESCAPE);
}

static void powers(void)
{
	struct rlimit r = { number(), number() };
	uint32_t head[2] = { 0x20080522, 0 };

	fill_pool();
	syscall(SYS_prlimit64, below(30), below(16), &r, NULL);
	syscall(SYS_sched_setscheduler, below(30), below(8), pool[0]);
	syscall(SYS_sched_setattr, below(30), pool[0], 0);
	syscall(SYS_setpriority, below(3), below(30), below(40) - 20);
	if (below(10) == 0)
		syscall(SYS_capset, head, pool[0]);
	syscall(SYS_keyctl, below(34), number(), number(), pool[0], number());
	syscall(SYS_add_key, "user", "x", pool[0], below(4096), number());
	syscall(SYS_swapon, "/work/x", rnd());
	syscall(SYS_acct, "/work/x");
	syscall(SYS_clock_settime64, below(12), pool[0]);
	syscall(SYS_clock_adjtime64, below(12), pool[0]);
	syscall(SYS_pivot_root, "/work", "/work/dir");
	syscall(SYS_vhangup);
	syscall(SYS_quotactl, rnd(), "/work", 0, pool[0]);
	syscall(SYS_userfaultfd, below(4096));
}

static void terminals(void)
{
	static const char *const names[] = {
		"/dev/ttyW0", "/dev/console", "/dev/tty", "/dev/tty0", "/dev/ptmx", "/dev/ttyS0",
	};
	int fd = open(names[below(6)], O_RDWR | O_NONBLOCK | (below(2) ? O_NOCTTY : 0));
	const char *s;
	int i;

	if (fd < 0)
		return;
	setsid();
	ioctl(fd, TIOCSCTTY, 1);
	for (s = ESCAPE "\003\004reboot\n"; *s; s++)
		ioctl(fd, TIOCSTI, s);
	for (i = 0; i < 10; i++)
		ioctl(fd, 0x5400 + below(0x90), below(2) ? (uint32_t)pool[0] : below(64));
	write(fd, ESCAPE, sizeof ESCAPE - 1);
	use(fd);
}

static void host_files(void)
{
	static const char *const names[] = {
		"/work/x", "/work/dir", "/work/y", "/ro/keep", "/ro", "/work", "/work/up/keep",
		"/work/../outside/keep", "/work/dir/../../outside", "/work/abs/keep",
	};
	const char *a = names[below(10)], *b = names[below(10)];
	static const char capability[20] = { 1, 0, 0, 2, -1, -1, -1, -1 };

	close(open(a, O_RDWR | O_CREAT | (below(2) ? O_TRUNC : 0), 07777));
	mkdir("/work/dir", 07777);
	symlink("../outside", "/work/up");
	symlink("/", "/work/abs");
	chown(a, rnd() >> below(32), rnd() >> below(32));
	chmod(a, rnd() & 07777);
	lchown(a, 0, 0);
	mknod(a, (below(2) ? S_IFCHR : S_IFBLK) | 07777, makedev(1, below(12)));
	mkfifo(a, 0666);
	setxattr(a, "security.capability", capability, sizeof capability, 0);
	setxattr(a, "trusted.overlay.opaque", "y", 1, 0);
	put(a, "x");
	truncate(a, below(100000));
	switch (below(5)) {
	case 0: link(a, b); break;
	case 1: rename(a, b); break;
	case 2: unlink(a); break;
	case 3: rmdir(a); break;
	default: utimensat(AT_FDCWD, a, NULL, 0);
	}
}

static void calls_of_nobody(void)
{
	int i;

	for (i = 0; i < 100; i++)
		call();
}

static void (*const attacks[])(void) = {
	every_major, memory_devices, streams, mounts, mounts, namespaces, init_traced, init_files,
	signals_to_all, machine_down, code, settings, log_text, powers, terminals, host_files,
	host_files, host_files, calls_of_nobody,
};

/* With handlers, so that its own signals and faults do not end it at once. */
static int attack_as_root(uint32_t n)
{
	static uint32_t what;

	alone = 1;
	seed_with(n);
	open_all();
	fill_pool();
	handlers();
	sigsetjmp(again, 1);
	for (;;) {
		what = below(sizeof attacks / sizeof *attacks);
		if (trace)
			dprintf(2, "attack %u\n", what);
		attacks[what]();
		handlers();
	}
}

static pid_t start_attacker(uint32_t n)
{
	pid_t pid = fork();
	int i, fd;

	if (pid != 0)
		return pid;
	if (!trace) {
		fd = open("/dev/null", O_RDWR);
		for (i = 0; i < 3; i++)
			dup2(fd, i);
	}
	exit(attack_as_root(n));
}

/* One after the other is replaced: most wait for something, sooner or later. */
int main(int argc, char **argv)
{
	pid_t pid[ATTACKERS];
	double until;
	int i;

	if (argc < 3)
		return 2;
	seed = strtoul(argv[1], NULL, 0);
	until = now() + atoi(argv[2]) / 1000.0;
	trace = argc > 3;
	for (i = 0; i < ATTACKERS; i++)
		pid[i] = start_attacker(seed++);
	for (i = 0; now() < until; i = (i + 1) % ATTACKERS) {
		usleep(40000);
		if (pid[i] > 0)
			kill(pid[i], SIGKILL);
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		pid[i] = start_attacker(seed++);
	}
	return 0;
}
