// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>
#include <asm/fault.h>
#include <asm/host.h>
#include <asm/ptrace.h>
#include <asm/user_mode.h>

static bool may_access(struct vm_area_struct *vma, bool write)
{
	return vma->vm_flags & (write ? VM_WRITE : VM_READ | VM_EXEC | VM_WRITE);
}

int wasm_fault_in(unsigned long addr, bool write, int *code)
{
	struct mm_struct *mm = current->mm;
	struct pt_regs *regs = current_pt_regs();
	unsigned int flags = FAULT_FLAG_DEFAULT | FAULT_FLAG_USER;
	struct vm_area_struct *vma;
	vm_fault_t fault;
	int ignored;

	if (!code)
		code = &ignored;
	*code = SEGV_MAPERR;
	if (addr >= TASK_SIZE)
		return SIGSEGV;
	if (write)
		flags |= FAULT_FLAG_WRITE;
retry:
	vma = lock_mm_and_find_vma(mm, addr, regs);
	if (!vma)
		return SIGSEGV;
	if (!may_access(vma, write)) {
		mmap_read_unlock(mm);
		*code = SEGV_ACCERR;
		return SIGSEGV;
	}

	fault = handle_mm_fault(vma, addr, flags, regs);
	if (fault_signal_pending(fault, regs))
		return -EINTR;
	if (fault & VM_FAULT_COMPLETED)
		return 0;
	if (fault & VM_FAULT_RETRY) {
		flags |= FAULT_FLAG_TRIED;
		goto retry;
	}
	mmap_read_unlock(mm);

	if (!(fault & VM_FAULT_ERROR))
		return 0;
	if (fault & VM_FAULT_OOM) {
		pagefault_out_of_memory();
		return fatal_signal_pending(current) ? -EINTR : 0;
	}
	if (fault & VM_FAULT_SIGSEGV)
		return SIGSEGV;
	*code = BUS_ADRERR;
	return SIGBUS;
}

/* For a signal that will kill. */
static void report(int sig)
{
	char what[200];

	if (!unhandled_signal(current, sig) || !printk_ratelimit())
		return;
	host_user_trapped(what, sizeof(what));
	pr_info("%s[%d]: %s\n", current->comm, task_pid_nr(current), what);
}

void wasm_user_fault(unsigned long addr, int write)
{
	int code, sig;

	sig = wasm_fault_in(addr, write, &code);
	/* it may be there, by another CPU's doing: only the host was not told */
	if (!wasm_one_cpu)
		wasm_this_cpu()->tlb_due = 1;
	if (sig > 0) {
		report(sig);
		force_sig_fault(sig, code, (void __user *)addr);
	}
	wasm_user_work();
}

/* SI_KERNEL: the program cannot go on, whatever handler it has. */
void wasm_user_trap(int sig, int code, unsigned long addr)
{
	report(sig);
	if (code == SI_KERNEL)
		force_fatal_sig(sig);
	else
		force_sig_fault(sig, code, (void __user *)addr);
	wasm_user_work();
}

/*
 * A task of the kernel's own may die of it, if the machine is to go on after an
 * oops.  If not, the host ends the machine, and says why.
 */
void wasm_kernel_fault(unsigned long addr)
{
	if (panic_on_oops || in_interrupt())
		return;
	oops_enter();
	bust_spinlocks(1);
	pr_emerg("Oops: the kernel faulted at address %#lx in %s[%d]\n", addr,
		 current->comm, task_pid_nr(current));
	add_taint(TAINT_DIE, LOCKDEP_NOW_UNRELIABLE);
	bust_spinlocks(0);
	oops_exit();
	make_task_dead(SIGSEGV);
}
