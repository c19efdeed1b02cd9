/* SPDX-License-Identifier: MIT */
/* /proc, /sys and /dev say what they say on every Linux. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "test.h"

static char buf[65536];

/* The file's first 64 KiB; NULs become newlines. */
static const char *contents(const char *file)
{
	int fd = open(file, O_RDONLY);
	ssize_t n, got = 0, i;

	if (fd < 0)
		t_error("%s: %s\n", file, strerror(errno));
	while ((n = read(fd, buf + got, sizeof buf - 1 - got)) > 0)
		got += n;
	close(fd);
	for (i = 0; i < got; i++)
		if (!buf[i])
			buf[i] = '\n';
	buf[got] = '\0';
	return buf;
}

static void has(const char *file, const char *text)
{
	if (!strstr(contents(file), text))
		t_error("%s: no \"%s\" in \"%.200s\"\n", file, text, buf);
}

static void processes(char **argv)
{
	char text[600];
	struct stat st;
	unsigned long from, to;
	int found = 0, here = open("/proc/self", O_DIRECTORY | O_PATH);
	char *line;

	t_check(here >= 0);
	snprintf(text, sizeof text, "Pid:\t%d\n", (int)getpid());
	has("/proc/self/status", text);
	snprintf(text, sizeof text, "%s\n", argv[0]);
	has("/proc/self/cmdline", text);
	snprintf(text, sizeof text, "%d (", (int)getpid());
	t_check(strncmp(contents("/proc/self/stat"), text, strlen(text)) == 0);
	t_check(readlink("/proc/self/cwd", text, sizeof text) > 0 && text[0] == '/');
	t_check(readlink("/proc/self/fd/0", text, sizeof text) > 0);
	t_check(fstatat(here, "fd/1", &st, 0) == 0);
	t_check(open("/proc/99999999", O_RDONLY) == -1 && errno == ENOENT);

	contents("/proc/self/maps");
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, "%lx-%lx", &from, &to) == 2)
			found += (unsigned long)&found >= from && (unsigned long)&found < to;
	t_check(found == 1);
}

static void system_files(void)
{
	struct utsname u;
	struct sysinfo info;
	unsigned long kib = 0;

	t_check(uname(&u) == 0 && strcmp(u.sysname, "Linux") == 0);
	has("/proc/version", u.release);
	has("/proc/sys/kernel/ostype", "Linux");
	t_check(sscanf(contents("/proc/meminfo"), "MemTotal: %lu kB", &kib) == 1);
	t_check(sysinfo(&info) == 0 && info.totalram / 1024 * info.mem_unit == kib);
	has("/proc/filesystems", "tmpfs");
	has("/proc/mounts", "proc /proc proc ");
	has("/proc/net/dev", "lo:");
	has("/sys/class/net/lo/address", "00:00:00:00:00:00\n");
	has("/sys/devices/system/cpu/online", "0");
}

static void devices(void)
{
	char a[64] = "a", b[64] = "b";
	int fd = open("/dev/null", O_RDWR);

	t_check(fd >= 0 && write(fd, "x", 1) == 1 && read(fd, a, 1) == 0);
	close(fd);
	fd = open("/dev/zero", O_RDWR);
	t_check(read(fd, a, 64) == 64 && a[0] == 0 && a[63] == 0);
	close(fd);
	fd = open("/dev/full", O_RDWR);
	t_check(write(fd, "x", 1) == -1 && errno == ENOSPC);
	close(fd);
	fd = open("/dev/urandom", O_RDONLY);
	t_check(read(fd, a, 64) == 64 && read(fd, b, 64) == 64 && memcmp(a, b, 64) != 0);
	close(fd);
	t_check(getrandom(b, 64, 0) == 64 && memcmp(a, b, 64) != 0);
}

int main(int argc, char **argv)
{
	processes(argv);
	system_files();
	devices();
	return t_status;
	(void)argc;
}
