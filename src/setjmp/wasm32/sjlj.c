#include <setjmp.h>
#include <stdint.h>
#include "features.h"
#include "sjlj_impl.h"

/* What the compiler makes of setjmp (-wasm-enable-sjlj): id is the caller's
 * frame, label tells one setjmp in it from another.  longjmp is an exception. */
struct jmp {
	void *id;
	uint32_t label;
	struct {
		void *buf;	/* which is_native() looks at */
		int val;
	} thrown;
};
_Static_assert(sizeof(struct jmp) <= sizeof(__jmp_buf), "jmp_buf is too small");

void __wasm_setjmp(void *buf, uint32_t label, void *id)
{
	struct jmp *j = buf;
	j->id = id;
	j->label = label;
	j->thrown.buf = 0;
}

uint32_t __wasm_setjmp_test(void *buf, void *id)
{
	struct jmp *j = buf;
	return j->id == id ? j->label : 0;
}

hidden _Noreturn void __longjmp_throw(jmp_buf buf, int val)
{
	struct jmp *j = (void *)buf;
	j->thrown.buf = j;
	j->thrown.val = val;
	__builtin_wasm_throw(1, &j->thrown);
}
