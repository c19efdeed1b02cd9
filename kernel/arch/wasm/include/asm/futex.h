/* SPDX-License-Identifier: GPL-2.0 */
/* User code of other CPUs may do the same meanwhile, by its own atomic instructions. */
#ifndef _ASM_WASM_FUTEX_H
#define _ASM_WASM_FUTEX_H

#include <linux/futex.h>
#include <linux/uaccess.h>

static inline int wasm_futex_op(int op, u32 oparg, int *oval, u32 *p)
{
	switch (op) {
	case FUTEX_OP_SET:
		*oval = __atomic_exchange_n(p, oparg, __ATOMIC_SEQ_CST);
		return 0;
	case FUTEX_OP_ADD:
		*oval = __atomic_fetch_add(p, oparg, __ATOMIC_SEQ_CST);
		return 0;
	case FUTEX_OP_OR:
		*oval = __atomic_fetch_or(p, oparg, __ATOMIC_SEQ_CST);
		return 0;
	case FUTEX_OP_ANDN:
		*oval = __atomic_fetch_and(p, ~oparg, __ATOMIC_SEQ_CST);
		return 0;
	case FUTEX_OP_XOR:
		*oval = __atomic_fetch_xor(p, oparg, __ATOMIC_SEQ_CST);
		return 0;
	default:
		return -ENOSYS;
	}
}

static inline int arch_futex_atomic_op_inuser(int op, u32 oparg, int *oval,
					      u32 __user *uaddr)
{
	u32 *p;
	int err;

	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	p = wasm_user_ptr((unsigned long)uaddr, true);
	if (!p)
		return -EFAULT;
	err = wasm_futex_op(op, oparg, oval, p);
	wasm_user_done();
	return err;
}

static inline int futex_atomic_cmpxchg_inatomic(u32 *uval, u32 __user *uaddr,
						u32 old, u32 new)
{
	u32 *p;

	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	p = wasm_user_ptr((unsigned long)uaddr, true);
	if (!p)
		return -EFAULT;
	*uval = cmpxchg(p, old, new);
	wasm_user_done();
	return 0;
}

#endif
