/* SPDX-License-Identifier: MIT */
/*
 * fork() copies the stack on which user code runs to another place, where
 * nothing may lead back to the parent's.  Addresses in it are those of
 *
 * - code, which is the same;
 * - the stack itself: where a try block or a call of setjmp keeps registers, what
 *   leads there (struct muslin_unwind, at the stack's top), and the frames that
 *   signals of the host leave.  A word that is one becomes that
 *   of the copy.  They fill the 18 KB that a stack typically has, of 47 bits of
 *   addresses; a program's own number is hardly ever one;
 * - the program's memory and instance.  Compiled code looks for them anew after
 *   each call (MUSLIN_RELOAD in prelude.h), so no frame has them that waits for a
 *   call to return.  Code of the quick tier has the instance's address in each of
 *   its frames, as it is.  Only code that was interrupted between two
 *   instructions has addresses of any kind, in registers that the interruption has
 *   put on the stack: then every word counts that is an address of the program's
 *   reservation.
 */
#include <string.h>
#include "machine/fork.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/stack.h"
#include "machine/task.h"

void fork_relocate(uint64_t *words, size_t n, const struct fork_move *moves, int nmoves)
{
	size_t i;
	int k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < nmoves; k++) {
			if (words[i] - moves[k].low >= moves[k].size)
				continue;
			words[i] += moves[k].distance;
			break;
		}
	}
}

static struct fork_move stack_move(const struct task *t, const struct task *parent)
{
	uint64_t low = (uintptr_t)stack_user_sp(parent);
	uint64_t top = (uintptr_t)stack_end(parent->stack);

	/* top is not in it, but perhaps where the program's reservation begins */
	return (struct fork_move) { low, top - low, (uintptr_t)stack_end(t->stack) - top };
}

static void *moved(const void *p, const struct fork_move *move)
{
	uint64_t word = (uintptr_t)p;

	fork_relocate(&word, 1, move, 1);
	return (void *)(uintptr_t)word;
}

void fork_stack(struct task *t, const struct task *parent)
{
	const struct fork_move move = stack_move(t, parent);
	uint8_t *from = stack_user_sp(parent), *to = from + move.distance;

	memcpy(to, from, move.size);
	fork_relocate((uint64_t *)to, move.size / 8, &move, 1);
	t->fork_sp = to;
	t->fork_point = moved(parent->fork_point, &move);
	t->interrupted = moved(parent->interrupted, &move);
	t->user_sp = parent->user_sp;
	t->user_tls = parent->user_tls;
	t->fork_base = parent->mm->space->base;
	t->fork_family = parent->mm->space->family->id;
}

void fork_memory(struct task *t)
{
	uint8_t *low = t->fork_sp, *top = stack_end(t->stack);
	uint64_t parent = (uintptr_t)t->fork_base;
	uint64_t distance = (uintptr_t)t->mm->space->base - parent;
	const struct fork_move all = { parent, MM_RESERVED, distance };
	const struct fork_move plain[] = {
		{ parent, 1, distance },
		{ parent + MUSLIN_MEMORY_OFFSET, 1, distance },
	};

	if (t->interrupted && t->interrupted >= low)
		fork_relocate((uint64_t *)low, (top - low) / 8, &all, 1);
	else
		fork_relocate((uint64_t *)low, (top - low) / 8, plain, 2);
}
