#include <fcntl.h>
#include <features.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include "libc.h"
#include "syscall.h"
#include "wasm_program.h"

/* A dynamic program, whose libc is libc.so.  Nothing of that is there yet: this
 * maps the file, and makes it part of the process, and libc.so does all else. */

#define START "_start"

#include "crt_arch.h"
#include "start_main.h"

/* the linker's */
hidden void __wasm_init_tls(void *);
hidden extern char __heap_base[];

/* The linker's function does not set it if the program has no such variables. */
static void set_thread(void *p)
{
	__asm__ volatile (
		".globaltype __tls_base, i32\n"
		"local.get %0\n"
		"global.set __tls_base\n" : : "r"(p) : "memory");
	__wasm_init_tls(p);
}

static void construct(void)
{
	__eh_call(call_ctors, 0);
}

static _Noreturn void fail(const char *program)
{
	const char *s[] = { "Error loading ", LIBC_PATH, " (needed by ", program, ")\n" };
	for (int i=0; i<sizeof s/sizeof *s; i++) {
		size_t n = 0;
		while (s[i][n]) n++;
		__syscall(SYS_write, 2, s[i], n);
	}
	for (;;) __syscall(SYS_exit_group, 127);
}

static uint32_t leb(const unsigned char **p)
{
	uint32_t v = 0;
	for (int shift=0; shift<35; shift+=7) {
		unsigned char b = *(*p)++;
		v |= (uint32_t)(b & 127) << shift;
		if (!(b & 128)) break;
	}
	return v;
}

/* dylink.0 is the first section, and memory the first of what it tells.  A file
 * that is no libc.so is the system's owner's to explain. */
static size_t memory_size(const unsigned char *text)
{
	const unsigned char *p = text+8+1;
	leb(&p);
	p += leb(&p) + 1;
	leb(&p);
	return leb(&p);
}

/* The second section is types, the third imports. */
static size_t count_imports(const unsigned char *text)
{
	const unsigned char *p = text+8;
	while (*p++ != 2) {
		uint32_t n = leb(&p);
		p += n;
	}
	leb(&p);
	return leb(&p);
}

static void *map(int fd, size_t n, int prot, int flags)
{
	return (void *)__syscall(SYS_mmap2, 0, n, prot, MAP_PRIVATE|flags, fd, 0);
}

static int failed(void *p)
{
	return (uintptr_t)p > -4096UL;
}

hidden void _start_c(long *stack)
{
	struct wasm_program program = {
		sizeof program, stack, start_main, construct, set_thread,
		__builtin_wasm_tls_size(), __builtin_wasm_tls_align(), __heap_base,
	};
	struct wasm_module m = { .table_base = FIRST_SLOT };
	const char *name = (char *)stack[1];
	int fd = __syscall(SYS_openat, AT_FDCWD, LIBC_PATH, O_RDONLY|O_CLOEXEC, 0);
	off_t size = 0;
	void *text, *memory;

	if (!name) name = "a program";
	if (fd < 0 || __syscall(SYS__llseek, fd, 0, 0, &size, SEEK_END) || size < 4096 || size > SIZE_MAX/2)
		fail(name);
	text = map(fd, size, PROT_READ|PROT_EXEC, 0);
	if (failed(text)) fail(name);
	__syscall(SYS_close, fd);
	m.nvalues = count_imports(text);
	memory = map(-1, memory_size(text), PROT_READ|PROT_WRITE, MAP_ANONYMOUS);
	if (failed(memory) || m.nvalues*4 > memory_size(text)) fail(name);
	m.text = (uint32_t)text;
	m.memory_base = m.values = (uint32_t)memory;	/* zeros */
	if (__syscall(SYS_wasm_link, &m, 1, 0)) fail(name);
	((entry_function *)FIRST_SLOT)(&program, text, size, memory);
}
