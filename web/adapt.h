/* SPDX-License-Identifier: MIT */
/* Calls of functions by another type than their own, as host/machine/adapt.c has them. */
#ifndef MUSLIN_WEB_ADAPT_H
#define MUSLIN_WEB_ADAPT_H

#include "alike.h"
#include "rewriting.h"

struct adapt {
	struct alike alike;
	uint16_t *slots;	/* 1 + the type's number for each function in the table, or 0 */
	uint32_t nslots;
	bool *used;		/* numbers that are in it */
	uint32_t first;		/* function of ours */
};

/* Sets rw->adapt if the table of the stripped image is known. */
void find_slots(struct rewriter *rw, const uint8_t *image, size_t size);
void adapt_free(struct rewriter *rw);

/* Makes a table call; its operands, and the index, are on the stack. */
void call_indirect(struct rewriter *rw, uint32_t type, uint32_t table);

/*
 * Of what is linked: the body of a function that calls by the type whose number is its argument,
 * for other modules; and which there are, as strings.
 */
void call_as(struct rewriter *rw);
void describe_adapters(const struct rewriter *rw, struct bytes *to);

/* The functions that are added: how many, the types of all, and their bodies. */
uint32_t adapters(const struct rewriter *rw);
void put_adapter_types(struct rewriter *rw);
void put_adapter_bodies(struct rewriter *rw);

#endif
