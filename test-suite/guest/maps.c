/* SPDX-License-Identifier: MIT */
/* /proc/self/maps and smaps say what was mapped, protected, touched, unmapped. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

static size_t page;

struct area {
	unsigned long from, to, offset, inode;
	char perms[5], name[200];
	long size, rss, dirty, anonymous, pss;
};

static long kib(const char *line, const char *key)
{
	size_t n = strlen(key);

	return strncmp(line, key, n) ? -1 : atol(line + n) * 1024;
}

static void number(const char *line, const char *key, long *value)
{
	long n = kib(line, key);

	if (n >= 0)
		*value = n;
}

static char text[1 << 18];

/* Without stdio: its memory would come and go between two looks. */
static char *contents(const char *file)
{
	int fd = open(file, O_RDONLY);
	size_t got = 0;
	ssize_t n;

	t_check(fd >= 0);
	while ((n = read(fd, text + got, sizeof text - 1 - got)) > 0)
		got += n;
	text[got] = '\0';
	close(fd);
	return text;
}

/* The area that p lies in; 0 if there is none. */
static int look(const char *file, const void *p, struct area *a)
{
	unsigned long addr = (uintptr_t)p;
	int found = 0, now = 0;
	struct area here;
	char *line, *rest;

	for (line = strtok_r(contents(file), "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		memset(&here, 0, sizeof here);
		if (sscanf(line, "%lx-%lx %4s %lx %*x:%*x %lu %199[^\n]", &here.from,
			   &here.to, here.perms, &here.offset, &here.inode, here.name) >= 5) {
			now = addr >= here.from && addr < here.to;
			found += now;
			if (now)
				*a = here;
		} else if (now) {
			number(line, "Size:", &a->size);
			number(line, "Rss:", &a->rss);
			number(line, "Pss:", &a->pss);
			number(line, "Private_Dirty:", &a->dirty);
			number(line, "Anonymous:", &a->anonymous);
		}
	}
	t_check(found <= 1);
	return found;
}

/* Is there exactly this area? */
static void is(int line, char *p, size_t n, const char *perms, const char *name)
{
	struct area a;

	if (!look("/proc/self/maps", p, &a)) {
		t_error("line %d: nothing at %p\n", line, p);
		return;
	}
	if (a.from != (uintptr_t)p || a.to != (uintptr_t)p + n || strcmp(a.perms, perms) ||
	    strcmp(a.name, name))
		t_error("line %d: %lx-%lx %s \"%s\" instead of %p-%p %s \"%s\"\n", line,
			a.from, a.to, a.perms, a.name, p, p + n, perms, name);
}
#define IS(...) is(__LINE__, __VA_ARGS__)

static int nothing_at(const void *p)
{
	struct area a;

	return !look("/proc/self/maps", p, &a);
}

static char *map(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	char *p = mmap(at, n, prot, flags, fd, off);

	t_check(p != MAP_FAILED);
	return p;
}

/* Room between two pages without access: no area grows together with what will be there. */
static char *room(size_t n)
{
	char *p = map(NULL, n + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	t_check(munmap(p + page, n) == 0);
	return p + page;
}

static void anonymous(void)
{
	char *p = room(8 * page);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	map(p, 8 * page, PROT_READ | PROT_WRITE, flags, -1, 0);
	IS(p, 8 * page, "rw-p", "");
	t_check(mprotect(p + page, page, PROT_READ) == 0);
	IS(p, page, "rw-p", "");
	IS(p + page, page, "r--p", "");
	IS(p + 2 * page, 6 * page, "rw-p", "");
	t_check(mprotect(p + 4 * page, 2 * page, PROT_NONE) == 0);
	IS(p + 4 * page, 2 * page, "---p", "");
	t_check(mprotect(p + 6 * page, page, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	IS(p + 6 * page, page, "rwxp", "");
	/* as before: one again */
	t_check(mprotect(p, 8 * page, PROT_READ | PROT_WRITE) == 0);
	IS(p, 8 * page, "rw-p", "");
	t_check(munmap(p + 2 * page, 3 * page) == 0);
	IS(p, 2 * page, "rw-p", "");
	t_check(nothing_at(p + 2 * page) && nothing_at(p + 5 * page - 1));
	IS(p + 5 * page, 3 * page, "rw-p", "");
	map(p + 2 * page, 3 * page, PROT_READ | PROT_WRITE, flags, -1, 0);
	IS(p, 8 * page, "rw-p", "");
	t_check(munmap(p, 8 * page) == 0 && nothing_at(p) && nothing_at(p + 7 * page));

	map(p, page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	IS(p, page, "r--s", "/dev/zero (deleted)");
	t_check(munmap(p, page) == 0);
}

static void file(const char *dir)
{
	char name[200], *p = room(4 * page);
	struct area a;
	int fd;

	snprintf(name, sizeof name, "%s/maps-file", dir);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	t_check(fd >= 0 && ftruncate(fd, 4 * page) == 0);
	map(p, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, page);
	IS(p, 2 * page, "rw-p", name);
	t_check(look("/proc/self/maps", p, &a) && a.offset == page);
	t_check(mprotect(p + page, page, PROT_READ) == 0);
	IS(p + page, page, "r--p", name);
	t_check(look("/proc/self/maps", p + page, &a) && a.offset == 2 * page);
	map(p, page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	IS(p, page, "r--s", name);
	t_check(munmap(p, 2 * page) == 0 && close(fd) == 0 && unlink(name) == 0);
}

static char *set_break(char *to)
{
	return (char *)syscall(SYS_brk, to);
}

static void heap_and_stack(void)
{
	char *top = set_break(NULL);
	struct area a;
	int here = 0;

	t_check(set_break(top + 5 * page) == top + 5 * page);
	t_check(look("/proc/self/maps", top + page, &a));
	t_check(strcmp(a.name, "[heap]") == 0 && strcmp(a.perms, "rw-p") == 0);
	t_check(a.to >= (uintptr_t)top + 5 * page && a.to < (uintptr_t)top + 6 * page);
	t_check(set_break(top) == top && set_break(NULL) == top);
	t_check(nothing_at(top + page));
	t_check(look("/proc/self/maps", &here, &a));
	t_check(strcmp(a.name, "[stack]") == 0 && strcmp(a.perms, "rw-p") == 0);
	t_check(nothing_at(NULL) && nothing_at((void *)(page - 1)));
}

static void smaps(void)
{
	char *p = room(10 * page);
	struct area a;

	memset(&a, 0, sizeof a);
	map(p, 10 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	t_check(look("/proc/self/smaps", p, &a) && a.size == (long)(10 * page) && a.rss == 0);
	p[0] = p[3 * page] = p[4 * page] = 1;
	t_check(look("/proc/self/smaps", p, &a) && a.rss == (long)(3 * page));
	t_check(a.dirty == (long)(3 * page) && a.anonymous == a.dirty && a.pss == a.rss);
	t_check(madvise(p + 3 * page, page, MADV_DONTNEED) == 0);
	t_check(look("/proc/self/smaps", p, &a) && a.rss == (long)(2 * page));
	t_check(munmap(p, 10 * page) == 0);
}

/* VmSize grows by what is mapped, VmRSS by what is touched. */
static long status(const char *key)
{
	char *line, *rest;
	long value = -1;

	for (line = strtok_r(contents("/proc/self/status"), "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		number(line, key, &value);
	return value;
}

static void totals(void)
{
	long size = status("VmSize:"), rss = status("VmRSS:");
	char *p = map(NULL, 64 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	t_check(status("VmSize:") == size + (long)(64 * page));
	for (i = 0; i < 32; i++)
		p[i * page] = 1;
	t_check(status("VmRSS:") >= rss + (long)(32 * page));
	t_check(munmap(p, 64 * page) == 0 && status("VmSize:") == size);
	t_check(status("VmRSS:") < rss + (long)(4 * page));
}

int main(void)
{
	char here[150];

	page = sysconf(_SC_PAGESIZE);
	t_check(getcwd(here, sizeof here) != NULL);
	anonymous();
	file("/tmp");
	file(here);
	heap_and_stack();
	smaps();
	totals();
	return t_status;
}
