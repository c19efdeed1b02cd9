#include <setjmp.h>
#include "atomic.h"
#include "sjlj_impl.h"

/* There is no setjmp of that kind in the program. */
static _Noreturn void not_set(jmp_buf buf, int val)
{
	a_crash();
}

weak_alias(not_set, __longjmp);
weak_alias(not_set, __longjmp_throw);

_Noreturn void longjmp(jmp_buf buf, int val)
{
	if (!val) val = 1;
	if (is_native(buf)) __longjmp(buf, val);
	__longjmp_throw(buf, val);
}

weak_alias(longjmp, _longjmp);

/* what the compiler makes of longjmp (-wasm-enable-sjlj) */
weak_alias(longjmp, __wasm_longjmp);
