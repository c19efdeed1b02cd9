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
#include <linux/wait.h>
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

/* What is loaded, and into what. */
struct load {
	struct file *file;
	const char *name;
	int mm;				/* the host's number of an address space */
	bool library;
	struct host_image *info;
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
/* who waits for the host to load a program, or to begin with it */
static DECLARE_WAIT_QUEUE_HEAD(loads);

/*
 * False if the file could change without this seeing it: times are coarse.
 * A program's cannot be opened to write to it.
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

/* The host makes image of size bytes ready; NULL: what info->module is. */
static int tell_host(const struct load *l, const void *image, unsigned long size)
{
	if (l->library)
		return host_user_library(l->mm, l->name, image, size, l->info);
	if (!image)
		return host_user_reload(l->mm, l->info->module, l->info);
	return host_user_load(l->mm, l->name, image, size, l->info);
}

void wasm_load_irq(void)
{
	wake_up_all(&loads);
}

/* The host loads it while others run, unless it has it. */
static int load_image(const struct load *l, const void *image, size_t size)
{
	int ticket, err;

	if (wait_event_killable(loads, (ticket = tell_host(l, image, size)) != -EAGAIN))
		return -EINTR;
	if (ticket <= 0)
		return ticket;
	if (wait_event_killable(loads, (err = host_user_load_result(ticket, l->mm, l->info)) !=
				       -EAGAIN)) {
		host_user_load_cancel(ticket);
		err = -EINTR;
	}
	/* there is room for another one */
	wake_up_all(&loads);
	return err;
}

/* The same, and if the host has no room, again when programs have given some up. */
static int make_ready(const struct load *l, const void *image, unsigned long size)
{
	unsigned int module = l->info->module;
	int err = load_image(l, image, size);

	if (err != -ENOMEM)
		return err;
	wasm_tlb_forget_programs();
	l->info->module = module;
	return load_image(l, image, size);
}

static int read_program(const struct load *l)
{
	void *image = NULL;
	ssize_t size;
	int err;

	size = kernel_read_file(l->file, 0, &image, INT_MAX, NULL, READING_UNKNOWN);
	if (size < 0)
		return size;
	err = make_ready(l, image, size);
	vfree(image);
	if (err && err != -EINTR) {
		l->info->error[sizeof(l->info->error) - 1] = 0;
		if (!l->library)
			pr_info("%s\n", l->info->error);	/* the host shows it */
	}
	return err;
}

static struct program *load_known(const struct load *l, const struct state *s)
{
	struct program *p = find_state(s);
	int err;

	if (!p)
		return NULL;
	l->info->module = p->module;
	err = make_ready(l, NULL, 0);
	if (err == -ENOENT) {
		program_free(p);
		return NULL;
	}
	if (err)
		return ERR_PTR(err);
	list_move(&p->list, &programs);
	return p;
}

/* Takes programs_lock, but not while it reads and loads; not on an error. */
static struct program *load(const struct load *l)
{
	struct inode *inode = file_inode(l->file);
	struct state before, after;
	struct program *p = NULL;
	bool known;
	int err;

	if (mutex_lock_killable(&programs_lock))
		return ERR_PTR(-EINTR);
	known = get_state(inode, &before);
	if (known)
		p = load_known(l, &before);
	if (!IS_ERR_OR_NULL(p))
		return p;
	mutex_unlock(&programs_lock);
	if (p)
		return p;
	err = read_program(l);
	if (err)
		return ERR_PTR(err);
	known = known && get_state(inode, &after) && same_state(&before, &after);
	mutex_lock(&programs_lock);
	p = remember(l->info, &before, known);
	if (IS_ERR(p))
		mutex_unlock(&programs_lock);
	return p;
}

int wasm_image_load(struct linux_binprm *bprm, struct host_image *info,
		    struct file **data)
{
	const struct load l = {
		.file = bprm->file, .name = bprm->filename, .mm = bprm->mm->context.id,
		.info = info,
	};
	struct program *p = load(&l);

	if (IS_ERR(p))
		return PTR_ERR(p);
	*data = data_view(p->data, bprm->file);
	mutex_unlock(&programs_lock);
	return PTR_ERR_OR_ZERO(*data);
}

int wasm_image_library(struct file *file, struct host_image *info)
{
	struct load l = {
		.file = file, .mm = current->mm->context.id, .library = true, .info = info,
	};
	char *path = (char *)__get_free_page(GFP_KERNEL);
	struct program *p;

	if (!path)
		return -ENOMEM;
	l.name = file_path(file, path, PAGE_SIZE);
	if (IS_ERR(l.name))
		l.name = "a library";
	p = load(&l);
	if (!IS_ERR(p))
		mutex_unlock(&programs_lock);
	free_page((unsigned long)path);
	return PTR_ERR_OR_ZERO(p);
}
