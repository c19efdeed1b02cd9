/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that the kernel asks of its host.  Every function is an import
 * of module "host"; there is no other way out.  All run on the calling
 * task's native stack, with interrupts deferred, and return at once unless
 * said otherwise.  Pointers are addresses in the kernel's linear memory.
 * Errors are negative errnos.
 */
#ifndef _ASM_WASM_HOST_H
#define _ASM_WASM_HOST_H

#include <linux/types.h>

#define __host(name) \
	__attribute__((import_module("host"), import_name(#name))) host_##name

struct task_struct;
struct host_page;
struct host_stat;
struct host_attr;
struct host_statfs;
struct host_image;
struct host_link;
struct host_disk;
struct host_disk_request;
struct host_disk_done;
struct host_symbol;

/* --- machine (host/machine/machine.c, mm.c) --- */

/*
 * Bytes of physical memory: linear memory 0..n, mapped at the same address, but
 * for the first page, which is not there.
 */
unsigned long __host(memory_size)(void);
/* Copies the kernel command line, with its NUL, into buf. */
void __host(cmdline)(char *buf, unsigned long n);
/* Bytes of the initramfs; it is copied to buf unless buf is NULL. */
unsigned long __host(initrd)(void *buf);
/* The words that the calling CPU and the host share, see asm/host_page.h: once. */
void __host(set_page)(struct host_page *p);
/* Nothing in [pa, pa + len) of physical memory has to be kept. */
void __host(memory_free)(unsigned long pa, unsigned long len);
/* After HOST_IRQ_FREEZE: the image can be made as soon as the machine idles. */
void __host(frozen)(void);
/* Never returns; how is one of host_page.h's, HOST_POWER_OFF ... */
void __noreturn __host(halt)(int how);

/* --- console (host/devices/console.c): boot messages and panics --- */

void __host(console_write)(const char *s, unsigned long n);

/* --- clock, and chance (host/machine/clock.c, random.c, host/devices/idle.c) --- */

/* Nanoseconds since boot, never goes back. */
u64 __host(clock_ns)(void);
/* Nanoseconds since 1970, read at boot, at HOST_IRQ_THAW and at HOST_IRQ_CLOCK. */
u64 __host(realtime_ns)(void);
/* One interrupt at that clock_ns, ~0 for none.  Replaces the last one. */
void __host(timer_set)(u64 when);
/* Sleeps until an interrupt is pending. */
void __host(idle)(void);
/* Fills buf with random bytes. */
void __host(random)(void *buf, unsigned long n);

/* --- tasks (host/machine/task.c): each has native stacks of its own --- */

/*
 * The id of a task that is a copy of the calling one, in the system call that
 * this is called from; its user code goes on with host_user_resume().  Both: -EAGAIN
 * if programs have as many as the embedder lets them have.
 */
int __host(task_fork)(struct task_struct *t, unsigned long sp);
/*
 * The new task's id, > 0; 0 is the one that boots.  On its first switch it
 * calls the export task_entry(t, sp).
 */
int __host(task_create)(struct task_struct *t, unsigned long sp);
/* Returns when somebody switches back to prev. */
void __host(task_switch)(int prev, int next);
/* Never the running task. */
void __host(task_free)(int id);

/* --- CPUs (host/machine/cpus.c): each runs one task at a time, beside the others --- */

/* How many the machine has; the first, 0, boots, and gets interrupts that are about none. */
unsigned int __host(cpus)(void);
/*
 * CPU cpu, which does not run yet, switches to that task, which nobody has run; it has
 * no host_set_page() yet.  -EAGAIN: the host has no thread for it.
 */
int __host(cpu_start)(unsigned int cpu, int task);
/* One interrupt (HOST_IRQ_CPU) of CPU cpu, which runs. */
void __host(cpu_kick)(unsigned int cpu);
/* The calling CPU waits for another one. */
void __host(cpu_yield)(void);

/* --- what tasks do (host/machine/frames.c): for people, who may be told less --- */

/*
 * Where task id is in the kernel, the innermost first: places that host_symbol()
 * knows.  How many, of at most n; -EBUSY: there is no room on its stack to look.
 */
long __host(task_frames)(int id, u32 *places, unsigned long n);
/*
 * The byte of its program's file where the body of the function begins that it is in;
 * 0: it has none, or none that can be found.
 */
unsigned long __host(task_pc)(int id);
/* What function of the kernel that is, or -ENOENT; a pointer to one is such a place, too. */
int __host(symbol)(unsigned long place, struct host_symbol *s);

/* --- address spaces (host/machine/mm.c): id 0 is the kernel's own --- */

/* A new, empty 4 GiB address space; its id, > 0. */
int __host(mm_create)(void);
/* Gives the new address space id the program of parent, which runs, and maps nothing. */
int __host(mm_fork)(int id, int parent);
void __host(mm_destroy)(int id);
/* Maps physical memory; prot is PROT_READ | PROT_WRITE. */
int __host(mm_map)(int id, unsigned long va, unsigned long pa,
		   unsigned long len, int prot);
/* -ENOMEM: then nothing is mapped there any more, unless it is the kernel's. */
int __host(mm_unmap)(int id, unsigned long va, unsigned long len);

/* --- programs (host/machine/exec.c, user.c) --- */

/*
 * Makes image, a wasm module, ready to run in address space id and describes
 * it in info.  -ENOEXEC if it is not a valid program; the reason is in
 * info->error.  What takes long is done while the machine goes on, image being
 * copied before: then this is a ticket, > 0, and one interrupt (HOST_IRQ_LOAD)
 * comes as soon as host_user_load_result() has an answer.  -EAGAIN: too many are
 * under way; one comes as well when that changes by the host's doing.
 */
int __host(user_load)(int id, const char *name, const void *image,
		      unsigned long size, struct host_image *info);
/*
 * What host_user_load() would have said, for address space id, if it had waited;
 * the ticket is gone then.  -EAGAIN: not yet; -ENOENT: there is no such
 * ticket.
 */
int __host(user_load_result)(int ticket, int id, struct host_image *info);
/* Nobody waits for it any more.  -ENOENT: there is no such ticket. */
int __host(user_load_cancel)(int ticket);
/* The same as host_user_load() for info->module of an earlier one; -ENOENT if it is forgotten. */
int __host(user_reload)(int id, unsigned int module, struct host_image *info);
/*
 * Fills buf with what the program starts with from info->data + offset on, up
 * to data_end.  As long as an address space has the module, it is not
 * forgotten.
 */
int __host(user_data)(unsigned int module, unsigned long offset, void *buf,
		      unsigned long n);
/*
 * Has address space id, which has a program, keep image, a shared library, and sets
 * info->module and info->error.  Image NULL: info->module of an earlier one;
 * -ENOENT if it is forgotten.  It may be a ticket, as host_user_load()'s.
 */
int __host(user_library)(int id, const char *name, const void *image, unsigned long size,
			 struct host_image *info);
/*
 * Makes n modules that address space id keeps, or its program, part of the program that
 * runs: fills their slots of the function table, and what they import.  All or none; error,
 * of HOST_ERROR bytes, says why.
 */
int __host(user_link)(int id, const struct host_link *links, unsigned long n, char *error);
/*
 * Runs user code of the current task in address space id.  entry 0: the
 * program's start function, then _start(arg); else a thread,
 * table[entry](arg).  __stack_pointer is arg, and __tls_base tls, from the
 * first instruction on: a signal may come before it.  Never returns: the ways
 * back are system calls, faults and interrupts.
 */
void __noreturn __host(user_run)(int id, unsigned long entry, unsigned long arg,
		      unsigned long tls);
/*
 * The same for a task of host_task_fork(): goes on in the system call that
 * made it, which returns 0.
 */
void __noreturn __host(user_resume)(int id);
/* What the current task's user code did when it last trapped or faulted: a line. */
void __host(user_trapped)(char *buf, unsigned long n);
/* The current task's __stack_pointer and __tls_base. */
unsigned long __host(user_sp)(void);
unsigned long __host(user_tls)(void);

/*
 * --- streams (host/devices/stream.c): what the embedder gave as files 0, 1, 2 ... ---
 *
 * Numbers are below HOST_STREAMS; HOST_STREAM_CTL is the channel between init
 * and the embedder, see host/init/protocol.h.
 */

/*
 * Bytes done, 0 at the end, -EAGAIN if it would block, -EPIPE if nobody reads.
 * Never blocks.
 */
long __host(stream_read)(int n, void *buf, unsigned long len);
long __host(stream_write)(int n, const void *buf, unsigned long len);
/* What is ready now, of POLLIN | POLLOUT | POLLHUP | POLLERR; -ENODEV. */
int __host(stream_poll)(int n);
/* One interrupt (HOST_IRQ_STREAM) as soon as any of events is ready. */
void __host(stream_watch)(int n, int events);
s64 __host(stream_seek)(int n, s64 offset, int whence);
/* Of streams that are regular files; -ENODEV for others. */
int __host(stream_stat)(int n, struct host_stat *st);
/* At a position, which is not the descriptor's.  Bytes done, 0 at the end. */
long __host(stream_pread)(int n, void *buf, unsigned long len, u64 offset);
long __host(stream_pwrite)(int n, const void *buf, unsigned long len, u64 offset);
int __host(stream_truncate)(int n, u64 size);
/* May take as long as the host's file system takes. */
int __host(stream_sync)(int n, int datasync);
/* Nobody in the guest has it open any more; its number can be used again. */
void __host(stream_close)(int n);

/* --- terminal (host/devices/tty.c): the embedder's terminal, in raw mode --- */

/*
 * As for streams.  One interrupt (HOST_IRQ_TTY) after each read as soon as
 * there is input, and after each write that was cut short when there is room.
 */
long __host(tty_read)(void *buf, unsigned long len);
long __host(tty_write)(const void *buf, unsigned long len);
/* rows << 16 | columns; a change is an interrupt (HOST_IRQ_WINCH). */
unsigned long __host(tty_size)(void);

/*
 * --- network (host/net/net.c): Ethernet, with a peer that the embedder chose ---
 *
 * One interrupt (HOST_IRQ_NET) after each -EAGAIN as soon as there is a frame,
 * or room for one, and whenever the link goes up or down.  Nothing blocks.
 */

/* Fills in the interface's address, 6 bytes; its MTU, -ENETDOWN, or -ENODEV: none. */
int __host(net_link)(void *address);
/* Takes one frame; 0, -EAGAIN, -EMSGSIZE beyond HOST_NET_FRAME, or -ENETDOWN. */
int __host(net_send)(const void *frame, unsigned long len);
/* Bytes of the next frame that has arrived, -EAGAIN, or -ENETDOWN. */
long __host(net_next)(void);
/* That frame is taken: its first bytes, at most len, are in buf.  How many. */
long __host(net_receive)(void *buf, unsigned long len);

/*
 * --- disks (host/disk/disk.c): files of the host, as block devices ---
 *
 * Requests are done by a thread of the host's, in any order, while the machine
 * runs.  One interrupt (HOST_IRQ_DISK) as soon as some are done.
 */

/* Describes disk n; -ENODEV: there are no more. */
int __host(disk_info)(int n, struct host_disk *d);
/*
 * Starts a request, which is copied; its segments are in physical memory, and
 * are the host's until it is done.  -EAGAIN: too many are under way.
 */
int __host(disk_start)(int n, const struct host_disk_request *r);
/* Takes up to n requests that are done: how many. */
int __host(disk_done)(struct host_disk_done *d, unsigned long n);

/* --- host files (host/hostfs/imports.c): directories that the embedder named --- */

/*
 * A path is len bytes, relative to directory number root; len 0 is that
 * directory.  No component is "." or "..".  The host follows no symbolic link;
 * -ELOOP or -ENOTDIR if there is one before the last component.  Every change
 * in a read-only directory is -EROFS.  A file is a small number, >= 0.  All
 * of these may take as long as the host's file system takes.
 */
int __host(file_stat)(int root, const char *path, unsigned long len,
		      struct host_stat *st);
int __host(file_fstat)(int file, struct host_stat *st);
/* mode is MAY_READ | MAY_WRITE | MAY_EXEC: may the embedder's user do that? */
int __host(file_access)(int root, const char *path, unsigned long len, int mode);
/*
 * A regular file or a directory.  flags is HOST_FILE_READ | HOST_FILE_WRITE,
 * or 0: a file of any type, which can only be asked by file_fstat.  With
 * HOST_FILE_NOATIME, what is read leaves atime alone: -EPERM if that is not ours.
 */
int __host(file_open)(int root, const char *path, unsigned long len, int flags);
/*
 * Opens a new file for reading and writing, or one that exists.  What this and
 * the calls below make belongs to uid and gid, if the host can do that.
 */
int __host(file_create)(int root, const char *path, unsigned long len, int mode,
			unsigned int uid, unsigned int gid);
void __host(file_close)(int file);
/* How many files should be open that nobody uses. */
unsigned int __host(file_keep)(void);
/* Each becomes what the other was. */
int __host(file_exchange)(int file, int other);
/* Bytes done: fewer than len only at the end of the file or after an error. */
long __host(file_read)(int file, void *buf, unsigned long len, u64 offset);
long __host(file_write)(int file, const void *buf, unsigned long len, u64 offset);
int __host(file_sync)(int file, int datasync);
/* As fallocate: mode may have KEEP_SIZE, PUNCH_HOLE or ZERO_RANGE. */
int __host(file_allocate)(int file, int mode, u64 offset, u64 len);
/* Moves *offset to the next data, or hole, from there on: -ENXIO behind the end. */
int __host(file_seek)(int file, int hole, u64 *offset);
/* Fills buf with struct host_dirent from position pos; bytes, 0 at the end. */
long __host(file_readdir)(int file, u64 pos, void *buf, unsigned long len);
/* Of the file, or of the path if file is -1. */
int __host(file_setattr)(int file, int root, const char *path,
			 unsigned long len, const struct host_attr *attr);
int __host(file_symlink)(int root, const char *path, unsigned long len,
			 const char *target, unsigned long target_len,
			 unsigned int uid, unsigned int gid);
/* Bytes, at most n; no NUL. */
long __host(file_readlink)(int root, const char *path, unsigned long len,
			   char *buf, unsigned long n);
int __host(file_unlink)(int root, const char *path, unsigned long len);
int __host(file_mkdir)(int root, const char *path, unsigned long len, int mode,
		       unsigned int uid, unsigned int gid);
int __host(file_rmdir)(int root, const char *path, unsigned long len);
/* A regular file, FIFO or socket; in overlayfs' layer also a whiteout; -EPERM for others. */
int __host(file_mknod)(int root, const char *path, unsigned long len, int mode,
		       unsigned int uid, unsigned int gid);
int __host(file_link)(int root, const char *old, unsigned long old_len,
		      const char *new, unsigned long new_len);
/* flags as those of renameat2; RENAME_WHITEOUT in overlayfs' layer alone. */
int __host(file_rename)(int root, const char *old, unsigned long old_len,
			const char *new, unsigned long new_len, int flags);
int __host(file_statfs)(int root, struct host_statfs *st);
/*
 * Extended attributes, user.* alone; n 0 asks how many bytes there are.  flags as
 * those of setxattr.  A list is of names that end with NUL.
 */
int __host(file_getxattr)(int root, const char *path, unsigned long len, const char *name,
			  unsigned long name_len, void *value, unsigned long n);
int __host(file_setxattr)(int root, const char *path, unsigned long len, const char *name,
			  unsigned long name_len, const void *value, unsigned long n, int flags);
int __host(file_removexattr)(int root, const char *path, unsigned long len,
			     const char *name, unsigned long name_len);
int __host(file_listxattr)(int root, const char *path, unsigned long len, char *names,
			   unsigned long n);

/*
 * Watches a directory; st says which.  A number above 0, the same for the same
 * directory; an error where the host does not hear of all changes.
 */
int __host(file_watch)(int root, const char *path, unsigned long len,
		       struct host_stat *st);
void __host(file_unwatch)(int watch);
/*
 * Fills watches with up to n numbers of directories in which a name was given
 * to another file or was removed, or which were moved, removed, or given
 * another mode or owner, since the last call; negative if it was the last of
 * that watch.  How many; -EOVERFLOW: it may be any.
 */
int __host(file_heard)(int *watches, unsigned long n);

#endif
