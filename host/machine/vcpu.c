/* SPDX-License-Identifier: MIT */
#include "machine/machine.h"
#include "machine/task.h"
#include "machine/vcpu.h"

/* What the register was, and is to be again. */
static _Thread_local uint64_t others;

void vcpu_start(struct muslin *m)
{
	others = vcpu_register();
	m->vcpu.self = &m->vcpu;
	set_vcpu_register((uintptr_t)&m->vcpu);
	task_user_load(m, m->task);
}

void vcpu_stop(struct muslin *m)
{
	task_user_save(m, m->task);
	set_vcpu_register(others);
}
