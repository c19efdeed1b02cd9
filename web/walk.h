/* SPDX-License-Identifier: MIT */
/* What is on the operand stack, instruction by instruction. */
#ifndef MUSLIN_WEB_WALK_H
#define MUSLIN_WEB_WALK_H

#include "wasm/wasm.h"
#include "wasm/reader.h"

struct operand {
	char type;		/* a letter, as in a signature */
	uint32_t copy_of;	/* 1 + a variable's index, or 0 */
	uint32_t version;	/* of that variable */
};

struct block {
	uint8_t op;
	uint32_t base;		/* operands below it, without its parameters */
	const char *type;	/* a signature, or only its results */
};

struct walk {
	const struct wasm *w;
	char *locals;		/* their types */
	uint32_t *version;	/* how often each has been set */
	bool *stored;		/* since then, it has been an address that was written to */
	uint32_t nlocals, max_locals;
	struct operand *stack;
	uint32_t n, max;
	struct block *blocks;
	uint32_t depth, max_blocks;
	bool dead;		/* nothing reaches what follows, up to */
	uint32_t nested;	/* the end of this many blocks more */
	bool bad;		/* no memory */
};

/* Begins a function of that type; r is at its variables, which are read. */
void walk_function(struct walk *k, struct reader *r, const char *type);
/* Reads the next instruction. */
void walk_instruction(struct walk *k, struct reader *r);
void walk_free(struct walk *k);

/* The variable whose value the operand is, or -1. */
int64_t walk_copy_of(const struct walk *k, const struct operand *o);
/* If nothing reaches it, will op be reached? */
bool walk_revives(const struct walk *k, uint8_t op);
void walk_push(struct walk *k, struct reader *r, char type);

/* The results of a signature, and how many parameters it has. */
static inline const char *results_of(const char *type)
{
	const char *colon = strchr(type, ':');

	return colon ? colon + 1 : type;
}

static inline uint32_t params_of(const char *type)
{
	const char *colon = strchr(type, ':');

	return colon ? colon - type : 0;
}

/* Reads a block's type. */
const char *block_type(const struct wasm *w, struct reader *r);

/* Of any instruction, known or not: its immediates are read. */
void skip_instruction(struct reader *r);

/* Of 0xfd: the letters of the operands that it takes, a colon, and of its results. */
const char *vector_type(uint32_t op);

#endif
