/* SPDX-License-Identifier: MIT */
/* Several vCPUs of one machine: a thread each, of which the embedder's runs the first. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/thread.h"
#include "host_page.h"
#include "machine/clock.h"
#include "machine/cpus.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/signals.h"
#include "machine/task.h"
#include "machine/x86_64/this-vcpu.h"

/* vcpu.state, of all but the first */
enum {
	CPU_NONE,	/* there is no thread */
	CPU_WAITS,	/* its thread waits for CPU_STARTS, or CPU_ENDED */
	CPU_STARTS,
	CPU_RUNS,
	CPU_ENDED,	/* or could not start: vcpu.error */
};

static uint32_t get(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void put(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static void wait_while(const uint32_t *word, uint32_t is, const struct timespec *most)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, is, most, NULL, 0);
}

static void wake_all(const uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static bool several(const struct muslin *m)
{
	return m->cpus > 1;
}

/* --- the lock --- */

void cpus_lock(struct muslin *m)
{
	if (!several(m))
		return;
	pthread_mutex_lock(&m->lock);
	this_vcpu()->locked = true;
}

void cpus_unlock(struct muslin *m)
{
	if (!several(m))
		return;
	this_vcpu()->locked = false;
	pthread_mutex_unlock(&m->lock);
}

bool cpus_drop(struct muslin *m)
{
	if (!several(m) || !this_vcpu()->locked)
		return false;
	cpus_unlock(m);
	return true;
}

/* --- to be seen, wherever a vCPU is --- */

void cpus_wake(struct vcpu *v)
{
	const union sigval tag = { .sival_ptr = signals_irq_tag() };
	const uint64_t one = 1;

	if (!get(&v->idle)) {
		pthread_sigqueue(v->thread, signals_irq(), tag);
	} else if (v == boot_vcpu(v->machine)) {
		(void)!write(v->machine->wake_fd, &one, sizeof(one));
	} else {
		__atomic_fetch_add(&v->wakes, 1, __ATOMIC_SEQ_CST);
		wake_all(&v->wakes);
	}
}

void cpus_nudge(struct vcpu *v)
{
	if (several(v->machine) && v != this_vcpu() && irq_pending(v))
		cpus_wake(v);
}

void cpus_changed(struct muslin *m)
{
	struct vcpu *boot = boot_vcpu(m);

	if (this_vcpu() == boot)
		return;
	m->changes++;
	if (get(&boot->idle) || irq_pending(boot))
		cpus_wake(boot);
}

/* --- all stop, but for the first --- */

static void park(struct vcpu *v)
{
	struct muslin *m = v->machine;

	/* again: who had parked may be what cpus_pause() still sees */
	while (get(&m->pausing) && !m->halted) {
		put(&v->parked, 1);
		while (get(&m->pausing) && !m->halted)
			wait_while(&m->pausing, 1, NULL);
		put(&v->parked, 0);
	}
}

bool cpus_interrupted(struct vcpu *v)
{
	if (!several(v->machine))
		return false;
	if (v != boot_vcpu(v->machine))
		park(v);
	return v->machine->halted;
}

void cpus_check(struct muslin *m)
{
	if (!several(m) || !m->halted)
		return;
	set_in_user(false);
	task_leave();
	abort();	/* nobody enters it again */
}

void cpus_idle(struct vcpu *v, bool yes)
{
	put(&v->idle, yes);
	if (!yes && v != boot_vcpu(v->machine))
		park(v);
}

void cpus_sleep(struct vcpu *v)
{
	struct muslin *m = v->machine;
	uint32_t wakes = get(&v->wakes);
	uint64_t when = __atomic_load_n(&v->timer_when, __ATOMIC_SEQ_CST), now;
	struct timespec timeout = { .tv_sec = 3600 };

	cpus_idle(v, true);
	/* who sets one of these after that sees that it sleeps */
	if (!irq_pending(v) && !m->halted) {
		now = clock_now(m);
		if (when != CLOCK_NEVER)
			timeout = clock_timespec(when > now ? when - now : 0);
		wait_while(&v->wakes, wakes, &timeout);
	}
	cpus_idle(v, false);
	cpus_check(m);
	clock_poll(v);
}

static void a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 20000 };

	nanosleep(&moment, NULL);
}

/* Of its thread nothing is in the library, nor will be. */
static bool stands(const struct vcpu *v)
{
	return get(&v->parked) || get(&v->idle) || get(&v->state) != CPU_RUNS;
}

void cpus_pause(struct muslin *m)
{
	int i;

	if (!several(m))
		return;
	put(&m->pausing, 1);
	for (i = 1; i < m->cpus; i++)
		while (!stands(&m->vcpus[i])) {
			cpus_wake(&m->vcpus[i]);
			a_moment();
		}
}

void cpus_continue(struct muslin *m)
{
	if (!several(m))
		return;
	put(&m->pausing, 0);
	wake_all(&m->pausing);
}

/* --- threads --- */

/* One that ends the machine tells the first, which may be in a loop of the kernel. */
static void tell_boot(struct vcpu *v)
{
	struct vcpu *boot = boot_vcpu(v->machine);

	while (get(&boot->inside)) {
		cpus_wake(boot);
		a_moment();
	}
}

static int enter(struct vcpu *v)
{
	int err = signals_start(v);

	if (err)
		return err;
	err = clock_start(v);
	if (err)
		goto out_signals;
	put(&v->state, CPU_RUNS);
	wake_all(&v->state);
	vcpu_start(v);
	task_enter(v);
	vcpu_stop(v);
	tell_boot(v);
	clock_stop(v);
out_signals:
	signals_stop(v);
	return err;
}

static void *serve(void *arg)
{
	struct vcpu *v = arg;

	if (v->machine->confine)
		v->machine->confine();
	while (get(&v->state) == CPU_WAITS)
		wait_while(&v->state, CPU_WAITS, NULL);
	if (get(&v->state) == CPU_STARTS)
		v->error = enter(v);
	put(&v->state, CPU_ENDED);
	wake_all(&v->state);
	return NULL;
}

int cpus_threads(struct muslin *m, bool (*confine)(void))
{
	int i, r = 0;

	if (!several(m))
		return 0;
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake_fd < 0)
		return -errno;
	m->confine = confine;
	for (i = 1; i < m->cpus && !r; i++) {
		m->vcpus[i].state = CPU_WAITS;
		r = thread_start(&m->vcpus[i].thread, serve, &m->vcpus[i]);
		if (r)
			m->vcpus[i].state = CPU_NONE;
	}
	return r;
}

void cpus_stop(struct muslin *m)
{
	int i;

	if (several(m) && !m->halted)
		m->halted = HALTED + HOST_POWER_OFF;
	for (i = 1; i < m->cpus; i++) {
		struct vcpu *v = &m->vcpus[i];

		if (get(&v->state) == CPU_NONE)
			continue;
		if (get(&v->state) == CPU_WAITS) {
			put(&v->state, CPU_ENDED);
			wake_all(&v->state);
		}
		while (get(&v->state) != CPU_ENDED) {
			cpus_continue(m);
			if (get(&v->state) == CPU_RUNS)
				cpus_wake(v);
			a_moment();
		}
		pthread_join(v->thread, NULL);
		v->state = CPU_NONE;
	}
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	m->wake_fd = -1;
}

/* --- the kernel's imports --- */

u32 w2c_host_cpus(struct w2c_host *h)
{
	return several(machine(h)) ? machine(h)->cpus : 1;
}

/* One that the machine has, and is not the first. */
static struct vcpu *other_cpu(struct muslin *m, u32 cpu)
{
	if (!cpu || cpu >= (u32)m->cpus)
		machine_refuse(m, "passed CPU %u, which is not to be started", cpu);
	return &m->vcpus[cpu];
}

u32 w2c_host_cpu_start(struct w2c_host *h, u32 cpu, u32 task)
{
	struct muslin *m = machine(h);
	struct vcpu *v = other_cpu(m, cpu);
	uint32_t waits = CPU_WAITS;

	if (get(&v->state) == CPU_NONE)
		return -EAGAIN;
	if (this_vcpu() != boot_vcpu(m) || get(&v->state) != CPU_WAITS)
		machine_refuse(m, "started CPU %u, which runs", cpu);
	v->task = task_get(m, task);
	v->start = task_take(m, v->task);
	__atomic_compare_exchange_n(&v->state, &waits, CPU_STARTS, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	wake_all(&v->state);
	while (get(&v->state) == CPU_STARTS)
		wait_while(&v->state, CPU_STARTS, NULL);
	return v->error;
}

void w2c_host_cpu_kick(struct w2c_host *h, u32 cpu)
{
	struct muslin *m = machine(h);
	struct vcpu *v = cpu ? other_cpu(m, cpu) : boot_vcpu(m);

	if (cpu && get(&v->state) != CPU_RUNS)
		machine_refuse(m, "interrupted CPU %u, which does not run", cpu);
	/* who has set the bit before wakes it */
	if (!vcpu_raise(v, HOST_IRQ_CPU) && v != this_vcpu())
		cpus_wake(v);
}

void w2c_host_cpu_yield(struct w2c_host *h)
{
	cpus_check(machine(h));
	sched_yield();
}
