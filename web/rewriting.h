/* SPDX-License-Identifier: MIT */
/* A program that is being rewritten: private to the rewriter. */
#ifndef MUSLIN_WEB_REWRITING_H
#define MUSLIN_WEB_REWRITING_H

#include <stddef.h>
#include "layout.h"
#include "rewrite.h"
#include "wasm/wasm.h"
#include "wasm/reader.h"

enum { I32 = 0x7f, I64 = 0x7e, F32 = 0x7d, F64 = 0x7c, V128 = 0x7b };

/* What is imported from "mmu", in this order, after the program's own functions. */
enum mmu_import {
	LD, ST8, ST16, ST32, ST64, COPY, FILL, POLL, TRAP,
	ADDED,
	/* of programs that fork, or leave functions at loops */
	PUSH = ADDED, POP, FORK, BARRIER,
	ADDED_TO_FORK,
	/* of programs that use the floating-point environment */
	FLOAT64 = ADDED_TO_FORK, FLOAT32, DEMOTE, CONVERT, TRUNCATES,
	ADDED_TO_FENV,
	/* of those that are linked when they run */
	ADAPT = ADDED_TO_FENV,
	MMU_IMPORTS
};

/* As engines have it. */
#define MAX_LOCALS 50000

/* Variables that are added to a function: how many of which type. */
#define OUR_LOCALS I32, 3, I64, 1, F32, 1, F64, 1, I32, 1, I64, 1, V128, 1

/* The address of a member of struct shared. */
#define SHARED_AT(member) ((uint32_t)(uintptr_t)SHARED - TLB + (uint32_t)offsetof(struct shared, member))

struct bytes {
	uint8_t *p;
	size_t n, max;
	bool bad;		/* there was no memory */
};

struct rewriter {
	struct reader r;
	struct wasm w;
	uint32_t tlb, poll, imported;	/* functions */
	uint32_t kept;			/* of these, as imports */
	uint32_t how;			/* enum rewrite_how */
	uint32_t added;			/* functions, too */
	struct bytes out, section, body, hints, all_hints;
	uint32_t hinted, nhints;
	uint32_t ea, delta, value[5], second[2];	/* locals of ours */
	int64_t setjmp, longjmp;	/* functions, or -1 */
	int64_t fenv_get, fenv_set;	/* the same */
	uint32_t stack_pointer;		/* a global, if there are those */
	uint32_t slots;			/* an address */
	struct adapt *adapt;		/* NULL: calls by another type trap */
	struct reach *reach;		/* NULL: it does not fork */
	struct reenter *reenter;	/* NULL: no function is left at a loop */
	struct forking *forking;
	struct linked *linked;		/* NULL: it imports system calls alone */
	bool kernel;			/* it is: see kernel.c */
};

void put_bytes(struct bytes *b, const void *p, size_t n);
/* Most of what is written is written by this. */
static inline void put_byte(struct bytes *b, uint8_t c)
{
	if (b->n < b->max && !b->bad)
		b->p[b->n++] = c;
	else
		put_bytes(b, &c, 1);
}
void put_u32(struct bytes *b, uint32_t v);
void put_s32(struct bytes *b, int32_t v);
void put_since(struct rewriter *rw, struct bytes *b, const uint8_t *from);
void clear(struct bytes *b);

/* rw->section becomes one of rw->out. */
void put_section(struct rewriter *rw, uint8_t id);
/* What is in rw->body becomes a function of the code section. */
void put_body(struct rewriter *rw);
/* Its hints are those of function i, which the next one's follow. */
void put_hints(struct rewriter *rw, uint32_t i);
/* Calls section() for each of image's, which puts it. */
void each_section(struct rewriter *rw, const uint8_t *image, size_t size,
		  void (*section)(struct rewriter *rw, uint8_t id));
/* The module becomes out's: 0 or an error. */
int give_module(struct rewriter *rw, struct rewritten *out);
void rewriter_free(struct rewriter *rw);

/* Code of the function that is being made. */
void op(struct rewriter *rw, uint8_t c);
void op_u32(struct rewriter *rw, uint8_t c, uint32_t v);
void constant(struct rewriter *rw, uint32_t v);
void call(struct rewriter *rw, int what);
/* The next instruction is a branch that is not taken. */
void hint(struct rewriter *rw);
void if_unlikely(struct rewriter *rw);
/* The same, with the parameters and results of a type. */
void if_unlikely_type(struct rewriter *rw, uint32_t type);

static inline void get(struct rewriter *rw, uint32_t local) { op_u32(rw, 0x20, local); }
static inline void set(struct rewriter *rw, uint32_t local) { op_u32(rw, 0x21, local); }
static inline void tee(struct rewriter *rw, uint32_t local) { op_u32(rw, 0x22, local); }

/* A call of the program's own, or of one that it imports. */
void call_function(struct rewriter *rw, uint32_t function);

/* Names of modules and fields, and what is exported by them. */
void put_name(struct bytes *b, const char *s);
void put_export(struct bytes *s, const char *name, uint8_t kind, uint32_t index);

/* Copies n definitions of globals from where r is. */
void put_own_globals(struct rewriter *rw, uint32_t n);

/* Functions of ours are numbered between the imported ones and the program's. */
uint32_t moved(const struct rewriter *rw, uint32_t function);

/* Numbers them from n on, and gives the number behind. */
uint32_t our_locals(struct rewriter *rw, uint32_t n);

void number(struct rewriter *rw, bool wide, double v);

/* Reads an instruction and writes what becomes of it. */
void instruction(struct rewriter *rw);
/* What comes first in each iteration. */
void loop_head(struct rewriter *rw);
/* The same without its last end. */
void begin_poll(struct rewriter *rw);

#endif
