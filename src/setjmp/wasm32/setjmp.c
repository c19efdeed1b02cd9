#include <setjmp.h>
#include <stdint.h>
#include "features.h"

/* What the compiler makes of setjmp and longjmp (-wasm-enable-sjlj): id is
 * the caller's frame, label tells one setjmp in it from another. */
struct jmp {
	void *id;
	uint32_t label;
	struct {
		void *buf;
		int val;
	} thrown;
};
_Static_assert(sizeof(struct jmp) <= sizeof(__jmp_buf), "jmp_buf is too small");

void __wasm_setjmp(void *buf, uint32_t label, void *id)
{
	struct jmp *j = buf;
	j->id = id;
	j->label = label;
}

uint32_t __wasm_setjmp_test(void *buf, void *id)
{
	struct jmp *j = buf;
	return j->id == id ? j->label : 0;
}

_Noreturn void __wasm_longjmp(jmp_buf buf, int val)
{
	struct jmp *j = (void *)buf;
	j->thrown.buf = j;
	j->thrown.val = val ? val : 1;
	__builtin_wasm_throw(1, &j->thrown);
}

/* for those that the compiler did not rewrite */
weak_alias(__wasm_longjmp, longjmp);
weak_alias(__wasm_longjmp, _longjmp);
