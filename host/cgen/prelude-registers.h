/* SPDX-License-Identifier: MIT */
/*
 * The same for a program's optimized code: memory and instance by %gs, the
 * running task's words by %fs.  No function has a parameter for them: see
 * registers.c.
 *
 * So no frame has an address of memory or instance.  Where a plain pointer is
 * needed, it is made of a volatile load each time, which a compiler does not
 * keep across a call.
 */
#ifndef MUSLIN_PRELUDE_REGISTERS_H
#define MUSLIN_PRELUDE_REGISTERS_H

#define MUSLIN_SPACE __seg_gs
#define MUSLIN_ADDRESS(addr) (u64)(addr)

#define MUSLIN_HEAD \
	((volatile struct muslin_head __seg_gs *)-(s64)sizeof(struct muslin_head))
#define MUSLIN_INSTANCE (MUSLIN_HEAD->instance)
#define MUSLIN_INSTANCE_OF(mem) ((void)(mem))
#define MUSLIN_MEM(addr) ((u8 *)MUSLIN_INSTANCE + MUSLIN_MEMORY_OFFSET + (u64)(addr))
/* glue.c: the first parameter that other functions have */
#define MUSLIN_FIRST(p)
#define MUSLIN_ALONE(p)
#define MUSLIN_LINUX(p) (MUSLIN_SELF->w2c_linux_instance)
#define MUSLIN_WORDS_AT ((int64_t *)&muslin_words_at)
/* a member of the instance, and its plain address */
#define MUSLIN_SELF ((MUSLIN_PROGRAM __seg_gs *)-(s64)MUSLIN_MEMORY_OFFSET)
#define MUSLIN_PLAIN_SELF ((MUSLIN_PROGRAM *)MUSLIN_INSTANCE)

/*
 * The words' distance from the thread pointer: the same in each thread of a
 * process, and in each process of a binary, so that it may be in frames.  The
 * linker takes one of these of all parts; the host fills it in.
 */
extern const s64 muslin_words_at __attribute__((visibility("hidden")));

__asm__(".pushsection .data.muslin_words_at, \"aw\", @progbits\n"
	"	.balign 8\n"
	"	.weak muslin_words_at\n"
	"	.hidden muslin_words_at\n"
	"	.type muslin_words_at, @object\n"
	"muslin_words_at:\n"
	"	.quad 0\n"
	"	.size muslin_words_at, 8\n"
	"	.popsection\n");

#define MUSLIN_WORDS ((struct muslin_words __seg_fs *)muslin_words_at)
#define MUSLIN_UNWIND(member) (MUSLIN_WORDS->unwind.member)
/* on x86-64 the first word is the thread pointer itself */
#define muslin_unwind() \
	(&((struct muslin_words *)(*(char *volatile __seg_fs *)0 + muslin_words_at))->unwind)

#endif
