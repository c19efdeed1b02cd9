/* SPDX-License-Identifier: MIT */
/*
 * What AddressSanitizer has to know of a machine, linked into what
 * `make check-asan` and `make fuzz` build; not instrumented itself.
 */
#define _GNU_SOURCE
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define AROUND		(16ul << 20)	/* more than a stack has, less than 64 MiB */
#define END		0x7ffffffff000ul

/*
 * Faults are the machine's, and so is the alternate signal stack.  Leaks are
 * not looked for: the command leaves to its end what it has.
 */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "handle_segv=0:handle_sigbus=0:handle_abort=0:allow_user_segv_handler=1:"
		"use_sigaltstack=0:detect_stack_use_after_return=0:detect_leaks=0:"
		"allocator_may_return_null=1:exitcode=99";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:handle_segv=0:handle_sigbus=0:handle_abort=0:"
		"allow_user_segv_handler=1:use_sigaltstack=0";
}

void __real_switch_stack(void **save, void *load);
void __wrap_switch_stack(void **save, void *load);

/*
 * Before a call that does not return, the stack up to its end is made
 * accessible again: it has to be the right one.  That it is another is said
 * before it is, since it may begin with a function of its own.
 */
void __wrap_switch_stack(void **save, void *load)
{
	uintptr_t low = ((uintptr_t)load & -4096ul) - AROUND, high = low + 2 * AROUND;

	if (high > END)
		high = END;
	__sanitizer_start_switch_fiber(0, (void *)low, high - low);
	__sanitizer_finish_switch_fiber(0, 0, 0);
	__real_switch_stack(save, load);
}

/*
 * What was on a stack, or at a place, was left and not returned from: it has
 * no poison.  Whole pages of shadow are given back, since a memory's has a GiB.
 */
static void unpoison(void *p, size_t size)
{
	size_t scale, offset, page = 4096 * 8;
	uintptr_t low = ((uintptr_t)p + page - 1) & -page;
	uintptr_t high = ((uintptr_t)p + size) & -page;

	if (low >= high) {
		__asan_unpoison_memory_region(p, size);
		return;
	}
	__asan_get_shadow_mapping(&scale, &offset);
	madvise((void *)((low >> scale) + offset), (high - low) >> scale, MADV_DONTNEED);
	__asan_unpoison_memory_region(p, low - (uintptr_t)p);
	__asan_unpoison_memory_region((void *)high, (uintptr_t)p + size - high);
}

void *__real_switch_prepare(void *top, void (*fn)(void *arg), void *arg);
void *__wrap_switch_prepare(void *top, void (*fn)(void *arg), void *arg);

void *__wrap_switch_prepare(void *top, void (*fn)(void *arg), void *arg)
{
	unpoison((char *)top - AROUND, AROUND);
	return __real_switch_prepare(top, fn, arg);
}

struct muslin;
void *__real_arena_map(struct muslin *m, size_t size);
void *__wrap_arena_map(struct muslin *m, size_t size);

void *__wrap_arena_map(struct muslin *m, size_t size)
{
	void *p = __real_arena_map(m, size);

	if (p)
		unpoison(p, size);
	return p;
}

bool __real_arena_map_at(void *p, size_t size);
bool __wrap_arena_map_at(void *p, size_t size);

bool __wrap_arena_map_at(void *p, size_t size)
{
	unpoison(p, size);
	return __real_arena_map_at(p, size);
}
