/* SPDX-License-Identifier: MIT */
/* What can be done with a program's file without running it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include "loader/build.h"
#include "machine/signals.h"
#include "machine/machine.h"
#include "machine/syscalls.h"
#include "loader/module.h"
#include "muslin.h"
#include "wasm/wasm.h"

/* Maps a whole file.  0 or -errno. */
static int map_file(const char *path, void **p, size_t *size)
{
	int fd = TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC)), r = 0;
	struct stat st;

	*p = NULL;
	*size = 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (st.st_size) {
		*size = st.st_size;
		*p = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (*p == MAP_FAILED)
			r = -errno;
	}
	if (fd >= 0)
		close(fd);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct wasm_import *x = a, *y = b;
	int r = strcmp(x->module, y->module);

	return r ? r : strcmp(x->name, y->name);
}

/* Memories and tables are described by their kind alone. */
static const char *type_of(const struct wasm *w, const struct wasm_import *im,
			   char *buf, size_t n)
{
	switch (im->kind) {
	case WASM_FUNC:
		return wasm_signature(w->types[im->type], buf, n);
	case WASM_TABLE:
		return "table";
	case WASM_MEMORY:
		return "memory";
	case WASM_GLOBAL:
		return "global";
	case WASM_TAG:
		return "tag";
	}
	return "";
}

int muslin_imports(const char *path,
		   int (*fn)(void *arg, const char *module, const char *name,
			     const char *type),
		   void *arg, char *error, size_t n)
{
	char type[1024];
	struct wasm w;
	size_t size;
	void *image;
	int r = map_file(path, &image, &size);

	if (r < 0) {
		snprintf(error, n, "%s", strerror(-r));
		return r;
	}
	r = wasm_read(image, size, &w, error, n);
	if (image)
		munmap(image, size);
	if (r < 0)
		return r;
	if (w.nimports)
		qsort(w.imports, w.nimports, sizeof(*w.imports), by_name);
	for (uint32_t i = 0; i < w.nimports && !r; i++)
		r = fn(arg, w.imports[i].module, w.imports[i].name,
		       type_of(&w, &w.imports[i], type, sizeof(type)));
	wasm_free(&w);
	return r;
}

static int translate_image(const struct muslin_config *config, const char *path,
			   const void *image, size_t size, char *error)
{
	struct muslin_stats stats = { 0 };
	uint64_t files = 0;
	struct loader loader = {
		.tier = MUSLIN_TIER_OPTIMIZED, .exports = kernel_exports,
		.nexports = kernel_exports_count, .stats = &stats, .files = &files,
	};
	struct module *mod;
	int r;

	if (config) {
		loader.progress = config->progress;
		loader.progress_arg = config->arg;
	}
	r = module_load(&loader, path, image, size, &mod, error);
	if (!r)
		module_put(mod);
	module_exit(&loader);
	builder_stop(&loader);
	return r;
}

int muslin_compile(const struct muslin_config *config, const char *path,
		   char *error, size_t n)
{
	char reason[MODULE_ERROR_SIZE] = "";
	size_t size, skip = 0;
	void *image;
	int r;

	/* it may be this program that the machine's call compiles */
	if (signals_vcpu()) {
		snprintf(error, n, "a machine is running: this is one of its callbacks");
		return -EBUSY;
	}
	r = map_file(path, &image, &size);
	if (!r)
		r = translate_image(config, path, image, size, reason);
	/* the path, perhaps cut, comes first */
	while (path[skip] && reason[skip] == path[skip])
		skip++;
	if (!strncmp(reason + skip, ": ", 2))
		skip += 2;
	if (r)
		snprintf(error, n, "%s", reason[0] ? reason + skip : strerror(-r));
	if (image && image != MAP_FAILED)
		munmap(image, size);
	return r;
}
