// SPDX-License-Identifier: MIT
// memory gone through page by page, which the host maps at once from the fourth page on
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

enum { PAGES = 40 };

static long page;

static char *make(int prot)
{
	char *p = mmap(NULL, PAGES * page, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		t_error("mmap failed\n");
	return p;
}

static int all(const char *p, int c)
{
	return *p == c && !memcmp(p, p + 1, page - 1);
}

static void check(const char *p, int add, const char *what)
{
	int i;

	for (i = 0; i < PAGES; i++)
		if (!all(p + i * page, i + add))
			t_error("%s: page %d is wrong\n", what, i);
}

static void write_all(char *p, int add)
{
	int i;

	for (i = 0; i < PAGES; i++)
		memset(p + i * page, i + add, page);
}

/* a child's are copies, also of what it only reads first */
static void forked(char *p)
{
	int status = 0, i;
	pid_t pid = fork();

	if (!pid) {
		check(p, 1, "in a child");
		write_all(p, 2);
		check(p, 2, "in a child, written");
		_exit(t_status);
	}
	for (i = 0; i < PAGES; i++)
		p[i * page] = i + 1;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		t_error("child: status %#x\n", status);
	check(p, 1, "after a child");
}

int main(void)
{
	char *p;
	int i;

	page = sysconf(_SC_PAGESIZE);
	p = make(PROT_READ | PROT_WRITE);
	for (i = 0; i < PAGES; i++)
		if (!all(p + i * page, 0))
			t_error("page %d is not zero\n", i);
	write_all(p, 1);
	check(p, 1, "written");
	forked(p);

	/* read only, then not */
	if (mprotect(p, PAGES * page, PROT_READ))
		t_error("mprotect failed\n");
	check(p, 1, "read only");
	if (mprotect(p, PAGES * page, PROT_READ | PROT_WRITE))
		t_error("mprotect failed\n");
	write_all(p, 3);
	check(p, 3, "written again");

	/* given back, and used again */
	if (madvise(p, PAGES * page, MADV_DONTNEED))
		t_error("madvise failed\n");
	for (i = 0; i < PAGES; i++)
		if (!all(p + i * page, 0))
			t_error("page %d is not zero after MADV_DONTNEED\n", i);
	munmap(p, PAGES * page);
	return t_status;
}
