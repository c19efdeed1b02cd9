/* SPDX-License-Identifier: MIT */
/* Where the calling convention of the System V ABI has arguments. */
#include <stddef.h>
#include <string.h>
#include "machine/adapt.h"
#include "machine/x86_64/this-vcpu.h"

#define INTS 6
#define FLOATS 8

/* machine/x86_64/adapt.S knows this.  Results are in the first ones. */
struct registers {
	uint64_t ints[INTS];
	uint64_t floats[FLOATS];
};

_Static_assert(offsetof(struct registers, floats) == 48 &&
	       sizeof(struct registers) == 112, "struct registers");

void adapt_call(struct registers *r, const uint64_t *stack);
void adapt_invoke(wasm_rt_function_ptr_t func, struct registers *r,
		  const uint64_t *stack, size_t n);

/* The first integer is the instance, which no signature mentions. */
struct arguments {
	uint64_t ints[ADAPT_MAX + 1], floats[ADAPT_MAX];
	int nints, nfloats;
};

static bool is_float(char type)
{
	return type == 'f' || type == 'd';
}

static uint64_t narrow(char type, uint64_t value)
{
	return type == 'i' ? (uint32_t)value : value;
}

static void read_arguments(struct arguments *a, const char *type,
			   const struct registers *r, const uint64_t *stack)
{
	a->ints[a->nints++] = r->ints[0];
	for (; *type != ':'; type++) {
		if (is_float(*type)) {
			a->floats[a->nfloats] = a->nfloats < FLOATS ?
				r->floats[a->nfloats] : *stack++;
			a->nfloats++;
		} else {
			a->ints[a->nints] = narrow(*type, a->nints < INTS ?
				r->ints[a->nints] : *stack++);
			a->nints++;
		}
	}
}

/* The number of those that are on the stack. */
static size_t write_arguments(const struct arguments *a, const char *type,
			      struct registers *r, uint64_t *stack)
{
	int i = 1, f = 0;
	size_t n = 0;

	r->ints[0] = a->ints[0];
	for (; *type != ':'; type++) {
		if (is_float(*type)) {
			*(f < FLOATS ? &r->floats[f] : &stack[n++]) = a->floats[f];
			f++;
		} else {
			*(i < INTS ? &r->ints[i] : &stack[n++]) =
				narrow(*type, a->ints[i]);
			i++;
		}
	}
	return n;
}

/* By the second type; what the caller, by the first, takes of its result. */
void adapt_call(struct registers *r, const uint64_t *stack)
{
	struct muslin_adapted call = this_vcpu()->words.unwind->adapted;
	const char *given = strchr(call.to, ':') + 1;
	const char *wanted = strchr(call.from, ':') + 1;
	struct arguments a = { 0 };
	uint64_t out[ADAPT_MAX + 1] = { 0 };
	size_t n;

	read_arguments(&a, call.from, r, stack);
	n = write_arguments(&a, call.to, r, out);
	adapt_invoke(call.func, r, out, (n + 1) & ~(size_t)1);
	if (!*given || is_float(*given) != is_float(*wanted))
		r->ints[0] = r->floats[0] = 0;
	r->ints[0] = narrow(*given, r->ints[0]);
}
