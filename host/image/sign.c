/* SPDX-License-Identifier: MIT */
/* An image is signed by who asked for it: the process that runs a guest has no key. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory-file.h"
#include "image/impl.h"

static bool read_parts(struct image *im, const uint8_t *file, uint64_t size)
{
	struct head *h = &im->head;
	uint32_t i;

	if (size < sizeof(*h))
		return false;
	memcpy(h, file, sizeof(*h));
	if (memcmp(h->magic, IMAGE_MAGIC, sizeof(h->magic)) || h->size != size ||
	    h->nparts > MAX_PARTS || h->nparts * sizeof(*im->part) > size - sizeof(*h))
		return false;
	memcpy(im->part, file + sizeof(*h), h->nparts * sizeof(*im->part));
	/* each is within the file, too */
	if (!image_check(im))
		return false;
	for (i = 0; i < h->nparts; i++)
		im->data[i] = file + im->part[i].offset;
	return image_check_data(im);
}

static int sign(struct image *im, int fd, char *error, size_t n)
{
	struct stat st;
	void *file;
	int r = cache_secret(true, im->secret, error, n);

	if (r)
		return r;
	if (fstat(fd, &st))
		return -errno;
	file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return -errno;
	if (read_parts(im, file, st.st_size)) {
		image_sum(im, im->head.sum);
		image_sum_table(im, im->head.table);
		r = write_all(fd, &im->head, sizeof(im->head), 0);
	} else {
		r = -EPROTO;
		snprintf(error, n, "what it wrote is no image");
	}
	munmap(file, st.st_size);
	return r;
}

int image_sign(int fd, char *error, size_t n)
{
	struct image *im = calloc(1, sizeof(*im));
	int r = im ? sign(im, fd, error, n) : -ENOMEM;

	free(im);
	if (r && !*error)
		snprintf(error, n, "%s", strerror(-r));
	return r;
}
