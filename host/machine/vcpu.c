/* SPDX-License-Identifier: MIT */
#include "machine/machine.h"
#include "machine/vcpu.h"

static _Thread_local struct {
	uint64_t memory;	/* what the register is */
	uint64_t others;	/* what it was, and is to be again */
} vcpu;

void vcpu_set_memory(const void *memory)
{
	uint64_t base = (uintptr_t)memory;

	if (base == vcpu.memory)
		return;
	set_memory_register(base);
	vcpu.memory = base;
}

void vcpu_start(struct muslin *m)
{
	vcpu.others = vcpu.memory = memory_register();
	task_user_load(m->task);
}

void vcpu_stop(struct muslin *m)
{
	task_user_save(m->task);
	set_memory_register(vcpu.others);
}
