/* SPDX-License-Identifier: MIT */
/*
 * What a guest's root writes to init's channel, for libFuzzer: a first byte says
 * what libmuslin is waiting for, the rest comes in pieces.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devices/ctl.h"
#include "machine/machine.h"

static void ask(struct muslin *m, enum ctl_type type, int id)
{
	struct ctl_head head = { sizeof(head), type, id };

	if (ctl_send(m, &head))
		abort();
}

static void check(const struct ctl *c)
{
	const struct program *p;

	if (c->mount_error < 0 || c->mount_error > CTL_ERRNO_MAX)
		abort();
	for (p = c->programs; p < c->programs + PROGRAMS; p++)
		if (p->error < 0 || p->error > CTL_ERRNO_MAX ||
		    p->step < 0 || p->step > CTL_STEP_LIMITS ||
		    p->status < 0 || p->status > 0xffff)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct muslin m;
	uint8_t due = size ? *data++ : 0;
	size_t n, piece;

	memset(&m, 0, sizeof(m));
	m.arena.keep = true;
	if (ctl_init(&m))
		abort();
	for (int i = 0; i < (due & 3); i++)
		ask(&m, CTL_SPAWN, program_new(&m)->id);
	if (due & 4)
		ask(&m, CTL_MOUNT, 0);
	piece = due & 8 ? sizeof(struct ctl_reply) : due;
	for (n = size ? size - 1 : 0; n; n -= piece, data += piece) {
		if (piece > n || !piece)
			piece = n;
		ctl_write(&m, data, piece);
		check(m.ctl);
	}
	ctl_exit(&m);
	return 0;
}
