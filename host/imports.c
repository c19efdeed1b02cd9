/* SPDX-License-Identifier: MIT */
/* muslin_imports(): a program file, read but not run. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "muslin.h"
#include "wasm.h"

static int tell(char *error, size_t n, int err)
{
	snprintf(error, n, "%s", strerror(err));
	return -err;
}

/* An empty file has a mapping of no bytes, for which wasm_read has words. */
static int map_file(const char *path, void **image, size_t *size, char *error,
		    size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
	struct stat st;

	if (fd < 0)
		return tell(error, n, errno);
	if (fstat(fd, &st))
		r = tell(error, n, errno);
	else if (S_ISDIR(st.st_mode))
		r = tell(error, n, EISDIR);
	else if ((*size = st.st_size))
		*image = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (*image == MAP_FAILED)
		r = tell(error, n, errno);
	close(fd);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct wasm_import *x = a, *y = b;
	int r = strcmp(x->module, y->module);

	return r ? r : strcmp(x->name, y->name);
}

static const char *type_of(const struct wasm *w, const struct wasm_import *i,
			   char *buf, size_t n)
{
	static const char *const kinds[] = {
		[WASM_TABLE] = "table",
		[WASM_MEMORY] = "memory",
		[WASM_GLOBAL] = "global",
		[WASM_TAG] = "tag",
	};

	return i->kind == WASM_FUNC ? wasm_signature(w->types[i->type], buf, n) :
				      kinds[i->kind];
}

int muslin_imports(const char *path,
		   int (*fn)(void *arg, const char *module, const char *name,
			     const char *type),
		   void *arg, char *error, size_t n)
{
	char type[256];
	struct wasm w;
	void *image = NULL;
	size_t size = 0;
	uint32_t i;
	int r;

	r = map_file(path, &image, &size, error, n);
	if (r)
		return r;
	r = wasm_read(image, size, &w, error, n);
	if (!r) {
		qsort(w.imports, w.nimports, sizeof(*w.imports), by_name);
		for (i = 0; i < w.nimports && !r; i++)
			r = fn(arg, w.imports[i].module, w.imports[i].name,
			       type_of(&w, &w.imports[i], type, sizeof(type)));
		wasm_free(&w);
	}
	if (image)
		munmap(image, size);
	return r;
}
