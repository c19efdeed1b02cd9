// SPDX-License-Identifier: GPL-2.0
/*
 * Programs are wasm modules.  The host checks and translates one; here it gets
 * an address space:
 *
 *	0		never mapped, so that NULL faults
 *	info.data	constants, a private mapping of the program's file in image.c
 *	info.data_start	initialised data, another one
 *	info.data_end	the rest of data, and bss
 *	info.end	brk
 *	...		mmap, top down
 *	STACK_TOP	arguments, environment, auxiliary vector, stack
 */
#include <linux/auxvec.h>
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/ptrace.h>
#include <linux/random.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/host.h>
#include <asm/host_page.h>
#include <asm/image.h>

static int load_wasm(struct linux_binprm *bprm);

static struct linux_binfmt wasm_format = {
	.load_binary = load_wasm,
};

#define RANDOM_BYTES 16		/* what AT_RANDOM points to */

static void push_aux(unsigned long **v, unsigned long type, unsigned long value)
{
	*(*v)++ = type;
	*(*v)++ = value;
}

static unsigned int fill_auxv(struct linux_binprm *bprm, unsigned long random)
{
	const struct cred *cred = current_cred();
	unsigned long *auxv = current->mm->saved_auxv, *v = auxv;

	memset(auxv, 0, sizeof(current->mm->saved_auxv));
	push_aux(&v, AT_PAGESZ, PAGE_SIZE);
	push_aux(&v, AT_CLKTCK, USER_HZ);
	push_aux(&v, AT_UID, from_kuid_munged(cred->user_ns, cred->uid));
	push_aux(&v, AT_EUID, from_kuid_munged(cred->user_ns, cred->euid));
	push_aux(&v, AT_GID, from_kgid_munged(cred->user_ns, cred->gid));
	push_aux(&v, AT_EGID, from_kgid_munged(cred->user_ns, cred->egid));
	push_aux(&v, AT_SECURE, bprm->secureexec);
	push_aux(&v, AT_RANDOM, random);
	push_aux(&v, AT_EXECFN, bprm->exec);
	push_aux(&v, AT_NULL, 0);
	return v - auxv;
}

/* Pointers to n strings that start at *str, and a NULL. */
static int push_strings(unsigned long __user **sp, int n, unsigned long *str)
{
	long len;

	for (; n > 0; n--) {
		if (put_user(*str, (*sp)++))
			return -EFAULT;
		len = strnlen_user((void __user *)*str, MAX_ARG_STRLEN);
		if (!len || len > MAX_ARG_STRLEN)
			return -EINVAL;
		*str += len;
	}
	return put_user(0UL, (*sp)++);
}

/* argc, argv, envp, auxv; the strings are there already, from bprm->p up */
static int create_stack(struct linux_binprm *bprm)
{
	struct mm_struct *mm = current->mm;
	unsigned long __user *sp;
	unsigned long str = mm->arg_start;
	u8 random[RANDOM_BYTES];
	unsigned int naux;
	int err;

	get_random_bytes(random, sizeof(random));
	bprm->p -= RANDOM_BYTES;
	if (copy_to_user((void __user *)bprm->p, random, sizeof(random)))
		return -EFAULT;
	naux = fill_auxv(bprm, bprm->p);
	bprm->p -= (naux + bprm->envc + 1 + bprm->argc + 1 + 1) * sizeof(long);
	bprm->p &= ~15UL;

	sp = (unsigned long __user *)bprm->p;
	if (put_user((unsigned long)bprm->argc, sp++))
		return -EFAULT;
	err = push_strings(&sp, bprm->argc, &str);
	if (err)
		return err;
	mm->arg_end = mm->env_start = str;
	err = push_strings(&sp, bprm->envc, &str);
	if (err)
		return err;
	mm->env_end = str;
	return copy_to_user(sp, mm->saved_auxv, naux * sizeof(long)) ? -EFAULT : 0;
}

/* A part of data, which may be empty, at its place. */
static int map_part(const struct host_image *info, struct file *data,
		    unsigned long start, unsigned long end, unsigned long prot)
{
	unsigned long addr = start;

	if (start < end)
		addr = vm_mmap(data, start, end - start, prot,
			       MAP_PRIVATE | MAP_FIXED, start - info->data);
	return IS_ERR_VALUE(addr) ? addr : 0;
}

static int map_data(const struct host_image *info, struct file *data)
{
	struct mm_struct *mm = current->mm;
	int err = 0;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	mm->start_code = mm->end_code = info->data;
	mm->start_data = info->data_start;
	mm->end_data = mm->start_brk = mm->brk = info->end;
	mmap_write_unlock(mm);
	if (data)
		err = map_part(info, data, info->data, info->data_start, PROT_READ);
	if (data && !err)
		err = map_part(info, data, info->data_start, info->data_end,
			       PROT_READ | PROT_WRITE);
	return err ?: vm_brk_flags(info->data_end, info->end - info->data_end, 0);
}

static int load_wasm(struct linux_binprm *bprm)
{
	struct pt_regs *regs = current_pt_regs();
	bool replaces = user_mode(regs);
	struct host_image *info;
	struct file *data = NULL;
	int err;

	if (memcmp(bprm->buf, "\0asm", 4))
		return -ENOEXEC;
	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	err = wasm_image_load(bprm, info, &data);
	if (err) {
		data = NULL;
		goto out;
	}

	/* past this a failure kills the program */
	err = begin_new_exec(bprm);
	if (err)
		goto out;
	set_personality(PER_LINUX);
	setup_new_exec(bprm);
	err = setup_arg_pages(bprm, STACK_TOP, EXSTACK_DISABLE_X);
	if (err)
		goto out;
	current->mm->arg_start = bprm->p;
	err = map_data(info, data);
	if (err) {
		pr_err("%s: not enough memory for its data\n", bprm->filename);
		goto out;
	}
	set_binfmt(&wasm_format);
	err = create_stack(bprm);
	if (err)
		goto out;
	finalize_exec(bprm);
	start_thread(regs, 0, bprm->p);
	if (replaces) {
		/* told to the host when nothing sleeps any more */
		regs->exec = 1;
		set_thread_flag(TIF_NOTIFY_RESUME);
	}
out:
	if (data)
		fput(data);
	kfree(info);
	return err;
}

static int __init wasm_format_init(void)
{
	register_binfmt(&wasm_format);
	return 0;
}
core_initcall(wasm_format_init);
