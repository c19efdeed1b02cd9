/* SPDX-License-Identifier: MIT */
/*
 * The host's imports, called by a kernel that is nobody's friend: this file is
 * in the place of vmlinux.  Whatever it asks for, the host says so in one line
 * and ends the machine; it never crashes, and another machine goes on.
 *
 * For libFuzzer, by hand:
 *
 *	make build/test-suite/fuzz/imports FUZZ_CC=clang-14
 *	build/test-suite/fuzz/imports -detect_leaks=0 CORPUS
 *
 * Or, as cli/imports runs it, first all cases below, then random input for as
 * many seconds as it is told:
 *
 *	build/test-suite/fuzz/imports-plain SECONDS [SEED | CASE]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host_page.h"
#include "host_symbol.h"
#include "devices/ctl.h"
#include "disk/disk.h"
#include "hostfs/impl.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/syscalls.h"
#include "machine/task.h"
#include "machine/x86_64/this-vcpu.h"
#include "devices/stream.h"
#include "net/net.h"

#define MEMORY (32u << 20)
#define PAGE 65536u
/* where things are in the kernel's memory */
#define SHARED (1u << 20)	/* struct host_page */
#define NAMES (SHARED + PAGE)
#define BUFFER (NAMES + PAGE)
#define PROGRAM (BUFFER + PAGE)
#define PAGES (8u << 20)	/* of programs */
#define DISK 1000		/* bytes: within a block */

extern const unsigned char muslin_init[], muslin_init_end[];

static struct w2c_host *h;	/* the machine that is tried */
static struct muslin *m;
static void (*script)(void);	/* what it does */
static char scratch[] = "/tmp/muslin-imports.XXXXXX";

/* --- another machine: it counts how often it runs --- */

static struct muslin *witness;
static unsigned int counted;

static void count(struct w2c_host *host)
{
	for (;;) {
		counted++;
		this_vcpu()->page->irq_pending = 0;
		w2c_host_timer_set(host, w2c_host_clock_ns(host) + 1000);
		w2c_host_idle(host);
	}
}

static bool has_counted(struct muslin *w, void *arg)
{
	(void)w;
	return counted > *(unsigned int *)arg;
}

static void check_witness(void)
{
	unsigned int before = counted;

	if (!witness->kernel && machine_init(witness, MEMORY))
		abort();
	if (machine_run(witness, has_counted, &before) || counted == before)
		abort();
}

/* --- input --- */

static const uint8_t *input;
static size_t left;

static unsigned int byte(void)
{
	if (!left) {
		w2c_host_halt(h, HOST_POWER_OFF);
		abort();
	}
	left--;
	return *input++;
}

static u32 word(void)
{
	u32 a = byte();

	a = a << 8 | byte();
	a = a << 8 | byte();
	return a << 8 | byte();
}

static u32 some_task(void)
{
	unsigned int b = byte(), i;

	if (b < 16)
		return word();
	if (b < 64)
		return this_task()->id;
	for (i = 0; i < (unsigned int)m->ntasks; i++)
		if (m->tasks[(b + i) % m->ntasks])
			return (b + i) % m->ntasks;
	return b;
}

static u32 some_mm(void)
{
	unsigned int b = byte(), i;

	if (b < 8)
		return b < 4 ? 0 : word();
	if (b < 96 && this_task()->mm)
		return this_task()->mm->id;
	for (i = 0; i < (unsigned int)m->nmms; i++)
		if (m->mms[(b + i) % m->nmms])
			return (b + i) % m->nmms;
	return b;
}

static u32 some_length(void)
{
	unsigned int b = byte();

	switch (b % 16) {
	case 0:
		return word();
	case 1:
		return (b + 1) * PAGE;
	case 2:
	case 3:
		return PAGE;
	default:
		return b;
	}
}

static u32 some_address(u32 n)
{
	unsigned int b = byte();

	switch (b % 16) {
	case 0:
		return word();
	case 1:
		return MEMORY - n;
	case 2:
		return MEMORY - n + 1 + b / 16;
	case 3:
		return 0 - n + b / 16;
	case 4:
		return MM_VMALLOC + b / 16 * PAGE - n / 2;
	case 5:
		return SHARED;
	case 6:
		return b / 16;
	default:
		return BUFFER + 64 * b;
	}
}

static u32 some_page(u32 base)
{
	unsigned int b = byte();

	return b < 16 ? word() : b < 32 ? base + b : base + (b % 64) * PAGE;
}

/* A path, which is mostly of the few names that there are. */
/* Root's, the user's, somebody's, and numbers that are no user's. */
static u32 some_owner(void)
{
	static const u32 ids[] = { 0, 1000, 65534, 0x7fffffff, 0x80000000, (u32)-2, (u32)-1 };

	return ids[byte() % (sizeof(ids) / sizeof(*ids))];
}

static u32 some_path(u32 *n)
{
	static const char *const names[] = {
		"", "a", "b", "d", "d/a", "d/b", "l", "l/a", "d/e", "d/e/f", "..", "d/..", "/", "x\0y",
	};
	unsigned int b = byte();
	const char *name = names[b % (sizeof(names) / sizeof(*names))];
	u32 at = NAMES + b % 64 * 16;

	if (b > 250) {
		*n = some_length();
		return some_address(*n);
	}
	*n = strlen(name);
	memcpy(m->memory + at, name, *n + 1);
	return at;
}

static u32 some_attribute(u32 *n)
{
	static const char *const names[] = {
		"", "user.", "user.a", "user.overlay.opaque", "user.muslin.owner", "user.muslin.",
		"trusted.a", "security.capability", "system.posix_acl_access", "user.a\0b",
	};
	unsigned int b = byte();
	const char *name = names[b % (sizeof(names) / sizeof(*names))];
	u32 at = NAMES + PAGE / 2 + b % 64 * 32;

	if (b > 250) {
		*n = some_length();
		return some_address(*n);
	}
	*n = strlen(name);
	memcpy(m->memory + at, name, *n + 1);
	return at;
}

/* --- what a kernel can ask for --- */

static void play(void);

static void map_page(u32 addr)
{
	w2c_host_mm_map(h, this_task()->mm->id, addr & -PAGE, PAGES + (addr / PAGE) % 128 * PAGE,
			PAGE, PROT_READ | PROT_WRITE);
}

static void tick(void)
{
	w2c_host_timer_set(h, w2c_host_clock_ns(h) + 500000);
}

static void idle(void)
{
	tick();
	w2c_host_idle(h);
}

static u32 load(u32 mm)
{
	u32 n = muslin_init_end - muslin_init;

	memcpy(m->memory + PROGRAM, muslin_init, n);
	strcpy((char *)m->memory + NAMES, "init");
	return w2c_host_user_load(h, mm, NAMES, PROGRAM, n, BUFFER);
}

/* A program, which runs. */
static void run(void)
{
	u32 mm = w2c_host_mm_create(h);

	if (!load(mm))
		w2c_host_user_run(h, mm, 0, 0x10000000, 0);
}

static void tasks(unsigned int what)
{
	u32 a, n;

	switch (what % 11) {
	case 0:
	case 1:
		w2c_host_task_create(h, byte(), word());
		break;
	case 2:
		w2c_host_task_fork(h, byte(), word());
		break;
	case 3:
	case 4:
	case 5:
		a = byte() < 16 ? some_task() : (u32)this_task()->id;
		w2c_host_task_switch(h, a, some_task());
		break;
	case 6:
		w2c_host_task_free(h, some_task());
		break;
	case 7:
		n = some_length();
		w2c_host_user_trapped(h, some_address(n), n);
		break;
	case 8:
		n = some_length();
		w2c_host_task_frames(h, some_task(), some_address(n), n / 4);
		break;
	case 9:
		w2c_host_task_pc(h, some_task());
		break;
	case 10:
		n = sizeof(struct host_symbol);
		a = byte() < 128 ? word() : 0xf0000000u + word() % (32 << 20);
		w2c_host_symbol(h, a, some_address(n));
	}
}

static void spaces(unsigned int what)
{
	u32 a, b, n;

	switch (what % 10) {
	case 0:
		w2c_host_mm_create(h);
		break;
	case 1:
		a = w2c_host_mm_create(h);
		w2c_host_mm_fork(h, byte() < 32 ? some_mm() : a, some_mm());
		break;
	case 2:
		w2c_host_mm_destroy(h, some_mm());
		break;
	case 3:
	case 4:
		a = some_mm();
		b = some_page(a ? 0 : MM_VMALLOC);
		n = some_length();
		w2c_host_mm_map(h, a, b, some_page(PAGES), byte() < 32 ? n : PAGE,
				byte() < 240 ? PROT_READ | PROT_WRITE : word());
		break;
	case 5:
		a = some_mm();
		b = some_page(a ? 0 : MM_VMALLOC);
		n = some_length();
		w2c_host_mm_unmap(h, a, b, byte() < 32 ? n : PAGE);
		break;
	case 6:
		load(some_mm());
		break;
	case 7:
		w2c_host_user_run(h, some_mm(), byte() % 8 ? 0 : word(), word(), word());
		break;
	case 8:
		run();
		break;
	case 9:
		w2c_host_user_resume(h, some_mm());
	}
}

static void programs(unsigned int what)
{
	u32 a, b, n;

	switch (what % 11) {
	case 9:
		n = some_length();
		a = some_address(n);
		w2c_host_user_library(h, some_mm(), some_address(4), byte() % 4 ? a : 0, n,
				      some_address(sizeof(struct host_image)));
		break;
	case 10:
		n = byte() % 16 ? byte() % 4 : word();
		a = some_address(n * sizeof(struct host_link));
		w2c_host_user_link(h, some_mm(), a, n, some_address(HOST_ERROR));
		break;
	case 0:
		w2c_host_user_sp(h);
		break;
	case 1:
		w2c_host_user_tls(h);
		break;
	case 2:
		n = some_length();
		a = some_address(n);
		b = some_address(4);
		w2c_host_user_load(h, some_mm(), b, a, n, some_address(sizeof(struct host_image)));
		break;
	case 3:
		w2c_host_user_reload(h, some_mm(), byte(), some_address(sizeof(struct host_image)));
		break;
	case 4:
		n = some_length();
		a = byte() % 4 ? 1 + byte() % 2 : word();
		b = byte() % 2 ? word() : byte() * PAGE;
		w2c_host_user_data(h, a, b, some_address(n), n);
		break;
	case 5:
		this_vcpu()->page->action = byte() % 5;
		this_vcpu()->page->restart = byte() % 4;
		this_vcpu()->page->dispatcher = byte();
		this_vcpu()->page->handler = word();
		this_vcpu()->page->info = word();
		break;
	case 6:
		a = byte() % 8 ? byte() % 16 : word();
		w2c_host_user_load_result(h, a, some_mm(), some_address(sizeof(struct host_image)));
		break;
	case 7:
		w2c_host_user_load_cancel(h, byte() % 8 ? byte() % 16 : word());
		break;
	case 8:
		n = 8 + byte() % 8;
		memcpy(m->memory + PROGRAM, "\0asm\1\0\0", 8);
		memset(m->memory + PROGRAM + 8, byte() % 4, n - 8);
		w2c_host_user_load(h, some_mm(), NAMES, PROGRAM, n, BUFFER);
	}
}

static void streams(unsigned int what)
{
	u32 s = byte() < 240 ? byte() % 8 : word(), n = some_length();

	switch (what % 14) {
	case 9:
		w2c_host_stream_stat(h, s, some_address(sizeof(struct host_stat)));
		break;
	case 10:
		w2c_host_stream_pread(h, s, some_address(n), n, (s32)word());
		break;
	case 11:
		w2c_host_stream_pwrite(h, s, some_address(n), n, byte() % 8 ? byte() : word());
		break;
	case 12:
		w2c_host_stream_truncate(h, s, byte() % 8 ? byte() : (u64)(s32)word());
		break;
	case 13:
		w2c_host_stream_sync(h, s, byte());
		break;
	case 0:
		w2c_host_stream_read(h, s, some_address(n), n);
		break;
	case 1:
		w2c_host_stream_write(h, s, some_address(n), n);
		break;
	case 2:
		w2c_host_stream_poll(h, s);
		break;
	case 3:
		w2c_host_stream_watch(h, s, word());
		break;
	case 4:
		w2c_host_stream_seek(h, s, (u64)(s32)word(), byte() % 6);
		break;
	case 5:
		if (byte() < 32)
			w2c_host_stream_close(h, s);
		break;
	case 6:
		w2c_host_tty_read(h, some_address(n), n);
		break;
	case 7:
		w2c_host_tty_write(h, some_address(n), n);
		break;
	case 8:
		w2c_host_tty_size(h);
	}
}

/* Its peer says what the kernel has sent, which is often no frame. */
static void network(unsigned int what)
{
	u32 n = some_length();

	switch (what % 5) {
	case 0:
		w2c_host_net_link(h, some_address(n));
		break;
	case 1:
	case 2:
		w2c_host_net_send(h, some_address(n), n);
		break;
	case 3:
		w2c_host_net_next(h);
		break;
	case 4:
		w2c_host_net_receive(h, some_address(n), n);
	}
}

/* Requests that a driver could make, with a word or two that it would not. */
static void disks(unsigned int what)
{
	u32 n = byte() % 16 ? byte() % 3 : word(), i;
	struct host_disk_request *r = (struct host_disk_request *)(m->memory + BUFFER);

	switch (what % 8) {
	case 0:
		w2c_host_disk_info(h, n, some_address(sizeof(struct host_disk)) & -4);
		break;
	case 1:
		w2c_host_disk_done(h, some_address(n) & -4, some_length());
		break;
	case 2:
		w2c_host_disk_start(h, n, some_address(sizeof(*r)) & -4);
		break;
	default:
		*r = (struct host_disk_request){
			.tag = byte() % 70, .op = byte() % 8, .block = byte() % 4,
			.nsegments = byte() % 4,
		};
		for (i = 0; i < r->nsegments; i++) {
			r->segments[i].length = byte() % 8 ? 512 * (byte() % 4) : word();
			r->segments[i].address = byte() % 8 ? PAGES + byte() * 64 : some_address(512);
			r->length += r->segments[i].length;
		}
		if (byte() % 8 == 0)
			((u32 *)r)[byte() % (sizeof(*r) / 4)] = word();
		w2c_host_disk_start(h, n, BUFFER);
		w2c_host_disk_done(h, BUFFER, 4);
	}
}

static void files(unsigned int what)
{
	u32 root = byte() % 64 ? byte() % 3 : word(), file = byte() % 16 ? byte() % 4 : word();
	u32 n, k, len = some_length(), path = some_path(&n), other;

	switch (what % 31) {
	case 25:
		other = some_attribute(&k);
		w2c_host_file_getxattr(h, root, path, n, other, k, some_address(len), len);
		break;
	case 26:
		other = some_attribute(&k);
		w2c_host_file_setxattr(h, root, path, n, other, k, some_address(len), len, byte() % 4);
		break;
	case 27:
		other = some_attribute(&k);
		w2c_host_file_removexattr(h, root, path, n, other, k);
		break;
	case 28:
		w2c_host_file_listxattr(h, root, path, n, some_address(len), len);
		break;
	case 30:
		w2c_host_file_allocate(h, file, byte() % 4 ? byte() % 4 : word(),
				       byte() % 4 ? word() >> 12 : (u64)word() << 32,
				       byte() % 16 ? byte() << 12 : (u64)word() << 32);
		break;
	case 29:
		*(u64 *)(m->memory + BUFFER) = byte() % 2 ? word() : (u64)word() << 32;
		w2c_host_file_seek(h, file, byte() % 2, byte() % 4 ? BUFFER : some_address(8));
		break;
	case 0:
		w2c_host_file_stat(h, root, path, n, some_address(sizeof(struct host_stat)));
		break;
	case 1:
		w2c_host_file_fstat(h, file, some_address(sizeof(struct host_stat)));
		break;
	case 2:
		w2c_host_file_access(h, root, path, n, byte());
		break;
	case 3:
	case 4:
		w2c_host_file_open(h, root, path, n, byte() % 9);
		break;
	case 5:
		w2c_host_file_create(h, root, path, n, byte() | 0600, some_owner(), some_owner());
		break;
	case 6:
		w2c_host_file_close(h, file);
		break;
	case 7:
		w2c_host_file_keep(h);
		break;
	case 8:
		w2c_host_file_exchange(h, file, byte() % 4);
		break;
	case 9:
		w2c_host_file_read(h, file, some_address(len), len, (s32)word());
		break;
	case 10:
		w2c_host_file_write(h, file, some_address(len), len, word());
		break;
	case 11:
		w2c_host_file_sync(h, file, byte() % 2);
		break;
	case 12:
		w2c_host_file_readdir(h, file, (s32)word(), some_address(len), len);
		break;
	case 13:
		*(struct host_attr *)(m->memory + BUFFER) = (struct host_attr){
			.valid = byte() & ~(HOST_ATTR_UID | HOST_ATTR_GID), .mode = byte() | 0700,
			.size = word(), .mtime = { word(), word(), 0 },
		};
		w2c_host_file_setattr(h, byte() % 2 ? file : (u32)-1, root, path, n,
				      byte() % 16 ? BUFFER : some_address(8));
		break;
	case 14:
		w2c_host_file_symlink(h, root, path, n, some_address(len), len,
				      some_owner(), some_owner());
		break;
	case 15:
		w2c_host_file_readlink(h, root, path, n, some_address(len), len);
		break;
	case 16:
		w2c_host_file_unlink(h, root, path, n);
		break;
	case 17:
		w2c_host_file_mkdir(h, root, path, n, 0700, some_owner(), some_owner());
		break;
	case 18:
		w2c_host_file_rmdir(h, root, path, n);
		break;
	case 19:
		w2c_host_file_mknod(h, root, path, n, byte() % 2 ? S_IFIFO | 0600 : word(),
				    some_owner(), some_owner());
		break;
	case 20:
		other = some_path(&k);
		w2c_host_file_link(h, root, path, n, other, k);
		break;
	case 21:
		other = some_path(&k);
		w2c_host_file_rename(h, root, path, n, other, k, byte() % 8);
		break;
	case 22:
		w2c_host_file_statfs(h, root, some_address(sizeof(struct host_statfs)));
		break;
	case 23:
		w2c_host_file_watch(h, root, path, n, some_address(sizeof(struct host_stat)));
		break;
	case 24:
		if (byte() % 2)
			w2c_host_file_unwatch(h, byte() % 2 ? byte() % 8 : word());
		else
			w2c_host_file_heard(h, some_address(4 * len) & -4, len);
	}
}

static void others(unsigned int what)
{
	u32 n = some_length();

	switch (what % 10) {
	case 0:
		w2c_host_memory_size(h);
		break;
	case 1:
		w2c_host_cmdline(h, some_address(n), n);
		break;
	case 2:
		w2c_host_initrd(h, some_address(n));
		break;
	case 3:
		w2c_host_set_page(h, some_address(sizeof(struct host_page)));
		break;
	case 4:
		w2c_host_memory_free(h, byte() % 8 ? some_page(PAGES) : some_address(n),
				     byte() % 8 ? PAGE : n);
		break;
	case 5:
		w2c_host_frozen(h);
		break;
	case 6:
		w2c_host_console_write(h, some_address(n), n);
		break;
	case 7:
		w2c_host_timer_set(h, (u64)(s32)word() << byte() % 33);
		break;
	case 8:
		idle();
		break;
	case 9:
		w2c_host_random(h, some_address(n), n);
	}
}

static void act(void)
{
	static void (*const some[])(unsigned int what) = {
		tasks, tasks, spaces, spaces, programs, streams, files, files, others,
		network, disks,
	};
	unsigned int b = byte();

	if (b == 255 && byte() > 128)
		w2c_host_halt(h, byte() % 8);
	some[b % (sizeof(some) / sizeof(*some))](byte());
}

static void play(void)
{
	for (;;)
		act();
}

/* Sometimes before the kernel returns to who called it. */
static void play_some(void)
{
	unsigned int n = byte() % 8;

	for (; n > 4; n--)
		act();
	tick();
}

/* --- vmlinux: what the host calls --- */

void wasm2c_vmlinux_instantiate(w2c_vmlinux *k, struct w2c_host *host)
{
	k->w2c_host_instance = host;
}

void w2c_vmlinux_boot(w2c_vmlinux *k)
{
	if (machine(k->w2c_host_instance) == witness)
		count(k->w2c_host_instance);
	h = k->w2c_host_instance;
	w2c_host_set_page(h, SHARED);
	script();
	w2c_host_halt(h, HOST_POWER_OFF);
}

static void (*in_task)(void) = play;	/* of a case */
static void (*in_kernel)(void) = play_some;
static void (*in_syscall)(void) = play_some;
static u32 last_signal;		/* that a program was to get */

void w2c_vmlinux_task_entry(w2c_vmlinux *k, u32 task, u32 sp)
{
	(void)k;
	(void)task;
	(void)sp;
	in_task();
	w2c_host_halt(h, HOST_POWER_OFF);
}

void w2c_vmlinux_task_exec(w2c_vmlinux *k, u32 sp)
{
	w2c_vmlinux_task_entry(k, 0, sp);
}

void w2c_vmlinux_user_irq(w2c_vmlinux *k)
{
	(void)k;
	this_vcpu()->page->irq_pending = 0;
	in_kernel();
}

void w2c_vmlinux_user_enter(w2c_vmlinux *k)
{
	(void)k;
	in_kernel();
}

u32 w2c_vmlinux_user_sigreturn(w2c_vmlinux *k, u32 info)
{
	(void)k;
	in_kernel();
	return info % 2;
}

void w2c_vmlinux_user_fault(w2c_vmlinux *k, u32 addr, u32 write)
{
	(void)k;
	(void)write;
	if (in_kernel != play_some || byte() > 8)
		map_page(addr);
	else
		act();
}

/* With panic_on_oops nothing comes of it. */
void w2c_vmlinux_kernel_fault(w2c_vmlinux *k, u32 addr)
{
	(void)k;
	(void)addr;
}

void w2c_vmlinux_user_trap(w2c_vmlinux *k, u32 sig, u32 code, u32 addr)
{
	(void)k;
	(void)code;
	(void)addr;
	last_signal = sig;
	in_kernel();
	if (in_kernel != play_some)
		w2c_host_halt(h, HOST_POWER_OFF);
}

/* What every __syscall_* of imports-syscalls.c calls. */
u32 fuzz_syscall(void);
u32 fuzz_syscall(void)
{
	in_syscall();
	return in_syscall == play_some ? (u32)(int8_t)byte() : 0;
}

/* --- one machine --- */

static unsigned int logged;

static void log_kernel(void *arg, const char *text, size_t n)
{
	(void)arg;
	for (; n; n--)
		logged += (unsigned char)*text++;
}

static void add_streams(void)
{
	int p[2], s[2], file = open("/dev/zero", O_RDWR | O_CLOEXEC);

	if (pipe2(p, O_CLOEXEC) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s))
		abort();
	stream_attach(m, p[0]);
	stream_attach(m, p[1]);
	stream_attach(m, s[0]);
	stream_attach(m, file);
	close(file);
	file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	stream_attach(m, file);
	close(file);
	close(p[0]);
	close(p[1]);
	close(s[0]);
	close(s[1]);
}

/* A peer that has said something, often nonsense, and sometimes has gone. */
static void add_network(void)
{
	static const char said[] = "\0\0\0\4abcd\0\0\0\1x\0\1\0\1half";
	static int peer = -1;
	int s[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) ||
	    write(s[1], said, sizeof(said) - left % 8) < 0 || net_attach(m, s[0], false, 1500))
		abort();
	close(peer);
	peer = s[1];
	if (left % 3 == 0) {
		close(peer);
		peer = -1;
	}
}

/* The second one can only be read. */
static void add_disks(void)
{
	char path[sizeof(scratch) + 8];
	int fd;

	snprintf(path, sizeof(path), "%s.disk", scratch);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, DISK) || disk_attach(m, path, false))
		abort();
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/exe");
	if (disk_attach(m, path, true) != 1)
		abort();
}

static int machine_of(void (*what)(void), char *error, size_t n)
{
	static const struct muslin_config config = {
		.memory = MEMORY, .image = "", .log = log_kernel,
	};
	int r;

	if (muslin_new(&config, &m))
		abort();
	script = what;
	add_streams();
	add_network();
	add_disks();
	if (hostfs_add_dir(m->hostfs, scratch, 0) || hostfs_add_dir(m->hostfs, scratch, 1) != 1 ||
	    hostfs_add_dir(m->hostfs, scratch, HOSTFS_LAYER) != 2)
		abort();
	muslin_boot(m);
	r = m->halted;
	snprintf(error, n, "%s", muslin_error(m));
	muslin_free(m);
	check_witness();
	return r;
}

static void set_up(void)
{
	static const struct muslin_config config = { .memory = MEMORY, .image = "" };
	struct rlimit size = { MEMORY, MEMORY };

	/* what it writes is not to fill the disk */
	if (!mkdtemp(scratch) || setrlimit(RLIMIT_FSIZE, &size))
		abort();
	/* only cases need one that is there */
	setenv("MUSLIN_WASM2C", "/nowhere/wasm2c", 0);
	setenv("MUSLIN_CACHE", "/dev/null", 1);
	if (muslin_new(&config, &witness))
		abort();
}

/* Faults are the host's, and the other machine is never freed.  Weak: asan/runtime.c has its own. */
const char *__asan_default_options(void) __attribute__((weak));
const char *__asan_default_options(void)
{
	return "detect_leaks=0:handle_segv=0:handle_sigbus=0:use_sigaltstack=0:"
	       "detect_stack_use_after_return=0";
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	set_up();
	return 0;
}

/*
 * Memory that only a task's stack knows is none that is lost, and the machine
 * beside is there to the end: LeakSanitizer, which asks this, cannot know.
 */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[256];
	int halted;

	in_task = play;
	in_kernel = in_syscall = play_some;
	input = data;
	left = size;
	halted = machine_of(play, error, sizeof(error));
	if (halted < HALTED || halted > HALTED + HOST_NO_MEMORY)
		abort();
	/* it does not just end, and says one line */
	if (strchr(error, '\n') || !*error)
		abort();
	return 0;
}
