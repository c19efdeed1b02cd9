/* SPDX-License-Identifier: MIT */
/* muslin.h: what a machine has done. */
#include <sys/stat.h>

#include "machine/machine.h"
#include "machine/syscalls.h"
#include "muslin.h"

void muslin_stats(const struct muslin *m, struct muslin_stats *s)
{
	struct stat st;

	*s = m->stats;
	/* the kernel gives none of it back */
	if (m->memory_fd >= 0 && !fstat(m->memory_fd, &st))
		s->memory = st.st_blocks * 512ull;
}

int muslin_stats_calls(const struct muslin *m,
		       int (*fn)(void *arg, const char *name, uint64_t calls,
				 uint64_t time),
		       void *arg)
{
	int r = 0;

	for (unsigned int i = 0; m->calls && i < kernel_exports_count && !r; i++)
		if (m->calls[i].calls)
			r = fn(arg, kernel_exports[i].name, m->calls[i].calls,
			       m->calls[i].time);
	return r;
}
