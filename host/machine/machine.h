/* SPDX-License-Identifier: MIT */
/*
 * One machine: a kernel, its memory, its tasks.  Private to libmuslin.
 *
 * Everything is reached from struct muslin; the only other state is the
 * thread-local pointer to the machine that runs on this thread, for signal
 * handlers.
 */
#ifndef MUSLIN_MACHINE_H
#define MUSLIN_MACHINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cgen/abi.h"
#include "core/stats.h"
#include "loader/loader.h"
#include "machine/arena.h"
#include "host_page.h"
#include "muslin.h"

/*
 * The kernel's space: physical memory at the bottom, always there;
 * from MM_VMALLOC on what the kernel had mapped, page by page.
 */
#define MM_PAGE		4096u
#define MM_VMALLOC	(3584ull << 20)	/* asm/pgtable.h */

struct w2c_vmlinux;
struct mm;
struct task;
struct module;
struct confinement;
struct hostfs;
struct streams;
struct tty;
struct ctl;
struct net;
struct disks;

/* Of muslin_config. */
struct limits {
	bool output_limited;
	uint64_t output;	/* bytes that are left */
	uint32_t tasks;		/* 0: no limit */
};

struct muslin {
	/* the kernel: instance, linear memory, the words shared with it */
	struct w2c_vmlinux *kernel;
	struct host_page *page;
	uint8_t *memory;
	uint32_t memory_size;	/* where physical memory ends */
	uint32_t memory_lowest;	/* the first of it that is there: MEMORY_START */
	int memory_fd;		/* and the memfd that they are in */
	struct arena arena;
	uint8_t *image_pages;	/* a bit for each that is still the image's */
	uint64_t mappings;	/* of the host's, see share.h */
	struct limits limits;
	uint64_t files;		/* and descriptors that the guest had opened */
	enum { FREEZING = 1, FROZEN } freezing;	/* see api/image.c */
	bool thawed;		/* what the kernel has forgotten is mapped again */

	/*
	 * The vCPU is in user code, which may be interrupted anywhere.  0 in
	 * the kernel and in the host: an interrupt stays pending.
	 */
	volatile sig_atomic_t in_user;
	/*
	 * The running task cannot just go back to user code, which has to be kept
	 * from using up the stack's reserve, or is gone.
	 */
	bool look;

	struct task *task;	/* the running one */
	struct task **tasks;	/* by id */
	int ntasks;
	struct stack_pool *stacks;	/* native stacks to use again */
	struct muslin_vcpu vcpu;

	struct mm **mms;	/* by id; 0 is the kernel's own */
	int nmms;
	struct space *spaces;	/* to use again */
	int nspaces;
	uint64_t families;	/* that there have been */

	/* clock.c */
	struct timespec boot_time;
	uint64_t timer_when;	/* nanoseconds since boot, ~0 for none */
	timer_t timer;
	uint64_t polled;	/* when files were last looked at */
	int64_t wall;		/* CLOCK_REALTIME less CLOCK_MONOTONIC, as the kernel knows it */
	bool wall_watched;
	int wall_fd;		/* a timer that tells when that changes, or -1 */

	struct host_signals *signals;	/* fault.c, while it runs */

	/* machine_run(): back to its caller */
	void *caller_sp;
	bool (*until)(struct muslin *m, void *arg);
	void *until_arg;
	bool running;
	int halted;		/* 0, or HALTED + HOST_POWER_OFF ... */

	/* given before boot */
	const char *cmdline;
	const void *initrd;
	size_t initrd_size;
	char *image;		/* of muslin_config */
	struct loader loader;

	/* of other files of this library, each by its own */
	struct hostfs *hostfs;
	struct streams *streams;
	struct tty *tty;
	struct ctl *ctl;
	struct net *net;	/* NULL: none was asked for */
	struct disks *disks;	/* the same */
	struct confinement *confinement;	/* NULL: none was asked for */

	/* the embedder's; may be NULL */
	void (*log)(void *arg, const char *text, size_t n);
	void *callback_arg;

	/* what the library counts as it goes; api/stats.c adds the rest */
	struct muslin_stats stats;
	struct call_count *calls;	/* by kernel_exports; NULL: not counted */

	char error[256];	/* of the last call that failed */
};

#define HALTED 1

/* What wasm2c passes to the kernel's imports. */
struct w2c_host {
	struct muslin m;
};

static inline struct muslin *machine(struct w2c_host *h)
{
	return &h->m;
}

/* --- machine.c --- */

/*
 * Reserves memory and makes the kernel's instance; it boots in machine_run().
 * 0 or -errno, with m->error set.
 */
int machine_init(struct muslin *m, uint64_t memory_size);
void machine_exit(struct muslin *m);
/* There is no kernel, whatever was there. */
void machine_reset(struct muslin *m);

/*
 * Runs the vCPU on the calling thread until until(m, arg) is true, which is
 * asked whenever the machine is idle and after machine_poke(), or until the
 * machine has halted.  0; -ESHUTDOWN if it has halted.
 */
int machine_run(struct muslin *m, bool (*until)(struct muslin *m, void *arg), void *arg);
/* Back to the caller of machine_run() if its predicate is true. */
void machine_poke(struct muslin *m);
/* The machine is no more: from a guest's task.  how is HALTED + HOST_*. */
_Noreturn void machine_halt(struct muslin *m, int how);

/* The kernel asked for what makes no sense, "passed ...": the machine ends. */
_Noreturn void machine_refuse(struct muslin *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Of kmem(), where it is not physical memory. */
void *kmem_mapped(struct muslin *m, uint32_t addr, uint32_t n);

/*
 * Host address of [addr, addr + n) in kernel memory.  What is not there ends
 * the machine; nothing has to be there for n == 0.
 */
static inline void *kmem(struct muslin *m, uint32_t addr, uint32_t n)
{
	if (__builtin_expect(addr < m->memory_lowest ||
			     (uint64_t)addr + n > m->memory_size, 0))
		return kmem_mapped(m, addr, n);
	return m->memory + addr;
}

/* The same for objects, which C wants to be aligned. */
void *kmem_aligned(struct muslin *m, uint32_t addr, uint32_t count, size_t size, size_t align);
#define kmem_array(m, addr, count, type) \
	((type *)kmem_aligned(m, addr, count, sizeof(type), _Alignof(type)))
#define kmem_struct(m, addr, type) kmem_array(m, addr, 1, type)
/* Copies a string to buf, of n bytes: its beginning if it is longer. */
char *kmem_string(struct muslin *m, uint32_t addr, char *buf, size_t n);

/* Formats m->error; returns err. */
int fail(struct muslin *m, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- clock.c --- */

int clock_init(struct muslin *m);
/* The guest's clock goes on from there. */
void clock_resume(struct muslin *m, uint64_t now);
/* The machine begins, or ceases, to run on this thread. */
int clock_start(struct muslin *m);
void clock_stop(struct muslin *m);
void clock_exit(struct muslin *m);
uint64_t clock_now(struct muslin *m);
/* A host signal arrived: raises what is due in irq_pending. */
void clock_poll(struct muslin *m);
/* Raises an interrupt if the host's wall clock was set. */
void clock_check_wall(struct muslin *m);

#define NSEC_PER_SEC 1000000000ull
#define CLOCK_NEVER (~0ull)	/* of timer_when */

static inline uint64_t clock_nsec(const struct timespec *ts)
{
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

static inline struct timespec clock_timespec(uint64_t ns)
{
	return (struct timespec) { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

static inline void irq_raise(struct muslin *m, unsigned int bits)
{
	__atomic_fetch_or(&m->page->irq_pending, bits, __ATOMIC_SEQ_CST);
}

/* --- task.c --- */

#define BOOT_TASK 0

/*
 * A task's native stacks.  On the lower one the kernel runs; it is empty while
 * user code does.  The other is user code's, and of those functions of the host
 * that lie between user code and the kernel: thunks, and what calls handlers.
 *
 * When user code has used up its part, the reserve is opened: for the handler of
 * the SIGSEGV, and what it calls.  The part below is for the host's functions, if
 * they are called with little left: user code that comes back to find it open is
 * killed.
 *
 *	stack - NATIVE_GUARD	never mapped
 *	stack			the kernel's
 *	stack + NATIVE_KERNEL	its top; never mapped
 *	stack + NATIVE_HOST	for the host's functions, closed at first
 *	stack + NATIVE_HANDLER	reserve, closed at first
 *	stack + NATIVE_RESERVE	what user code can use
 *	stack + NATIVE_STACK	top
 */
#define NATIVE_GUARD	(256u << 10)
#define NATIVE_KERNEL	(256u << 10)
#define NATIVE_HOST	(NATIVE_KERNEL + NATIVE_GUARD)
#define NATIVE_HANDLER	(NATIVE_HOST + (64u << 10))
#define NATIVE_RESERVE	(NATIVE_HANDLER + (256u << 10))
#define NATIVE_STACK	(NATIVE_RESERVE + (8704u << 10))

struct stack {
	uint8_t *base;
	bool reserve_open;
	bool host_open;
	bool told;		/* user code has got its SIGSEGV */
};

/* What user code did last that was a trap or a fault. */
struct trap {
	wasm_rt_trap_t reason;
	const char *function;	/* in the module's native code; or NULL, and */
	const uint8_t *pc;
	/* where that goes on if pc is in a function that it called, of ours or libc's */
	const uint8_t *caller;
	uint32_t addr;		/* for reason NONE, a fault */
};

struct task {
	int id;
	uint32_t task;		/* arguments of task_entry(); 0 for the boot task */
	uint32_t kernel_sp;
	struct stack *stack;
	void *sp;		/* where it was switched away from, on the kernel's */

	/* of user code */
	struct mm *mm;		/* the one it runs in, NULL if none */
	uint32_t user_sp;	/* while it does not run */
	uint32_t user_tls;
	uint32_t fenv;		/* that it starts with: its creator's */
	struct trap trap;
	bool by_user;		/* made by a program, not by the kernel */
	bool entered;		/* there is a program on the stack; it is gone if mm is NULL */
	uint32_t start_entry, start_arg;	/* of user_run(), until that program runs */
	/*
	 * The outermost interruption of user code between two of its instructions on
	 * the stack, or NULL: it may have addresses of memory in registers.
	 */
	const uint8_t *interrupted;
	bool in_fault;		/* the kernel handles a fault of its program */
	int elsewhere;		/* interruptions of code that is not the module's */
	bool oops;		/* it faulted in the kernel, and is to die there */
	/* in the thunk of the system call that forks, while the kernel is in it */
	struct muslin_jump *fork_point;
	/* Of a child that has not run: where that is, and whose program it will find. */
	uint8_t *fork_sp, *fork_base;
	uint64_t fork_family;
};

int task_init(struct muslin *m);
void task_exit(struct muslin *m);
/* t's words of user code become the vCPU's, and the other way round. */
void task_user_load(struct muslin *m, struct task *t);
void task_user_save(struct muslin *m, struct task *t);
/* Starts the running task's new program on an empty stack. */
_Noreturn void task_exec(struct muslin *m);
/* Switches from API caller to the running task, and back. */
void task_enter(struct muslin *m);
void task_leave(struct muslin *m);
/* The task of that id; the machine ends if there is none. */
struct task *task_get(struct muslin *m, uint32_t id);
/* What m->look is to be for the running task. */
bool task_look(const struct task *t);
/* A task whose program is gone must not go back to it. */
void task_check(struct muslin *m);

/* --- mm.c --- */

#define USER_SPACE (1ull << 32)
/* The page below is never there in the kernel's space: NULL faults. */
#define MEMORY_START 65536u
#define MM_CHUNK 1024

/* An instance, and those that fork() made of it: they share its function table. */
struct family {
	uint64_t id;
	int refs;
};

/* Where an instance and its linear memory are. */
struct space {
	uint8_t *base;		/* instance, then linear memory */
	struct w2c_linux linux_imports;
	struct family *family;	/* NULL: it is not set up */
	struct space *next;	/* of m->spaces */
	/* What is mapped, MM_CHUNK pages each: see mm.c.  Not in a boot image. */
	uint32_t *pages[USER_SPACE / MM_PAGE / MM_CHUNK];
	uint32_t breaks;	/* mappings that cost */
	bool words;		/* there is room for those of libraries: link.c */
	/* where the last page ends that was mapped for a fault, and how many in a row */
	uint64_t fault_end;
	uint32_t fault_run;
};

struct mm {
	int id;
	struct space *space;	/* NULL until there is a program */
	struct module *module;
	const struct module_ops *ops;	/* the module's */
	/* link.c: its libraries, its function table if that is not the family's alone */
	struct linked *libraries;
	struct table *table;
	struct linked_types *types;
};

/* an i32 address plus an i32 offset, and the widest access */
#define MM_PROGRAM	MUSLIN_MODULES
/* Behind that is what libraries have in a process: link.c. */
#define MM_RESERVED	(MM_PROGRAM + MODULE_WORDS)

int mm_init(struct muslin *m);
/* Physical memory for the kernel's space, of which only the addresses are there. */
int mm_resume(struct muslin *m);
void mm_exit(struct muslin *m);
/* One that is a process's; any other id ends the machine. */
struct mm *mm_get(struct muslin *m, uint32_t id);
/* The same, and it has a program. */
struct mm *mm_program(struct muslin *m, uint32_t id);
/* Above physical memory: is all of that mapped?  n is not 0. */
bool mm_kernel_has(const struct muslin *m, uint32_t addr, uint32_t n);
/* 0 or -ENOMEM */
int mm_make_space(struct muslin *m, struct mm *mm);
/* Its first instance, by the module's ops.  0 or -errno. */
int mm_set_up(struct muslin *m, struct mm *mm);
/* Spaces that nobody uses go back to the host. */
void mm_drop(struct muslin *m);

static inline uint8_t *mm_memory(const struct mm *mm)
{
	return mm->space->base + MUSLIN_MEMORY_OFFSET;
}

/* --- link.c --- */

/* child is to have parent's libraries.  0 or -ENOMEM. */
int link_fork(struct muslin *m, struct mm *child, const struct mm *parent);
/* The words of a program that is to be linked, in its new instance. */
void link_set_up(struct mm *mm);
/* mod is a library's, whose reference becomes mm's.  0 or -errno. */
int link_keep(struct mm *mm, struct module *mod);
/* Before the space is given up, or torn down. */
void link_exit(struct muslin *m, struct mm *mm);
/* Has it libraries, or a table of its own? */
static inline bool link_any(const struct mm *mm)
{
	return mm->libraries || mm->table;
}

/* Whose native code that is: the program's, a library's; or NULL. */
const struct module *link_module_at(const struct mm *mm, const void *pc);
/* The same without init's, and the quick tier's. */
bool link_in_native(const struct mm *mm, const void *pc);
/* The signature of a type of one of its modules, or NULL. */
const char *link_signature(const struct mm *mm, wasm_rt_func_type_t type);

/* --- user.c --- */

/* A program that a job loaded is there: from any thread. */
void user_loaded(void *m);
/* The way back to user code after an entry of the kernel.  True: again. */
bool user_return(struct muslin *m, uint32_t *ret);
/* Interrupts that came while in_user was 0. */
void user_irq(struct muslin *m);

static inline bool irq_pending(struct muslin *m)
{
	return *(volatile unsigned int *)&m->page->irq_pending;
}

/* Anything that has to be looked at before user code runs. */
static inline bool user_pending(struct muslin *m)
{
	return __builtin_expect(irq_pending(m) | m->look, 0);
}

/* What a child does first, where its parent called fork(): returns 0. */
uint32_t user_forked(struct muslin *m);

_Noreturn void user_trap(struct muslin *m, int sig, int code, uint32_t addr);
extern const struct muslin_rt user_rt;

/* --- fault.c --- */

/* Host signals while a machine runs on this thread: saved and put back. */
struct host_signals;
int fault_start(struct muslin *m);
void fault_stop(struct muslin *m);
struct muslin *fault_machine(void);
/* The signal that clock.c's timer sends, and the value that comes with it. */
int fault_irq_signal(void);
void *fault_irq_tag(void);

/* The kernel's code, not ours which it called: kernel-text.h. */
extern const uint8_t kernel_text[] __asm__("__start_muslin_kernel") __attribute__((weak));
extern const uint8_t kernel_text_end[] __asm__("__stop_muslin_kernel") __attribute__((weak));

static inline bool is_kernel_text(const uint8_t *pc)
{
	return pc >= kernel_text && pc < kernel_text_end;
}

/* --- where.c --- */

struct elf_symbol {
	const char *name;
	uint64_t offset, size;
};

/* The function that has address at, by the symbols of an ELF file that is ours. */
bool elf_symbol(const uint8_t *file, size_t size, uint64_t at, struct elf_symbol *found);
/* The function of the program that pc is in, or that this was inlined into; or -1. */
int64_t where_function(const struct module *mod, const uint8_t *pc);

/* --- syscalls, generated from vmlinux.wasm --- */

extern const struct kernel_export kernel_exports[];
extern const unsigned int kernel_exports_count;

/* What HOST_RESTART_BLOCK asks for. */
uint32_t kernel_restart(struct muslin *m);

/* --- api/stats.c --- */

struct call_count {
	uint64_t calls, time;
};

static inline uint64_t call_begins(struct muslin *m, unsigned int n)
{
	/* NULL: a boot image's program began it where calls were counted */
	if (m->calls)
		m->calls[n].calls++;
	return stats_now();
}

static inline void call_ends(struct muslin *m, unsigned int n, uint64_t start)
{
	if (m->calls)
		m->calls[n].time += stats_now() - start;
}

#endif
