#include "pthread_impl.h"

int __set_thread_area(void *p)
{
	__asm__ volatile (
		".globaltype __tls_base, i32\n"
		"local.get %0\n"
		"global.set __tls_base\n" : : "r"(p) : "memory");
	return 0;
}
