/* SPDX-License-Identifier: MIT */
/* Where a program trapped: from native code back to WebAssembly. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/link.h"
#include "machine/machine.h"
#include "machine/mm.h"
#include "machine/task.h"
#include "machine/where.h"
#include "machine/x86_64/this-vcpu.h"
#include "loader/module.h"

static const char *what(wasm_rt_trap_t reason)
{
	switch (reason) {
	case WASM_RT_TRAP_OOB:
		return "access outside of a table or segment";
	case WASM_RT_TRAP_INT_OVERFLOW:
		return "integer overflow";
	case WASM_RT_TRAP_DIV_BY_ZERO:
		return "integer divide by zero";
	case WASM_RT_TRAP_INVALID_CONVERSION:
		return "NaN converted to an integer";
	case WASM_RT_TRAP_UNREACHABLE:
		return "unreachable executed";
	case WASM_RT_TRAP_CALL_INDIRECT:
		return "call of no function, or of one of another type";
	case WASM_RT_TRAP_UNCAUGHT_EXCEPTION:
		return "exception that nobody catches";
	case WASM_RT_TRAP_UNALIGNED:
		return "unaligned atomic access";
	case WASM_RT_TRAP_EXHAUSTION:
		return "stack overflow";
	default:
		return "fault";
	}
}

bool elf_symbol(const uint8_t *file, size_t size, uint64_t at, struct elf_symbol *found)
{
	const Elf64_Ehdr *e = (const void *)file;
	const Elf64_Shdr *s;

	if (size < sizeof(*e) || e->e_shoff > size ||
	    e->e_shnum > (size - e->e_shoff) / sizeof(*s))
		return false;
	s = (const void *)(file + e->e_shoff);
	for (int i = 0; i < e->e_shnum; i++) {
		const Elf64_Sym *sym = (const void *)(file + s[i].sh_offset);

		if (s[i].sh_type != SHT_SYMTAB || s[i].sh_link >= e->e_shnum)
			continue;
		for (size_t n = s[i].sh_size / sizeof(*sym); n; n--, sym++)
			if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC &&
			    at - sym->st_value < sym->st_size) {
				found->name = (const char *)file +
					s[s[i].sh_link].sh_offset + sym->st_name;
				found->offset = at - sym->st_value;
				found->size = sym->st_size;
				return true;
			}
	}
	return false;
}

/* wasm2c calls function 5 w2c_program_f5, and an exported one by its name. */
static int64_t by_name(const struct module *mod, const char *name)
{
	static const char prefix[] = "w2c_program_f", start[] = "w2c_program_0x5Fstart";

	if (!strncmp(name, prefix, sizeof(prefix) - 1))
		return strtoul(name + sizeof(prefix) - 1, NULL, 10);
	/* what others call it by, and itself */
	if (!strcmp(name, start) || !strcmp(name, "w2c_program_0x5Fstart_0"))
		return mod->start;
	return -1;
}

int64_t where_function(const struct module *mod, const uint8_t *pc)
{
	struct link_map *map;
	Dl_info its;
	struct elf_symbol its_symbol;
	int64_t found = -1;
	struct stat st;
	void *file;

	if (mod->quick.p)
		return quick_function(&mod->quick, pc);
	if (!mod->handle || dlinfo(mod->handle, RTLD_DI_LINKMAP, &map) ||
	    !dladdr(pc, &its) || strcmp(its.dli_fname, map->l_name) ||
	    fstat(mod->fd, &st))
		return -1;
	file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, mod->fd, 0);
	if (file == MAP_FAILED)
		return -1;
	if (elf_symbol(file, st.st_size, (uintptr_t)pc - map->l_addr, &its_symbol))
		found = by_name(mod, its_symbol.name);
	munmap(file, st.st_size);
	return found;
}

/* The module that pc is in: then *function is the function, or -1. */
static const struct module *look(const struct mm *mm, const struct trap *t, int64_t *function)
{
	const uint8_t *places[] = { t->pc, t->caller ? t->caller - 1 : NULL };
	const struct module *mod = link_module_at(mm, t->pc);

	*function = mod && t->function ? by_name(mod, t->function) : -1;
	/* init's code is ours, of which nobody asks where it is */
	if (!mod && t->function) {
		mod = mm->module;
		*function = by_name(mod, t->function);
	}
	for (int i = 0; i < 2 && *function < 0 && places[i]; i++) {
		mod = link_module_at(mm, places[i]);
		if (mod)
			*function = where_function(mod, places[i]);
	}
	return mod;
}

void w2c_host_user_trapped(struct w2c_host *h, u32 buf, u32 n)
{
	struct muslin *m = machine(h);
	const struct trap *t = &this_task()->trap;
	const struct mm *mm = this_task()->mm;
	const struct module *mod = NULL;
	char address[24] = "", function[220];
	int64_t i = -1;

	if (mm && mm->module)
		mod = look(mm, t, &i);
	if (t->reason == WASM_RT_TRAP_NONE)
		snprintf(address, sizeof(address), " at address %#x", t->addr);
	if (i >= 0)
		wasm_describe(mod->image, mod->size, i, function, sizeof(function));
	snprintf(kmem(m, buf, n), n, "%s%s%s%s", what(t->reason), address,
		 i >= 0 ? " in " : "", i >= 0 ? function : "");
}
