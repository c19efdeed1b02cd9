/* SPDX-License-Identifier: MIT */
/*
 * C programs call functions by other types than their own: a thread's that
 * takes or returns nothing, a handler's with more parameters.  It is wrong, and
 * works everywhere but on WebAssembly, where a table call checks the type.
 * When that check fails, this does what registers do elsewhere: the callee's
 * n-th integer is the caller's, and so is its n-th float; what nobody gave,
 * or returned, is 0.
 */
#include <string.h>
#include "machine/adapt.h"
#include "machine/link.h"
#include "machine/machine.h"
#include "machine/task.h"
#include "machine/x86_64/this-vcpu.h"

/*
 * References, and several results, are structs to the callee: one that is
 * returned shifts all arguments, and the instance would be the program's number.
 */
static bool has_room(const char *type)
{
	const char *results = type ? strchr(type, ':') : NULL;

	return results && results - type <= ADAPT_MAX && strlen(results) <= 2 &&
	       !type[strspn(type, "ilfd:")];
}

/*
 * A signal that comes before adapt_entry() has read this may have a handler
 * that makes such a call, too: call4 saves and restores it.
 */
wasm_rt_function_ptr_t adapt(void *instance, const wasm_rt_funcref_t *f,
			     wasm_rt_func_type_t type)
{
	const struct mm *mm = this_task()->mm;
	struct muslin_adapted a = { .func = f->func };

	if (instance == this_vcpu()->machine->kernel)
		return NULL;
	a.from = type ? link_signature(mm, type) : NULL;
	a.to = link_signature(mm, f->func_type);
	if (!has_room(a.from) || !has_room(a.to))
		return NULL;
	this_vcpu()->words.unwind->adapted = a;
	return adapt_entry;
}
