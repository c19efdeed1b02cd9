/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_FRAMES_H
#define MUSLIN_FRAMES_H

/* While the process may still open its own file, where names are. */
void frames_open(void);

#endif
