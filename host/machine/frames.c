/* SPDX-License-Identifier: MIT */
/* Where tasks are: the functions of the kernel on a native stack, and their names. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unwind.h>

#include "host_symbol.h"
#include "machine/fault.h"
#include "machine/frames.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/link.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "machine/switch.h"
#include "machine/task.h"
#include "machine/where.h"
#include "machine/x86_64/this-vcpu.h"
#include "loader/module.h"

/* A place is how far into the kernel's code it is; pointers to functions are below. */
#define PLACES 0xf0000000u
/* What walking a stack needs of it. */
#define ROOM (64 << 10)

/* --- this program's own file --- */

static struct {
	pthread_once_t once;
	const uint8_t *file;
	size_t size;
	uintptr_t moved;	/* where it is, less where the file has it */
} self = { .once = PTHREAD_ONCE_INIT };

/* Is the section of the kernel's code in it?  Not if that came by a library. */
static bool has_kernel(const uint8_t *file, size_t size)
{
	const Elf64_Ehdr *e = (const void *)file;
	const Elf64_Shdr *s;
	const char *names;

	if (size < sizeof(*e) || e->e_shoff > size || e->e_shstrndx >= e->e_shnum ||
	    e->e_shnum > (size - e->e_shoff) / sizeof(*s))
		return false;
	s = (const void *)(file + e->e_shoff);
	names = (const char *)file + s[e->e_shstrndx].sh_offset;
	for (int i = 0; i < e->e_shnum; i++)
		if (!strcmp(names + s[i].sh_name, "muslin_kernel") &&
		    s[i].sh_size == (size_t)(kernel_text_end - kernel_text)) {
			self.moved = (uintptr_t)kernel_text - s[i].sh_addr;
			return true;
		}
	return false;
}

static void map_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0)
		return;
	p = fstat(fd, &st) ? MAP_FAILED :
		mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return;
	if (has_kernel(p, st.st_size)) {
		self.file = p;
		self.size = st.st_size;
	} else {
		munmap(p, st.st_size);
	}
}

void frames_open(void)
{
	pthread_once(&self.once, map_self);
}

/* wasm2c's name for a function: w2c_vmlinux_0x5F_schedule is __schedule. */
static void plain_name(const char *from, char *to, size_t n)
{
	static const char prefix[] = "w2c_vmlinux_";
	char *end = to + n - 1, hex[3] = "", *rest;

	if (!strncmp(from, prefix, sizeof(prefix) - 1))
		from += sizeof(prefix) - 1;
	while (*from && to < end) {
		if (from[0] == '0' && from[1] == 'x' && from[2] && from[3]) {
			memcpy(hex, from + 2, 2);
			*to++ = strtoul(hex, &rest, 16);
			if (rest == hex + 2) {
				from += 4;
				continue;
			}
			to--;
		}
		*to++ = *from++;
	}
	*to = 0;
}

/* NULL: it is nowhere in the kernel. */
static const uint8_t *native(struct muslin *m, u32 place)
{
	const wasm_rt_funcref_table_t *table = &m->kernel->w2c_T0;

	if (place >= PLACES)
		return kernel_text + (place - PLACES);
	return place < table->size ? (const uint8_t *)table->data[place].func : NULL;
}

u32 w2c_host_symbol(struct w2c_host *h, u32 place, u32 to)
{
	struct muslin *m = machine(h);
	struct host_symbol *s = kmem_struct(m, to, struct host_symbol);
	const uint8_t *pc = native(m, place);
	struct elf_symbol found;

	if (!self.file || !pc || !is_kernel_text(pc) ||
	    !elf_symbol(self.file, self.size, (uintptr_t)pc - self.moved, &found))
		return -ENOENT;
	s->offset = found.offset;
	s->size = found.size;
	plain_name(found.name, s->name, sizeof(s->name));
	return 0;
}

/* --- stacks --- */

struct walk {
	struct muslin *m;
	struct task *task;
	u32 *places;
	u32 n, found;
	const uint8_t *user;	/* where its program called */
};

static _Unwind_Reason_Code frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	const struct mm *mm = w->task->mm;
	const uint8_t *pc = (const uint8_t *)_Unwind_GetIP(context) - 1;

	if (mm && mm->module && link_module_at(mm, pc)) {
		w->user = pc;
		return _URC_NORMAL_STOP;
	}
	if (is_kernel_text(pc)) {
		if (w->found == w->n)
			return _URC_NORMAL_STOP;
		w->places[w->found++] = PLACES + (pc - kernel_text);
	}
	return _URC_NO_REASON;
}

static void walk_here(void *arg)
{
	_Unwind_Backtrace(frame, arg);
}

/* On the stack that is walked, which needs room for that. */
static int walk(struct walk *w)
{
	struct task *t = w->task;
	bool room;
	void *sp;

	if (t == this_task()) {
		walk_here(w);
		return 0;
	}
	if (!t->stack)
		return -EBUSY;
	stack_bring(w->m, t->stack);
	sp = task_walk(t);
	/* the lowest there is; NULL: it runs on another vCPU */
	room = (const uint8_t *)sp >= t->stack->base + ROOM;
	if (room)
		switch_peek(sp, walk_here, w);
	if (sp)
		task_walked(t, sp);
	return room ? 0 : -EBUSY;
}

u32 w2c_host_task_frames(struct w2c_host *h, u32 id, u32 places, u32 n)
{
	struct muslin *m = machine(h);
	struct walk w = {
		.m = m,
		.task = task_get(m, id),
		.places = kmem_array(m, places, n, u32),
		.n = n,
	};
	int err = walk(&w);

	return err ? (u32)err : w.found;
}

u32 w2c_host_task_pc(struct w2c_host *h, u32 id)
{
	struct muslin *m = machine(h);
	u32 places[64];
	struct walk w = {
		.m = m, .task = task_get(m, id), .places = places,
		.n = sizeof(places) / sizeof(*places),
	};
	const struct module *mod;
	int64_t function;

	if (walk(&w) || !w.user)
		return 0;
	mod = link_module_at(w.task->mm, w.user);
	function = where_function(mod, w.user);
	return function < 0 ? 0 : wasm_body(mod->image, mod->size, function);
}
