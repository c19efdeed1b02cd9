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
 * The same is done with the addresses of functions and variables that are libraries': objects that
 * were not compiled with -fPIC have them as constants, alone or in a load, "i32.const n; load x".
 * Variables of libc that are used otherwise are in nonshared/.
 *
 * Who uses <fenv.h> has libm in the program, too: libc.so's knows nothing of exceptions.
 *
 * wasm-ld records the names of files as those of libraries that are needed, where
 * ELF linkers record the soname, which is the module's name: we tell it that file.  If it has
 * none, ELF linkers record the path that they were told, and so do we, in what was linked.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SYMBOL_FUNCTION, SYMBOL_DATA, SYMBOL_GLOBAL, SYMBOL_SECTION, SYMBOL_TAG, SYMBOL_TABLE };
enum { LOCAL = 2, BINDING = 3, UNDEFINED = 0x10, EXPLICIT_NAME = 0x40, TLS = 0x100 };
enum { TABLE_INDEX_SLEB = 1, MEMORY_ADDR_LEB = 3, MEMORY_ADDR_SLEB = 4, GLOBAL_INDEX_LEB = 7, MEMORY_ADDR_TLS_SLEB = 21,
	RELOCATIONS = 27 };
enum { IMPORT_FUNCTION, IMPORT_TABLE, IMPORT_MEMORY, IMPORT_GLOBAL, IMPORT_TAG };
enum { I32_CONST = 0x41, GLOBAL_GET = 0x23, I32_LOAD = 0x28, I64_LOAD32_U = 0x35 };

#define HAS_ADDEND (1 << 3 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11 | 1 << 14 | 1 << 15 | \
		    1 << 16 | 1 << 17 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 25)

/* An input of the linker. */
struct file {
	const char *path;
	int arg;
	uint8_t *data;
	size_t size;
	bool changed;
	bool named;		/* by -l */
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
	struct bytes *imported;		/* names of functions; NULL: it is not of env */
	uint32_t nimported;
};

/* Its functions are here, and libm_program.a is beside it. */
static const char libc_program[] = "/libc_program.a";
static bool uses_fenv, is_ours;

/* Names that objects define, by their hash; room is a power of two. */
static struct bytes *defined;
static size_t ndefined, room;

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

/* A signed number from 0 to 63; or else -1. */
static int small(struct reader *r)
{
	int v = 0, i = 0;
	uint8_t b;

	do {
		b = byte(r);
		if (i++ ? b & 127 : b & 64)
			v = -1;
		if (i == 1 && !v)
			v = b & 63;
	} while (b & 128);
	return v;
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

/* Where the name is, or would be. */
static struct bytes *find_defined(struct bytes name)
{
	size_t h = 5381;

	for (size_t i = 0; i < name.size; i++)
		h = h * 33 + name.p[i];
	while (defined[h & (room - 1)].p && !same(defined[h & (room - 1)], name))
		h++;
	return &defined[h & (room - 1)];
}

static void define(struct bytes name)
{
	struct bytes *old = defined, *at;
	size_t n = room;

	if (2 * ndefined >= room) {
		room = room ? 2 * room : 1024;
		defined = calloc(room, sizeof(*defined));
		if (!defined)
			fail("memory", "%s", strerror(errno));
		for (size_t i = 0; i < n; i++)
			if (old[i].p)
				*find_defined(old[i]) = old[i];
		free(old);
	}
	at = find_defined(name);
	ndefined += !at->p;
	*at = name;
}

static bool is_of_fenv(struct bytes name)
{
	static const char *const names[] = {
		"feclearexcept", "fegetenv", "fegetexceptflag", "fegetround", "feholdexcept",
		"feraiseexcept", "fesetenv", "fesetexceptflag", "fesetround", "fetestexcept",
		"feupdateenv",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is(name, names[i]))
			return true;
	return false;
}

static void add_symbol(struct object *o, struct bytes name, uint32_t flags)
{
	struct bytes none = { NULL, 0 };

	if (name.p && !(flags & UNDEFINED) && (flags & BINDING) != LOCAL)
		define(name);
	if (name.p && flags & UNDEFINED && !is_ours && is_of_fenv(name))
		uses_fenv = true;
	o->undefined = grow(o->undefined, o->nsymbols, sizeof(*o->undefined));
	o->undefined[o->nsymbols++] = flags & UNDEFINED ? name : none;
}

static void read_symbol(struct reader *r, struct object *o)
{
	uint8_t kind = byte(r);
	uint32_t flags = leb(r);
	struct bytes symbol = { NULL, 0 };
	uint32_t index;

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
		index = leb(r);
		if (!(flags & UNDEFINED) || flags & EXPLICIT_NAME)
			symbol = name(r);
		else if (index < o->nimported)
			symbol = o->imported[index];
		break;
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
	add_symbol(o, symbol, flags);
}

static void skip_limits(struct reader *r)
{
	uint32_t flags = leb(r);

	leb(r);
	if (flags & 1)
		leb(r);
}

static void read_imports(struct reader r, struct object *o)
{
	struct bytes module, field, none = { NULL, 0 };

	for (uint32_t n = leb(&r); n; n--) {
		module = name(&r);
		field = name(&r);
		switch (byte(&r)) {
		case IMPORT_FUNCTION:
			leb(&r);
			o->imported = grow(o->imported, o->nimported, sizeof(*o->imported));
			o->imported[o->nimported++] = is(module, "env") ? field : none;
			break;
		case IMPORT_TABLE:
			byte(&r);
			/* fall through */
		case IMPORT_MEMORY:
			skip_limits(&r);
			break;
		case IMPORT_GLOBAL:
			take(&r, 2);
			break;
		case IMPORT_TAG:
			byte(&r);
			leb(&r);
			break;
		default:
			fail(r.path, "imports something unknown");
		}
	}
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
	o->nimported = 0;
	r.p += 8;
	while (r.p < r.end) {
		uint8_t id = byte(&r);
		struct bytes section = name(&r);
		struct reader s = reader(path, section);

		if (o->n == MAX_SECTIONS)
			fail(path, "has more than %d sections", MAX_SECTIONS);
		if (id == 2)
			read_imports(s, o);
		if (!id && is(name(&s), "linking"))
			read_linking(s, o);
		/* reloc.* name their section by its number */
		o->sections[o->n++] = id ? section : (struct bytes){ s.p, 0 };
	}
}

static bool is_defined(struct bytes name)
{
	return room && find_defined(name)->p;
}

/* One byte for each of the addend, if there is one, is added to the number before it. */
static void make_got(struct reader *r, uint8_t *type, uint8_t *addend, uint8_t *instruction)
{
	*type = GLOBAL_INDEX_LEB;
	*instruction = GLOBAL_GET;
	if (addend == r->p)
		return;
	addend[-1] |= 128;
	memset(addend, 128, r->p - addend);
	r->p[-1] = 0;
}

/*
 * "i32.const n; load address", of which number is the address, and n is from 0 to 63.  What
 * is also an instruction, and could follow a 0x41 that is another's, is none.
 */
static bool is_load(const uint8_t *number, uint32_t offset)
{
	static const uint8_t instructions[] = { 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b };

	return offset >= 4 && number[-4] == I32_CONST && number[-3] < 64 &&
		!memchr(instructions, number[-3], sizeof(instructions)) &&
		number[-2] >= I32_LOAD && number[-2] <= I64_LOAD32_U;
}

/* "global.get; load added", of which the number begins three bytes before. */
static void make_load(uint8_t *number, uint8_t added)
{
	uint8_t load[2] = { number[-2], number[-1] };

	memset(number - 3, 128, 4);
	number[1] = 0;
	number[2] = load[0];
	number[3] = load[1];
	number[4] = added;
}

/* Of the size that the number at p has. */
static void put_leb(uint8_t *p, uint32_t v)
{
	for (; *p & 128; p++, v >>= 7)
		*p = v | 128;
	*p = v;
}

static bool relocate_one(struct reader *r, struct object *o, struct bytes code)
{
	uint8_t *type = r->p, *addend;
	uint32_t offset, symbol;
	uint8_t *number;
	int added = 0;

	if (byte(r) >= RELOCATIONS)
		fail(r->path, "a relocation is of type %d", *type);
	offset = leb(r);
	symbol = leb(r);
	addend = r->p;
	if (HAS_ADDEND >> *type & 1)
		added = small(r);
	if (*type != MEMORY_ADDR_TLS_SLEB && *type != TABLE_INDEX_SLEB && *type != MEMORY_ADDR_SLEB &&
	    *type != MEMORY_ADDR_LEB)
		return false;
	if (symbol >= o->nsymbols || !offset || offset > code.size || code.size - offset < 5)
		fail(r->path, "a relocation is outside of what it is for");
	if (!o->undefined[symbol].p || is_defined(o->undefined[symbol]))
		return false;
	number = &code.p[offset];
	if (*type == MEMORY_ADDR_LEB && is_load(number, offset) && added >= 0) {
		make_load(number, added + number[-3]);
		put_leb(type + 1, offset - 3);
		number -= 3;
	} else if (number[-1] != I32_CONST || added) {
		/* a part of something, or an access: it is wasm-ld's to say so */
		if (*type != MEMORY_ADDR_TLS_SLEB)
			return false;
		fail(r->path, "the address of thread-local %.*s is taken in an unknown way",
		     (int)o->undefined[symbol].size, (char *)o->undefined[symbol].p);
	}
	make_got(r, type, addend, number - 1);
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

	if (!is_module(b))
		return false;
	read_object(path, b, &o);
	return second && relocate_object(path, b, &o);
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

static bool is_libc_program(const char *path)
{
	size_t n = strlen(path), end = strlen(libc_program);

	return n >= end && !strcmp(path + n - end, libc_program);
}

static void do_file(struct file *f, bool second)
{
	struct bytes b = { f->data, f->size };

	is_ours = is_libc_program(f->path);
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
			n += files[n].named = open_named(&files[n], argv[i] + 2, argv);
		else if (*argv[i] != '-')
			n += open_file(&files[n], argv[i]);
	}
	return n;
}

/* --- what was linked needs libraries by their paths --- */

/* Without a soname, which is no path: ld.in. */
static bool is_by_path(const struct file *f)
{
	struct bytes b;

	if (f->named || !strchr(f->path, '/') || !is_library(f))
		return false;
	b = soname(f);
	return b.size && memchr(b.p, '/', b.size);
}

/* The path of the library whose file has that name, or the name itself. */
static struct bytes path_of(struct bytes name, const struct file *files, size_t n)
{
	for (; n--; files++) {
		const char *slash = strrchr(files->path, '/');

		if (is_by_path(files) && is(name, slash + 1))
			return (struct bytes){ (uint8_t *)files->path, strlen(files->path) };
	}
	return name;
}

static void write_leb(FILE *out, uint32_t v)
{
	for (; v > 127; v >>= 7)
		putc(v | 128, out);
	putc(v, out);
}

static void write_name(FILE *out, struct bytes b)
{
	write_leb(out, b.size);
	fwrite(b.p, 1, b.size, out);
}

/* Subsection 2 of dylink.0. */
static void write_needed(FILE *out, struct reader r, const struct file *files, size_t n)
{
	uint32_t k = leb(&r);

	write_leb(out, k);
	while (k--)
		write_name(out, path_of(name(&r), files, n));
}

static FILE *memory(struct bytes *b)
{
	FILE *out = open_memstream((char **)&b->p, &b->size);

	if (!out)
		fail("memory", "%s", strerror(errno));
	return out;
}

/* The section's contents, from its name on. */
static struct bytes with_paths(struct reader r, const struct file *files, size_t n)
{
	struct bytes b, part;
	FILE *out = memory(&b), *sub;

	write_name(out, name(&r));
	while (r.p < r.end) {
		uint8_t type = byte(&r);
		struct bytes old = name(&r);

		sub = memory(&part);
		if (type == 2)
			write_needed(sub, reader(r.path, old), files, n);
		else
			fwrite(old.p, 1, old.size, sub);
		fclose(sub);
		putc(type, out);
		write_name(out, part);
	}
	fclose(out);
	return b;
}

/* dylink.0 is the first section. */
static void rewrite_needed(const char *path, const struct file *files, size_t n)
{
	struct file f = { 0 };
	struct bytes all;
	struct reader r;
	FILE *out = memory(&all);

	if (!open_file(&f, path) || !is_library(&f))
		fail(path, "has no section dylink.0");
	r = (struct reader){ path, f.data + 9, f.data + f.size };
	fwrite(f.data, 1, 9, out);
	write_name(out, with_paths(reader(path, name(&r)), files, n));
	fwrite(r.p, 1, r.end - r.p, out);
	fclose(out);
	out = fopen(path, "w");
	if (!out || fwrite(all.p, 1, all.size, out) != all.size || fclose(out))
		fail(path, "%s", strerror(errno));
}

static const char *output(char **argv)
{
	for (; *argv; argv++)
		if (!strcmp(*argv, "-o") && argv[1])
			return argv[1];
	return "a.out";
}

/* Runs the linker, and is its status. */
static int link_and_rewrite(char **argv, const struct file *files, size_t n)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execvp(argv[0], argv);
		fail(argv[0], "%s", strerror(errno));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail(argv[0], "%s", strerror(errno));
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	if (!WEXITSTATUS(status))
		rewrite_needed(output(argv), files, n);
	return WEXITSTATUS(status);
}

/* For the linker: libm_program.a before libc_program.a, which is argument number i. */
static char **add_libm(char **argv, int argc, int i)
{
	char **with = calloc(argc + 2, sizeof(*with));
	const char *path = argv[i];

	if (!with || asprintf(&with[i], "%.*s/libm_program.a",
			      (int)(strlen(path) - strlen(libc_program)), path) < 0)
		fail(path, "%s", strerror(errno));
	memcpy(with, argv, i * sizeof(*with));
	memcpy(with + i + 1, argv + i, (argc - i) * sizeof(*with));
	return with;
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
	for (size_t i = 0; i < n && uses_fenv; i++) {
		if (!is_libc_program(files[i].path))
			continue;
		argv = add_libm(argv, argc, files[i].arg);
		argc++;
		for (size_t k = i; k < n; k++)
			files[k].arg++;
		break;
	}
	for (size_t i = 0; i < n; i++) {
		if (is_library(&files[i])) {
			name_library(&files[i], &argv[files[i].arg]);
			continue;
		}
		do_file(&files[i], true);
		if (files[i].changed)
			argv[files[i].arg] = as_descriptor(&files[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (is_by_path(&files[i]))
			return link_and_rewrite(argv, files, n);
	execvp(argv[0], argv);
	fprintf(stderr, "wasm32-linux-musl-ld: %s: %s\n", argv[0], strerror(errno));
	return 1;
}
