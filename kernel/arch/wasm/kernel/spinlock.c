// SPDX-License-Identifier: GPL-2.0
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/spinlock.h>

void wasm_ticket_lock(arch_spinlock_t *lock)
{
	u32 val = atomic_fetch_add(WASM_TICKET, lock);
	u16 ticket = val >> 16;

	if (ticket == (u16)val)
		return;
	atomic_cond_read_acquire(lock, ticket == (u16)VAL);
	/* whoever takes it after another sees all that the other has done: RCsc */
	smp_mb();
}

bool wasm_ticket_trylock(arch_spinlock_t *lock)
{
	u32 old = atomic_read(lock);

	if (old >> 16 != (old & 0xffff))
		return false;
	return atomic_try_cmpxchg(lock, &old, old + WASM_TICKET);
}
