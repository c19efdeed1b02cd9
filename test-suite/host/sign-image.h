/* SPDX-License-Identifier: MIT */
/* Boot images that are edited, and signed again: image/impl.h before. */
#ifndef SIGN_IMAGE_H
#define SIGN_IMAGE_H

static uint8_t *file;
static size_t size;
static struct image *im;	/* head and parts are a copy of file's, or edited ones */

/* What is not in the file has no sum that fits, but is not to be looked at. */
static void sign(void)
{
	uint32_t i, n = im->head.nparts;

	for (i = 0; i < n && n <= MAX_PARTS; i++) {
		const struct part *p = &im->part[i];

		if (p->offset > size || p->size > size - p->offset)
			break;
		im->data[i] = file + p->offset;
	}
	if (i == n)
		image_sum(im, im->head.sum);
	if (n > MAX_PARTS)
		im->head.nparts = MAX_PARTS;
	image_sum_table(im, im->head.table);
	im->head.nparts = n;
}

#endif
