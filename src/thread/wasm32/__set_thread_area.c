#include "pthread_impl.h"
#include "wasm_program.h"

int __set_thread_area(void *p)
{
#ifdef __PIC__
	/* a library's own __tls_base is not the thread's */
	__program.set_thread(p);
#else
	__asm__ volatile (
		".globaltype __tls_base, i32\n"
		"local.get %0\n"
		"global.set __tls_base\n" : : "r"(p) : "memory");
#endif
	return 0;
}
