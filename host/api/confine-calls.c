/* SPDX-License-Identifier: MIT */
/*
 * The system calls of a thread that runs a guest: those that the library makes
 * then, itself or by the C library, and no others.  What the guest asks for is
 * none of these, but a call of its own kernel.  The list is made from what the
 * objects of the library call: confine-calls.txt, confine-calls.awk.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include "process/cpu.h"
#include "api/confine.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* The C library takes another way where a call is not there. */
#ifndef CONFINE_DENIED
#define CONFINE_DENIED (SECCOMP_RET_ERRNO | ENOSYS)
#endif

static const uint16_t allowed[] = {
#include "confine-list.h"
};

/* A terminal's, as tty.c and stream.c need them: none that types for the user. */
static const uint32_t ioctls[] = {
	TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGPGRP, TIOCGWINSZ, TIOCGPTN, FIONREAD,
};

static const uint32_t fcntls[] = {
	F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GET_SEALS,
};

/* --- a filter: cBPF, linux/filter.h --- */

struct filter {
	struct sock_filter code[400];
	size_t n;
};

static void emit(struct filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (f->n < COUNT(f->code))
		f->code[f->n] = (struct sock_filter) { code, yes, no, k };
	f->n++;
}

static void load(struct filter *f, size_t offset)
{
	emit(f, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

/* The lower half: what Linux looks at is no wider. */
static void load_argument(struct filter *f, int i)
{
	load(f, offsetof(struct seccomp_data, args) + 8 * i);
}

static void answer(struct filter *f, uint32_t action)
{
	emit(f, BPF_RET | BPF_K, action, 0, 0);
}

/* Goes on behind the next n instructions unless it is equal to k. */
static void unless(struct filter *f, uint32_t k, uint8_t n)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, k, 0, n);
}

/* The accumulator is one of k, or it is denied. */
static void one_of(struct filter *f, const uint32_t *k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		emit(f, BPF_JMP | BPF_JEQ | BPF_K, k[i], n - i, 0);
	answer(f, CONFINE_DENIED);
	answer(f, SECCOMP_RET_ALLOW);
}

/* Call nr if argument i is one of k. */
static void if_argument(struct filter *f, uint32_t nr, int i, const uint32_t *k, size_t n)
{
	unless(f, nr, n + 3);
	load_argument(f, i);
	one_of(f, k, n);
}

/* Memory is never both written and executed. */
static void if_no_code(struct filter *f, uint32_t nr, int i)
{
	unless(f, nr, 5);
	load_argument(f, i);
	emit(f, BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC, 0, 0);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 1, 0);
	answer(f, SECCOMP_RET_ALLOW);
	answer(f, CONFINE_DENIED);
}

/* It may signal itself; and stop its job, as a program does that was stopped. */
static void if_own(struct filter *f, uint32_t self)
{
	unless(f, SYS_tgkill, 4);
	load_argument(f, 0);
	one_of(f, &self, 1);
	unless(f, SYS_rt_tgsigqueueinfo, 4);
	load_argument(f, 0);
	one_of(f, &self, 1);
	unless(f, SYS_kill, 7);
	load_argument(f, 0);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, self, 4, 0);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2);
	load_argument(f, 1);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, SIGTSTP, 1, 0);
	answer(f, CONFINE_DENIED);
	answer(f, SECCOMP_RET_ALLOW);
}

static void write_filter(struct filter *f)
{
	static const uint32_t itself = 0;

	load(f, offsetof(struct seccomp_data, arch));
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, cpu_audit_arch, 1, 0);
	answer(f, CONFINE_DENIED);
	load(f, offsetof(struct seccomp_data, nr));
	/* first: a page fault of a program makes one */
	if_no_code(f, SYS_mmap, 2);
	if_no_code(f, SYS_mprotect, 2);
	if_argument(f, SYS_ioctl, 1, ioctls, COUNT(ioctls));
	if_argument(f, SYS_fcntl, 1, fcntls, COUNT(fcntls));
	if_own(f, getpid());
	if_argument(f, SYS_prlimit64, 0, &itself, 1);
	/* no device but overlayfs' whiteouts */
	if_argument(f, SYS_mknodat, 3, &itself, 1);
	/* jumps are no longer than 255 instructions: the last one allows */
	for (size_t i = 0; i < COUNT(allowed); i++)
		emit(f, BPF_JMP | BPF_JEQ | BPF_K, allowed[i], COUNT(allowed) - i, 0);
	answer(f, CONFINE_DENIED);
	answer(f, SECCOMP_RET_ALLOW);
}

_Static_assert(COUNT(allowed) < 255, "jumps would be too long");

bool confine_calls(void)
{
	struct filter f = { .n = 0 };
	struct sock_fprog program = { .filter = f.code };

	write_filter(&f);
	program.len = f.n;
	return f.n <= COUNT(f.code) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
