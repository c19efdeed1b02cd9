/* SPDX-License-Identifier: MIT */
/* Life cycle of a machine. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_page.h"
#include "machine/clock.h"
#include "machine/cpus.h"
#include "machine/irq.h"
#include "machine/signals.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/task.h"
#include "machine/user.h"
#include "machine/vcpu.h"
#include "machine/x86_64/this-vcpu.h"

/* physical memory ends where vmalloc space begins, asm/pgtable.h */
#define MEMORY_MIN (32ull << 20)
#define MEMORY_MAX MM_VMALLOC

int fail(struct muslin *m, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->error, sizeof(m->error), fmt, ap);
	va_end(ap);
	return err;
}

void machine_refuse(struct muslin *m, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	fail(m, -EPROTO, "the kernel %s", what);
	machine_halt(m, HALTED + HOST_PANIC);
}

u32 w2c_host_memory_size(struct w2c_host *h)
{
	return machine(h)->memory_size;
}

void w2c_host_cmdline(struct w2c_host *h, u32 buf, u32 n)
{
	struct muslin *m = machine(h);

	snprintf(kmem(m, buf, n), n, "%s", m->cmdline ? m->cmdline : "");
}

u32 w2c_host_initrd(struct w2c_host *h, u32 buf)
{
	struct muslin *m = machine(h);

	if (buf && m->initrd)
		memcpy(kmem(m, buf, m->initrd_size), m->initrd, m->initrd_size);
	return m->initrd_size;
}

void w2c_host_set_page(struct w2c_host *h, u32 page)
{
	struct muslin *m = machine(h);
	struct vcpu *v = this_vcpu();

	/* signal handlers use it: it has to be there always, and its words whole */
	if (page % _Alignof(struct host_page) || page < m->memory_lowest ||
	    (uint64_t)page + sizeof(*v->page) > m->memory_size)
		machine_refuse(m, "passed a wild page of shared words, %#x", page);
	if (v->page != &v->first)
		machine_refuse(m, "passed a second page of shared words");
	v->page = kmem(m, page, sizeof(*v->page));
}

void w2c_host_halt(struct w2c_host *h, u32 how)
{
	struct muslin *m = machine(h);

	if (how > HOST_NO_MEMORY)
		machine_refuse(m, "passed no way to halt, %u", how);
	machine_halt(m, HALTED + how);
}

_Noreturn void machine_halt(struct muslin *m, int how)
{
	/* the first to say so, of several */
	if (!m->halted)
		m->halted = how;
	cpus_drop(m);
	set_in_user(false);
	task_leave();
	abort();	/* machine_run() does not enter it again */
}

static bool is_over(struct muslin *m)
{
	const struct vcpu *v = boot_vcpu(m);
	bool over, locked = this_vcpu()->locked;

	if (!locked)
		cpus_lock(m);
	over = v->until(m, v->until_arg);
	if (!locked)
		cpus_unlock(m);
	return over;
}

void machine_poke(struct muslin *m)
{
	bool locked;

	/* nobody waits for anything of it; perhaps it has no vCPU that runs, either */
	if (!boot_vcpu(m)->until)
		return;
	if (this_vcpu() != boot_vcpu(m)) {
		/* it has nothing to do with streams, but looks */
		__atomic_store_n(&m->poked, 1, __ATOMIC_SEQ_CST);
		vcpu_raise(boot_vcpu(m), HOST_IRQ_STREAM);
		cpus_wake(boot_vcpu(m));
		return;
	}
	__atomic_store_n(&m->poked, 0, __ATOMIC_SEQ_CST);
	if (!is_over(m))
		return;
	locked = cpus_drop(m);
	task_leave();
	if (locked)
		cpus_lock(m);
}

void machine_poked(struct muslin *m)
{
	if (__atomic_load_n(&m->poked, __ATOMIC_SEQ_CST) && this_vcpu() == boot_vcpu(m))
		machine_poke(m);
}

int machine_run(struct muslin *m, bool (*until)(struct muslin *m, void *arg), void *arg)
{
	struct vcpu *v = boot_vcpu(m);
	int err;

	if (v->running)
		return -EBUSY;
	if (m->halted)
		return -ESHUTDOWN;
	err = signals_start(v);
	if (err)
		return err;
	err = clock_start(v);
	if (err)
		goto out_fault;
	v->until = until;
	v->until_arg = arg;
	v->running = true;
	v->thread = pthread_self();
	v->inside = 1;
	vcpu_start(v);
	v->start = task_take(m, v->task);
	cpus_continue(m);
	task_enter(v);
	__atomic_store_n(&v->inside, 0, __ATOMIC_SEQ_CST);
	/* nobody is in the library any more when the caller is */
	if (m->halted)
		cpus_stop(m);
	else
		cpus_pause(m);
	vcpu_stop(v);
	v->running = false;
	clock_stop(v);
	if (m->halted)
		err = -ESHUTDOWN;
out_fault:
	signals_stop(v);
	return err;
}

static int kernel_init(struct muslin *m)
{
	struct muslin_head *head = muslin_head(m->kernel);

	head->rt = &user_rt;
	head->machine = m;
	head->memory.pages = USER_SPACE >> 16;
	wasm2c_vmlinux_instantiate(m->kernel, (struct w2c_host *)m);
	return 0;
}

int machine_init(struct muslin *m, uint64_t memory_size)
{
	int err;

	if (memory_size < MEMORY_MIN || memory_size > MEMORY_MAX)
		return fail(m, -EINVAL, "memory size: from %llu to %llu MiB",
			    MEMORY_MIN >> 20, MEMORY_MAX >> 20);
	m->memory_size = memory_size / MM_PAGE * MM_PAGE;
	for (int i = 0; i < VCPUS; i++)
		vcpu_init(&m->vcpus[i], m);
	err = mm_init(m);
	if (!err)
		err = task_init(m);
	if (!err)
		err = clock_init(m);
	if (!err)
		err = kernel_init(m);
	if (!err)
		return 0;
	machine_exit(m);
	return m->error[0] ? err : fail(m, err, "cannot set up the machine: %s", strerror(-err));
}

void machine_reset(struct muslin *m)
{
	if (m->memory_fd >= 0)
		close(m->memory_fd);
	m->memory_fd = -1;
	m->kernel = NULL;
	m->memory = NULL;
	memset(m->vcpus, 0, sizeof(m->vcpus));
	m->tasks = NULL;
	m->ntasks = 0;
	m->stacks = NULL;
	m->mms = NULL;
	m->nmms = 0;
	m->spaces = NULL;
	m->nspaces = 0;
}

void w2c_host_frozen(struct w2c_host *h)
{
	struct muslin *m = machine(h);

	/* nobody has asked */
	if (m->freezing != FREEZING)
		return;
	m->freezing = FROZEN;
	machine_poke(m);
}

void machine_exit(struct muslin *m)
{
	cpus_stop(m);
	m->arena.ending = true;
	task_exit(m);
	mm_exit(m);
	clock_exit(m);
}
