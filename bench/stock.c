/* SPDX-License-Identifier: MIT */
/*
 * Runs a program that computes, as stock wasm2c translates it: what v8.js is
 * for V8.  Other system calls fail with ENOSYS: stubs that bench/rules.mk
 * generates, weak ones.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "program.h"
#include "wasm-rt-impl.h"

#define STACK_TOP 0xffff0000u
#define PAGE 65536u

struct w2c_env { wasm_rt_memory_t memory; } env;
struct w2c_linux { u32 mapped; } linux_ = { 0x40000000 };

wasm_rt_memory_t *w2c_env_memory(struct w2c_env *e)
{
	return &e->memory;
}

static void *at(u32 p)
{
	return env.memory.data + p;
}

#define CALL(name, ...) u32 w2c_linux_0x5F_syscall_##name(struct w2c_linux *l, ##__VA_ARGS__)
#define RESULT(r) ({ long r_ = (r); r_ < 0 ? (u32)-errno : (u32)r_; })

CALL(exit, u32 status) { exit(status); }
CALL(exit_group, u32 status) { exit(status); }
CALL(read, u32 fd, u32 p, u32 n) { return RESULT(read(fd, at(p), n)); }
CALL(write, u32 fd, u32 p, u32 n) { return RESULT(write(fd, at(p), n)); }
CALL(close, u32 fd) { return RESULT(close(fd)); }
CALL(munmap, u32 p, u32 n) { return 0; }
CALL(madvise, u32 p, u32 n, u32 advice) { return 0; }
CALL(mprotect, u32 p, u32 n, u32 prot) { return 0; }
CALL(brk, u32 p) { return 0; }
CALL(set_tid_address, u32 p) { return 1; }
CALL(gettid) { return 1; }
CALL(getpid) { return 1; }
CALL(ioctl, u32 fd, u32 request, u32 p) { return -ENOTTY; }
CALL(rt_sigprocmask, u32 how, u32 set, u32 old, u32 n) { return 0; }
CALL(rt_sigaction, u32 sig, u32 act, u32 old, u32 n) { return 0; }

static u32 vector(u32 fd, u32 iov, u32 count, ssize_t (*f)(int, void *, size_t))
{
	u32 done = 0, *v = at(iov);
	ssize_t r;

	for (; count--; v += 2) {
		r = v[1] ? f(fd, at(v[0]), v[1]) : 0;
		if (r < 0)
			return done ? done : -errno;
		done += r;
		if (r < v[1])
			break;
	}
	return done;
}

CALL(readv, u32 fd, u32 iov, u32 n) { return vector(fd, iov, n, read); }
CALL(writev, u32 fd, u32 iov, u32 n) { return vector(fd, iov, n, (void *)write); }

CALL(openat, u32 dir, u32 path, u32 flags, u32 mode)
{
	return RESULT(open(at(path), O_RDONLY));
}

CALL(llseek, u32 fd, u32 high, u32 low, u32 result, u32 whence)
{
	off_t r = lseek(fd, (off_t)high << 32 | low, whence);

	if (r < 0)
		return -errno;
	memcpy(at(result), &r, 8);
	return 0;
}

CALL(clock_gettime64, u32 clock, u32 p)
{
	struct timespec t;
	long v[2];

	clock_gettime(clock, &t);
	v[0] = t.tv_sec;
	v[1] = t.tv_nsec;
	memcpy(at(p), v, sizeof v);
	return 0;
}

CALL(mmap2, u32 addr, u32 n, u32 prot, u32 flags, u32 fd, u32 offset)
{
	u32 p = l->mapped;

	n = (n + PAGE - 1) & -PAGE;
	if (n > STACK_TOP - 64 * PAGE - p)
		return -ENOMEM;
	l->mapped += n;
	return p;
}

static u32 initial_stack(int argc, char **argv)
{
	u32 p = STACK_TOP - PAGE, vector[40] = { argc }, *v = vector + 1;
	int i;

	for (i = 0; i < argc && i < 16; i++) {
		p -= strlen(argv[i]) + 1;
		strcpy(at(p), argv[i]);
		*v++ = p;
	}
	v += 2;			/* no more arguments, no environment */
	*v++ = 6;		/* AT_PAGESZ */
	*v++ = PAGE;
	p = (p - sizeof vector) & -16;
	memcpy(at(p), vector, sizeof vector);
	return p;
}

int main(int argc, char **argv)
{
	static w2c_program instance;

	wasm_rt_init();
	wasm_rt_allocate_memory(&env.memory, 65536, 65536, false);
	wasm2c_program_instantiate(&instance, &env, &linux_);
	w2c_program_0x5Fstart(&instance, initial_stack(argc, argv));
	return 1;
}
