#include <elf.h>
#include <sys/mman.h>
#include "atomic.h"
#include "libc.h"
#include "syscall.h"
#include "dynlink.h"
#include "module.h"
#include "self.h"

/* libc.so begins here, in a program that has mapped and linked it, but knows no
 * value of its imports: nothing that is imported can be used, and there are no
 * data yet.  The linker puts what is first in the link, and has its address
 * taken, into the table's first slot, where the program looks for it. */

hidden entry_function _dlstart;
extern entry_function *const __dlstart_slot;
entry_function *const __dlstart_slot = _dlstart;

#define EARLY 262144

/* What is read before malloc() works is allocated here, and stays. */
static char *early, *early_end;
static int late;

void *__wasm_alloc(size_t n, size_t size)
{
	char *p;

	if (late) return __libc_calloc(n, size);
	if (size && n > EARLY/size) a_crash();
	n = n*size + 15 & -16;
	if (early_end - early < n) {
		early = (char *)__syscall(SYS_mmap2, 0, EARLY, PROT_READ|PROT_WRITE,
			MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
		if ((unsigned long)early > -4096UL) a_crash();
		early_end = early + EARLY;
	}
	p = early;
	early += n;
	return p;
}

void __wasm_free(void *p)
{
	if (late) __libc_free(p);
}

static _Noreturn void fail(const char *s)
{
	__syscall(SYS_write, 2, s, __builtin_strlen(s));
	for (;;) __syscall(SYS_exit_group, 127);
}

static void call(uint32_t slot)
{
	if (slot != NO_SLOT) ((void (*)(void))(FIRST_SLOT + slot))();
}

/* Links it again, with its own symbols. */
static void link_self(const struct wasm_file *f, unsigned char *memory)
{
	uint32_t *values = __wasm_alloc(f->nimports, sizeof *values);
	char error[256] = "";
	struct wasm_module m = {
		.text = (uint32_t)f->map, .memory_base = (uint32_t)memory, .table_base = FIRST_SLOT,
		.nvalues = f->nimports, .values = (uint32_t)values,
		.error = (uint32_t)error, .error_size = sizeof error,
	};

	for (uint32_t i=0; i<f->nimports; i++) {
		struct wasm_import *im = f->imports + i;
		struct wasm_symbol *s = __wasm_find(f, im->name.s, im->name.len);
		if (s) values[i] = s->value + (s->kind == SYM_FUNCTION ? FIRST_SLOT : (uint32_t)memory);
	}
	if (__syscall(SYS_wasm_link, &m, 1, 0)) fail(error);
}

/* The linker's function copies data to where they belong.  Until then no string of this
 * file is there, and no name is what it is; but that does not matter to its slot. */
static void make_data(const void *text, size_t size)
{
	struct wasm_file f = { .map = text, .map_len = size, .is_library = 1 };
	__wasm_read_sections(&f);
	call(f.start);
}

void _dlstart(const struct wasm_program *p, const void *text, size_t size, void *memory)
{
	struct wasm_file f;

	/* its own variables are 0 again then */
	make_data(text, size);
	if (!__wasm_read_needed(&f, text, size) || !__wasm_read(&f)) a_crash();
	link_self(&f, memory);
	call(f.data_relocs);
	late = 1;
	__dls2(p, &f, memory);
}
