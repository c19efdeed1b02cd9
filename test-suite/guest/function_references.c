// SPDX-License-Identifier: MIT
// host/machine/adapt.c: a call of a function that returns a reference let a program choose its instance
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include "test.h"

/*
 * The host hands references over as structs, so these have other arguments
 * than it seems.  Each looks at its memory.
 */
#define LOOK "i32.const 65536\n i32.load 0\n drop\n"
#define FUNCTION(name, params, type, body) \
	__asm__(".type " #name ", @function\n" #name ":\n" \
		".functype " #name " (" params ") -> (" type ")\n" \
		LOOK body "end_function\n" \
		".globl " #name "_address\n .type " #name "_address, @function\n" \
		#name "_address:\n .functype " #name "_address () -> (i32)\n" \
		"i32.const " #name "\n end_function\n"); \
	void *name##_address(void)

FUNCTION(returns_func, "", "funcref", "ref.null_func\n");
FUNCTION(returns_extern, "", "externref", "ref.null_extern\n");
FUNCTION(takes_func, "i64, i64, i64, i64, i64, funcref, i64, i64, i64", "i64",
	 "i64.const 1\n");
FUNCTION(takes_extern, "externref", "", "");
FUNCTION(returns_two, "", "i64, i64", "i64.const 1\n i64.const 2\n");
FUNCTION(returns_ten, "", "i32, i32, i32, i32, i32, i32, i32, i32, i32, i32",
	 "i32.const 1\n i32.const 2\n i32.const 3\n i32.const 4\n i32.const 5\n"
	 "i32.const 1\n i32.const 2\n i32.const 3\n i32.const 4\n i32.const 5\n");

static sigjmp_buf out;

static void on_segv(int sig)
{
	siglongjmp(out, sig);
}

static void call(const char *name, void *f)
{
	uint64_t (*volatile one)(uint64_t) = (uint64_t (*)(uint64_t))f;
	void (*volatile none)(void) = (void (*)(void))f;
	uint64_t (*volatile many)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
				  uint64_t, uint64_t, uint64_t, uint64_t) =
		(uint64_t (*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
			      uint64_t, uint64_t, uint64_t, uint64_t))f;

	if (!sigsetjmp(out, 1)) {
		one(0x414141410000);
		t_error("%s, one argument: no SIGSEGV\n", name);
	}
	if (!sigsetjmp(out, 1)) {
		none();
		t_error("%s: no SIGSEGV\n", name);
	}
	if (!sigsetjmp(out, 1)) {
		many(1, 2, 3, 4, 5, 0x414141410000, 0x424242420000, 8, 9);
		t_error("%s, many arguments: no SIGSEGV\n", name);
	}
}

#define CALL(name) call(#name, name##_address())

int main(void)
{
	signal(SIGSEGV, on_segv);
	CALL(returns_func);
	CALL(returns_extern);
	CALL(takes_func);
	CALL(takes_extern);
	CALL(returns_two);
	CALL(returns_ten);
	return t_status;
}
