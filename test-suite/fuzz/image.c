/* SPDX-License-Identifier: MIT */
/*
 * Boot images that were edited and signed again, for libFuzzer: the input is a
 * list of edits, of 11 bytes each, in the head's own fields (not the machine of
 * pointers that it has, which is as good as code) and in the descriptions of
 * parts.  Whatever passes is mapped and read, but not run.
 *
 * An image is made first, in a cache of its own; it wants the addresses that it
 * had, so that -no-pie is needed.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/impl.h"
#include "../host/sign-image.h"

static struct image *whole;
static int fd;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void make_image(const char *path)
{
	struct muslin_config c = { .image = "" };
	struct muslin *m;

	if (muslin_new(&c, &m))
		die("muslin_new");
	if (muslin_boot(m) || muslin_snapshot(m, path)) {
		fprintf(stderr, "%s\n", muslin_error(m));
		exit(2);
	}
	muslin_free(m);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char dir[] = "/tmp/muslin-fuzz-XXXXXX", path[64], error[256];
	struct stat st;

	(void)argc;
	(void)argv;
	if (!mkdtemp(dir))
		die(dir);
	setenv("MUSLIN_CACHE", dir, 1);
	snprintf(path, sizeof(path), "%s/image", dir);
	make_image(path);
	fd = open(path, O_RDWR);
	im = calloc(1, sizeof(*im));
	whole = calloc(1, sizeof(*im));
	if (fd < 0 || fstat(fd, &st) || !im || !whole)
		die(path);
	size = st.st_size;
	file = malloc(size);
	if (!file || pread(fd, file, size, 0) != (ssize_t)size ||
	    cache_secret(false, whole->secret, error, sizeof(error)))
		die(path);
	memcpy(&whole->head, file, sizeof(whole->head));
	memcpy(whole->part, file + sizeof(whole->head),
	       whole->head.nparts * sizeof(*whole->part));
	unlink(path);
	return 0;
}

/* Where an edit goes: what is before the machine, or a description. */
static uint8_t *target(uint16_t where)
{
	size_t head = offsetof(struct head, cmdline) - offsetof(struct head, size);
	size_t parts = whole->head.nparts * sizeof(*im->part), at = where % (head + parts);

	return at < head ? (uint8_t *)&im->head.size + at : (uint8_t *)im->part + (at - head);
}

static void edit(const uint8_t *p)
{
	uint16_t where;

	memcpy(&where, p, sizeof(where));
	/* the array is longer than the descriptions */
	memcpy(target(where), p + 3, p[2] % 9);
}

/*
 * LeakSanitizer asks this.  It looks through all that is mapped, and a machine has
 * mapped more than is there.
 */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct kept_program programs[PROGRAMS] = { 0 };
	size_t table = whole->head.nparts * sizeof(*im->part);
	struct muslin *m;

	memcpy(&im->head, &whole->head, sizeof(im->head));
	memcpy(im->part, whole->part, table);
	memcpy(im->secret, whole->secret, sizeof(im->secret));
	for (; n >= 11; n -= 11, data += 11)
		edit(data);
	sign();
	if (pwrite(fd, &im->head, sizeof(im->head), 0) != sizeof(im->head) ||
	    pwrite(fd, im->part, table, sizeof(im->head)) != (ssize_t)table)
		die("image");
	memset((uint8_t *)im->part + table, 0, sizeof(*im->part));
	if (muslin_new(NULL, &m))
		die("muslin_new");
	if (image_resume(m, fd, 0, programs) && !muslin_error(m)[0])
		abort();
	muslin_free(m);
	return 0;
}
