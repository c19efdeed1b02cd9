#define _GNU_SOURCE
#include <stdarg.h>
#include <sched.h>
#include "pthread_impl.h"
#include "syscall.h"
#include "va_none.h"

hidden void __wasm_init_tls(void *);

/* What the kernel calls is the table index at newsp, with newsp. */
struct start {
	void (*entry)(struct start *);
	int (*func)(void *);
	void *arg;
	void *tls;
};

hidden void __clone_start(struct start *);

__asm__(
".globaltype __stack_pointer, i32\n"
".functype __clone_start_c (i32) -> ()\n"
".section .text.__clone_start,\"\",@\n"
".hidden __clone_start\n"
".globl __clone_start\n"
".type __clone_start,@function\n"
"__clone_start:\n"
"	.functype __clone_start (i32) -> ()\n"
"	local.get 0\n"
"	global.set __stack_pointer\n"
"	local.get 0\n"
"	call __clone_start_c\n"
"	end_function\n"
);

/* Only pthread_create sets TLS, and leaves its contents to us. */
hidden void __clone_start_c(struct start *s)
{
	if (s->tls) {
		__set_thread_area(s->tls);
		__wasm_init_tls(s->tls);
	}
	int r = s->func(s->arg);
	for (;;) __syscall(SYS_exit, r);
}

int __clone(int (*func)(void *), void *stack, int flags, void *arg, ...)
{
	struct start *s = (void *)(((uintptr_t)stack - sizeof *s) & -16);
	pid_t *ptid = 0, *ctid = 0;
	void *tls = 0;
	va_list ap;

	va_start(ap, arg);
	if (!va_none(ap)) {
		ptid = va_arg(ap, pid_t *);
		tls = va_arg(ap, void *);
		ctid = va_arg(ap, pid_t *);
	}
	va_end(ap);
	if (!(flags & CLONE_SETTLS)) tls = 0;

	*s = (struct start){ __clone_start, func, arg, tls };
	return __syscall(SYS_clone, flags, s, ptid, tls, ctid);
}
