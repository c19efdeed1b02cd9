// SPDX-License-Identifier: MIT
#include <dlfcn.h>

/* Every module has it, so that RTLD_NEXT is what comes behind that. */

void *__dlsym_from(void *, const char *, void *);
static char module;

__attribute__((visibility("hidden"))) void *dlsym(void *handle, const char *name)
{
	return __dlsym_from(handle, name, &module);
}
