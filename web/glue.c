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
enum { SIGILL = 4, SIGBUS = 7, SIGSEGV = 11, SEGV_MAPERR = 1, EINTR = 4, ENOSYS = 38 };
enum { CLONE_VM = 0x100 };
enum { LD_WRITE = 0x100, LD_ATOMIC = 0x200 };	/* rewrite.c */
enum { FAULT_COUNTS = 4096 };	/* as much as so many loops: see breathe() */

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
/* What the function is to be told. */
IMPORT(js, adapter) u32 js_adapter(u32 index);
IMPORT(js, get_sp) u32 get_sp(void);
IMPORT(js, set_sp) void set_sp(u32 sp);
/* What lies between FRAMES and top: kept for a child, forgotten; in the child, put back. */
IMPORT(js, keep) void js_keep(void);
IMPORT(js, forget) void js_forget(void);
IMPORT(js, set_up_child) void js_set_up_child(u32 id);
IMPORT(js, put_back) void js_put_back(void);
IMPORT(js, leave) void js_leave(void);
IMPORT(js, tick) u32 js_tick(void);
IMPORT(js, yield) void js_yield(void);

#define SLOT 1
#define SLOT_CLONE 2	/* the system call's thunk */

IMPORT(probe, probe) void probe(u32 n);

/*
 * The kernel must not be the one whose stack ends: called in user mode, this
 * throws if it could be.
 */
EXPORT(room) void room(void)
{
	probe(5);
}

/*
 * Where user_return() and irqs() are called: only after a system call is their own
 * caller one that fork() can return through, see fork.c.
 */
enum where { NO_CALL, AFTER_CALL, IRQ_AFTER_CALL };

static u64 user_return(u32 ret, u32 restart, enum where where, u32 outer);

/* Frames of C++ catch whatever JavaScript throws, but no trap. */
static _Noreturn void leave(void)
{
	js_leave();
	__builtin_trap();
}

#define RESTARTS (1ull << 32)
#define UNWOUND (1ull << 33)

/* Is it unwound?  outer is what the system call has returned. */
static u32 irqs(enum where where, u32 outer)
{
	while (PAGE->irq_pending) {
		user_irq();
		if (user_return(0, 0, where, outer) & UNWOUND)
			return 1;
	}
	return 0;
}

/*
 * Where memory is not shared, nobody sets irq_pending while a program runs.  So programs count
 * down, and then look at the clock here, and every few ms at the events of their thread.
 */
EXPORT(breathe) void breathe(void)
{
	if (SHARED->counts && SHARED->left < 0 && js_tick())
		js_yield();
}

static void look_around(void)
{
	user_return(0, 0, NO_CALL, 0);
	irqs(NO_CALL, 0);
}

static _Noreturn void trap(u32 sig, u32 code, u32 addr)
{
	for (;;) {
		SHARED->in_user = 0;
		user_trap(sig, code, addr);
		look_around();
	}
}

/* --- fork --- */

/* The last frame, which is not the program's: what called the first function. */
struct first_frame {
	u32 step, entry, arg;	/* START, ENTRY: of user_run() */
	u32 handler, sig, info, context, sp, fenv;
};

enum { START, ENTRY, HANDLER };

EXPORT(push) u32 push(u32 n)
{
	u32 at = SHARED->top;

	if (n > FRAMES_END - at)
		__builtin_trap();
	SHARED->top = at + n;
	return at;
}

EXPORT(pop) u32 pop(u32 n)
{
	if (n > SHARED->top - FRAMES)
		__builtin_trap();
	return SHARED->top -= n;
}

EXPORT(barrier) void barrier(void)
{
	SHARED->fork = FORK_FAILS;
}

static void keep(u32 step, u32 entry, u32 arg, u32 handler, u32 sig, u32 info, u32 context, u32 sp,
		 u32 fenv)
{
	volatile struct first_frame *f = (void *)push(sizeof(*f));

	f->step = step;
	f->entry = entry;
	f->arg = arg;
	f->handler = handler;
	f->sig = sig;
	f->info = info;
	f->context = context;
	f->sp = sp;
	f->fenv = fenv;
	js_keep();
	pop(sizeof(*f));
	SHARED->fork = PARENT_REWINDS;
}

/* What the program calls as clone: twice, since it is called again when its frames are kept. */
EXPORT(fork) u32 fork(u32 flags, u32 sp, u32 ptid, u32 tls, u32 ctid)
{
	u32 state = SHARED->fork, ret;

	if (state && SHARED->top == FRAMES) {
		SHARED->fork = NO_FORK;
		if (state == CHILD_REWINDS)
			return 0;
		if (state == FORK_FAILS)
			return -ENOSYS;
	} else if (!state && !sp && !(flags & CLONE_VM)) {
		SHARED->top = FRAMES;
		SHARED->fork = UNWINDING;
		return 0;
	}
	ret = ((u32 (*)(u32, u32, u32, u32, u32))SLOT_CLONE)(flags, sp, ptid, tls, ctid);
	if (!SHARED->fork)
		js_forget();
	return ret;
}

/* --- signals --- */

/* A frame of after()'s, in whose system call a handler forks. */
struct interrupted {
	u32 dispatcher, handler, sig, info, context, sp, fenv;
	u32 ret, restart, where, outer;
};

/* A handler that forks and comes from elsewhere has a child that can only leave it. */
static void run_alone(u32 dispatcher, u32 handler, u32 sig, u32 info, u32 context, u32 sp, u32 fenv)
{
	for (;;) {
		if (!js_dispatcher(dispatcher))
			trap(SIGILL, 0, 0);
		SHARED->in_user = 1;
		((void (*)(u32, u32, u32, u32))SLOT)(handler, sig, info, context);
		SHARED->in_user = 0;
		if (SHARED->fork != UNWINDING)
			return;
		keep(HANDLER, dispatcher, 0, handler, sig, info, context, sp, fenv);
	}
}

static u32 run_handler(u32 dispatcher, u32 handler, u32 sig, u32 info, u32 context, u32 sp,
		       u32 fenv, u32 ret, u32 restart, enum where where, u32 outer)
{
	volatile struct interrupted *f;

	if (where == NO_CALL) {
		run_alone(dispatcher, handler, sig, info, context, sp, fenv);
		return 0;
	}
	if (!js_dispatcher(dispatcher))
		trap(SIGILL, 0, 0);
	SHARED->in_user = 1;
	((void (*)(u32, u32, u32, u32))SLOT)(handler, sig, info, context);
	SHARED->in_user = 0;
	if (SHARED->fork != UNWINDING)
		return 0;
	f = (void *)push(sizeof(*f));
	f->dispatcher = dispatcher;
	f->handler = handler;
	f->sig = sig;
	f->info = info;
	f->context = context;
	f->sp = sp;
	f->fenv = fenv;
	f->ret = ret;
	f->restart = restart;
	f->where = where;
	f->outer = outer;
	return 1;
}

enum { RETURNED, RETURNED_EINTR, UNWINDS };

static u32 handled(u32 info, u32 sp, u32 fenv)
{
	SHARED->fenv = fenv;
	set_sp(sp);
	return user_sigreturn(info) ? RETURNED_EINTR : RETURNED;
}

static u32 call_handler(u32 ret, u32 restart, enum where where, u32 outer)
{
	u32 dispatcher = PAGE->dispatcher, handler = PAGE->handler, sig = PAGE->sig,
	    info = PAGE->info, context = PAGE->context, sp = get_sp(), fenv = SHARED->fenv;

	/* another signal may be due before this handler's first instruction */
	set_sp(info);
	user_enter();
	look_around();
	SHARED->fenv = 0;	/* a handler has the default one */
	if (run_handler(dispatcher, handler, sig, info, context, sp, fenv, ret, restart, where, outer))
		return UNWINDS;
	return handled(info, sp, fenv);
}

/* The result of the system call that returned ret, and above it what becomes of it. */
static u64 user_return(u32 ret, u32 restart, enum where where, u32 outer)
{
	u32 action, how;

	while ((action = PAGE->action)) {
		PAGE->action = 0;
		restart |= PAGE->restart;
		if (action == ACTION_EXEC)
			leave();
		how = action == ACTION_CALL ? call_handler(ret, restart, where, outer) : RETURNED;
		if (how == UNWINDS)
			return UNWOUND;
		if (how == RETURNED_EINTR) {
			restart = 0;
			ret = -EINTR;
		}
		if (action == ACTION_RESTART && restart == RESTART_BLOCK) {
			ret = restart_syscall();
			restart = 0;
		}
	}
	return (restart == RESTART ? RESTARTS : 0) | ret;
}

static u32 after_irqs(u32 ret)
{
	if (irqs(IRQ_AFTER_CALL, ret))
		return 2;
	SHARED->ret = ret;
	return 0;
}

static u32 after_return(u64 r)
{
	return r & UNWOUND ? 2 : r & RESTARTS ? 1 : after_irqs(r);
}

/* The handler is called again, which goes on where it forked. */
static u32 resume_after(void)
{
	volatile struct interrupted *f = (void *)pop(sizeof(*f));
	u32 info = f->info, sp = f->sp, fenv = f->fenv, ret = f->ret, restart = f->restart, outer = f->outer;
	enum where where = f->where;

	if (run_handler(f->dispatcher, f->handler, f->sig, info, f->context, sp, fenv,
			ret, restart, where, outer))
		return 2;
	if (handled(info, sp, fenv) == RETURNED_EINTR) {
		restart = 0;
		ret = -EINTR;
	}
	if (where == AFTER_CALL)
		return after_return(user_return(ret, restart, where, 0));
	if (user_return(0, 0, where, outer) & UNWOUND)
		return 2;
	return after_irqs(outer);
}

/*
 * A system call returned ret while there was something to do.  1: it is to be made
 * again; 2: it is unwound.
 */
EXPORT(after) u32 after(u32 ret)
{
	return SHARED->fork ? resume_after() : after_return(user_return(ret, 0, AFTER_CALL, 0));
}

EXPORT(poll) void poll(void)
{
	room();
	SHARED->in_user = 0;
	breathe();
	irqs(NO_CALL, 0);
	SHARED->in_user = 1;
}

/* Runs a function of the program, and again when fork() has returned from it. */
static void run(u32 step, u32 entry, u32 arg)
{
	while (step == START ? js_start() : js_entry(entry)) {
		SHARED->in_user = 1;
		if (step == START)
			((void (*)(void))SLOT)();
		else
			((void (*)(u32))SLOT)(arg);
		SHARED->in_user = 0;
		if (SHARED->fork != UNWINDING)
			return;
		keep(step, entry, arg, 0, 0, 0, 0, 0, 0);
	}
}

/* Neither returns in a program that keeps to the ABI. */
static _Noreturn void run_program(u32 step, u32 entry, u32 arg)
{
	if (step == START)
		run(START, entry, arg);
	run(ENTRY, entry, arg);
	trap(SIGILL, 2, 0);
}

EXPORT(user_run) void user_run(u32 id, u32 entry, u32 arg, u32 tls)
{
	SHARED->in_user = 0;
	js_set_up(id, arg, tls);
	user_enter();
	look_around();
	run_program(entry ? ENTRY : START, entry, arg);
}

EXPORT(user_resume) void user_resume(u32 id)
{
	volatile struct first_frame *f;
	u32 info, sp, fenv;

	SHARED->in_user = 0;
	js_set_up_child(id);
	user_enter();
	look_around();
	js_put_back();
	f = (void *)pop(sizeof(*f));
	SHARED->fork = CHILD_REWINDS;
	if (f->step != HANDLER)
		run_program(f->step, f->entry, f->arg);
	info = f->info;
	sp = f->sp;
	fenv = f->fenv;
	run_alone(f->entry, f->handler, f->sig, info, f->context, sp, fenv);
	handled(info, sp, fenv);
	trap(SIGILL, 0, 0);
}

/* What the program would do next traps. */
EXPORT(trap) void program_traps(u32 sig, u32 code)
{
	room();
	trap(sig, code, 0);
}

/* The program's frames are gone: a handler can end the process, but not return. */
EXPORT(trapped) void trapped(u32 sig, u32 code)
{
	SHARED->fork = NO_FORK;
	trap(sig, code, 0);
}

/* A function is called by another type than its own, which perhaps only another module has: adapt.c. */
EXPORT(adapt) void adapt(u32 index)
{
	u32 type = js_adapter(index);

	if (!type)
		program_traps(SIGSEGV, SEGV_MAPERR);
	((void (*)(u32))SLOT)(type);
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
		SHARED->left -= FAULT_COUNTS;
		look_around();
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
