/* SPDX-License-Identifier: MIT */
/* Shared libraries in a process. */
#ifndef MUSLIN_LINK_LIBRARIES_H
#define MUSLIN_LINK_LIBRARIES_H

#include <stdbool.h>

#include "machine/mm.h"

/* child is to have parent's libraries.  0 or -ENOMEM. */
int link_fork(struct muslin *m, struct mm *child, const struct mm *parent);
/* The words of a program that is to be linked, in its new instance. */
void link_set_up(struct mm *mm);
/* mod is a library's, whose reference becomes mm's.  0 or -errno. */
int link_keep(struct muslin *m, struct mm *mm, struct module *mod);
/* Does it keep the module of that number? */
bool link_has(const struct mm *mm, uint32_t module);
/* Another reference of the library that it has with these contents, or NULL. */
struct module *link_same(const struct mm *mm, const void *image, size_t size);
/* Before the space is given up, or torn down. */
void link_exit(struct muslin *m, struct mm *mm);
/* How much of its words, behind MM_PROGRAM, somebody has. */
uint64_t link_words(const struct mm *mm);
/* From a boot image: what its module of that number is in this process.  How many took it. */
int link_resume(struct mm *mm, struct module *mod);
/* Has it libraries, or a table of its own? */
static inline bool link_any(const struct mm *mm)
{
	return mm->libraries || mm->table;
}

/* Whose native code that is: the program's, a library's; or NULL. */
const struct module *link_module_at(const struct mm *mm, const void *pc);
/* The signature of a type of one of its modules, or NULL. */
const char *link_signature(const struct mm *mm, wasm_rt_func_type_t type);

#endif
