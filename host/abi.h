/* SPDX-License-Identifier: MIT */
/*
 * What native code made from WebAssembly and its host agree on.  Included by
 * the host and, through wasm-rt.h, by the C that wasm2c writes, which fixes
 * the names that begin with wasm_rt_ and w2c_.
 *
 * An instance lies at the start of a reservation, its linear memory
 * MUSLIN_MEMORY_OFFSET bytes above it, so that one register reaches both.
 * struct muslin_head ends where the linear memory begins.
 */
#ifndef MUSLIN_ABI_H
#define MUSLIN_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUSLIN_MEMORY_OFFSET 65536

struct muslin;

/* --- names that wasm2c expects --- */

typedef enum {
	WASM_RT_TRAP_NONE,
	WASM_RT_TRAP_OOB,			/* of a table or segment */
	WASM_RT_TRAP_INT_OVERFLOW,
	WASM_RT_TRAP_DIV_BY_ZERO,
	WASM_RT_TRAP_INVALID_CONVERSION,	/* NaN to integer */
	WASM_RT_TRAP_UNREACHABLE,
	WASM_RT_TRAP_CALL_INDIRECT,		/* null, or of another type */
	WASM_RT_TRAP_UNCAUGHT_EXCEPTION,
	WASM_RT_TRAP_UNALIGNED,			/* atomic access */
	WASM_RT_TRAP_EXHAUSTION,		/* the native stack */
} wasm_rt_trap_t;

typedef enum {
	WASM_RT_I32,
	WASM_RT_I64,
	WASM_RT_F32,
	WASM_RT_F64,
	WASM_RT_V128,
	WASM_RT_FUNCREF,
	WASM_RT_EXTERNREF,
} wasm_rt_type_t;

typedef void (*wasm_rt_function_ptr_t)(void);

/* Tail calls are not used; the member's place is. */
typedef struct wasm_rt_tailcallee_t {
	void (*fn)(void **, void *, struct wasm_rt_tailcallee_t *);
} wasm_rt_tailcallee_t;

/* 32 bytes that differ if the types do; often, but not always, one pointer. */
typedef const char *wasm_rt_func_type_t;

typedef struct {
	wasm_rt_func_type_t func_type;
	wasm_rt_function_ptr_t func;
	wasm_rt_tailcallee_t func_tailcallee;
	void *module_instance;
} wasm_rt_funcref_t;

typedef void *wasm_rt_externref_t;

typedef struct {
	uint8_t *data;
	uint64_t pages;
	uint64_t max_pages;
	uint64_t size;
	bool is64;
} wasm_rt_memory_t;

typedef wasm_rt_memory_t wasm_rt_shared_memory_t;

typedef struct {
	wasm_rt_funcref_t *data;
	uint32_t max_size;
	uint32_t size;
} wasm_rt_funcref_table_t;

typedef struct {
	wasm_rt_externref_t *data;
	uint32_t max_size;
	uint32_t size;
} wasm_rt_externref_table_t;

typedef const void *wasm_rt_tag_t;

/* --- ours --- */

/* Where a program's imports of module "linux" lead. */
struct w2c_linux {
	/* Points to itself: see the imports in wasm2c's tables, compile.c. */
	struct w2c_linux *self;
	/* module->thunks: one for each import, called with this struct first */
	void *const *sc;
	struct muslin *machine;
};

/* A jmp_buf of any C library; setjmp is called by the generated code. */
struct muslin_jump {
	_Alignas(16) unsigned char buf[512];
};

#define MUSLIN_EXCEPTION_VALUES 8

/* A call that adapt() has been asked for, and that has not begun. */
struct muslin_adapted {
	wasm_rt_function_ptr_t func;
	const char *from, *to;
};

/* A task's exceptions and calls: all zero in a new task. */
struct muslin_unwind {
	struct muslin_jump *target;
	wasm_rt_tag_t tag;
	uint32_t size;
	uint64_t values[MUSLIN_EXCEPTION_VALUES];
	struct muslin_adapted adapted;
};

/* What generated code calls. */
struct muslin_rt {
	/*
	 * In the mode, and on the stack, of the code that did it: function is
	 * wasm2c's name for it; if it is not one of wasm2c's, or NULL, pc is
	 * where that code goes on.
	 */
	__attribute__((noreturn))
	void (*trap)(void *instance, wasm_rt_trap_t reason, const char *function,
		     const void *pc);
	/* Zeroed memory, or NULL.  Only while an instance is set up. */
	void *(*alloc)(void *instance, size_t size);
	void (*free)(void *instance, void *p);
	/*
	 * A function of type, to be called next and at once, that calls f, which
	 * has another type; or NULL.  May be missing.
	 */
	wasm_rt_function_ptr_t (*adapt)(void *instance,
					const wasm_rt_funcref_t *f,
					wasm_rt_func_type_t type);
	/* The running task's floating-point environment: see switch.h. */
	uint32_t (*fenv_get)(void);
	void (*fenv_set)(uint32_t env);
};

/* Filled in by the host before anything of the instance runs. */
struct muslin_head {
	const struct muslin_rt *rt;
	/* The running task's; the host changes it with the task. */
	struct muslin_unwind *unwind;
	/* Of the imported memory: only pages is read, by memory.size. */
	wasm_rt_memory_t memory;
	/* The function table's elements if the host gives them. */
	wasm_rt_funcref_t *table;
	struct muslin *machine;
	uint64_t reserved[4];
};

static inline struct muslin_head *muslin_head(void *instance)
{
	return (struct muslin_head *)((char *)instance + MUSLIN_MEMORY_OFFSET) - 1;
}

/* Signature: "il:d" is (i32, i64) -> f64. */
struct muslin_type {
	wasm_rt_func_type_t type;
	const char *signature;
};

/*
 * The one symbol that a compiled program has.  setup and teardown run in the
 * host, all others are user code: they touch the process's memory and may
 * trap, throw, or never return.
 */
struct module_ops {
	size_t instance_size;
	/* Globals and the function table.  0 or -ENOMEM. */
	int (*setup)(void *instance, struct w2c_linux *l);
	void (*teardown)(void *instance);
	/* Data segments and the start function. */
	void (*start)(void *instance);
	/* _start */
	void (*entry)(void *instance, uint32_t sp);
	/* table[index] of type (i32) -> () and (i32, i32, i32, i32) -> () */
	void (*call1)(void *instance, uint32_t index, uint32_t a);
	void (*call4)(void *instance, uint32_t index,
		      uint32_t a, uint32_t b, uint32_t c, uint32_t d);
	/* The program's __stack_pointer and __tls_base. */
	uint32_t *(*sp)(void *instance);
	uint32_t *(*tls)(void *instance);
	/* Those of its functions; the last has a null type. */
	const struct muslin_type *types;
};

#endif
