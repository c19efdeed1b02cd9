/*
 * There is no system call by number inside libc.  SYS_x is the name of an
 * import of module "linux", __syscall_x, with its types; a function-like
 * macro of the same name gives it as many of the arguments as it has, of
 * which callers append zeros.  Both come from the kernel's list of calls.
 */
#define SYSCALL_STATIC

#define __SYSCALL_IMPORT(name) \
	__attribute__((__import_module__("linux"), __import_name__("__syscall_" #name)))
#include "syscall_static.h"

/* 64-bit arguments are passed whole */
#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

/* Every argument becomes 64 bits wide, which the prototype narrows: a pointer
 * (in 1?x:0ULL it makes 0ULL a pointer too) without, an integer with its sign. */
#define __scc(x) ((long long)(sizeof(1?(x):0ULL) < 8 ? (unsigned long)(x) : (long long)(x)))
typedef long syscall_arg_t;

#define __SYSCALL_N(n,...) n(__VA_ARGS__)
#define __syscall0(n) __SYSCALL_N(n,0,0,0,0,0,0,0)
#define __syscall1(n,a) __SYSCALL_N(n,__scc(a),0,0,0,0,0,0)
#define __syscall2(n,a,b) __SYSCALL_N(n,__scc(a),__scc(b),0,0,0,0,0)
#define __syscall3(n,a,b,c) __SYSCALL_N(n,__scc(a),__scc(b),__scc(c),0,0,0,0)
#define __syscall4(n,a,b,c,d) __SYSCALL_N(n,__scc(a),__scc(b),__scc(c),__scc(d),0,0,0)
#define __syscall5(n,a,b,c,d,e) __SYSCALL_N(n,__scc(a),__scc(b),__scc(c),__scc(d),__scc(e),0,0)
#define __syscall6(n,a,b,c,d,e,f) __SYSCALL_N(n,__scc(a),__scc(b),__scc(c),__scc(d),__scc(e),__scc(f),0)

/* A cancellation point acts on a request made before the call, or on one that
 * interrupted it; close is over even then.  No-ops without pthread_cancel. */
hidden long __syscall_cp_begin(int is_close), __syscall_cp_end(int is_close, long r);
#define __SYSCALL_IS_CLOSE(n) ((long)(n) == (long)SYS_close)
#define __SYSCALL_CP(n,call) (__syscall_cp_begin(__SYSCALL_IS_CLOSE(n)) ? -ECANCELED \
	: __syscall_cp_end(__SYSCALL_IS_CLOSE(n), call))
#define __syscall_cp0(n) __SYSCALL_CP(n,__syscall0(n))
#define __syscall_cp1(n,a) __SYSCALL_CP(n,__syscall1(n,a))
#define __syscall_cp2(n,a,b) __SYSCALL_CP(n,__syscall2(n,a,b))
#define __syscall_cp3(n,a,b,c) __SYSCALL_CP(n,__syscall3(n,a,b,c))
#define __syscall_cp4(n,a,b,c,d) __SYSCALL_CP(n,__syscall4(n,a,b,c,d))
#define __syscall_cp5(n,a,b,c,d,e) __SYSCALL_CP(n,__syscall5(n,a,b,c,d,e))
#define __syscall_cp6(n,a,b,c,d,e,f) __SYSCALL_CP(n,__syscall6(n,a,b,c,d,e,f))

#define __socketcall(nm,a,b,c,d,e,f) __syscall6(SYS_##nm,a,b,c,d,e,f)
#define __socketcall_cp(nm,a,b,c,d,e,f) __syscall_cp6(SYS_##nm,a,b,c,d,e,f)

/* The number that __setxid gets is a function, see setxid.c. */
#define __SETXID_(call) __setxid##call
#define __SETXID(nr) __SETXID_(nr)
#define __setxid(nr,...) (__setxid)((int)__SETXID(nr), __VA_ARGS__)
typedef int __setxid_fn(int, int, int);
hidden __setxid_fn __setxid__syscall_setuid, __setxid__syscall_setgid,
	__setxid__syscall_setreuid, __setxid__syscall_setregid,
	__setxid__syscall_setresuid, __setxid__syscall_setresgid;

#define IPC_64 0
