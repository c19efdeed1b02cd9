/* SPDX-License-Identifier: MIT */
/*
 * What is in an image, but its memory: read and checked once, however many machines
 * of this process go on from it one after the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/impl.h"
#include "machine/machine.h"

static int read_at(int fd, void *data, size_t n, uint64_t offset)
{
	ssize_t r;

	for (; n; n -= r, offset += r, data = (char *)data + r) {
		r = pread(fd, data, n, offset);
		if (r < 0 && errno == EINTR)
			r = 0;
		else if (r <= 0)
			return r ? -errno : -ENOENT;
	}
	return 0;
}

/* What is not as it should be; NULL: nothing. */
static const char *check_file(const struct head *h, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (st.st_mode & 022 || (st.st_uid != geteuid() && st.st_uid))
		return "others can write to it";
	if (memcmp(h->magic, IMAGE_MAGIC, sizeof(h->magic)))
		return "not an image of muslin snapshot";
	return NULL;
}

static const char *check_head(const struct head *h, const struct head *want, int fd)
{
	struct stat st;

	if (memcmp(h->build, want->build, sizeof(h->build)) || h->code != want->code)
		return "made by another muslin";
	if (h->signal_frame != want->signal_frame || memcmp(h->cpu, want->cpu, sizeof(h->cpu)))
		return "made on another processor";
	if (fstat(fd, &st) || h->size != (uint64_t)st.st_size || h->nparts > MAX_PARTS)
		return "damaged";
	return NULL;
}

/* Made by this program, for this processor? */
static int read_head(struct image *im, int fd)
{
	struct head *h = &im->head, *want = calloc(1, sizeof(*want));
	const char *why = "no build ID, or a long command line";

	if (!want)
		return -ENOMEM;
	if (image_identify(im->m, want)) {
		if (read_at(fd, h, sizeof(*h), 0))
			memset(h, 0, sizeof(*h));
		why = check_file(h, fd);
		if (!why)
			why = check_head(h, want, fd);
	}
	free(want);
	return why ? fail(im->m, -ENOENT, "%s", why) : 0;
}

/* The machine that this one is to be when it has booted? */
static int check_same(const struct image *im, uint64_t memory_size)
{
	const struct head *h = &im->head;

	if (h->memory_size == memory_size && !h->used && !strcmp(h->cmdline, im->m->cmdline))
		return 0;
	return fail(im->m, -ENOENT, "of another machine");
}

/* Whoever can write a file cannot make its sum, unless it can read the cache. */
static int read_table(struct image *im, int fd)
{
	uint8_t sum[SIPHASH_SIZE];
	char error[256];
	int r = cache_secret(false, im->secret, error, sizeof(error));

	if (r)
		return fail(im->m, r, "not made with this cache: %s", error);
	if (read_at(fd, im->part, im->head.nparts * sizeof(*im->part), sizeof(im->head)))
		return fail(im->m, -ENOENT, "damaged");
	image_sum_table(im, sum);
	if (memcmp(sum, im->head.table, sizeof(sum)))
		return fail(im->m, -ENOENT, "damaged, or not made with this cache");
	return image_check(im) ? 0 : fail(im->m, -ENOENT, "damaged");
}

/* Where parts begin, and how much of them is not memory. */
static uint64_t begin(const struct image *im)
{
	return sizeof(im->head) + im->head.nparts * sizeof(*im->part);
}

static int read_parts(struct image *im, int fd)
{
	uint8_t sum[SIPHASH_SIZE];
	uint32_t i;

	im->size = 0;
	for (i = 0; i < im->head.nparts; i++)
		if (im->part[i].kind != PART_MEMORY)
			im->size = im->part[i].offset + im->part[i].size - begin(im);
	im->bytes = mmap(NULL, im->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (im->bytes == MAP_FAILED) {
		im->bytes = NULL;
		return fail(im->m, -ENOMEM, "out of memory");
	}
	if (read_at(fd, im->bytes, im->size, begin(im)))
		return fail(im->m, -ENOENT, "damaged");
	for (i = 0; i < im->head.nparts; i++)
		if (im->part[i].kind != PART_MEMORY)
			im->data[i] = im->bytes + (im->part[i].offset - begin(im));
	image_sum(im, sum);
	if (memcmp(sum, im->head.sum, sizeof(sum)) || !image_check_data(im))
		return fail(im->m, -ENOENT, "damaged");
	return 0;
}

void image_put(struct image *im)
{
	if (!im || --im->refs)
		return;
	if (im->bytes)
		munmap(im->bytes, im->size);
	free(im);
}

/* That of the last machine, if that was not the first of this process. */
static struct {
	struct image *im;
	struct stat st;
} last;

static bool is_last(int fd)
{
	struct stat st;

	return last.im && !fstat(fd, &st) && st.st_dev == last.st.st_dev &&
		st.st_ino == last.st.st_ino && st.st_size == last.st.st_size &&
		!memcmp(&st.st_mtim, &last.st.st_mtim, sizeof(st.st_mtim)) &&
		!memcmp(&st.st_ctim, &last.st.st_ctim, sizeof(st.st_ctim));
}

static void remember(struct image *im, int fd)
{
	image_put(last.im);
	last.im = fstat(fd, &last.st) ? NULL : im;
	if (last.im)
		im->refs++;
}

struct image *image_get(struct muslin *m, int fd, uint64_t memory_size,
			struct kept_program *programs, int *err)
{
	struct image *im = is_last(fd) ? last.im : calloc(1, sizeof(*im));

	*err = im ? 0 : fail(m, -ENOMEM, "out of memory");
	if (!im)
		return NULL;
	im->m = m;
	im->refs++;
	if (!im->bytes) {
		*err = read_head(im, fd);
		if (!*err)
			*err = read_table(im, fd);
	}
	if (!*err && im->head.used && programs)
		memcpy(programs, im->head.programs, sizeof(im->head.programs));
	if (!*err && memory_size)
		*err = check_same(im, memory_size);
	if (!*err && !im->bytes) {
		*err = read_parts(im, fd);
		if (!*err && !arena_in_place(m))
			remember(im, fd);
	}
	if (!*err)
		return im;
	image_put(im);
	return NULL;
}
