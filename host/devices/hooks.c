/* SPDX-License-Identifier: MIT */
#include "devices/ctl.h"
#include "devices/idle.h"
#include "devices/tty.h"
#include "machine/hooks.h"
#include "machine/machine.h"

static bool has_init(struct muslin *m)
{
	return m->ctl->ready;
}

const struct machine_hooks machine_hooks = {
	.poll = idle_poll,
	.has_init = has_init,
	.refused = ctl_refused,
	.dying = tty_restore_now,
};
