// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that were run, and their initialised data: a file in memory for
 * each, which every process of the program maps privately.  Its pages are page
 * cache like any other, read from the host when they are first used, and
 * given up when memory is short.
 *
 * A file that did not change since it was last run is not read again.
 */
#include <linux/anon_inodes.h>
#include <linux/binfmts.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iversion.h>
#include <linux/kernel_read_file.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <asm/host.h>
#include <asm/host_page.h>
#include <asm/image.h>
#include <asm/tlbsync.h>

#define MAX_PROGRAMS 32

/* The state of a file that makes its contents what they are. */
struct state {
	dev_t dev;
	unsigned long ino;
	u32 generation;
	loff_t size;
	struct timespec64 ctime;
	u64 version;
};

struct program {
	struct list_head list;
	bool known;			/* state says which file this is of */
	struct state state;
	unsigned int module;		/* the host's number */
	struct file *data;		/* NULL if it has none */
};

static LIST_HEAD(programs);		/* the one that ran last is first */
static unsigned int nprograms;
static DEFINE_MUTEX(programs_lock);

/*
 * False if the file could change without this seeing it: times are coarse.
 * It is bprm->file, which cannot be opened to write to it.
 */
static bool get_state(struct inode *inode, struct state *s)
{
	time64_t now = ktime_get_real_seconds();

	memset(s, 0, sizeof(*s));
	s->dev = inode->i_sb->s_dev;
	s->ino = inode->i_ino;
	s->generation = inode->i_generation;
	s->size = i_size_read(inode);
	s->ctime = inode_get_ctime(inode);
	if (IS_I_VERSION(inode)) {
		s->version = inode_query_iversion(inode);
		return true;
	}
	return s->ctime.tv_sec < now - 2;
}

static bool same_state(const struct state *a, const struct state *b)
{
	return a->dev == b->dev && a->ino == b->ino &&
		a->generation == b->generation && a->size == b->size &&
		timespec64_equal(&a->ctime, &b->ctime) &&
		a->version == b->version;
}

static int data_read_folio(struct file *file, struct folio *folio)
{
	unsigned long module = (unsigned long)folio->mapping->host->i_private;
	int err = host_user_data(module, folio_pos(folio), folio_address(folio),
				 folio_size(folio));

	folio_end_read(folio, !err);
	return err;
}

static const struct address_space_operations data_aops = {
	.read_folio	= data_read_folio,
	.dirty_folio	= noop_dirty_folio,
};

static const struct file_operations data_fops = { };

static struct file *data_create(const struct host_image *info)
{
	struct file *file;
	struct inode *inode;

	if (info->data_end == info->data)
		return NULL;
	file = anon_inode_create_getfile("wasm-data", &data_fops, NULL,
					 O_RDONLY, NULL);
	if (IS_ERR(file))
		return file;
	inode = file_inode(file);
	inode->i_private = (void *)(unsigned long)info->module;
	inode->i_mapping->a_ops = &data_aops;
	i_size_write(inode, info->data_end - info->data);
	return file;
}

static int view_release(struct inode *inode, struct file *file)
{
	fput(file->private_data);
	return 0;
}

static const struct file_operations view_fops = {
	.mmap		= generic_file_readonly_mmap,
	.release	= view_release,
};

/* Data under the name of the program, so that /proc says where it is from. */
static struct file *data_view(struct file *data, struct file *program)
{
	struct file *file;

	if (!data)
		return NULL;
	file = alloc_file_clone(program, O_RDONLY, &view_fops);
	if (IS_ERR(file))
		return file;
	file->private_data = get_file(data);
	file->f_mapping = data->f_mapping;
	return file;
}

static void program_free(struct program *p)
{
	list_del(&p->list);
	nprograms--;
	if (p->data)
		fput(p->data);
	kfree(p);
}

static struct program *find_module(unsigned int module)
{
	struct program *p;

	list_for_each_entry(p, &programs, list)
		if (p->module == module)
			return p;
	return NULL;
}

static struct program *find_state(const struct state *s)
{
	struct program *p;

	list_for_each_entry(p, &programs, list)
		if (p->known && same_state(&p->state, s))
			return p;
	return NULL;
}

/* What is known of an older state of the file, or of a module that is gone. */
static void forget(const struct state *s, unsigned int module)
{
	struct program *p, *next;

	list_for_each_entry_safe(p, next, &programs, list)
		if (p->module == module || (p->known && p->state.dev == s->dev &&
					    p->state.ino == s->ino))
			program_free(p);
}

static struct program *remember(const struct host_image *info,
				const struct state *s, bool known)
{
	struct program *p = find_module(info->module), *new;
	struct file *data = p && p->data ? get_file(p->data) : NULL;

	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!data)
		data = data_create(info);
	if (!new || IS_ERR(data)) {
		kfree(new);
		if (!IS_ERR_OR_NULL(data))
			fput(data);
		return ERR_PTR(-ENOMEM);
	}
	forget(s, info->module);
	if (nprograms == MAX_PROGRAMS)
		program_free(list_last_entry(&programs, struct program, list));
	new->known = known;
	new->state = *s;
	new->module = info->module;
	new->data = data;
	list_add(&new->list, &programs);
	nprograms++;
	return new;
}

static int read_program(struct linux_binprm *bprm, struct host_image *info)
{
	void *image = NULL;
	ssize_t size;
	int err;

	size = kernel_read_file(bprm->file, 0, &image, INT_MAX, NULL, READING_UNKNOWN);
	if (size < 0)
		return size;
	err = host_user_load(bprm->mm->context.id, bprm->filename, image, size, info);
	if (err == -ENOMEM) {
		wasm_tlb_forget_programs();
		err = host_user_load(bprm->mm->context.id, bprm->filename, image, size, info);
	}
	vfree(image);
	if (err) {
		info->error[sizeof(info->error) - 1] = 0;
		pr_info("%s\n", info->error);	/* the host shows it */
	}
	return err;
}

static struct program *load_known(struct linux_binprm *bprm,
				  struct host_image *info, const struct state *s)
{
	struct program *p = find_state(s);
	int err;

	if (!p)
		return NULL;
	err = host_user_reload(bprm->mm->context.id, p->module, info);
	if (err == -ENOMEM) {
		wasm_tlb_forget_programs();
		err = host_user_reload(bprm->mm->context.id, p->module, info);
	}
	if (err == -ENOENT) {
		program_free(p);
		return NULL;
	}
	if (err)
		return ERR_PTR(err);
	list_move(&p->list, &programs);
	return p;
}

static struct program *load(struct linux_binprm *bprm, struct host_image *info)
{
	struct inode *inode = file_inode(bprm->file);
	struct state before, after;
	struct program *p = NULL;
	bool known;
	int err;

	known = get_state(inode, &before);
	if (known)
		p = load_known(bprm, info, &before);
	if (p)
		return p;
	err = read_program(bprm, info);
	if (err)
		return ERR_PTR(err);
	known = known && get_state(inode, &after) && same_state(&before, &after);
	return remember(info, &before, known);
}

int wasm_image_load(struct linux_binprm *bprm, struct host_image *info,
		    struct file **data)
{
	struct program *p;

	if (mutex_lock_killable(&programs_lock))
		return -EINTR;
	p = load(bprm, info);
	*data = IS_ERR(p) ? ERR_CAST(p) : data_view(p->data, bprm->file);
	mutex_unlock(&programs_lock);
	return PTR_ERR_OR_ZERO(*data);
}
