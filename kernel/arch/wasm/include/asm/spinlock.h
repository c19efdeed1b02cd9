/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ticket lock, of asm-generic's type: the upper half is the next ticket, the lower
 * half that of whoever has the lock.  On the only CPU nobody waits, and a lock is a
 * word that says whether it is taken.
 */
#ifndef _ASM_WASM_SPINLOCK_H
#define _ASM_WASM_SPINLOCK_H

#include <linux/atomic.h>
#include <asm/barrier.h>
#include <asm/vcpu.h>
#include <asm-generic/spinlock_types.h>

#define WASM_TICKET	(1 << 16)

void wasm_ticket_lock(arch_spinlock_t *lock);
bool wasm_ticket_trylock(arch_spinlock_t *lock);

static __always_inline int arch_spin_value_unlocked(arch_spinlock_t lock)
{
	u32 val = lock.counter;

	return val >> 16 == (val & 0xffff);
}

static __always_inline int arch_spin_is_locked(arch_spinlock_t *lock)
{
	arch_spinlock_t val = READ_ONCE(*lock);

	return !arch_spin_value_unlocked(val);
}

static __always_inline int arch_spin_is_contended(arch_spinlock_t *lock)
{
	u32 val = atomic_read(lock);

	return (s16)((val >> 16) - (val & 0xffff)) > 1;
}

static __always_inline void arch_spin_lock(arch_spinlock_t *lock)
{
	if (wasm_one_cpu)
		atomic_set(lock, WASM_TICKET);
	else
		wasm_ticket_lock(lock);
}

static __always_inline bool arch_spin_trylock(arch_spinlock_t *lock)
{
	if (!wasm_one_cpu)
		return wasm_ticket_trylock(lock);
	if (arch_spin_is_locked(lock))
		return false;
	atomic_set(lock, WASM_TICKET);
	return true;
}

static __always_inline void arch_spin_unlock(arch_spinlock_t *lock)
{
	u16 *owner = (u16 *)lock;

	if (wasm_one_cpu)
		atomic_set(lock, 0);
	else
		smp_store_release(owner, (u16)(READ_ONCE(*owner) + 1));
}

#include <asm/qrwlock.h>

#endif
