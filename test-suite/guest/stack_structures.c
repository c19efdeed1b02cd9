/* SPDX-License-Identifier: MIT */
/*
 * jq's own test of 10,000 nested calls was SIGSEGV with the stack that a program has:
 * each structure that is passed by value has a place in the frame.
 */
#include <sys/resource.h>
#include "test.h"

/* that of jq has 16 bytes, and 10,000 calls */
struct value { int kind, size; double number, more[28]; };

static struct value nest(struct value a, struct value b, int n);
static struct value (*volatile nest_again)(struct value, struct value, int) = nest;

static struct value keep(struct value v) { return v; }
static struct value (*volatile keep_call)(struct value) = keep;

static struct value nest(struct value a, struct value b, int n)
{
	struct value c = keep_call(a), d = keep_call(b), e = keep_call(c), f = keep_call(d);

	if (n == 0)
		return f;
	e = nest_again(keep_call(e), keep_call(f), n - 1);
	f = keep_call(keep_call(e));
	f.number += keep_call(c).number + keep_call(d).number - keep_call(a).number;
	return keep_call(keep_call(keep_call(f)));
}

int main(void)
{
	struct value one = { 1, 2, 1, { 0 } };
	struct rlimit l;

	getrlimit(RLIMIT_STACK, &l);
	t_check(l.rlim_cur == 64 << 20 && l.rlim_max == RLIM_INFINITY);
	t_check(nest(one, one, 2500).number == 2501);
	return t_status;
}
