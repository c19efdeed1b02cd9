/* SPDX-License-Identifier: MIT */
/*
 * What lies between a program and its kernel: host/machine/user.c's part of a
 * machine in JavaScript.  A stack with a frame of JavaScript in it cannot be
 * suspended, so this is WebAssembly; it has no data, and no stack in memory.
 */
#include "layout.h"

typedef unsigned int u32;
typedef unsigned long long u64;

#define IMPORT(module, name) __attribute__((import_module(#module), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

struct host_page {
	u32 irq_pending, action, restart, dispatcher, handler, sig, info, context;
};

#define PAGE ((volatile struct host_page *)SHARED->page)

enum { ACTION_CALL = 1, ACTION_RESTART, ACTION_EXEC };
enum { RESTART = 1, RESTART_BLOCK };
enum { SIGILL = 4, SIGBUS = 7, EINTR = 4 };
enum { LD_WRITE = 0x100, LD_ATOMIC = 0x200 };	/* rewrite.c */

IMPORT(kernel, user_enter) void user_enter(void);
IMPORT(kernel, user_irq) void user_irq(void);
IMPORT(kernel, user_sigreturn) u32 user_sigreturn(u32 info);
IMPORT(kernel, user_fault) void user_fault(u32 addr, u32 write);
IMPORT(kernel, user_trap) void user_trap(u32 sig, u32 code, u32 addr);
IMPORT(kernel, __syscall_restart_syscall) u32 restart_syscall(void);

/* Makes what is to be called next SLOT of the table; 0: there is no such function. */
IMPORT(js, set_up) void js_set_up(u32 id, u32 sp, u32 tls);
IMPORT(js, start) u32 js_start(void);
IMPORT(js, entry) u32 js_entry(u32 index);
IMPORT(js, dispatcher) u32 js_dispatcher(u32 index);
IMPORT(js, get_sp) u32 get_sp(void);
IMPORT(js, set_sp) void set_sp(u32 sp);
IMPORT(js, leave) void js_leave(void);

#define SLOT 1

IMPORT(probe, probe) void probe(u32 n);

/*
 * The kernel must not be the one whose stack ends: called in user mode, this
 * throws if it could be.
 */
EXPORT(room) void room(void)
{
	probe(5);
}

static u64 user_return(u32 ret);

/* Frames of C++ catch whatever JavaScript throws, but no trap. */
static _Noreturn void leave(void)
{
	js_leave();
	__builtin_trap();
}

static void irqs(void)
{
	while (PAGE->irq_pending) {
		user_irq();
		user_return(0);
	}
}

static _Noreturn void trap(u32 sig, u32 code, u32 addr)
{
	for (;;) {
		SHARED->in_user = 0;
		user_trap(sig, code, addr);
		user_return(0);
		irqs();
	}
}

static u32 call_handler(void)
{
	u32 dispatcher = PAGE->dispatcher, handler = PAGE->handler, sig = PAGE->sig,
	    info = PAGE->info, context = PAGE->context, old = get_sp();

	/* another signal may be due before this handler's first instruction */
	set_sp(info);
	user_enter();
	user_return(0);
	irqs();
	if (!js_dispatcher(dispatcher))
		trap(SIGILL, 0, 0);
	SHARED->in_user = 1;
	((void (*)(u32, u32, u32, u32))SLOT)(handler, sig, info, context);
	SHARED->in_user = 0;
	set_sp(old);
	return user_sigreturn(info);
}

/* The result of the system call that returned ret, and above it whether to make it again. */
static u64 user_return(u32 ret)
{
	u32 action, restart = 0;

	while ((action = PAGE->action)) {
		PAGE->action = 0;
		restart |= PAGE->restart;
		if (action == ACTION_EXEC)
			leave();
		if (action == ACTION_CALL && call_handler()) {
			restart = 0;
			ret = -EINTR;
		}
		if (action == ACTION_RESTART && restart == RESTART_BLOCK) {
			ret = restart_syscall();
			restart = 0;
		}
	}
	return (u64)(restart == RESTART) << 32 | ret;
}

/* A system call returned ret while there was something to do.  Is it to be made again? */
EXPORT(after) u32 after(u32 ret)
{
	u64 r = user_return(ret);

	if (r >> 32)
		return 1;
	irqs();
	SHARED->ret = r;
	return 0;
}

EXPORT(poll) void poll(void)
{
	room();
	SHARED->in_user = 0;
	irqs();
	SHARED->in_user = 1;
}

EXPORT(user_run) void user_run(u32 id, u32 entry, u32 arg, u32 tls)
{
	SHARED->in_user = 0;
	js_set_up(id, arg, tls);
	user_enter();
	user_return(0);
	irqs();
	if (!entry && js_start()) {
		SHARED->in_user = 1;
		((void (*)(void))SLOT)();
		SHARED->in_user = 0;
	}
	if (js_entry(entry)) {
		SHARED->in_user = 1;
		((void (*)(u32))SLOT)(arg);
	}
	/* neither returns in a program that keeps to the ABI */
	trap(SIGILL, 2, 0);
}

/* The program's frames are gone: a handler can end the process, but not return. */
EXPORT(trapped) void trapped(u32 sig, u32 code)
{
	trap(sig, code, 0);
}

/* --- memory --- */

static u32 entry_of(u32 ea, u32 write)
{
	return *(volatile u32 *)(TLB + (ea >> PAGE_SHIFT) * 8 + write * 4);
}

/* The first byte on the last page of n at ea: that is where they fault. */
static u32 last_page(u32 ea, u32 n)
{
	return (ea + n - 1) & ~PAGE_MASK;
}

/* What to add to an address of a page that can be read, or written. */
static u32 page(u32 ea, u32 write)
{
	u32 delta;

	while (!(delta = entry_of(ea, write))) {
		room();
		SHARED->in_user = 0;
		user_fault(ea, write);
		user_return(0);
		irqs();
		SHARED->in_user = 1;
	}
	return delta;
}

EXPORT(ld) u32 ld(u32 ea, u32 how)
{
	u32 n = how & 255, write = how / LD_WRITE & 1, i;

	if (how & LD_ATOMIC && ea & (n - 1))
		trap(SIGBUS, 1, ea);
	if ((ea & PAGE_MASK) + n <= PAGE_MASK + 1)
		return page(ea, write);
	do {	/* the second fault may take away what the first one got */
		page(ea, 0);
		page(last_page(ea, n), 0);
	} while (!entry_of(ea, 0));
	for (i = 0; i < n; i++)
		SHARED->bounce[i] = *(volatile unsigned char *)(ea + i + entry_of(ea + i, 0));
	return (u32)SHARED->bounce - ea;
}

static void st(u32 ea, u64 v, u32 n)
{
	do {
		page(ea, 1);
		if ((ea & PAGE_MASK) + n > PAGE_MASK + 1)
			page(last_page(ea, n), 1);
	} while (!entry_of(ea, 1));
	for (; n--; ea++, v >>= 8)
		*(volatile unsigned char *)(ea + entry_of(ea, 1)) = v;
}

EXPORT(st8) void st8(u32 ea, u32 v) { st(ea, v, 1); }
EXPORT(st16) void st16(u32 ea, u32 v) { st(ea, v, 2); }
EXPORT(st32) void st32(u32 ea, u32 v) { st(ea, v, 4); }
EXPORT(st64) void st64(u32 ea, u64 v) { st(ea, v, 8); }

static u32 min(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* Bytes from ea to its page's end; to end from its page's begin. */
static u32 left(u32 ea)
{
	return PAGE_MASK + 1 - (ea & PAGE_MASK);
}

static u32 up_to(u32 end)
{
	return ((end - 1) & PAGE_MASK) + 1;
}

static void move(u32 d, u32 s, u32 n)
{
	u32 from, to;

	do {
		page(d, 1);
		from = page(s, 0);
	} while (!(to = entry_of(d, 1)));
	__builtin_memmove((void *)(d + to), (void *)(s + from), n);
}

EXPORT(copy) void copy(u32 d, u32 s, u32 n)
{
	u32 k;

	if (d <= s || d - s >= n) {
		for (; n; n -= k, d += k, s += k) {
			k = min(n, min(left(d), left(s)));
			move(d, s, k);
		}
		return;
	}
	for (; n; n -= k) {
		k = min(n, min(up_to(d + n), up_to(s + n)));
		move(d + n - k, s + n - k, k);
	}
}

EXPORT(fill) void fill(u32 d, u32 c, u32 n)
{
	u32 k;

	for (; n; n -= k, d += k) {
		k = min(n, left(d));
		__builtin_memset((void *)(d + page(d, 1)), c, k);
	}
}

EXPORT(tlb) u32 tlb(void) { return TLB; }
EXPORT(shared) u32 shared(void) { return (u32)SHARED; }
