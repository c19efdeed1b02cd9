/* SPDX-License-Identifier: MIT */
/* An embedder whose mmap() and mprotect() fail for one of its machines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/machine.h"
#include "machine/mm.h"
#include "muslin.h"

#define VMALLOC_START 0xe0000000ull

static enum { NOTHING, MAP, UNMAP_PART, UNMAP, KERNEL } refused;
static uint8_t *space;		/* of the program that was started last */
static struct muslin *m, *other;
static char log_text[1000];
static int times;

static bool is_in(const void *p, const uint8_t *start, uint64_t size)
{
	return (const uint8_t *)p >= start && (const uint8_t *)p < start + size;
}

static bool is_refused(const void *p, size_t n, int prot)
{
	bool whole = n == MM_RESERVED - MUSLIN_MEMORY_OFFSET || n == MM_RESERVED ||
		n == MM_PROGRAM - MUSLIN_MEMORY_OFFSET;
	bool part = is_in(p, space, MM_RESERVED);

	switch (refused) {
	case MAP:
		return part && prot;
	case UNMAP_PART:
		return part && !prot && !whole;
	case UNMAP:
		return part && !prot;
	case KERNEL:
		return is_in(p, m->memory + VMALLOC_START, USER_SPACE - VMALLOC_START);
	default:
		return false;
	}
}

static bool refuse(const void *p, size_t n, int prot)
{
	if (!is_refused(p, n, prot))
		return false;
	times++;
	errno = ENOMEM;
	return true;
}

/* In the place of libc's. */
void *mmap(void *p, size_t n, int prot, int flags, int fd, off_t offset)
{
	void *r;

	if (flags & MAP_FIXED && refuse(p, n, prot))
		return MAP_FAILED;
	r = (void *)syscall(SYS_mmap, p, n, prot, flags, fd, offset);
	if (!(flags & MAP_FIXED) && n == MM_RESERVED)
		space = r;
	return r;
}

int mprotect(void *p, size_t n, int prot)
{
	/* but for what becomes the instance */
	if (p != space && refuse(p, n, prot))
		return -1;
	return syscall(SYS_mprotect, p, n, prot);
}

static void to_log(void *arg, const char *text, size_t n)
{
	size_t have = strlen(log_text);

	(void)arg;
	snprintf(log_text + have, sizeof(log_text) - have, "%.*s", (int)n, text);
}

static struct muslin *make(const char *image)
{
	struct muslin_config config = { .log = to_log, .image = image };
	struct muslin *made;

	if (muslin_new(&config, &made) || muslin_boot(made)) {
		printf("cannot boot\n");
		exit(1);
	}
	return made;
}

/* Its wait status, or an error. */
static int run(struct muslin *on, const char *path)
{
	struct muslin_program program = { .path = path, .fd = { 0, 1, 2 } };
	int status, r = muslin_spawn(on, &program);

	if (r > 0)
		r = muslin_wait(on, r, &status);
	return r < 0 ? r : status;
}

/* text: all of the log since the last call, but for one number; NULL: nothing. */
static void want(int n, int wanted, const char *text, const char *what)
{
	if (n != wanted)
		printf("%s: %d, not %d: %s\n", what, n, wanted, muslin_error(m));
	if (text ? !strstr(log_text, text) || strchr(log_text, '\n') != log_text + strlen(log_text) - 1 :
	    *log_text)
		printf("%s: the log says: \"%s\"\n", what, log_text);
	if (refused && !times)
		printf("%s: nothing was refused\n", what);
	*log_text = times = 0;
}

static void fails(const char *why, const char *what)
{
	if (strcmp(muslin_error(m), why))
		printf("%s: \"%s\"\n", what, muslin_error(m));
}

static void programs(void)
{
	m = make("");
	other = make("");
	if (muslin_mount(m, ".", "/mnt", 0) || muslin_mount(other, ".", "/mnt", 0))
		printf("cannot mount\n");
	want(run(m, "/mnt/one"), 7 << 8, NULL, "one");
	refused = MAP;
	want(run(m, "/mnt/one"), SIGKILL, "the host cannot map its memory (-12)", "one, not mapped");
	refused = NOTHING;
	want(run(m, "/mnt/one"), 7 << 8, NULL, "one, again");
	refused = UNMAP_PART;
	want(run(m, "/mnt/unmap"), 7 << 8, NULL, "unmap, not in part");
	refused = UNMAP;
	want(run(m, "/mnt/unmap"), -ESHUTDOWN, NULL, "unmap, not at all");
	fails("the host cannot unmap memory", "unmap, not at all");
	refused = NOTHING;
	want(run(other, "/mnt/one"), 7 << 8, NULL, "one, in another machine");
	muslin_free(m);
	want(run(other, "/mnt/unmap"), 7 << 8, NULL, "unmap, in another machine");
	muslin_free(other);
}

/* A boot image of which the kernel's own mappings are refused. */
static void thawed(void)
{
	m = make("");
	if (muslin_snapshot(m, "image"))
		printf("cannot make an image: %s\n", muslin_error(m));
	muslin_free(m);
	m = make("image");
	other = make("");
	refused = KERNEL;
	want(run(m, "/init"), -ESHUTDOWN, NULL, "thawed");
	fails("the host has no room for what the machine needs", "thawed");
	refused = NOTHING;
	if (muslin_shutdown(other))
		printf("shutdown of another machine: %s\n", muslin_error(other));
	muslin_free(m);
	muslin_free(other);
}

int main(void)
{
	programs();
	thawed();
	return 0;
}
