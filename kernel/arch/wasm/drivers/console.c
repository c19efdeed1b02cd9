// SPDX-License-Identifier: GPL-2.0
/* Kernel messages until the terminal's driver takes over, see tty.c. */

#include <linux/console.h>
#include <asm/host.h>
#include "drivers.h"

static void boot_write(struct console *con, const char *s, unsigned int n)
{
	host_console_write(s, n);
}

static struct console boot_console = {
	.name	= "wasmboot",
	.write	= boot_write,
	.flags	= CON_PRINTBUFFER | CON_BOOT,
	.index	= -1,
};

void __init wasm_early_console(void)
{
	register_console(&boot_console);
}
