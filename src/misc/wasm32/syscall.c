#define _BSD_SOURCE
#include <unistd.h>
#include <stdarg.h>
#include "syscall.h"
#include "va_none.h"

#undef syscall

/* For every call a function that takes its arguments from a list, and one of
 * the name that a syscall() with a constant number has (bits/syscall.h).  The
 * linker drops what is not used, and the imports with it.  Who asks only whether
 * there is a call gives no arguments: they are zero. */

#define BY_NUMBER(name, args, call) \
static long call_##name(va_list ap) \
{ \
	const int none = va_none(ap); \
	(void)none; \
	args \
	return __syscall_ret((__syscall_##name) call); \
} \
long __syscall_by_number_##name(long n, ...) \
{ \
	va_list ap; \
	va_start(ap, n); \
	long r = call_##name(ap); \
	va_end(ap); \
	return r; \
}
#define ARG(type, x) type x = none ? 0 : va_arg(ap, type);
#define SC0(n,name) BY_NUMBER(name, , ())
#define SC1(n,name,A) BY_NUMBER(name, ARG(A,a), (a))
#define SC2(n,name,A,B) BY_NUMBER(name, ARG(A,a) ARG(B,b), (a,b))
#define SC3(n,name,A,B,C) BY_NUMBER(name, ARG(A,a) ARG(B,b) ARG(C,c), (a,b,c))
#define SC4(n,name,A,B,C,D) BY_NUMBER(name, \
	ARG(A,a) ARG(B,b) ARG(C,c) ARG(D,d), (a,b,c,d))
#define SC5(n,name,A,B,C,D,E) BY_NUMBER(name, \
	ARG(A,a) ARG(B,b) ARG(C,c) ARG(D,d) ARG(E,e), (a,b,c,d,e))
#define SC6(n,name,A,B,C,D,E,F) BY_NUMBER(name, \
	ARG(A,a) ARG(B,b) ARG(C,c) ARG(D,d) ARG(E,e) ARG(F,f), (a,b,c,d,e,f))
#include "syscall_list.h"

#undef SC0
#undef SC1
#undef SC2
#undef SC3
#undef SC4
#undef SC5
#undef SC6
#define CASE(n,name,...) case n: r = call_##name(ap); break;
#define SC0 CASE
#define SC1 CASE
#define SC2 CASE
#define SC3 CASE
#define SC4 CASE
#define SC5 CASE
#define SC6 CASE

long syscall(long n, ...)
{
	va_list ap;
	long r;

	va_start(ap, n);
	switch (n) {
#include "syscall_list.h"
	default:
		r = __syscall_ret(-ENOSYS);
	}
	va_end(ap);
	return r;
}
