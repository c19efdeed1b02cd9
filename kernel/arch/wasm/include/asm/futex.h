/* SPDX-License-Identifier: GPL-2.0 */
/* One CPU: while the kernel runs, no user code does. */
#ifndef _ASM_WASM_FUTEX_H
#define _ASM_WASM_FUTEX_H

#include <linux/futex.h>
#include <linux/uaccess.h>

static inline int arch_futex_atomic_op_inuser(int op, u32 oparg, int *oval,
					      u32 __user *uaddr)
{
	u32 *p, old, new;

	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	p = wasm_user_ptr((unsigned long)uaddr, true);
	if (!p)
		return -EFAULT;
	old = *p;
	switch (op) {
	case FUTEX_OP_SET:
		new = oparg;
		break;
	case FUTEX_OP_ADD:
		new = old + oparg;
		break;
	case FUTEX_OP_OR:
		new = old | oparg;
		break;
	case FUTEX_OP_ANDN:
		new = old & ~oparg;
		break;
	case FUTEX_OP_XOR:
		new = old ^ oparg;
		break;
	default:
		return -ENOSYS;
	}
	*p = new;
	*oval = old;
	return 0;
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
	*uval = *p;
	if (*p == old)
		*p = new;
	return 0;
}

#endif
