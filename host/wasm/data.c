/* SPDX-License-Identifier: MIT */
/*
 * A program's initialised data, found without running the program.
 *
 * wasm-ld makes the segments of a module with shared memory passive, and a
 * start function that copies them, unless another thread has.  Of that
 * function every byte is known; of any other nothing is assumed.
 */
#include <stdlib.h>
#include "wasm/plan.h"

static void unknown(struct reader *r)
{
	fail(r, "not known");
}

static void expect(struct reader *r, const char *bytes, size_t n)
{
	const uint8_t *p = r->p;

	skip(r, n);
	if (!r->bad && memcmp(p, bytes, n))
		unknown(r);
}

#define EXPECT(r, s) expect(r, s, sizeof(s) - 1)

/* i32.const */
static uint32_t constant(struct reader *r)
{
	uint32_t v = 0;
	int shift = 0;
	uint8_t b;

	EXPECT(r, "\x41");
	do {
		b = byte(r);
		v |= (uint32_t)(b & 127) << shift;
		shift += 7;
	} while (b & 128 && shift < 35 && !r->bad);
	if (b & 128)
		unknown(r);
	if (b & 64 && shift < 32)
		v |= -1u << shift;
	return v;
}

/* --- where data goes --- */

static void add_piece(struct plan *p, uint32_t addr, uint32_t size,
		      const uint8_t *bytes)
{
	struct wasm_data *d = p->data;

	if (addr < WASM_PAGE || addr < d->end ||
	    (uint64_t)addr + size > p->w->memories[0].min * WASM_PAGE) {
		unknown(&p->r);
		return;
	}
	d->end = addr + size;
	if (size)
		d->pieces[d->n++] = (struct wasm_piece) {
			addr, size, bytes - p->r.image,
		};
}

/* memory.init of segment i */
static void add_init(struct plan *p, uint32_t i, uint32_t addr, uint32_t from,
		     uint32_t size)
{
	struct segment *s = p->segments;

	if (i < p->nsegments)
		s += i;
	if (i >= p->nsegments || s->active || s->imaged ||
	    (uint64_t)from + size > s->size) {
		unknown(&p->r);
		return;
	}
	s->imaged = true;
	add_piece(p, addr, size, s->bytes + from);
}

static void add_active(struct plan *p)
{
	for (uint32_t i = 0; i < p->nsegments && !p->r.bad; i++) {
		struct segment *s = &p->segments[i];

		if (!s->active)
			continue;
		s->imaged = true;
		add_piece(p, s->addr, s->size, s->bytes);
	}
}

/* --- wasm-ld's __wasm_init_memory --- */

static void leave_out(struct plan *p, const uint8_t *from, const uint8_t *to)
{
	if (p->edit && !p->r.bad)
		memset(p->edit + (from - p->r.image), 0x01, to - from);
}

/*
 * addr [tls global.set] from size memory.init, or addr 0 size memory.fill,
 * with addr read already: from from to to.
 */
static void init_step(struct plan *p, uint32_t addr, const uint8_t *from)
{
	struct reader *r = &p->r;
	const uint8_t *to = r->p, *rest = to;
	uint32_t a = constant(r), n, op, i;

	if (!r->bad && r->p < r->end && *r->p == 0x24) {
		byte(r);
		u32(r);
		rest = r->p;
		a = constant(r);
	}
	n = constant(r);
	EXPECT(r, "\xfc");
	op = u32(r);
	i = op == 8 ? u32(r) : 0;
	EXPECT(r, "\0");
	if (r->bad)
		return;
	if (op == 8)
		add_init(p, i, addr, a, n);
	else if (op == 11 && !a && addr >= p->data->end)
		/* zero already */;
	else
		unknown(r);
	leave_out(p, from, to);
	leave_out(p, rest, r->p);
}

static void init_function(struct plan *p)
{
	struct reader *r = &p->r;
	const uint8_t *from;
	uint32_t flag, addr;

	EXPECT(r, "\0");		/* no locals */
	EXPECT(r, "\2\x40\2\x40\2\x40");
	flag = constant(r);
	EXPECT(r, "\x41\0\x41\1\xfe\x48\2\0\x0e\2\0\1\2\x0b");
	for (;;) {
		from = r->p;
		addr = constant(r);
		if (r->bad || addr == flag)
			break;
		init_step(p, addr, from);
	}
	if (flag < p->data->end)
		unknown(r);
	EXPECT(r, "\x41\2\xfe\x17\2\0");
	if (constant(r) != flag)
		unknown(r);
	EXPECT(r, "\x41\x7f\xfe\0\2\0\x1a\x0c\1\x0b");
	if (constant(r) != flag)
		unknown(r);
	EXPECT(r, "\x41\1\x42\x7f\xfe\1\2\0\x1a\x0b");
	while (!r->bad && r->end - r->p > 1) {
		EXPECT(r, "\xfc\x09");
		u32(r);
	}
	EXPECT(r, "\x0b");
}

/* --- the module --- */

/* Enters the first section of this number. */
static bool find_section(struct plan *p, int wanted)
{
	struct reader *r = &p->r;
	int last = 0, id;

	r->p = r->image;
	r->end = p->end;
	r->bad = false;
	read_header(r);
	while ((id = next_section(r, p->end, &last)) >= 0) {
		if (id == wanted)
			return true;
		r->p = r->end;
	}
	return false;
}

static void read_segment(struct reader *r, struct segment *s)
{
	uint32_t flags = u32(r);

	s->active = flags == 0;
	if (flags > 1)
		unknown(r);
	if (s->active) {
		s->addr = constant(r);
		EXPECT(r, "\x0b");
	}
	s->head = r->p;
	s->size = count(r);
	s->bytes = r->p;
	skip(r, s->size);
}

/* 0 or -ENOMEM; r is bad if there are no segments, or some of another kind. */
static int read_segments(struct plan *p)
{
	uint32_t n;

	if (!find_section(p, 11)) {
		unknown(&p->r);
		return 0;
	}
	n = count(&p->r);
	p->segments = calloc(n + 1, sizeof(*p->segments));
	p->data->pieces = calloc(n + 1, sizeof(*p->data->pieces));
	if (!p->segments || !p->data->pieces)
		return -ENOMEM;
	for (; n && !p->r.bad; n--)
		read_segment(&p->r, &p->segments[p->nsegments++]);
	return 0;
}

/* Enters the body of the start function. */
static bool find_start(struct plan *p)
{
	struct reader *r = &p->r;
	int64_t i = p->w->start;
	uint32_t size;

	for (uint32_t k = 0; k < p->w->nimports; k++)
		i -= p->w->imports[k].kind == WASM_FUNC;
	if (p->w->start < 0 || i < 0 || !find_section(p, 10))
		return false;
	if (i >= count(r))
		return false;
	for (; i && !r->bad; i--)
		skip(r, count(r));
	size = count(r);
	r->end = r->p + size;
	return !r->bad;
}

/* Back to what active segments say: the start function runs. */
static void forget_passive(struct plan *p, const struct wasm_data *active)
{
	p->data->n = active->n;
	p->data->end = active->end;
	for (uint32_t i = 0; i < p->nsegments; i++)
		p->segments[i].imaged &= p->segments[i].active;
}

static int make_plan(struct plan *p)
{
	struct wasm_data active;
	int r = read_segments(p);

	if (r)
		return r;
	if (!p->r.bad)
		add_active(p);
	if (p->r.bad) {
		p->data->n = p->data->end = p->nsegments = 0;
		return 0;
	}
	active = *p->data;
	p->data->whole = p->w->start < 0;
	if (!find_start(p))
		return 0;
	init_function(p);
	p->data->whole = !p->r.bad;
	if (p->r.bad)
		forget_passive(p, &active);
	return 0;
}

void plan_edit(struct plan *p, uint8_t *copy)
{
	struct wasm_data d = *p->data;

	for (uint32_t i = 0; i < p->nsegments; i++)
		p->segments[i].imaged = false;
	p->data->n = p->data->end = 0;
	p->r.bad = false;
	add_active(p);
	if (d.n > p->data->n && find_start(p)) {
		p->edit = copy;
		init_function(p);
		p->edit = NULL;
	}
}

int plan_init(struct plan *p, const struct wasm *w, const void *image,
	      size_t size, struct wasm_data *d, char why[32])
{
	int r;

	memset(d, 0, sizeof(*d));
	*p = (struct plan) {
		.w = w, .data = d, .end = (const uint8_t *)image + size,
		.r = { .image = image, .error = why, .n = 32 },
	};
	/* check.c wants a memory, but has not looked yet */
	if (w->nmemories != 1)
		return 0;
	r = make_plan(p);
	if (r) {
		free(p->segments);
		wasm_data_free(d);
	}
	return r;
}

int wasm_data_read(const struct wasm *w, const void *image, size_t size,
		   struct wasm_data *d)
{
	char why[32];
	struct plan p;
	int r = plan_init(&p, w, image, size, d, why);

	if (!r)
		free(p.segments);
	return r;
}

void wasm_data_free(struct wasm_data *d)
{
	free(d->pieces);
	memset(d, 0, sizeof(*d));
}

uint32_t wasm_data_start(const struct wasm *w, const struct wasm_data *d)
{
	const struct wasm_export *e = wasm_find_export(w, WASM_DATA_START);
	const struct wasm_global *g;

	if (!d->whole || !e || e->kind != WASM_GLOBAL)
		return WASM_PAGE;
	g = &w->globals[e->index];
	if (!g->known || g->mutable || g->value % WASM_PAGE)
		return WASM_PAGE;
	/* the linker of another one may have laid it out otherwise */
	for (uint32_t i = 0; i < d->n; i++)
		if (d->pieces[i].addr == g->value)
			return g->value;
	return WASM_PAGE;
}

void wasm_data_copy(const struct wasm_data *d, const void *image,
		    uint32_t addr, void *to, uint32_t n)
{
	uint64_t end = (uint64_t)addr + n;

	memset(to, 0, n);
	for (uint32_t i = 0; i < d->n; i++) {
		const struct wasm_piece *p = &d->pieces[i];
		uint64_t from = p->addr > addr ? p->addr : addr;
		uint64_t last = (uint64_t)p->addr + p->size;

		last = last < end ? last : end;
		if (from < last)
			memcpy((char *)to + (from - addr),
			       (const char *)image + p->from + (from - p->addr),
			       last - from);
	}
}
