/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/text.h"
#include "devices/console.h"
#include "devices/stream.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"
#include "machine/switch.h"

#define CONSOLE_MOST (1u << 20)	/* bytes, at once */

void console_write(struct muslin *m, const char *s, size_t n)
{
	uint32_t env = fenv_get();
	char text[512];
	size_t len;

	if (!m->log || stream_room(m, n) < (ssize_t)n)
		return;
	stream_wrote(m, n);
	/* the embedder's code: not in a program's rounding mode */
	fenv_set(0);
	for (; n; s += len, n -= len) {
		len = text_piece(s, n, sizeof(text));
		m->log(m->callback_arg, text, printable(text, s, len, true));
	}
	fenv_set(env);
}

/* The embedder's code must not fault on the kernel's memory, nor see it change. */
void console_copy(struct muslin *m, uint32_t s, uint32_t n)
{
	const char *p = kmem(m, s, n);
	char copy[512];
	size_t k;

	for (; n; n -= k, p += k) {
		k = text_piece(p, n, sizeof(copy));
		memcpy(copy, p, k);
		console_write(m, copy, k);
	}
}

void w2c_host_console_write(struct w2c_host *h, u32 s, u32 n)
{
	struct muslin *m = machine(h);

	if (n > CONSOLE_MOST)
		machine_refuse(m, "passed a message of %u bytes", n);
	console_copy(m, s, n);
}
