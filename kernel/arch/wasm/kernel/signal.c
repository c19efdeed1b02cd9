// SPDX-License-Identifier: GPL-2.0
#include <linux/entry-common.h>
#include <linux/ptrace.h>
#include <linux/regset.h>
#include <linux/resume_user_mode.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/signal.h>
#include <linux/syscalls.h>
#include <asm/host.h>
#include <asm/tlbsync.h>
#include <asm/ucontext.h>
#include <asm/user_mode.h>

/* user code may use that much below its stack pointer */
#define RED_ZONE 128

struct sigframe {
	siginfo_t info;
	struct ucontext uc;
	char pad[128 - sizeof(sigset_t)];	/* libc's sigset_t has 128 bytes */
};

static int setup_frame(struct ksignal *ksig, struct pt_regs *regs)
{
	unsigned long sp = host_user_sp();
	struct sigframe __user *frame;
	struct sigcontext sc = { .in_syscall = regs->syscall };
	struct host_page *page;

	frame = (void __user *)((sigsp(sp - RED_ZONE, ksig) - sizeof(*frame)) & ~15UL);
	if (copy_siginfo_to_user(&frame->info, &ksig->info) ||
	    __clear_user(&frame->uc, offsetof(struct ucontext, uc_stack)) ||
	    __save_altstack(&frame->uc.uc_stack, sp) ||
	    copy_to_user(&frame->uc.uc_mcontext, &sc, sizeof(sc)) ||
	    copy_to_user(&frame->uc.uc_sigmask, sigmask_to_save(), sizeof(sigset_t)))
		return -EFAULT;

	page = wasm_host_page();	/* nothing sleeps any more */
	page->dispatcher = (unsigned long)ksig->ka.sa.sa_restorer;
	page->handler = (unsigned long)ksig->ka.sa.sa_handler;
	page->sig = ksig->sig;
	page->info = (unsigned long)&frame->info;
	page->context = (unsigned long)&frame->uc;
	page->action = HOST_USER_CALL;
	return 0;
}

/* What becomes of an interrupted system call. */
static void restart(struct pt_regs *regs, struct ksignal *handler)
{
	bool eintr = current->thread.eintr;

	if (!regs->syscall)
		return;
	switch (regs->ret) {
	case -ERESTART_RESTARTBLOCK:
		regs->restart = handler || eintr ? 0 : HOST_RESTART_BLOCK;
		break;
	case -ERESTARTNOHAND:
		regs->restart = handler || eintr ? 0 : HOST_RESTART;
		break;
	case -ERESTARTSYS:
		if (handler && !(handler->ka.sa.sa_flags & SA_RESTART))
			eintr = true;
		regs->restart = eintr ? 0 : HOST_RESTART;
		break;
	case -ERESTARTNOINTR:
		regs->restart = HOST_RESTART;
		break;
	default:
		return;
	}
	regs->ret = -EINTR;
}

/*
 * Of the SIGSYS of a filter: where the call was made, which the task is still in.
 * KSTK_EIP does not look for that, since each run of a filter asks for it.
 */
static void add_call_addr(kernel_siginfo_t *info)
{
	if (info->si_signo == SIGSYS &&
	    (info->si_code == SYS_SECCOMP || info->si_code == SYS_USER_DISPATCH))
		info->si_call_addr = (void __user *)host_task_pc(current->thread.host);
}

static void do_signal(struct pt_regs *regs)
{
	struct ksignal ksig;

	if (get_signal(&ksig)) {
		add_call_addr(&ksig.info);
		restart(regs, &ksig);
		signal_setup_done(setup_frame(&ksig, regs), &ksig, 0);
		return;
	}
	restart(regs, NULL);
	restore_saved_sigmask();
}

/*
 * User code that cannot have its pages (the host is out of memory or of
 * mappings), even if nobody else has any, would fault for ever.
 */
static void sync_or_die(void)
{
	int err = wasm_tlb_sync(current->mm);

	if (likely(!err) || !wasm_tlb_refused(current->mm))
		return;
	if (is_global_init(current))
		host_halt(HOST_NO_MEMORY);
	pr_err_ratelimited("%s[%d]: the host cannot map its memory (%d)\n",
			   current->comm, task_pid_nr(current), err);
	force_fatal_sig(SIGKILL);
}

static void user_work(struct pt_regs *regs)
{
	struct host_page *page;
	unsigned long flags;

	regs->restart = 0;
	for (;;) {
		flags = READ_ONCE(current_thread_info()->flags) & _TIF_WORK_MASK;
		if (wasm_this_cpu()->tlb_due) {
			wasm_this_cpu()->tlb_due = 0;
			sync_or_die();
			continue;
		}
		if (!flags || wasm_host_page()->action)
			break;
		if (flags & _TIF_NEED_RESCHED)
			schedule();
		if (flags & (_TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL)) {
			/* nothing may sleep between its action and the host */
			do_signal(regs);
			continue;
		}
		if (flags & _TIF_NOTIFY_RESUME)
			resume_user_mode_work(regs);
	}
	/* A handler's wish is for the next system call, and makes it look once. */
	if (current->thread.eintr) {
		if (regs->syscall)
			current->thread.eintr = false;
		else
			set_thread_flag(TIF_SIGPENDING);
	}
	page = wasm_host_page();
	page->restart = regs->restart;
	if (regs->restart && !page->action)
		page->action = HOST_USER_RESTART;
}

void wasm_user_work(void)
{
	struct pt_regs *regs = current_pt_regs();

	regs->syscall = 0;
	user_work(regs);
}

/* Stops and filters may sleep, so they come before anything is asked of the host. */
long wasm_syscall_work(long ret)
{
	unsigned long work = READ_ONCE(current_thread_info()->syscall_work);
	struct pt_regs *regs = current_pt_regs();

	regs->syscall = 1;
	regs->ret = ret;
	if (work & SYSCALL_WORK_EXIT)
		syscall_exit_work(regs, work);
	if (regs->exec) {
		regs->exec = 0;
		wasm_host_page()->action = HOST_USER_EXEC;
		return 0;
	}
	user_work(regs);
	return regs->ret;
}

/* Not of the new program while the host still has the old one, or none. */
void wasm_save_user(void)
{
	struct pt_regs *regs = current_pt_regs();

	if (!current->mm || current->thread.space != current->mm->context.id)
		return;
	regs->sp = host_user_sp();
	regs->tls = host_user_tls();
}

unsigned long *wasm_syscall_words(void)
{
	struct pt_regs *regs = current_pt_regs();

	if (regs->seen) {
		regs->seen = 0;
		return NULL;
	}
	memset(regs->args, 0, sizeof(regs->args));
	return regs->args;
}

/* A tracer may have made another call of it, or none. */
long wasm_syscall_watched(int nr)
{
	struct pt_regs *regs = current_pt_regs();
	long ret;

	regs->nr = nr;
	regs->ret = -ENOSYS;
	regs->syscall = 1;
	wasm_save_user();
	nr = syscall_enter_from_user_mode_work(regs, nr);
	if (nr == -1) {
		ret = wasm_syscall_exit(regs->ret);
	} else {
		regs->seen = READ_ONCE(current_thread_info()->syscall_work) != 0;
		ret = wasm_syscall_by_number(nr, regs->args);
	}
	regs->seen = 0;
	regs->nr = -1;
	return ret;
}

void wasm_user_enter(void)
{
	current_pt_regs()->nr = -1;
	wasm_user_work();
}

int wasm_user_sigreturn(unsigned long info)
{
	struct sigframe __user *frame = (void __user *)info;
	struct sigcontext sc;
	sigset_t set;

	current->restart_block.fn = do_no_restart_syscall;
	if (copy_from_user(&set, &frame->uc.uc_sigmask, sizeof(set)) ||
	    copy_from_user(&sc, &frame->uc.uc_mcontext, sizeof(sc)) ||
	    restore_altstack(&frame->uc.uc_stack)) {
		force_sig(SIGSEGV);
		sc.no_restart = 0;
	} else {
		set_current_blocked(&set);
		current->thread.eintr = sc.no_restart && !sc.in_syscall;
	}
	wasm_user_work();
	return sc.no_restart != 0;
}

void ptrace_disable(struct task_struct *t)
{
}

/* There is no single step: the generic code refuses it. */
long arch_ptrace(struct task_struct *t, long req, unsigned long addr, unsigned long data)
{
	return ptrace_request(t, req, addr, data);
}

static struct user_regs_struct user_regs(struct task_struct *t)
{
	const struct pt_regs *regs = task_pt_regs(t);
	struct user_regs_struct u = {
		.sp = regs->sp, .tls = regs->tls, .nr = regs->nr, .ret = regs->ret,
		.pc = t->thread.host ? host_task_pc(t->thread.host) : 0,
	};

	memcpy(u.args, regs->args, sizeof(u.args));
	return u;
}

static int regs_get(struct task_struct *t, const struct user_regset *set, struct membuf to)
{
	struct user_regs_struct u = user_regs(t);

	return membuf_write(&to, &u, sizeof(u));
}

/* The globals are the program's: the host does not set them. */
static int regs_set(struct task_struct *t, const struct user_regset *set, unsigned int pos,
		    unsigned int count, const void *kbuf, const void __user *ubuf)
{
	struct user_regs_struct old = user_regs(t), u = old;
	struct pt_regs *regs = task_pt_regs(t);
	int err;

	err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, &u, 0, sizeof(u));
	if (err)
		return err;
	if (u.sp != old.sp || u.tls != old.tls || u.pc != old.pc)
		return -EIO;
	regs->nr = u.nr;
	regs->ret = u.ret;
	memcpy(regs->args, u.args, sizeof(u.args));
	return 0;
}

const struct user_regset_view *task_user_regset_view(struct task_struct *t)
{
	static const struct user_regset sets[] = {
		{
			.core_note_type = NT_PRSTATUS,
			.n = sizeof(struct user_regs_struct) / sizeof(long),
			.size = sizeof(long),
			.align = sizeof(long),
			.regset_get = regs_get,
			.set = regs_set,
		},
	};
	static const struct user_regset_view view = {
		.name = "wasm32", .regsets = sets, .n = ARRAY_SIZE(sets),
	};

	return &view;
}
