/* SPDX-License-Identifier: MIT */
#include "machine/clock.h"
#include "machine/task.h"
#include "machine/vcpu.h"

void vcpu_init(struct vcpu *v, struct muslin *m)
{
	v->machine = m;
	v->words.self = &v->words;
	v->page = &v->first;
	v->timer_when = CLOCK_NEVER;
}

void vcpu_start(struct vcpu *v)
{
	v->others = vcpu_register();
	set_vcpu_register((uintptr_t)v);
	task_user_load(v, v->task);
}

void vcpu_stop(struct vcpu *v)
{
	task_user_save(v, v->task);
	set_vcpu_register(v->others);
}
