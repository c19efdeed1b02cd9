/* SPDX-License-Identifier: MIT */
/* What programs of BSD and glibc expect of a header that musl does not have. */
#ifndef _SYS_CDEFS_H
#define _SYS_CDEFS_H

#include <features.h>

#ifdef __cplusplus
#define __BEGIN_DECLS extern "C" {
#define __END_DECLS }
#define __THROW noexcept(true)
#else
#define __BEGIN_DECLS
#define __END_DECLS
#define __THROW __attribute__((__nothrow__))
#endif

#undef __P
#define __P(args) args
#define __PMT(args) args

#define __CONCAT1(x,y) x ## y
#define __CONCAT(x,y) __CONCAT1(x,y)
#define __STRING(x) #x
#define __XSTRING(x) __STRING(x)

#define __GNUC_PREREQ(major,minor) \
	((__GNUC__ << 16) + __GNUC_MINOR__ >= ((major) << 16) + (minor))

#define __offsetof(type,member) __builtin_offsetof(type, member)
#define __containerof(p,type,member) \
	((type *)((char *)(1 ? (p) : &((type *)0)->member) - __offsetof(type, member)))

#endif
