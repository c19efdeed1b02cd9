#include <string.h>
#include "module.h"

/* What comes from a file may be anything: reading behind the end, and what is
 * not known, sets bad, and all that is read then is 0. */
struct reader {
	const unsigned char *p, *end;
	int bad;
};

enum { I32_CONST = 0x41, I64_CONST, F32_CONST, F64_CONST, GLOBAL_GET = 0x23, REF_NULL = 0xd0,
	REF_FUNC = 0xd2, I32_ADD = 0x6a, END = 0x0b };
enum { MUTABLE = 1, SYMBOL_WEAK = 1, SYMBOL_TLS = 0x100 };

static int fail(struct reader *r)
{
	r->bad = 1;
	r->p = r->end;
	return 0;
}

static unsigned byte(struct reader *r)
{
	return r->p < r->end ? *r->p++ : fail(r);
}

static uint32_t leb(struct reader *r)
{
	uint32_t v = 0;
	for (int shift=0; shift<35; shift+=7) {
		unsigned b = byte(r);
		v |= (uint32_t)(b & 127) << shift;
		if (!(b & 128)) return v;
	}
	return fail(r);
}

static uint32_t sleb(struct reader *r)
{
	uint32_t v = 0;
	for (int shift=0; shift<35; ) {
		unsigned b = byte(r);
		v |= (uint32_t)(b & 127) << shift;
		shift += 7;
		if (b & 128) continue;
		return shift<32 && (b & 64) ? v | -1u << shift : v;
	}
	return fail(r);
}

static void skip(struct reader *r, size_t n)
{
	if (n > r->end - r->p) fail(r);
	else r->p += n;
}

static void skip_leb(struct reader *r)
{
	while (byte(r) & 128);
}

static struct wasm_name name(struct reader *r)
{
	uint32_t len = leb(r);
	struct wasm_name n = { (const char *)r->p, len };
	skip(r, len);
	if (r->bad) n.len = 0;
	return n;
}

/* Every element takes at least one byte, so that no count asks for too much. */
static void *array(struct reader *r, uint32_t n, size_t size)
{
	void *p = 0;
	if (n > r->end - r->p || !(p = __wasm_alloc(n+1, size))) fail(r);
	return p;
}

static struct reader part(struct reader *r)
{
	uint32_t len = leb(r);
	struct reader s = { r->p, r->p, 0 };
	skip(r, len);
	s.end = r->p;
	return s;
}

static int is(struct wasm_name n, const char *s)
{
	return strlen(s) == n.len && !memcmp(n.s, s, n.len);
}

static void read_names(struct reader *r, struct wasm_name **names, uint32_t *count)
{
	uint32_t n = leb(r);
	if (*names || !(*names = array(r, n, sizeof **names))) fail(r);
	else while (n--) (*names)[(*count)++] = name(r);
}

static void read_dylink(struct wasm_file *f, struct reader *r)
{
	while (r->p < r->end && !r->bad) {
		unsigned type = byte(r);
		struct reader s = part(r);
		if (type == 1) {
			f->mem_size = leb(&s);
			f->mem_align = leb(&s);
		} else if (type == 2) {
			read_names(&s, &f->needed, &f->nneeded);
		} else if (type == 5) {
			read_names(&s, &f->rpath, &f->nrpath);
		}
		r->bad |= s.bad;
	}
}

static int next_section(struct reader *r, struct reader *section)
{
	if (r->p == r->end || r->bad) return -1;
	unsigned id = byte(r);
	*section = part(r);
	return r->bad ? -1 : id;
}

static int dylink(struct wasm_file *f, struct reader *r)
{
	*r = (struct reader){ f->map, f->map+f->map_len, 0 };
	struct reader s, rest;
	if (f->map_len < 8 || memcmp(f->map, "\0asm\1\0\0", 8)) return 0;
	r->p += 8;
	rest = *r;
	if (next_section(&rest, &s) || !is(name(&s), "dylink.0")) return 0;
	*r = s;
	return 1;
}

int __wasm_read_needed(struct wasm_file *f, const void *map, size_t len)
{
	struct reader r;
	*f = (struct wasm_file){ .map = map, .map_len = len };
	if (!dylink(f, &r)) return 0;
	read_dylink(f, &r);
	return !r.bad && f->mem_align < 32;
}

/* The linker says it of env.f where it imports GOT.func.f. */
static void set_weak(struct wasm_file *f, struct wasm_name n)
{
	for (uint32_t i=0; i<f->nimports; i++) {
		struct wasm_name m = f->imports[i].name;
		if (m.len == n.len && !memcmp(m.s, n.s, n.len)) f->imports[i].is_weak = 1;
	}
}

/* Which symbols are weak or thread-local, subsections 4 and 3. */
static int read_flags(struct wasm_file *f)
{
	struct reader r;
	dylink(f, &r);
	while (r.p < r.end && !r.bad) {
		unsigned type = byte(&r);
		struct reader s = part(&r);
		if (type != 3 && type != 4) continue;
		for (uint32_t n=leb(&s); n && !s.bad; n--) {
			if (type == 4) name(&s);
			struct wasm_name sym = name(&s);
			uint32_t flags = leb(&s);
			struct wasm_symbol *p = __wasm_find(f, sym.s, sym.len);
			if (type == 4 && flags & SYMBOL_WEAK) set_weak(f, sym);
			if (type == 3 && flags & SYMBOL_TLS && p && p->kind == SYM_DATA) p->kind = SYM_TLS;
		}
		r.bad |= s.bad;
	}
	return !r.bad;
}

/* What it is at least. */
static uint32_t limits(struct reader *r)
{
	unsigned flags = byte(r);
	uint32_t min = leb(r);
	if (flags & 1) leb(r);
	return min;
}

/* How many of them functions and globals are is what indices begin behind. */
static void read_imports(struct wasm_file *f, struct reader *r, uint32_t *nfuncs, uint32_t *nglobals)
{
	uint32_t n = leb(r);
	if (!(f->imports = array(r, n, sizeof *f->imports))) return;
	for (; n && !r->bad; n--) {
		struct wasm_import *i = f->imports + f->nimports++;
		i->module = name(r);
		i->name = name(r);
		i->kind = byte(r);
		switch (i->kind) {
		case WASM_FUNCTION:
			leb(r);
			++*nfuncs;
			break;
		case WASM_TABLE:
			byte(r);
			limits(r);
			break;
		case WASM_MEMORY:
			limits(r);
			break;
		case WASM_GLOBAL:
			skip(r, 2);
			++*nglobals;
			if (is(i->name, "__memory_base")) f->is_library = 1;
			break;
		case WASM_TAG:
			byte(r);
			leb(r);
			break;
		default:
			fail(r);
		}
	}
}

/* Of a global: is_constant is set for an immutable i32 of a known value. */
struct global {
	uint32_t value;
	char is_constant;
};

static struct global read_global(struct reader *r)
{
	struct global g = {0};
	int type = byte(r), mutable = byte(r), first = 1;
	for (;;) {
		unsigned op = byte(r);
		switch (op) {
		case I32_CONST:
			g.value = sleb(r);
			g.is_constant = first && type == 0x7f && !(mutable & MUTABLE);
			break;
		case I64_CONST: skip_leb(r); break;
		case F32_CONST: skip(r, 4); break;
		case F64_CONST: skip(r, 8); break;
		case GLOBAL_GET: leb(r); break;
		case REF_NULL: byte(r); break;
		case REF_FUNC: leb(r); break;
		case I32_ADD: break;
		case END: return g;
		default: fail(r); return g;
		}
		if (!first) g.is_constant = 0;
		first = 0;
		if (r->bad) return g;
	}
}

static struct global *read_globals(struct reader *r, uint32_t *n)
{
	*n = leb(r);
	struct global *g = array(r, *n, sizeof *g);
	for (uint32_t i=0; g && i<*n && !r->bad; i++) g[i] = read_global(r);
	return g;
}

/* The one element segment.  slots[]: of each function, or NO_SLOT. */
static uint32_t read_elements(struct wasm_file *f, struct reader *r, uint32_t *slots, uint32_t nfuncs)
{
	uint32_t n = leb(r), at = 0;
	if (!n) return 0;
	if (n != 1 || leb(r)) return fail(r);
	unsigned op = byte(r);
	if (op == I32_CONST && !f->is_library) at = sleb(r);
	else if (op == GLOBAL_GET && f->is_library) leb(r);
	else return fail(r);
	if (byte(r) != END) return fail(r);
	n = leb(r);
	for (uint32_t i=0; i<n && !r->bad; i++) {
		uint32_t func = leb(r);
		if (func >= nfuncs) return fail(r);
		if (slots[func] == NO_SLOT) slots[func] = at + i;
	}
	return n;
}

static uint32_t hash(const char *s, size_t len)
{
	uint32_t h = 5381;
	while (len--) h = h*33 + (unsigned char)*s++;
	return h;
}

struct wasm_symbol *__wasm_find(const struct wasm_file *f, const char *s, size_t len)
{
	if (!f->hash) return 0;
	for (uint32_t h = hash(s, len); ; h++) {
		uint32_t i = f->hash[h & f->hash_mask];
		if (!i) return 0;
		struct wasm_symbol *p = f->symbols + i-1;
		if (p->name.len == len && !memcmp(p->name.s, s, len)) return p;
	}
}

static void add_symbol(struct wasm_file *f, struct wasm_name n, int kind, uint32_t value)
{
	if (__wasm_find(f, n.s, n.len)) return;
	f->symbols[f->nsymbols++] = (struct wasm_symbol){ n, kind, value };
	uint32_t h = hash(n.s, n.len);
	while (f->hash[h & f->hash_mask]) h++;
	f->hash[h & f->hash_mask] = f->nsymbols;
}

static void add_function(struct wasm_file *f, struct wasm_name n, uint32_t slot)
{
	if (is(n, "__wasm_call_ctors")) f->ctors = slot;
	else if (is(n, "__wasm_apply_data_relocs")) f->data_relocs = slot;
	else if (is(n, "__wasm_init_tls")) f->init_tls = slot;
	/* the compiler's name */
	else if (is(n, "__main_argc_argv")) add_symbol(f, (struct wasm_name){ "main", 4 }, SYM_FUNCTION, slot);
	else add_symbol(f, n, SYM_FUNCTION, slot);
}

static void add_global(struct wasm_file *f, struct wasm_name n, struct global g)
{
	if (!g.is_constant) return;
	if (is(n, "__tls_size")) f->tls_size = g.value;
	else if (is(n, "__tls_align")) f->tls_align = g.value;
	else add_symbol(f, n, SYM_DATA, g.value);
}

static void read_exports(struct wasm_file *f, struct reader *r, uint32_t nimported, uint32_t *slots,
	uint32_t nfuncs, struct global *globals, uint32_t imported_globals, uint32_t nglobals)
{
	uint32_t n = leb(r), size;
	f->symbols = array(r, n, sizeof *f->symbols);
	for (size = 4; size/2 <= n; size *= 2);
	f->hash_mask = size-1;
	f->hash = r->bad ? 0 : __wasm_alloc(size, sizeof *f->hash);
	if (!f->hash) {
		fail(r);
		return;
	}
	for (; n && !r->bad; n--) {
		struct wasm_name s = name(r);
		unsigned kind = byte(r);
		uint32_t i = leb(r);
		if (kind == WASM_FUNCTION && i < nfuncs) {
			if (slots[i] == NO_SLOT) slots[i] = f->first_slot + f->nslots++;
			if (i >= nimported) add_function(f, s, slots[i]);
		} else if (kind == WASM_GLOBAL && i-imported_globals < nglobals) {
			add_global(f, s, globals[i-imported_globals]);
		}
	}
}

/*
 * The kernel gives functions their slots by the same rule: elements in their
 * order, then exported functions that are none, then the start function.
 */
int __wasm_read_sections(struct wasm_file *f)
{
	struct reader r = { f->map+8, f->map+f->map_len, 0 }, s;
	struct reader functions = {0}, globals = {0}, exports = {0}, elements = {0}, tables = {0};
	uint32_t imported_functions = 0, imported_globals = 0, nfuncs, nglobals = 0, n, table = 0;
	struct global *g = 0;
	uint32_t *slots = 0;
	int id, has_start = 0, bad;

	f->start = f->init_tls = f->ctors = f->data_relocs = NO_SLOT;
	while ((id = next_section(&r, &s)) >= 0) switch (id) {
	case 2:
		if (f->imports) fail(&r);
		else read_imports(f, &s, &imported_functions, &imported_globals);
		r.bad |= s.bad;
		break;
	case 3: functions = s; break;
	case 4: tables = s; break;
	case 6: globals = s; break;
	case 7: exports = s; break;
	case 8: has_start = 1; break;
	case 9: elements = s; break;
	case 11:
		f->data = s.p;
		f->data_end = s.end;
		break;
	}
	n = functions.p ? leb(&functions) : 0;
	nfuncs = imported_functions + n;
	if (tables.p && leb(&tables)) {
		byte(&tables);
		table = limits(&tables);
	}
	if (r.bad || nfuncs < n || nfuncs > f->map_len || !(slots = __wasm_alloc(nfuncs+1, sizeof *slots)))
		return 0;
	for (uint32_t i=0; i<nfuncs; i++) slots[i] = NO_SLOT;
	if (globals.p) g = read_globals(&globals, &nglobals);
	if (!g) nglobals = 0;
	n = elements.p ? read_elements(f, &elements, slots, nfuncs) : 0;
	f->first_slot = f->is_library ? 0 : table;
	f->nslots = f->is_library ? n : 0;
	if (exports.p) read_exports(f, &exports, imported_functions, slots, nfuncs,
		g, imported_globals, nglobals);
	if (has_start) f->start = f->first_slot + f->nslots++;
	bad = functions.bad | tables.bad | globals.bad | elements.bad | exports.bad;
	__wasm_free(slots);
	__wasm_free(g);
	return !bad;
}

int __wasm_read(struct wasm_file *f)
{
	return __wasm_read_sections(f) && read_flags(f);
}

void __wasm_forget(struct wasm_file *f)
{
	__wasm_free(f->needed);
	__wasm_free(f->rpath);
	__wasm_free(f->imports);
	__wasm_free(f->symbols);
	__wasm_free(f->hash);
}

int __wasm_copy_data(const struct wasm_file *f, unsigned char *memory)
{
	struct reader r = { f->data, f->data_end, 0 };
	for (uint32_t n = f->data ? leb(&r) : 0; n && !r.bad; n--) {
		uint32_t flags = leb(&r), at = 0;
		if (flags == 1) {
			name(&r);
			continue;
		}
		if (flags || byte(&r) != GLOBAL_GET) return 0;
		leb(&r);
		if (r.p < r.end && *r.p == I32_CONST) {
			byte(&r);
			at = sleb(&r);
			if (byte(&r) != I32_ADD) return 0;
		}
		if (byte(&r) != END) return 0;
		struct wasm_name bytes = name(&r);
		if (r.bad || at > f->mem_size || bytes.len > f->mem_size-at) return 0;
		memcpy(memory+at, bytes.s, bytes.len);
	}
	return !r.bad;
}
