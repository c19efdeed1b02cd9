/* SPDX-License-Identifier: MIT */
/* How files of ours begin, for who must know them from others. */
#ifndef MUSLIN_FORMATS_H
#define MUSLIN_FORMATS_H

#define IMAGE_MAGIC	"muslin boot img3"	/* 16 bytes */

#endif
