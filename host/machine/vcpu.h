/* SPDX-License-Identifier: MIT */
/* The register of a thread that runs a machine by which program code finds its memory. */
#ifndef MUSLIN_VCPU_H
#define MUSLIN_VCPU_H

#include <stdint.h>
#include "process/words.h"

struct muslin;

/* Program code on this thread has its memory there. */
void vcpu_set_memory(const void *memory);

/* This thread begins, or ceases, to run m: the register is the embedder's, too. */
void vcpu_start(struct muslin *m);
void vcpu_stop(struct muslin *m);

/* --- machine/x86_64/vcpu.c: particular to a CPU --- */

/* The register that finds a program's memory, %gs. */
uint64_t memory_register(void);
void set_memory_register(uint64_t base);

#endif
