// SPDX-License-Identifier: GPL-2.0
/*
 * wasm_link(): shared libraries.  A library is a file that is mapped with PROT_EXEC;
 * the host translates what is in the file.  It has the list of an address space's
 * libraries, which a child of fork() gets with the program, and exec leaves behind.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/host.h>
#include <asm/host_page.h>
#include <asm/image.h>
#include <uapi/asm/wasm_link.h>

struct link {
	struct wasm_module *modules;
	struct host_link *links;	/* the same for the host */
	unsigned int n;
	struct host_image *info;	/* room to describe one */
};

/* The file whose mapping begins at text. */
static struct file *text_file(unsigned long text)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct file *file = ERR_PTR(-EINVAL);

	if (mmap_read_lock_killable(mm))
		return ERR_PTR(-EINTR);
	vma = vma_lookup(mm, text);
	if (vma && vma->vm_start == text && !vma->vm_pgoff && vma->vm_file &&
	    vma->vm_flags & VM_EXEC)
		file = get_file(vma->vm_file);
	mmap_read_unlock(mm);
	return file;
}

static int tell(const struct wasm_module *m, const char *error)
{
	char __user *to = (char __user *)(unsigned long)m->error;
	size_t n = strlen(error) + 1;

	if (!to || !m->error_size)
		return 0;
	n = min_t(size_t, n, m->error_size);
	return copy_to_user(to, error, n) || put_user('\0', to + n - 1) ? -EFAULT : 0;
}

static int take_values(const struct wasm_module *m, struct host_link *to)
{
	u32 *values;

	if (m->nvalues > WASM_LINK_VALUES)
		return -E2BIG;
	values = vmemdup_array_user((const u32 __user *)(unsigned long)m->values,
				    m->nvalues, sizeof(*values));
	if (IS_ERR(values))
		return PTR_ERR(values);
	to->values = (unsigned long)values;
	to->nvalues = m->nvalues;
	return 0;
}

static int take(struct link *l, const struct wasm_module *m, struct host_link *to)
{
	struct file *file;
	int err = take_values(m, to);

	if (err)
		return err;
	to->memory_base = m->memory_base;
	to->table_base = m->table_base;
	to->tls = m->tls;
	if (!m->text)
		return 0;	/* no module's number */
	file = text_file(m->text);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = wasm_image_library(file, l->info);
	fput(file);
	if (err && tell(m, l->info->error))
		return -EFAULT;
	to->module = l->info->module;
	return err;
}

static int link(struct link *l)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < l->n && !err; i++)
		err = take(l, &l->modules[i], &l->links[i]);
	if (err)
		return err;
	err = host_user_link(current->mm->context.id, l->links, l->n, l->info->error);
	if (!err)
		return 0;
	/* who asked does not know which one it is, and looks at any */
	l->info->error[sizeof(l->info->error) - 1] = 0;
	for (i = 0; i < l->n; i++)
		if (tell(&l->modules[i], l->info->error))
			return -EFAULT;
	return err;
}

static void link_free(struct link *l)
{
	unsigned int i;

	for (i = 0; l->links && i < l->n; i++)
		kvfree((void *)(unsigned long)l->links[i].values);
	kfree(l->links);
	kfree(l->info);
	if (!IS_ERR(l->modules))
		kfree(l->modules);
}

SYSCALL_DEFINE3(wasm_link, const struct wasm_module __user *, modules, unsigned int, n,
		unsigned int, flags)
{
	struct link l = { .n = n };
	int err = -ENOMEM;

	if (flags)
		return -EINVAL;
	if (n > WASM_LINK_MODULES)
		return -E2BIG;
	if (!n)
		return 0;
	l.modules = memdup_array_user(modules, n, sizeof(*l.modules));
	if (IS_ERR(l.modules))
		return PTR_ERR(l.modules);
	l.links = kcalloc(n, sizeof(*l.links), GFP_KERNEL);
	l.info = kzalloc(sizeof(*l.info), GFP_KERNEL);
	if (l.links && l.info)
		err = link(&l);
	link_free(&l);
	return err;
}
