/* SPDX-License-Identifier: MIT */
/* What a child of fork() has of its parent's program, at a place of its own. */
#ifndef MUSLIN_FORK_H
#define MUSLIN_FORK_H

#include <stddef.h>
#include <stdint.h>

struct task;

/* A range of addresses, and how far away its copy is. */
struct fork_move {
	uint64_t low, size, distance;
};

/* Of n words, those that are addresses in one of the ranges become those of the copy. */
void fork_relocate(uint64_t *words, size_t n, const struct fork_move *moves, int nmoves);

/*
 * t's stack for user code becomes as its parent's, which is in the system call that
 * forks; so do the words that a task has of its program.
 */
void fork_stack(struct task *t, const struct task *parent);
/* The same for addresses of memory, when t has its program. */
void fork_memory(struct task *t);

#endif
