// SPDX-License-Identifier: MIT
/*
 * usage: got-tls LINKER ARGUMENT...
 *
 * Runs wasm-ld, for a shared library or a program that uses some.
 *
 * LLVM knows thread-local variables of the own module only: their address is __tls_base plus
 * a constant of the linker's.  For one that no object of the link defines, we make that
 * constant, i32.const with the relocation MEMORY_ADDR_TLS_SLEB, a global.get with
 * GLOBAL_INDEX_LEB, from which the linker makes an import GOT.mem: the dynamic linker sets it to the
 * variable's distance from this module's __tls_base.  Instruction and relocation keep their
 * sizes, so nothing moves, and archives are changed in the same way.  Changed files are
 * given to the linker as descriptors, and are gone with it.
 *
 * wasm-ld records the names of files as those of libraries that are needed, where
 * ELF linkers record the soname, which is the module's name: we tell it that file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SYMBOL_FUNCTION, SYMBOL_DATA, SYMBOL_GLOBAL, SYMBOL_SECTION, SYMBOL_TAG, SYMBOL_TABLE };
enum { LOCAL = 2, BINDING = 3, UNDEFINED = 0x10, EXPLICIT_NAME = 0x40, TLS = 0x100 };
enum { GLOBAL_INDEX_LEB = 7, MEMORY_ADDR_TLS_SLEB = 21, RELOCATIONS = 27 };
enum { I32_CONST = 0x41, GLOBAL_GET = 0x23 };

#define HAS_ADDEND (1 << 3 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11 | 1 << 14 | 1 << 15 | \
		    1 << 16 | 1 << 17 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 25)

/* An input of the linker. */
struct file {
	const char *path;
	int arg;
	uint8_t *data;
	size_t size;
	bool changed;
};

/* What is left of a section, or of a file. */
struct reader {
	const char *path;
	uint8_t *p, *end;
};

struct bytes {
	uint8_t *p;
	size_t size;
};

#define MAX_SECTIONS 4096

/* Of an object: */
struct object {
	struct bytes sections[MAX_SECTIONS];
	unsigned int n;
	struct bytes *undefined;	/* by number of the symbol; NULL: it is something else */
	uint32_t nsymbols;
};

static struct bytes *defined;
static size_t ndefined;

static void fail(const char *path, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "wasm32-linux-musl-ld: %s: ", path);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void *grow(void *p, size_t n, size_t size)
{
	/* at powers of two */
	if (n & (n - 1))
		return p;
	p = realloc(p, (n ? 2 * n : 1) * size);
	if (!p)
		fail("memory", "%s", strerror(errno));
	return p;
}

static uint8_t byte(struct reader *r)
{
	if (r->p == r->end)
		fail(r->path, "ends too early");
	return *r->p++;
}

static uint32_t leb(struct reader *r)
{
	uint64_t v = 0;
	uint8_t b;

	for (int shift = 0; ; shift += 7) {
		b = byte(r);
		if (shift > 28 && b & 0x70)
			fail(r->path, "a number is too large");
		v |= (uint64_t)(b & 127) << shift;
		if (!(b & 128))
			return v;
	}
}

/* True if it is 0. */
static bool is_zero(struct reader *r)
{
	bool zero = true;
	uint8_t b;

	do {
		b = byte(r);
		zero = zero && !(b & 127);
	} while (b & 128);
	return zero;
}

static struct bytes take(struct reader *r, uint32_t n)
{
	struct bytes b = { r->p, n };

	if (n > (size_t)(r->end - r->p))
		fail(r->path, "ends too early");
	r->p += n;
	return b;
}

static struct bytes name(struct reader *r)
{
	return take(r, leb(r));
}

static struct reader reader(const char *path, struct bytes b)
{
	return (struct reader){ path, b.p, b.p + b.size };
}

static bool same(struct bytes a, struct bytes b)
{
	return a.size == b.size && !memcmp(a.p, b.p, a.size);
}

static bool is(struct bytes b, const char *s)
{
	return same(b, (struct bytes){ (uint8_t *)s, strlen(s) });
}

static bool is_module(struct bytes b)
{
	return b.size >= 8 && !memcmp(b.p, "\0asm\1\0\0", 8);
}

static void add_symbol(struct object *o, struct bytes name, uint32_t flags)
{
	struct bytes none = { NULL, 0 };

	if (flags & TLS && !(flags & UNDEFINED) && (flags & BINDING) != LOCAL) {
		defined = grow(defined, ndefined, sizeof(*defined));
		defined[ndefined++] = name;
	}
	o->undefined = grow(o->undefined, o->nsymbols, sizeof(*o->undefined));
	o->undefined[o->nsymbols++] = flags & TLS && flags & UNDEFINED ? name : none;
}

static void read_symbol(struct reader *r, struct object *o)
{
	uint8_t kind = byte(r);
	uint32_t flags = leb(r);
	struct bytes symbol = { NULL, 0 };

	switch (kind) {
	case SYMBOL_DATA:
		symbol = name(r);
		if (!(flags & UNDEFINED)) {
			leb(r);
			leb(r);
			leb(r);
		}
		break;
	case SYMBOL_SECTION:
		leb(r);
		break;
	case SYMBOL_FUNCTION:
	case SYMBOL_GLOBAL:
	case SYMBOL_TAG:
	case SYMBOL_TABLE:
		leb(r);
		if (!(flags & UNDEFINED) || flags & EXPLICIT_NAME)
			name(r);
		break;
	default:
		fail(r->path, "a symbol is of kind %d", kind);
	}
	add_symbol(o, symbol, kind == SYMBOL_DATA ? flags : 0);
}

static void read_linking(struct reader r, struct object *o)
{
	if (leb(&r) != 2)
		fail(r.path, "is an object of another version than 2");
	while (r.p < r.end) {
		uint8_t type = byte(&r);
		struct reader s = reader(r.path, name(&r));

		if (type != 8)
			continue;
		for (uint32_t n = leb(&s); n; n--)
			read_symbol(&s, o);
	}
}

static void read_object(const char *path, struct bytes b, struct object *o)
{
	struct reader r = reader(path, b);

	o->n = 0;
	o->nsymbols = 0;
	r.p += 8;
	while (r.p < r.end) {
		uint8_t id = byte(&r);
		struct bytes section = name(&r);
		struct reader s = reader(path, section);

		if (o->n == MAX_SECTIONS)
			fail(path, "has more than %d sections", MAX_SECTIONS);
		if (!id && is(name(&s), "linking"))
			read_linking(s, o);
		/* reloc.* name their section by its number */
		o->sections[o->n++] = id ? section : (struct bytes){ s.p, 0 };
	}
}

static bool is_defined(struct bytes name)
{
	for (size_t i = 0; i < ndefined; i++)
		if (same(defined[i], name))
			return true;
	return false;
}

/* One byte for each of the addend is added to the number before it. */
static void make_got(struct reader *r, uint8_t *type, uint8_t *addend, uint8_t *instruction)
{
	*type = GLOBAL_INDEX_LEB;
	addend[-1] |= 128;
	memset(addend, 128, r->p - addend);
	r->p[-1] = 0;
	*instruction = GLOBAL_GET;
}

static bool relocate_one(struct reader *r, struct object *o, struct bytes code)
{
	uint8_t *type = r->p, *addend;
	uint32_t offset, symbol;
	bool zero = true;

	if (byte(r) >= RELOCATIONS)
		fail(r->path, "a relocation is of type %d", *type);
	offset = leb(r);
	symbol = leb(r);
	addend = r->p;
	if (HAS_ADDEND >> *type & 1)
		zero = is_zero(r);
	if (*type != MEMORY_ADDR_TLS_SLEB)
		return false;
	if (symbol >= o->nsymbols || !offset || offset > code.size || code.size - offset < 5)
		fail(r->path, "a relocation is outside of what it is for");
	if (!o->undefined[symbol].p || is_defined(o->undefined[symbol]))
		return false;
	if (!zero || code.p[offset - 1] != I32_CONST)
		fail(r->path, "the address of thread-local %.*s is taken in an unknown way",
		     (int)o->undefined[symbol].size, (char *)o->undefined[symbol].p);
	make_got(r, type, addend, &code.p[offset - 1]);
	return true;
}

static bool relocate_section(struct reader r, struct object *o)
{
	uint32_t section = leb(&r);
	bool changed = false;

	if (section >= o->n)
		fail(r.path, "relocations are of no section");
	for (uint32_t n = leb(&r); n; n--)
		changed |= relocate_one(&r, o, o->sections[section]);
	return changed;
}

static bool relocate_object(const char *path, struct bytes b, struct object *o)
{
	struct reader r = reader(path, b);
	bool changed = false;

	r.p += 8;
	while (r.p < r.end) {
		uint8_t id = byte(&r);
		struct reader s = reader(path, name(&r));

		if (!id && is(name(&s), "reloc.CODE"))
			changed |= relocate_section(s, o);
	}
	return changed;
}

/* Symbols of all objects come first: second is the other time. */
static bool do_object(const char *path, struct bytes b, bool second)
{
	static struct object o;
	size_t before = ndefined;

	if (!is_module(b))
		return false;
	read_object(path, b, &o);
	if (!second)
		return false;
	ndefined = before;
	return relocate_object(path, b, &o);
}

/* Members have headers of 60 bytes, with the size in decimal at 48. */
static bool do_archive(const char *path, struct bytes b, bool second)
{
	struct reader r = reader(path, b);
	bool changed = false;

	r.p += 8;
	while (r.end - r.p >= 60) {
		char size[11] = "";
		char *end;
		unsigned long n;

		memcpy(size, take(&r, 60).p + 48, 10);
		n = strtoul(size, &end, 10);
		if (end == size || (*end && *end != ' ') || n > UINT32_MAX)
			fail(path, "is no archive");
		changed |= do_object(path, take(&r, n), second);
		if (n & 1 && r.p < r.end)
			r.p++;
	}
	return changed;
}

static void do_file(struct file *f, bool second)
{
	struct bytes b = { f->data, f->size };

	if (f->size >= 8 && !memcmp(f->data, "!<arch>\n", 8))
		f->changed = do_archive(f->path, b, second);
	else
		f->changed = do_object(f->path, b, second);
}

/* The module's name, with which --soname begins the section "name". */
static struct bytes soname(const struct file *f)
{
	struct reader r = reader(f->path, (struct bytes){ f->data, f->size });

	r.p += 8;
	while (r.p < r.end) {
		uint8_t id = byte(&r);
		struct reader s = reader(f->path, name(&r));

		if (id || !is(name(&s), "name") || s.p == s.end || byte(&s))
			continue;
		s = reader(f->path, name(&s));
		return name(&s);
	}
	return (struct bytes){ NULL, 0 };
}

/* The file beside it that has the library's soname, if there is one. */
static void name_library(struct file *f, char **arg)
{
	const char *slash = strrchr(f->path, '/');
	int dir = slash ? slash + 1 - f->path : 0;
	struct bytes name = soname(f);
	char *path;

	if (!name.size || memchr(name.p, '/', name.size) || is(name, f->path + dir))
		return;
	if (asprintf(&path, "%.*s%.*s", dir, f->path, (int)name.size, (char *)name.p) < 0)
		fail(f->path, "%s", strerror(errno));
	if (!access(path, R_OK))
		*arg = path;
	else
		free(path);
}

static bool is_library(const struct file *f)
{
	struct bytes b = { f->data, f->size };
	struct reader r = { f->path, f->data + 8, f->data + f->size };

	if (!is_module(b) || r.p == r.end || byte(&r))
		return false;
	r = reader(f->path, name(&r));
	return is(name(&r), "dylink.0");
}

/* What can be written to is a copy. */
static bool open_file(struct file *f, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 8) {
		close(fd);
		return false;
	}
	f->path = path;
	f->size = st.st_size;
	f->data = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return f->data != MAP_FAILED;
}

/* -lNAME: as wasm-ld looks for it, with -Bdynamic */
static bool open_named(struct file *f, const char *name, char **argv)
{
	char *path;

	for (int i = 0; argv[i]; i++) {
		const char *dir = argv[i] + 2;

		if (strncmp(argv[i], "-L", 2))
			continue;
		if (!*dir && argv[i + 1])
			dir = argv[i + 1];
		for (const char *const *end = (const char *const []){ "so", "a", NULL }; *end; end++) {
			if (asprintf(&path, "%s/lib%s.%s", dir, name, *end) < 0)
				fail(name, "%s", strerror(errno));
			if (open_file(f, path))
				return true;
			free(path);
		}
	}
	return false;
}

static char *as_descriptor(const struct file *f)
{
	int fd = memfd_create(f->path, 0);
	char *path;

	for (size_t done = 0; fd >= 0 && done < f->size;) {
		ssize_t n = write(fd, f->data + done, f->size - done);

		if (n <= 0)
			fail(f->path, "%s", strerror(errno));
		done += n;
	}
	if (fd < 0 || asprintf(&path, "/proc/self/fd/%d", fd) < 0)
		fail(f->path, "%s", strerror(errno));
	return path;
}

static size_t open_files(struct file *files, char **argv)
{
	size_t n = 0;

	for (int i = 1; argv[i]; i++) {
		files[n].arg = i;
		if (!strcmp(argv[i], "-o") && argv[i + 1])
			i++;
		else if (!strncmp(argv[i], "-l", 2) && argv[i][2])
			n += open_named(&files[n], argv[i] + 2, argv);
		else if (*argv[i] != '-')
			n += open_file(&files[n], argv[i]);
	}
	return n;
}

int main(int argc, char **argv)
{
	struct file *files = calloc(argc, sizeof(*files));
	size_t n;

	if (argc < 2 || !files) {
		fprintf(stderr, "usage: got-tls LINKER ARGUMENT...\n");
		return 2;
	}
	argv++;
	n = open_files(files, argv);
	for (size_t i = 0; i < n; i++)
		if (!is_library(&files[i]))
			do_file(&files[i], false);
	for (size_t i = 0; i < n; i++) {
		if (is_library(&files[i])) {
			name_library(&files[i], &argv[files[i].arg]);
			continue;
		}
		do_file(&files[i], true);
		if (files[i].changed)
			argv[files[i].arg] = as_descriptor(&files[i]);
	}
	execvp(argv[0], argv);
	fprintf(stderr, "wasm32-linux-musl-ld: %s: %s\n", argv[0], strerror(errno));
	return 1;
}
