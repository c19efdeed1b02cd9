/* SPDX-License-Identifier: MIT */
/* What a machine calls of the rooms below this one: devices/hooks.c fills it in. */
#ifndef MUSLIN_HOOKS_H
#define MUSLIN_HOOKS_H

#include <stdbool.h>

struct muslin;

struct machine_hooks {
	/* Is there an init that would tell of an error? */
	bool (*has_init)(struct muslin *m);
	/* Why a program cannot be executed. */
	void (*refused)(struct muslin *m, int err, const char *reason);
	/* Async-signal-safe: this process is about to die. */
	void (*dying)(void);
};

extern const struct machine_hooks machine_hooks;

#endif
