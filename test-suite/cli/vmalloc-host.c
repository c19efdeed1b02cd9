/* SPDX-License-Identifier: MIT */
/* An embedder whose mmap() fails for vmalloc space, as long as it is to fail. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/machine.h"
#include "machine/mm.h"
#include "muslin.h"

#define VMALLOC_START 0xe0000000ull

static struct muslin *m;
static int failing, failed;

/* In the place of libc's. */
void *mmap(void *p, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (failing && (uint8_t *)p >= m->memory + VMALLOC_START &&
	    (uint8_t *)p < m->memory + USER_SPACE) {
		failed++;
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, p, n, prot, flags, fd, offset);
}

/* Its exit status, or an error: to execute a program the kernel reads it. */
static int run(const char *path)
{
	struct muslin_program program = { .path = path, .fd = { 0, 1, 2 } };
	int status, id = muslin_spawn(m, &program);

	if (id < 0)
		return id;
	if (muslin_wait(m, id, &status))
		return -ESHUTDOWN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static void want(int n, int wanted, const char *what)
{
	if (n != wanted)
		printf("%s: %d, not %d: %s\n", what, n, wanted, muslin_error(m));
}

int main(void)
{
	int i;

	if (muslin_new(NULL, &m) || muslin_boot(m) || muslin_mount(m, ".", "/mnt", 0)) {
		printf("cannot boot\n");
		return 1;
	}
	want(run("/mnt/one"), 0, "one");
	for (i = 0; i < 3; i++) {
		failing = 1;
		want(run("/mnt/two"), -ENOMEM, "two, without memory");
		failing = 0;
		want(run("/mnt/two"), 7, "two");
		want(run("/mnt/one"), 0, "one");
	}
	want(failed > 0, 1, "mmap has failed");
	want(muslin_shutdown(m), 0, "shutdown");
	muslin_free(m);
	return 0;
}
