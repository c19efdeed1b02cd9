/* SPDX-License-Identifier: MIT */
/*
 * What abi.h and wasm2c's output need of the C library's headers, which the
 * quick tier has not.
 */
typedef unsigned char uint8_t;
typedef signed char int8_t;
typedef unsigned short uint16_t;
typedef short int16_t;
typedef unsigned int uint32_t;
typedef int int32_t;
typedef unsigned long uint64_t;
typedef long int64_t;
typedef unsigned long size_t;

#define bool _Bool
#define true 1
#define false 0
#define NULL ((void *)0)
#define offsetof(t, member) ((size_t)&((t *)0)->member)
