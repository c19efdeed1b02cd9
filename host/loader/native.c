/* SPDX-License-Identifier: MIT */
/* A program's native code: where it comes from, and how it is mapped. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/memory-file.h"
#include "core/stats.h"
#include "core/text.h"
#include "loader/build.h"
#include "loader/load.h"
#include "loader/quick.h"
#include "loader/tier.h"
#include "muslin.h"

/* Programs give names to programs, and not for the sake of a terminal. */
static void make_printable(char *text)
{
	text[printable(text, text, strlen(text), false)] = 0;
}

int load_refuse(struct load *l, int err, const char *fmt, ...)
{
	int n = snprintf(l->error, MODULE_ERROR_SIZE, "%.100s: ", l->name);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->error + n, MODULE_ERROR_SIZE - n, fmt, ap);
	va_end(ap);
	/* compilers quote what they like */
	make_printable(l->error);
	return err;
}

int load_no_memory(struct load *l)
{
	return load_refuse(l, -ENOMEM, "out of memory");
}

/* fd is kept: its number is the name by which the loader knows the file. */
static bool open_object(struct module *mod, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	mod->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!mod->handle)
		return false;
	mod->fd = fd;
	mod->ops = dlsym(mod->handle, "muslin_module_program");
	return true;
}

/* The loader has checked the headers of the file. */
static void find_code(struct module *mod, const void *so)
{
	const ElfW(Ehdr) *e = so;
	const ElfW(Phdr) *p = (const void *)((const char *)so + e->e_phoff);
	struct link_map *map;

	if (dlinfo(mod->handle, RTLD_DI_LINKMAP, &map))
		return;
	for (; p < (const ElfW(Phdr) *)((const char *)so + e->e_phoff) + e->e_phnum; p++) {
		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		mod->code = (const uint8_t *)(map->l_addr + p->p_vaddr);
		mod->code_end = mod->code + p->p_memsz;
	}
}

void load_progress(const struct load *l, const char *line, char text[256])
{
	/* an empty line is the end of it */
	if (*line)
		snprintf(text, 256, "%.150s: %s", l->name, line);
	else
		*text = 0;
	make_printable(text);
}

/* A shared object; fd becomes the module's. */
static int load_object(struct load *l, struct module *mod, int fd)
{
	int64_t size = memory_file_size(fd);
	void *so = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	if (so == MAP_FAILED) {
		close(fd);
		return load_no_memory(l);
	}
	if (open_object(mod, fd))
		find_code(mod, so);
	munmap(so, size);
	if (mod->handle)
		return 0;
	close(fd);
	return load_refuse(l, -ENOEXEC, "cannot load the compiled program: %s",
		      dlerror());
}

static int load_quick(struct load *l, struct module *mod, void *place,
		      const struct build_result *r, int fd)
{
	int err;

	mod->quick = (struct quick_code) {
		.p = place, .size = r->size,
		.ops = (const void *)r->ops, .functions = (const void *)r->functions,
	};
	err = quick_map(&mod->quick, fd);
	close(fd);
	if (err)
		return load_refuse(l, err, "cannot load the compiled program: %s",
			      strerror(-err));
	mod->ops = mod->quick.ops;
	return 0;
}

static int given_quick(struct load *l, struct module *mod, int fd)
{
	const struct module_kept *k = l->kept;
	const struct build_result r = {
		.size = k->code_size, .ops = (uintptr_t)k->ops,
		.functions = (uintptr_t)k->functions,
	};

	if (quick_reserve_at(k->quick))
		return load_quick(l, mod, k->quick, &r, fd);
	close(fd);
	return load_refuse(l, -EADDRINUSE, "the place of its code is taken");
}

int load_given(struct load *l, struct module *mod)
{
	int fd = l->kept->code ? memory_file(l->kept->code, l->kept->code_size) : -1;

	if (fd >= 0 && memory_file_seal(fd))
		return l->kept->quick ? given_quick(l, mod, fd) : load_object(l, mod, fd);
	if (fd >= 0)
		close(fd);
	return load_refuse(l, -EIO, "cannot keep the compiled program");
}

static int take_code(struct load *l, const struct build_result *r, int fd)
{
	struct muslin_stats *stats = l->stats;
	void *place = l->place;

	l->place = NULL;
	stats->translate += r->translate;
	stats->quick += r->quick;
	stats->optimize += r->optimize;
	stats->compiled += r->compiled;
	stats->cached += r->cached;
	if (r->code == BUILD_QUICK && !r->error)
		return load_quick(l, l->mod, place, r, fd);
	quick_release(place);
	if (r->error)
		return load_refuse(l, r->error, "%s", r->reason);
	return load_object(l, l->mod, fd);
}

static int ask_builder(struct load *l, int tier)
{
	struct build_request request = {
		.type = BUILD_PROGRAM, .number = l->number, .tier = tier,
		.progress = l->loader->progress != NULL,
	};
	int r = builder_start(l->loader);

	if (r)
		return load_unanswered(l, r);
	/* after that: the builder does not have it */
	l->place = quick_reserve();
	if (!l->place)
		return load_no_memory(l);
	request.place = (uintptr_t)l->place;
	request.words = l->mod->library ? (int64_t)(MUSLIN_MODULES + l->mod->place) : 0;
	snprintf(request.name, sizeof(request.name), "%s", l->name);
	r = builder_begin(l->loader, &request, l->mod->image_fd);
	l->lost = r;
	return r ? load_unanswered(l, r) : 0;
}

int load_ask(struct load *l)
{
	char reason[MODULE_ERROR_SIZE];
	int tier = l->tier ? l->tier : tier_of(l->loader, reason, sizeof(reason));

	l->begun = stats_now();
	if (tier < 0)
		return load_refuse(l, tier, "%s", reason);
	l->mod->image_fd = memory_file(l->image, l->size);
	if (l->mod->image_fd < 0 || !memory_file_seal(l->mod->image_fd))
		return load_no_memory(l);
	return ask_builder(l, tier);
}

int load_unanswered(struct load *l, int err)
{
	if (l->place)
		quick_release(l->place);
	l->place = NULL;
	if (err == -EPIPE || err == -ECONNRESET)
		return load_refuse(l, -EIO, "the process that compiles it is gone");
	return load_refuse(l, err, "the process that compiles it: %s", strerror(-err));
}

int load_answered(struct load *l, const struct build_result *r, int code)
{
	uint64_t compiling = r->translate + r->quick + r->optimize;
	int err;

	l->mod->optimizable = r->optimizable;
	err = take_code(l, r, code);
	if (!l->mod->optimizable) {
		close(l->mod->image_fd);
		l->mod->image_fd = -1;
	}
	l->stats->load += stats_now() - l->begun - compiling;
	return err;
}

bool load_outdated(struct module *mod, const char *name)
{
	struct build_request request = { .type = BUILD_OUTDATED };
	struct build_result result;

	snprintf(request.name, sizeof(request.name), "%s", name);
	return !builder_ask(mod->owner, &request, mod->image_fd, &result) && result.optimized;
}
