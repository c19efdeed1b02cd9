#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "atomic.h"
#include "pthread_impl.h"
#include "dynlink.h"
#include "libc.h"
#include "syscall.h"
#include "module.h"
#include "self.h"

/* musl's dynamic linker, for libraries of WebAssembly (doc/abi.md).  It looks up
 * all symbols, and wasm_link() makes a module's code part of the process. */

#define malloc __libc_malloc
#define calloc __libc_calloc
#define realloc __libc_realloc
#define free __libc_free

#define AUX_CNT 38
#define MAX_SLOTS (1<<20)
/* What is addressed above is data: the first page of memory is never there. */
#define FIRST_ADDRESS 65536

struct dso {
	/* struct link_map */
	unsigned char *base;
	char *name;
	size_t *dynv;
	struct dso *next, *prev;

	struct wasm_file file;
	uint32_t table_base;
	dev_t dev;
	ino_t ino;
	char *shortname, *rpath;
	unsigned char *data;
	size_t data_len;
	struct dso *syms_next;
	struct dso **deps, *needed_by;
	size_t ndeps;
	struct tls_module tls;
	pthread_t ctor_visitor;
	char global, linked, constructed, mark;
	char buf[];
};

/* Of libc.so, and of the program: __init_tls.c, __set_thread_area.c */
hidden const size_t __tls_surplus = 4096;
struct wasm_program __program;

extern hidden int __malloc_replaced, __aligned_alloc_replaced;

static struct dso program;
static struct dso self;

static struct dso *const head = &program;
static struct dso *tail = &program, *syms_tail = &program;
static struct tls_module *tls_tail;
static size_t tls_offset;
static uint32_t next_slot;
static unsigned long long gencnt;
static char *env_path, *sys_path;
static int runtime, failed, shutting_down;
static struct dso **main_queue;
static char link_error[256];

static pthread_rwlock_t lock;
static pthread_mutex_t init_fini_lock;
static pthread_cond_t ctor_cond;

/* At the start a word on stderr, later for dlerror(). */
static void error(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	failed = 1;
	if (runtime) {
		__dl_vseterr(fmt, ap);
	} else {
		vdprintf(2, fmt, ap);
		dprintf(2, "\n");
	}
	va_end(ap);
}

static char *copy_name(struct wasm_name n)
{
	char *s = malloc(n.len+1);
	if (!s) return 0;
	memcpy(s, n.s, n.len);
	s[n.len] = 0;
	return s;
}

/* --- looking for files, as musl does --- */

static int path_open(const char *name, const char *s, char *buf, size_t buf_size)
{
	size_t l;
	int fd;
	for (;;) {
		s += strspn(s, ":\n");
		l = strcspn(s, ":\n");
		if (l-1 >= INT_MAX) return -1;
		if (snprintf(buf, buf_size, "%.*s/%s", (int)l, s, name) < buf_size) {
			if ((fd = open(buf, O_RDONLY|O_CLOEXEC))>=0) return fd;
			switch (errno) {
			case ENOENT:
			case ENOTDIR:
			case EACCES:
			case ENAMETOOLONG:
				break;
			default:
				/* ends the search */
				return -2;
			}
		}
		s += l;
	}
}

/* Replaces $ORIGIN by the directory of the file; 0 if that is not to be used. */
static char *expand_rpath(struct dso *p, char *rpath)
{
	char exe[PATH_MAX], *origin = p->name, *d;
	const char *s, *t;
	size_t n = 0, l;

	if (!strchr(rpath, '$')) return rpath;
	for (s=rpath; (t=strchr(s, '$')); s=t+1, n++)
		if (strncmp(t, "$ORIGIN", 7) && strncmp(t, "${ORIGIN}", 9)) return 0;
	if (p == head) {
		if (libc.secure) return 0;
		ssize_t r = readlink("/proc/self/exe", exe, sizeof exe);
		if (r < 0 || r == sizeof exe) return 0;
		exe[r] = 0;
		origin = exe;
	}
	t = strrchr(origin, '/');
	l = t ? t-origin : 1;
	if (!t) origin = ".";
	if (libc.secure && *origin != '/') return 0;
	char *q = d = malloc(strlen(rpath) + n*l + 1);
	if (!q) return 0;
	for (s=rpath; (t=strchr(s, '$')); s = t + 7 + 2*(t[1]=='{')) {
		d = mempcpy(d, s, t-s);
		d = mempcpy(d, origin, l);
	}
	strcpy(d, s);
	return q;
}

static void set_rpath(struct dso *p)
{
	size_t len = 0;
	for (size_t i=0; i<p->file.nrpath; i++) len += p->file.rpath[i].len+1;
	char *s = len ? malloc(len) : 0, *d = s;
	if (!s) return;
	for (size_t i=0; i<p->file.nrpath; i++, *d++ = ':')
		d = mempcpy(d, p->file.rpath[i].s, p->file.rpath[i].len);
	d[-1] = 0;
	p->rpath = expand_rpath(p, s);
	if (p->rpath != s) free(s);
}

static void read_sys_path(void)
{
	char buf[4096];
	int fd = open("/etc/ld-musl-wasm32.path", O_RDONLY|O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof buf - 1);
	if (fd >= 0) close(fd);
	if (n > 0) {
		buf[n] = 0;
		sys_path = strdup(buf);
	}
	if (!sys_path) sys_path = "/lib:/usr/local/lib:/usr/lib";
}

/* All names of what is in libc are libc.so's. */
static int is_libc(const char *name)
{
	static const char reserved[] = "c.pthread.rt.m.dl.util.xnet.";
	const char *rp, *next;
	if (strncmp(name, "lib", 3)) return 0;
	for (rp=reserved; *rp; rp=next) {
		next = strchr(rp, '.') + 1;
		if (!strncmp(name+3, rp, next-rp)) return 1;
	}
	return 0;
}

static int open_library(const char *name, struct dso *needed_by, char *buf, size_t size)
{
	int fd = -1;
	if (strlen(name) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (env_path) fd = path_open(name, env_path, buf, size);
	for (struct dso *p=needed_by; fd == -1 && p; p=p->needed_by)
		if (p->rpath) fd = path_open(name, p->rpath, buf, size);
	if (fd != -1) return fd;
	if (!sys_path) read_sys_path();
	return path_open(name, sys_path, buf, size);
}

/* --- loading --- */

static void unload(struct dso *p)
{
	if (p->data) munmap(p->data, p->data_len);
	munmap((void *)p->file.map, p->file.map_len);
	__wasm_forget(&p->file);
	free(p->tls.image);
	free(p->rpath);
	free(p->deps);
	free(p);
}

/* The file, and memory for its data. */
static int map_library(struct dso *p, int fd, size_t size)
{
	size_t align;
	void *map;

	if (!size) {
		errno = ENOEXEC;
		return 0;
	}
	map = mmap(0, size, PROT_READ|PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) return 0;
	if (!__wasm_read_needed(&p->file, map, size) || !__wasm_read(&p->file) || !p->file.is_library) {
		__wasm_forget(&p->file);
		munmap(map, size);
		errno = ENOEXEC;
		return 0;
	}
	align = (size_t)1 << p->file.mem_align;
	p->data_len = p->file.mem_size + (align > PAGE_SIZE ? align : 0);
	if (p->data_len < p->file.mem_size || p->data_len > SIZE_MAX/2) {
		p->data_len = 0;
		errno = ENOMEM;
	} else if (p->data_len) {
		p->data = mmap(0, p->data_len, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
		if (p->data == MAP_FAILED) p->data = 0;
		p->base = p->data + (-(uintptr_t)p->data & align-1);
	}
	if (p->file.mem_size && !p->data) {
		__wasm_forget(&p->file);
		munmap(map, size);
		return 0;
	}
	return 1;
}

static void append(struct dso *p)
{
	tail->next = p;
	p->prev = tail;
	tail = p;
}

static struct dso *load_file(int fd, const char *pathname, int by_name, struct dso *needed_by, int noload)
{
	struct stat st;
	struct dso *p;

	if (fstat(fd, &st)) return 0;
	for (p=head->next; p; p=p->next) {
		if (p->dev != st.st_dev || p->ino != st.st_ino) continue;
		if (by_name && !p->shortname && (p->shortname = strrchr(p->name, '/'))) p->shortname++;
		return p;
	}
	if (noload) return 0;
	if (st.st_size > SIZE_MAX/2) {
		errno = EFBIG;
		return 0;
	}
	p = calloc(1, sizeof *p + strlen(pathname) + 1);
	if (!p) return 0;
	if (!map_library(p, fd, st.st_size)) {
		free(p);
		return 0;
	}
	p->name = strcpy(p->buf, pathname);
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	p->needed_by = needed_by;
	if (by_name && (p->shortname = strrchr(p->name, '/'))) p->shortname++;
	set_rpath(p);
	append(p);
	return p;
}

/* libc.so has its place among libraries where it is first needed. */
static struct dso *add_self(void)
{
	if (!self.prev) append(&self);
	return &self;
}

static struct dso *load_library(const char *name, struct dso *needed_by, int noload)
{
	char buf[2*NAME_MAX+2];
	struct dso *p;
	int fd, by_name = !strchr(name, '/');

	if (!*name) {
		errno = EINVAL;
		return 0;
	}
	if (is_libc(name)) return add_self();
	if (by_name) {
		for (p=head->next; p; p=p->next)
			if (p->shortname && !strcmp(p->shortname, name)) return p;
		fd = open_library(name, needed_by, buf, sizeof buf);
	} else {
		fd = open(name, O_RDONLY|O_CLOEXEC);
	}
	if (fd < 0) return 0;
	p = load_file(fd, by_name ? buf : name, by_name, needed_by, noload);
	int e = errno;
	close(fd);
	errno = e;
	return p;
}

static int load_direct_deps(struct dso *p)
{
	size_t preloads = 0;

	if (p->deps) return 1;
	/* those of LD_PRELOAD are as if the program needed them */
	if (p == head) for (struct dso *q=p->next; q; q=q->next) preloads++;
	p->deps = calloc(preloads + p->file.nneeded + 1, sizeof *p->deps);
	if (!p->deps) {
		error("Error loading dependencies for %s", p->name);
		return 0;
	}
	if (p == head) for (struct dso *q=p->next; q; q=q->next)
		p->deps[p->ndeps++] = q;
	for (size_t i=0; i<p->file.nneeded; i++) {
		char *name = copy_name(p->file.needed[i]);
		struct dso *dep = name ? load_library(name, p, 0) : 0;
		if (!dep) {
			error("Error loading shared library %s: %m (needed by %s)",
				name ? name : "", p->name);
			free(name);
			if (runtime) return 0;
			/* at the start all that is missing is told */
			continue;
		}
		free(name);
		p->deps[p->ndeps++] = dep;
	}
	return 1;
}

/* --- symbols --- */

static void add_syms(struct dso *p)
{
	if (p->global) return;
	p->global = 1;
	p->syms_next = 0;
	syms_tail->syms_next = p;
	syms_tail = p;
}

static void revert_syms(struct dso *old_tail)
{
	struct dso *p, *next;
	for (p=old_tail->syms_next; p; p=next) {
		next = p->syms_next;
		p->syms_next = 0;
		p->global = 0;
	}
	old_tail->syms_next = 0;
	syms_tail = old_tail;
}

struct symdef {
	struct wasm_symbol *sym;
	struct dso *dso;
};

static struct symdef find_sym(struct dso *p, struct wasm_name n, int is_function)
{
	for (; p; p=p->syms_next) {
		struct wasm_symbol *s = __wasm_find(&p->file, n.s, n.len);
		if (s && (is_function<0 || is_function == (s->kind == SYM_FUNCTION)))
			return (struct symdef){ s, p };
	}
	return (struct symdef){0};
}

/* A variable of TLS: its distance from the program's __tls_base, which is the
 * thread pointer. */
static uint32_t sym_value(struct symdef def)
{
	switch (def.sym->kind) {
	case SYM_FUNCTION: return def.dso->table_base + def.sym->value;
	case SYM_TLS: return def.dso->tls.offset + def.sym->value;
	default: return (uint32_t)def.dso->base + def.sym->value;
	}
}

static int is(struct wasm_name n, const char *s)
{
	return strlen(s) == n.len && !memcmp(n.s, s, n.len);
}

static int import_value(struct dso *p, struct wasm_import *i, uint32_t *value)
{
	int is_function = i->kind == WASM_FUNCTION || is(i->module, "GOT.func");
	int is_address = is(i->module, "GOT.mem");

	/* the kernel's and the host's */
	*value = 0;
	if (i->kind == WASM_FUNCTION ? is(i->module, "linux") || is(i->name, "setjmp")
	 : i->kind != WASM_GLOBAL
	 || !is_function && !is_address)
		return 1;
	struct symdef def = find_sym(head, i->name, is_function);
	if (def.sym) {
		*value = sym_value(def);
		if (def.sym->kind == SYM_TLS) *value -= p->tls.offset;
		return 1;
	}
	if (i->is_weak) return 1;
	error("Error relocating %s: %.*s: symbol not found", p->name, (int)i->name.len, i->name.s);
	return 0;
}

static uint32_t *import_values(struct dso *p)
{
	uint32_t *v = calloc(p->file.nimports+1, sizeof *v);
	int bad = !v;
	if (!v) error("Error relocating %s: out of memory", p->name);
	for (uint32_t i=0; v && i<p->file.nimports; i++)
		bad |= !import_value(p, p->file.imports+i, v+i);
	if (!bad) return v;
	free(v);
	return 0;
}

/* --- thread-local storage: every module's block is at the same distance from
 * the thread pointer in all threads --- */

static int place_tls(struct dso *p)
{
	size_t align = p->file.tls_align ? p->file.tls_align : 1;
	size_t end = __program.tls_size + __tls_surplus;

	if (!p->file.tls_size) return 1;
	p->tls.align = align;
	p->tls.size = p->tls.len = p->file.tls_size;
	p->tls.offset = tls_offset + (-tls_offset & align-1);
	if (align & align-1 || align > libc.tls_align || p->tls.offset < tls_offset
	 || p->tls.offset > end || p->tls.size > end - p->tls.offset) {
		error("Error loading shared library %s: no room for its thread-local storage", p->name);
		return 0;
	}
	tls_offset = p->tls.offset + p->tls.size;
	return 1;
}

static void call(struct dso *p, uint32_t slot)
{
	if (slot != NO_SLOT) ((void (*)(void))(p->table_base + slot))();
}

/* The linker's function makes the image where this thread's block is. */
static int make_tls_image(struct dso *p)
{
	if (!p->tls.size) return 1;
	unsigned char *mem = (unsigned char *)__get_tp() + p->tls.offset;
	p->tls.image = malloc(p->tls.size);
	if (!p->tls.image) return 0;
	memset(mem, 0, p->tls.size);
	if (p->file.init_tls != NO_SLOT)
		((void (*)(void *))(p->table_base + p->file.init_tls))(mem);
	memcpy(p->tls.image, mem, p->tls.size);
	return 1;
}

static void install_tls(struct dso *first)
{
	pthread_t self = __pthread_self(), td;
	sigset_t set;

	__block_all_sigs(&set);
	__tl_lock();
	for (struct dso *p=first; p; p=p->next) {
		if (!p->tls.image) continue;
		for (td=self->next; td!=self; td=td->next)
			memcpy((char *)(td+1) + p->tls.offset, p->tls.image, p->tls.size);
		if (tls_tail) tls_tail->next = &p->tls;
		else libc.tls_head = &p->tls;
		tls_tail = &p->tls;
	}
	__tl_unlock();
	__restore_sigs(&set);
}

/* --- linking --- */

static int link_modules(struct dso *first, struct wasm_module *m)
{
	size_t n = 0;
	int r;

	for (struct dso *p=first; p; p=p->next, n++) {
		uint32_t *v = import_values(p);
		if (!v) return 0;
		m[n] = (struct wasm_module){
			.text = p == head ? 0 : (uint32_t)p->file.map,
			.memory_base = (uint32_t)p->base, .table_base = p->table_base,
			.tls = p->tls.offset, .nvalues = p->file.nimports, .values = (uint32_t)v,
			.error = (uint32_t)link_error, .error_size = sizeof link_error,
		};
	}
	*link_error = 0;
	r = __syscall(SYS_wasm_link, m, n, 0);
	if (!r) return 1;
	errno = -r;
	if (*link_error) error("Error relocating %s", link_error);
	else error("Error relocating %s: %m", first->next && first == head ? first->next->name : first->name);
	return 0;
}

/* A program's constants are there before their addresses are known. */
static void relocate(struct dso *p)
{
	static const char start[] = "__data_start";
	struct wasm_symbol *end = p == head ? __wasm_find(&p->file, start, sizeof start - 1) : 0;
	void *constants = (void *)FIRST_ADDRESS;

	if (p->file.data_relocs == NO_SLOT) return;
	if (end) mprotect(constants, end->value-FIRST_ADDRESS, PROT_READ|PROT_WRITE);
	call(p, p->file.data_relocs);
	if (end) mprotect(constants, end->value-FIRST_ADDRESS, PROT_READ);
}

/* All from first on, which no code has used yet. */
static int link_all(struct dso *first)
{
	struct wasm_module *m;
	size_t n = 0;
	int ok = 1;

	for (struct dso *p=first; p; p=p->next, n++) {
		if (p == head) {
			next_slot = p->file.first_slot + p->file.nslots;
		} else if (p != &self) {
			p->table_base = next_slot;
			next_slot += p->file.nslots;
			if (!place_tls(p)) return 0;
		}
		if (next_slot > MAX_SLOTS) {
			error("Error loading shared library %s: too many functions", p->name);
			return 0;
		}
	}
	m = calloc(n+1, sizeof *m);
	if (!m) {
		error("Error relocating %s: out of memory", first->name);
		return 0;
	}
	ok = link_modules(first, m);
	for (size_t i=0; i<n; i++) free((void *)m[i].values);
	free(m);
	if (!ok) return 0;

	for (struct dso *p=first; p; p=p->next) {
		p->linked = 1;
		if (p == head || p == &self) continue;
		if (!__wasm_copy_data(&p->file, p->base) || !make_tls_image(p)) {
			/* there is no way back from here */
			error("Error relocating %s: bad data", p->name);
			ok = 0;
		} else {
			call(p, p->file.start);
		}
	}
	for (struct dso *p=first; p && ok; p=p->next)
		if (p != &self) relocate(p);
	install_tls(first);
	return ok;
}

/* --- constructors --- */

static void queue_ctors(struct dso *p, struct dso **queue, size_t *n)
{
	if (p->mark) return;
	p->mark = 1;
	for (size_t i=0; i<p->ndeps; i++) queue_ctors(p->deps[i], queue, n);
	if (p != head) queue[(*n)++] = p;
}

/* In the order of dependencies, if they are no circle. */
static struct dso **make_queue(struct dso *p)
{
	struct dso **queue;
	size_t n = 0;
	for (struct dso *q=head; q; q=q->next, n++) q->mark = 0;
	queue = calloc(n+1, sizeof *queue);
	n = 0;
	if (queue) queue_ctors(p, queue, &n);
	else error("Error allocating constructor queue: %m");
	return queue;
}

static void call_ctors(struct dso **queue)
{
	pthread_t self = __pthread_self();
	struct dso *p;

	pthread_mutex_lock(&init_fini_lock);
	for (size_t i=0; (p=queue[i]); i++) {
		while ((p->ctor_visitor && p->ctor_visitor!=self) || shutting_down)
			pthread_cond_wait(&ctor_cond, &init_fini_lock);
		if (p->ctor_visitor || p->constructed) continue;
		p->ctor_visitor = self;
		pthread_mutex_unlock(&init_fini_lock);
		call(p, p->file.ctors);
		pthread_mutex_lock(&init_fini_lock);
		p->ctor_visitor = 0;
		p->constructed = 1;
		pthread_cond_broadcast(&ctor_cond);
	}
	pthread_mutex_unlock(&init_fini_lock);
}

/* --- the program --- */

static int map_program(void)
{
	struct stat st;
	int fd = open("/proc/self/exe", O_RDONLY|O_CLOEXEC);
	void *map;

	/* where there is no /proc */
	if (fd < 0) fd = open((char *)getauxval(AT_EXECFN), O_RDONLY|O_CLOEXEC);
	if (fd < 0) return 0;
	map = fstat(fd, &st) ? MAP_FAILED : mmap(0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED) return 0;
	if (__wasm_read_needed(&program.file, map, st.st_size)) return 1;
	__wasm_forget(&program.file);
	munmap(map, st.st_size);
	errno = ENOEXEC;
	return 0;
}

static void load_preload(char *s)
{
	for (char *z=s; *z; s=z) {
		for (   ; *s && (isspace(*s) || *s==':'); s++);
		for (z=s; *z && !isspace(*z) && *z!=':'; z++);
		int c = *z;
		*z = 0;
		if (*s && !load_library(s, 0, 0))
			dprintf(2, "Error loading shared library %s: %m (LD_PRELOAD)\n", s);
		*z = c;
	}
}

/* For ldd. */
static _Noreturn void list_and_exit(void)
{
	for (struct dso *p=head->next; p; p=p->next)
		if (p->shortname && strcmp(p->shortname, p->name))
			dprintf(1, "\t%s => %s (%p)\n", p->shortname, p->name, p->base);
		else
			dprintf(1, "\t%s (%p)\n", p->name, p->base);
	_exit(failed ? 127 : 0);
}

static void load_program(char *preload)
{
	if (!map_program() || !__wasm_read(&program.file)) {
		error("Error loading %s: %m", program.name);
		_exit(127);
	}
	set_rpath(head);
	if (preload) load_preload(preload = strdup(preload));
	free(preload);
	for (struct dso *p=head; p; p=p->next)
		if (!load_direct_deps(p)) _exit(127);
	add_self();
	if (!libc.secure && getenv("LD_TRACE_LOADED_OBJECTS")) list_and_exit();
	if (failed) _exit(127);
}

/* What a program that was not compiled for libraries has of libc's variables is its
 * own, and libc's, too: like the copies that ELF linkers make. */
static void copy_variables(void)
{
	static const char *const names[] = { "stdin", "stdout", "stderr" };
	for (int i=0; i<sizeof names/sizeof *names; i++) {
		struct wasm_symbol *from = __wasm_find(&self.file, names[i], strlen(names[i]));
		struct wasm_symbol *to = __wasm_find(&program.file, names[i], strlen(names[i]));
		if (!from || !to || to->kind != SYM_DATA) continue;
		*(void **)to->value = *(void **)(self.base + from->value);
	}
}

static int is_replaced(const char *function)
{
	return find_sym(head, (struct wasm_name){ function, strlen(function) }, 1).dso != &self;
}

int __libc_start_main(int (*)(int, char **, char **), int, char **,
	void (*)(), void (*)(), void (*)());

static void set_up_libc(size_t *auxv)
{
	size_t aux[AUX_CNT] = {0};
	for (; *auxv; auxv+=2) if (*auxv < AUX_CNT) aux[*auxv] = auxv[1];
	libc.page_size = aux[AT_PAGESZ];
	libc.secure = aux[AT_SECURE] || aux[AT_UID] != aux[AT_EUID] || aux[AT_GID] != aux[AT_EGID];
	__init_tls(aux);
}

/* What exit() is called in runs with the program's variables in place, those of
 * libc that it has among them; __init_libc() sets them. */
void __dls2(const struct wasm_program *p, const struct wasm_file *file, unsigned char *memory)
{
	int argc = p->stack[0];
	char **argv = (void *)(p->stack+1), **envp = argv+argc+1;
	size_t *auxv = (void *)envp;
	char *preload = 0;

	while (*auxv++);
	if (p->size < sizeof *p) a_crash();
	__program = *p;
	__environ = envp;
	libc.auxv = auxv;
	set_up_libc(auxv);

	self.file = *file;
	self.base = memory;
	self.table_base = FIRST_SLOT;
	self.name = LIBC_PATH;
	self.shortname = "libc.so";
	self.linked = self.constructed = 1;
	program.name = argc ? *argv : "";
	program.global = 1;
	tls_offset = __program.tls_size;
	if (!libc.secure) {
		env_path = getenv("LD_LIBRARY_PATH");
		preload = getenv("LD_PRELOAD");
	}
	load_program(preload);
	for (struct dso *q=head->next; q; q=q->next) add_syms(q);
	if (!link_all(head)) _exit(127);
	copy_variables();
	__malloc_replaced = is_replaced("malloc");
	__aligned_alloc_replaced = is_replaced("aligned_alloc");
	main_queue = make_queue(head);
	if (failed) _exit(127);
	__libc_start_main(__program.main, argc, argv, 0, 0, 0);
	for (;;);
}

void __libc_start_init(void)
{
	call_ctors(main_queue);
	free(main_queue);
	runtime = 1;
	failed = 0;
	__program.construct();
	program.constructed = 1;
}

void __libc_exit_fini(void)
{
	pthread_rwlock_wrlock(&lock);
	pthread_mutex_lock(&init_fini_lock);
	shutting_down = 1;
	pthread_rwlock_unlock(&lock);
	pthread_mutex_unlock(&init_fini_lock);
}

void __ldso_atfork(int who)
{
	if (who<0) {
		pthread_rwlock_wrlock(&lock);
		pthread_mutex_lock(&init_fini_lock);
	} else {
		pthread_mutex_unlock(&init_fini_lock);
		pthread_rwlock_unlock(&lock);
	}
}

/* --- <dlfcn.h>, <link.h> --- */

/* The direct dependencies of all that is new are loaded, behind it in the list. */
static struct dso *load_new(const char *file, int noload)
{
	struct dso *old_tail = tail;
	struct dso *p = load_library(file, head, noload);
	if (!p) {
		error(noload ? "Library %s is not already loaded"
			: "Error loading shared library %s: %m", file);
		return 0;
	}
	for (struct dso *q=old_tail->next; q; q=q->next)
		if (!load_direct_deps(q)) return 0;
	return p;
}

static void add_deps(struct dso *p)
{
	if (p->mark) return;
	p->mark = 1;
	add_syms(p);
	for (size_t i=0; i<p->ndeps; i++) add_deps(p->deps[i]);
}

static void forget_from(struct dso *old_tail)
{
	struct dso *p, *next;
	for (p=old_tail->next; p; p=next) {
		next = p->next;
		unload(p);
	}
	tail = old_tail;
	tail->next = 0;
}

static struct dso *open_locked(const char *file, int mode, struct dso ***queue)
{
	struct dso *old_tail = tail, *old_syms_tail, *p;
	size_t old_tls = tls_offset;
	uint32_t old_slot;

	old_slot = next_slot;
	old_syms_tail = syms_tail;
	p = load_new(file, mode & RTLD_NOLOAD);
	if (p) {
		for (struct dso *q=head; q; q=q->next) q->mark = 0;
		if (!p->linked || mode & RTLD_GLOBAL) add_deps(p);
	}
	if (!p || old_tail->next && !link_all(old_tail->next)) {
		revert_syms(old_syms_tail);
		/* what is part of the process stays */
		if (old_tail->next && !old_tail->next->linked) {
			forget_from(old_tail);
			tls_offset = old_tls;
			next_slot = old_slot;
		}
		return 0;
	}
	if (!(mode & RTLD_GLOBAL)) revert_syms(old_syms_tail);
	if (!p->constructed && p != head) *queue = make_queue(p);
	gencnt++;
	return p;
}

void *dlopen(const char *file, int mode)
{
	struct dso *p = 0, **queue = 0;
	int cs;

	if (!file) return head;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cs);
	pthread_rwlock_wrlock(&lock);
	__inhibit_ptc();
	if (shutting_down) error("Cannot dlopen while program is exiting.");
	else p = open_locked(file, mode, &queue);
	__release_ptc();
	pthread_rwlock_unlock(&lock);
	if (queue) {
		call_ctors(queue);
		free(queue);
	}
	pthread_setcancelstate(cs, 0);
	return p;
}

int __dl_invalid_handle(void *h)
{
	for (struct dso *p=head; p; p=p->next) if (h==p) return 0;
	error("Invalid library handle %p", (void *)h);
	return 1;
}

/* In the order of loading them would be: the library's, then those it needs. */
static struct symdef find_in_deps(struct dso *p, struct wasm_name n)
{
	struct wasm_symbol *s = __wasm_find(&p->file, n.s, n.len);
	if (s) return (struct symdef){ s, p };
	if (p->mark) return (struct symdef){0};
	p->mark = 1;
	for (size_t i=0; i<p->ndeps; i++) {
		struct symdef def = find_in_deps(p->deps[i], n);
		if (def.sym) return def;
	}
	return (struct symdef){0};
}

static struct dso *addr2dso(size_t a)
{
	for (struct dso *p=head->next; p; p=p->next)
		if (a < FIRST_ADDRESS ? a-p->table_base < p->file.nslots
		 : a-(size_t)p->base < p->file.mem_size
		 || a-(size_t)p->file.map < p->file.map_len) return p;
	if (a < FIRST_ADDRESS ? a-16 < program.file.first_slot + program.file.nslots - 16
	 : a < (size_t)__program.end) return head;
	return 0;
}

static void *do_dlsym(struct dso *p, const char *s, void *ra)
{
	struct wasm_name n = { s, strlen(s) };
	struct symdef def = {0};

	if (p == head || p == RTLD_DEFAULT) {
		def = find_sym(head, n, -1);
	} else if (p == RTLD_NEXT) {
		/* what is not in a library counts as the program */
		struct dso *caller = addr2dso((size_t)ra);
		def = find_sym((caller ? caller : head)->syms_next, n, -1);
	} else {
		if (__dl_invalid_handle(p)) return 0;
		for (struct dso *q=head; q; q=q->next) q->mark = 0;
		def = find_in_deps(p, n);
	}
	if (!def.sym) {
		error("Symbol not found: %s", s);
		return 0;
	}
	if (def.sym->kind == SYM_TLS) return (char *)__get_tp() + sym_value(def);
	return (void *)sym_value(def);
}

void *__dlsym(void *restrict p, const char *restrict s, void *restrict ra)
{
	void *res = 0;
	pthread_rwlock_wrlock(&lock);
	res = do_dlsym(p, s, ra);
	pthread_rwlock_unlock(&lock);
	return res;
}

/* A function has its slot only, data reaches up to the next. */
static struct wasm_symbol *nearest(struct dso *p, size_t a)
{
	struct wasm_symbol *sym = 0;
	size_t best = 0;

	for (uint32_t i=0; i<p->file.nsymbols; i++) {
		struct wasm_symbol *s = p->file.symbols+i;
		if (s->kind == SYM_TLS || (s->kind == SYM_FUNCTION) != (a < FIRST_ADDRESS)) continue;
		size_t v = sym_value((struct symdef){ s, p });
		if (s->kind == SYM_FUNCTION ? v != a : v > a || v < best) continue;
		best = v;
		sym = s;
	}
	return sym;
}

/* Every module's own dlsym() */
void *__dlsym_from(void *restrict p, const char *restrict s, void *restrict module)
{
	return __dlsym(p, s, module);
}

int dladdr(const void *addr, Dl_info *info)
{
	struct wasm_symbol *sym = 0;
	struct dso *p = 0;

	pthread_rwlock_wrlock(&lock);
	p = addr2dso((size_t)addr);
	if (p) sym = nearest(p, (size_t)addr);
	/* names in the file have no end */
	if (sym && !sym->text) sym->text = copy_name(sym->name);
	pthread_rwlock_unlock(&lock);
	if (!p) return 0;

	info->dli_fname = p->name;
	info->dli_fbase = p == head ? (void *)FIRST_ADDRESS : p->base;
	info->dli_sname = sym ? sym->text : 0;
	info->dli_saddr = info->dli_sname ? (void *)sym_value((struct symdef){ sym, p }) : 0;
	return 1;
}

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
	int ret = 0;
	for (struct dso *p=head; p && !ret; ) {
		struct dl_phdr_info info = {
			.dlpi_addr = (uintptr_t)p->base, .dlpi_name = p->name, .dlpi_adds = gencnt,
		};
		ret = callback(&info, sizeof info, data);
		pthread_rwlock_rdlock(&lock);
		p = p->next;
		pthread_rwlock_unlock(&lock);
	}
	return ret;
}
