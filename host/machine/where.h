/* SPDX-License-Identifier: MIT */
/* Names of functions in native code. */
#ifndef MUSLIN_WHERE_H
#define MUSLIN_WHERE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

struct elf_symbol {
	const char *name;
	uint64_t offset, size;
};

/* The function that has address at, by the symbols of an ELF file that is ours. */
bool elf_symbol(const uint8_t *file, size_t size, uint64_t at, struct elf_symbol *found);
/* The function of the program that pc is in, or that this was inlined into; or -1. */
int64_t where_function(const struct module *mod, const uint8_t *pc);

#endif
