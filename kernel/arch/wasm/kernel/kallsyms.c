// SPDX-License-Identifier: GPL-2.0
/*
 * Names of functions: the host has them, since it made the code.  Names of data
 * nobody has, nor places of names.
 */
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/host.h>
#include <asm/host_symbol.h>

unsigned long kallsyms_lookup_name(const char *name)
{
	return 0;
}

int kallsyms_on_each_symbol(int (*fn)(void *, const char *, unsigned long), void *data)
{
	return -EOPNOTSUPP;
}

int kallsyms_on_each_match_symbol(int (*fn)(void *, unsigned long), const char *name,
				  void *data)
{
	return -EOPNOTSUPP;
}

int kallsyms_lookup_size_offset(unsigned long addr, unsigned long *size,
				unsigned long *offset)
{
	struct host_symbol s;

	if (host_symbol(addr, &s))
		return 0;
	if (size)
		*size = s.size;
	if (offset)
		*offset = s.offset;
	return 1;
}

const char *kallsyms_lookup(unsigned long addr, unsigned long *size,
			    unsigned long *offset, char **modname, char *namebuf)
{
	if (modname)
		*modname = NULL;
	if (lookup_symbol_name(addr, namebuf))
		return NULL;
	kallsyms_lookup_size_offset(addr, size, offset);
	return namebuf;
}

int lookup_symbol_name(unsigned long addr, char *symname)
{
	struct host_symbol s;

	if (host_symbol(addr, &s))
		return -ERANGE;
	strscpy(symname, s.name, KSYM_NAME_LEN);
	return 0;
}

int sprint_symbol_no_offset(char *buffer, unsigned long address)
{
	if (lookup_symbol_name(address, buffer))
		return sprintf(buffer, "0x%lx", address);
	return strlen(buffer);
}

int sprint_symbol(char *buffer, unsigned long address)
{
	struct host_symbol s;

	if (host_symbol(address, &s))
		return sprintf(buffer, "0x%lx", address);
	return sprintf(buffer, "%s+%#x/%#x", s.name, s.offset, s.size);
}

int sprint_symbol_build_id(char *buffer, unsigned long address)
{
	return sprint_symbol(buffer, address);
}

/* The host's places are those of calls, not of what follows. */
int sprint_backtrace(char *buffer, unsigned long address)
{
	return sprint_symbol(buffer, address);
}

int sprint_backtrace_build_id(char *buffer, unsigned long address)
{
	return sprint_symbol(buffer, address);
}
