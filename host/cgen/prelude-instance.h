/* SPDX-License-Identifier: MIT */
/*
 * Where prelude.h finds instance and memory: every function of the C that wasm2c
 * writes has a parameter "instance".
 */
#ifndef MUSLIN_PRELUDE_INSTANCE_H
#define MUSLIN_PRELUDE_INSTANCE_H

#define MUSLIN_SPACE
#define MUSLIN_INSTANCE instance
#define MUSLIN_INSTANCE_OF(mem) void *instance = (mem)->data - MUSLIN_MEMORY_OFFSET
#define MUSLIN_MEM(addr) ((u8 *)instance + MUSLIN_MEMORY_OFFSET + (u64)(addr))
#define MUSLIN_ADDRESS(addr) MUSLIN_MEM(addr)
/* glue.c: a function's first parameter, if others follow, and if not */
#define MUSLIN_FIRST(p) p,
#define MUSLIN_ALONE(p) p
#define MUSLIN_LINUX(p) (*(struct w2c_linux **)(p))
#define MUSLIN_WORDS_AT NULL

/* The host's: of the running task. */
struct muslin_words *muslin_words(void);

#define muslin_unwind() (&muslin_words()->unwind)
#define MUSLIN_UNWIND(member) (muslin_unwind()->member)

#endif
