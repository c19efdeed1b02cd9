/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "kernel.h"
#include "machine.h"

void console_write(struct muslin *m, const char *s, size_t n)
{
	if (m->log)
		m->log(m->callback_arg, s, n);
}

void w2c_host_console_write(struct w2c_host *h, u32 s, u32 n)
{
	struct muslin *m = machine(h);

	console_write(m, kmem(m, s, n), n);
}
