/* SPDX-License-Identifier: MIT */
#include "console.h"
#include "kernel.h"
#include "machine.h"
#include "switch.h"

void console_write(struct muslin *m, const char *s, size_t n)
{
	uint32_t env = fenv_get();

	if (!m->log)
		return;
	/* the embedder's code: not in a program's rounding mode */
	fenv_set(0);
	m->log(m->callback_arg, s, n);
	fenv_set(env);
}

void w2c_host_console_write(struct w2c_host *h, u32 s, u32 n)
{
	struct muslin *m = machine(h);

	console_write(m, kmem(m, s, n), n);
}
