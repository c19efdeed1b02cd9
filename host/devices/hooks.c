/* SPDX-License-Identifier: MIT */
#include "devices/ctl.h"
#include "devices/tty.h"
#include "machine/hooks.h"
#include "machine/machine.h"

static bool has_init(struct muslin *m)
{
	return m->ctl->ready;
}

const struct ctl_hooks ctl_hooks = {
	.goes_on = tty_resume,
	.stopped = tty_suspend,
	.gone = tty_detach,
};

const struct machine_hooks machine_hooks = {
	.has_init = has_init,
	.refused = ctl_refused,
	.dying = tty_restore_now,
};
