/* SPDX-License-Identifier: MIT */
/* exec: from the bytes of a program, or of a library, to native code in an address space. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_page.h"
#include "loader/jobs.h"
#include "loader/module.h"
#include "machine/hooks.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/link.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "machine/user.h"

/* Before the kernel has given up the old program, while there is who to tell. */
static int check_size(struct muslin *m, const char *name, struct module *mod,
		      char *error, size_t n)
{
	uint32_t size = mod->end - mod->data;

	if (size < m->memory_size)
		return 0;
	snprintf(error, n, "%.100s: needs %u MiB of memory, the machine has %u",
		 name, size >> 20, m->memory_size >> 20);
	module_put(mod);
	return -ENOMEM;
}

/* Without init there is no machine: the kernel would tell that in several lines. */
static int no_space(struct muslin *m)
{
	if (machine_hooks.has_init(m))
		return -ENOMEM;
	fail(m, -ENOMEM, "the host has no room for an address space of 8 GiB (ulimit -v)");
	machine_halt(m, HALTED + HOST_NO_MEMORY);
}

/* Makes an instance of mod, whose reference becomes mm's. */
static int set_up(struct muslin *m, struct mm *mm, struct module *mod,
		  struct host_image *info)
{
	int err;

	if (mm_make_space(m, mm)) {
		module_put(mod);
		return no_space(m);
	}
	mm->module = mod;
	mm->ops = mod->ops;
	err = mm_set_up(m, mm);
	if (err)
		return err;
	info->module = mod->id;
	info->data = mod->data;
	info->data_start = mod->data_start;
	info->data_end = mod->data_end;
	info->end = mod->end;
	return 0;
}

static int refuse(struct muslin *m, int err, const char *error, struct host_image *info)
{
	machine_hooks.refused(m, err, error);
	memcpy(info->error, error, sizeof(info->error));
	return err;
}

/* The reference of mod becomes mm's. */
static int give(struct muslin *m, struct mm *mm, const char *name, struct module *mod,
		struct host_image *info)
{
	char error[MODULE_ERROR_SIZE];
	int err = check_size(m, name, mod, error, sizeof(error));

	return err ? refuse(m, err, error, info) : set_up(m, mm, mod, info);
}

/* The same for a library, which is that of a process. */
static int give_library(struct muslin *m, struct mm *mm, struct module *mod, struct host_image *info)
{
	uint32_t id = mod->id;
	int err = link_keep(m, mm, mod);

	info->module = err ? 0 : id;
	info->data = info->data_start = info->data_end = info->end = 0;
	return err;
}

struct builtin {
	struct muslin *m;
	const char *name;
	void *image;		/* of which the kernel has no part */
	size_t size;
	struct module *mod;
	char error[MODULE_ERROR_SIZE];
	int err;
};

/* The loader wants more of a stack than a program may have left. */
static void load_builtin(void *arg)
{
	struct builtin *b = arg;

	b->err = module_load(&b->m->loader, b->name, b->image, b->size, &b->mod, b->error);
}

/* A program that is part of this library needs no compiler. */
static int give_builtin(struct muslin *m, struct mm *mm, const char *name,
			const void *image, u32 size, struct host_image *info)
{
	struct builtin b = { .m = m, .name = name, .size = size, .image = malloc(size) };
	int err;

	if (!b.image)
		return -ENOMEM;
	memcpy(b.image, image, size);
	err = stack_call(m, load_builtin, &b);
	free(b.image);
	if (err)
		return err;
	return b.err ? refuse(m, b.err, b.error, info) : give(m, mm, name, b.mod, info);
}

u32 w2c_host_user_load(struct w2c_host *h, u32 id, u32 name, u32 image, u32 size,
		       u32 info_addr)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);
	struct host_image *info = kmem_struct(m, info_addr, struct host_image);
	const void *from = kmem(m, image, size);
	char path[PATH_MAX];
	struct module *mod;

	if (mm->module)
		return -EBUSY;
	kmem_string(m, name, path, sizeof(path));
	mod = module_known(&m->loader, path, from, size, false);
	if (mod)
		return give(m, mm, path, mod, info);
	if (module_is_builtin(from, size))
		return give_builtin(m, mm, path, from, size, info);
	return job_begin(&m->loader, path, from, size, false);
}

/* A library's error is the dynamic linker's to tell. */
static int library_result(struct muslin *m, u32 ticket, u32 id, struct host_image *info)
{
	struct mm *mm = mm_program(m, id);
	struct module *mod;
	char error[MODULE_ERROR_SIZE] = "";
	int err = job_result(&m->loader, ticket, &mod, error);

	if (err == -EAGAIN)
		return err;
	memcpy(info->error, error, sizeof(info->error));
	return err ? err : give_library(m, mm, mod, info);
}

u32 w2c_host_user_load_result(struct w2c_host *h, u32 ticket, u32 id, u32 info_addr)
{
	struct muslin *m = machine(h);
	struct host_image *info = kmem_struct(m, info_addr, struct host_image);
	const char *name = job_name(&m->loader, ticket);
	char path[PATH_MAX], error[MODULE_ERROR_SIZE];
	struct module *mod;
	struct mm *mm;
	int err;

	if (!name)
		return -ENOENT;
	if (job_is_library(&m->loader, ticket))
		return library_result(m, ticket, id, info);
	mm = mm_get(m, id);
	if (mm->module)
		return -EBUSY;
	snprintf(path, sizeof(path), "%s", name);
	err = job_result(&m->loader, ticket, &mod, error);
	if (err == -EAGAIN)
		return err;
	return err ? refuse(m, err, error, info) : give(m, mm, path, mod, info);
}

u32 w2c_host_user_load_cancel(struct w2c_host *h, u32 ticket)
{
	return job_cancel(&machine(h)->loader, ticket);
}

void user_loaded(void *m)
{
	irq_raise(m, HOST_IRQ_LOAD);
}

u32 w2c_host_user_reload(struct w2c_host *h, u32 id, u32 module, u32 info_addr)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_get(m, id);
	struct host_image *info = kmem_struct(m, info_addr, struct host_image);
	struct module *mod;

	if (mm->module)
		return -EBUSY;
	mod = module_reload(&m->loader, module);
	if (mod && mod->library) {
		module_put(mod);
		mod = NULL;
	}
	if (!mod)
		return -ENOENT;
	m->stats.loaded++;
	return set_up(m, mm, mod, info);
}

u32 w2c_host_user_library(struct w2c_host *h, u32 id, u32 name, u32 image, u32 size,
			  u32 info_addr)
{
	struct muslin *m = machine(h);
	struct mm *mm = mm_program(m, id);
	struct host_image *info = kmem_struct(m, info_addr, struct host_image);
	const void *from = kmem(m, image, image ? size : 0);
	char path[PATH_MAX];
	/* a process has one code of a library, though others may get a better one */
	struct module *mod = image ? link_same(mm, from, size) : NULL;

	kmem_string(m, name, path, sizeof(path));
	if (!mod && image)
		mod = module_known(&m->loader, path, from, size, true);
	else if (!mod && link_has(mm, info->module))
		mod = module_find(&m->loader, info->module);
	else if (!mod)
		mod = module_reload(&m->loader, info->module);
	if (mod && !mod->library) {
		module_put(mod);
		mod = NULL;
	}
	info->error[0] = 0;
	if (mod)
		return give_library(m, mm, mod, info);
	return image ? job_begin(&m->loader, path, from, size, true) : -ENOENT;
}

u32 w2c_host_user_data(struct w2c_host *h, u32 module, u32 offset, u32 buf, u32 n)
{
	struct muslin *m = machine(h);
	void *to = kmem(m, buf, n);
	struct module *mod = module_find(&m->loader, module);

	if (!mod)
		return -ENOENT;
	module_data(mod, offset, to, n);
	module_put(mod);
	return 0;
}
