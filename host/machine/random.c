/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "host_page.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"

#define RANDOM_MOST (1u << 20)	/* bytes, at once */

void w2c_host_random(struct w2c_host *h, u32 buf, u32 n)
{
	struct muslin *m = machine(h);
	uint8_t *p = kmem(m, buf, n);
	ssize_t r;

	if (n > RANDOM_MOST)
		machine_refuse(m, "asked for %u random bytes", n);
	for (; n; n -= r, p += r) {
		r = getrandom(p, n, 0);
		if (r < 0 && errno == EINTR)
			r = 0;
		if (r < 0) {
			fail(m, -errno, "no random bytes: %s", strerror(errno));
			machine_halt(m, HALTED + HOST_PANIC);
		}
	}
}
