#ifndef SJLJ_IMPL_H
#define SJLJ_IMPL_H

#include <setjmp.h>
#include <features.h>

/* A jmp_buf that setjmp has set: an id of 64 bits, 1, the stack pointer.  The
   third word of one that __wasm_setjmp has set is 0, or its own address.  */
static inline int is_native(jmp_buf buf)
{
	return buf->__jb[2] == 1;
}

hidden _Noreturn void __longjmp(jmp_buf, int);
hidden _Noreturn void __longjmp_throw(jmp_buf, int);

#endif
