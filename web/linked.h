/* SPDX-License-Identifier: MIT */
/*
 * A module that is linked when it runs (doc/abi.md): a shared library, or a program that
 * needs one.  link.js fills what it imports.
 */
#ifndef MUSLIN_WEB_LINKED_H
#define MUSLIN_WEB_LINKED_H

#include "rewriting.h"

/* What a library imports of its process, before all globals: process.stack_pointer ... */
enum { STACK_POINTER, TLS_BASE, TABLE_BASE, PROCESS_GLOBALS };

struct linked {
	bool library;
	uint32_t *functions;	/* the new number of each imported one, or DROPPED */
	uint32_t *slots;	/* of those that are dropped: globals, in which their slots are */
	uint32_t *globals;	/* new numbers */
	uint32_t replaced;	/* imported globals that are its own now */
	uint32_t nslots;
	uint32_t first, end;	/* globals that are its own */
	uint32_t types;		/* one of them: where the types of the process's table are */
	uint32_t tls;		/* the same: what __tls_base is more than the program's */
	int64_t tls_base;	/* the library's own global, or -1 */
};

#define DROPPED UINT32_MAX

/* Sets rw->linked if it is one; fails if it is not as wanted. */
void find_linked(struct rewriter *rw, bool library);
void linked_free(struct rewriter *rw);

static inline bool is_library(const struct rewriter *rw)
{
	return rw->linked && rw->linked->library;
}

/* What a type is known by in all modules of a process; never 0. */
uint32_t type_number(const char *type);

/* Is it a function of another module? */
bool is_others(const struct rewriter *rw, uint32_t f);
void call_others(struct rewriter *rw, uint32_t f);
/* global.get and global.set */
void linked_global(struct rewriter *rw, uint8_t code, uint32_t global);

/* Whole sections. */
void linked_imports(struct rewriter *rw);
void linked_table(struct rewriter *rw);
void linked_globals(struct rewriter *rw);
void linked_elements(struct rewriter *rw);
/* How many exports are added. */
uint32_t linked_exports(struct rewriter *rw);
/* The functions that are added: how many, their types and bodies. */
uint32_t linked_functions(const struct rewriter *rw);
void put_linked_types(struct rewriter *rw);
void put_linked_bodies(struct rewriter *rw);
/* What link.js is told: strings. */
void describe_linked(struct rewriter *rw, struct bytes *to);

#endif
