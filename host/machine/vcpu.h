/* SPDX-License-Identifier: MIT */
/* The register of a thread that runs a machine by which its code finds the vCPU. */
#ifndef MUSLIN_VCPU_H
#define MUSLIN_VCPU_H

#include <stdint.h>

struct muslin;

/* This thread begins, or ceases, to run m: the register is the embedder's, too. */
void vcpu_start(struct muslin *m);
void vcpu_stop(struct muslin *m);

/* --- machine/x86_64/vcpu.c: particular to a CPU --- */

/* The register, %gs. */
uint64_t vcpu_register(void);
void set_vcpu_register(uint64_t base);

#endif
