/* SPDX-License-Identifier: MIT */
/*
 * A graph of who calls whom, turned around.  Its nodes are functions, and types:
 * who calls through the table by a type calls all functions of that type whose
 * address is taken.  In what is linked when it runs, any call of another module, or through
 * the table, may fork.
 */
#include <stdlib.h>
#include "alike.h"
#include "reach.h"
#include "walk.h"

struct edge {
	uint32_t caller, callee;
};

struct graph {
	struct rewriter *rw;
	struct reader r;
	struct walk walk;
	struct alike alike;
	bool *taken;
	struct bytes edges;
	uint32_t *first, *callers, *todo;
};

static uint32_t type_node(const struct graph *g, uint32_t type)
{
	return g->rw->w.nfuncs + g->alike.rank[type];
}

static void add_edge(struct graph *g, uint32_t caller, uint32_t callee)
{
	struct edge e = { caller, callee };

	put_bytes(&g->edges, &e, sizeof(e));
}

static int64_t find_import(const struct wasm *w, const char *name)
{
	uint32_t f = 0;

	for (uint32_t i = 0; i < w->nimports; i++) {
		if (w->imports[i].kind != WASM_FUNC)
			continue;
		if (!strcmp(w->imports[i].module, "linux") && !strcmp(w->imports[i].name, name))
			return f;
		f++;
	}
	return -1;
}

static void take_address(struct graph *g, uint32_t f)
{
	if (f < g->rw->w.nfuncs)
		g->taken[f] = true;
}

/* Those of kinds 0 and 3; others are refused. */
static void element_section(struct graph *g)
{
	struct reader *r = &g->r;
	uint32_t kind, k;

	for (uint32_t n = count(r); n && !r->bad; n--) {
		kind = u32(r);
		if (kind == 3)
			byte(r);
		else
			while (!r->bad && *r->p != 0x0b)
				skip_instruction(r);
		if (kind != 3)
			byte(r);
		for (k = count(r); k && !r->bad; k--)
			take_address(g, u32(r));
	}
}

static void global_section(struct graph *g)
{
	struct reader *r = &g->r;

	for (uint32_t n = count(r); n && !r->bad; n--) {
		skip(r, 2);
		while (!r->bad && r->p < r->end && *r->p != 0x0b) {
			struct reader at = *r;

			if (byte(&at) == 0xd2)
				take_address(g, u32(&at));
			skip_instruction(r);
		}
		byte(r);
	}
}

/*
 * Is a call of clone one that forks?  Not if it is for a stack that has been
 * written to before: its address is not 0, then.  That is how threads are
 * made, and children with a stack of their own.
 */
static bool forks(const struct walk *k)
{
	int64_t local = k->n < 4 ? -1 : walk_copy_of(k, &k->stack[k->n - 4]);

	return local < 0 || !k->stored[local];
}

static void find_clones(struct graph *g, uint32_t f, struct reader r)
{
	const struct wasm *w = &g->rw->w;
	struct reach *reach = g->rw->reach;

	walk_function(&g->walk, &r, w->types[w->funcs[f]]);
	while (r.p < r.end && !r.bad) {
		struct reader at = r;

		if (!g->walk.dead && byte(&at) == 0x10 && u32(&at) == reach->clone && forks(&g->walk))
			reach->clones[f] = true;
		walk_instruction(&g->walk, &r);
	}
	if (r.bad && r.err == -ENOMEM)
		g->edges.bad = true;
}

static void calls(struct graph *g, uint32_t f)
{
	const struct wasm *w = &g->rw->w;
	struct reader *r = &g->r;
	bool clones = false;

	while (r->p < r->end && !r->bad) {
		struct reader at = *r;
		uint8_t op = byte(&at);
		uint32_t index = op == 0x10 || op == 0x11 || op == 0xd2 ? u32(&at) : 0;

		if (op == 0x10 && index == g->rw->reach->clone)
			clones = true;
		else if (op == 0x10 && index < w->nfuncs)
			add_edge(g, f, index);
		else if (op == 0x11 && index < w->ntypes)
			add_edge(g, f, type_node(g, index));
		else if (op == 0xd2)
			take_address(g, index);
		skip_instruction(r);
	}
	if (clones)
		g->rw->reach->clones[f] = true;
}

static void code_section(struct graph *g)
{
	struct reader *r = &g->r;
	const uint8_t *end = r->end;
	uint32_t f = g->rw->imported, size;

	for (uint32_t n = count(r); n && !r->bad && f < g->rw->w.nfuncs; n--, f++) {
		struct reader whole;

		size = count(r);
		r->end = r->p + size;
		whole = *r;
		for (uint32_t groups = count(r); groups && !r->bad; groups--) {
			u32(r);
			value_type(r);
		}
		calls(g, f);
		if (g->rw->reach->clones[f]) {
			g->rw->reach->clones[f] = false;
			find_clones(g, f, whole);
		}
		r->p = r->end;
		r->end = end;
	}
}

static void all_sections(struct graph *g)
{
	const uint8_t *end = g->r.end;
	int last = 0, id;

	read_header(&g->r);
	while ((id = next_section(&g->r, end, &last)) >= 0) {
		if (id == 6)
			global_section(g);
		else if (id == 9)
			element_section(g);
		else if (id == 10)
			code_section(g);
		g->r.p = g->r.end;
	}
	for (uint32_t f = 0; f < g->rw->w.nfuncs; f++)
		if (g->taken[f])
			add_edge(g, type_node(g, g->rw->w.funcs[f]), f);
}

/* callers[first[n] ... first[n + 1]) are those of n. */
static bool turn_around(struct graph *g, uint32_t nodes)
{
	uint32_t n = g->edges.n / sizeof(struct edge), i;
	const struct edge *e = (const void *)g->edges.p;

	g->first = calloc(nodes + 2, sizeof(uint32_t));
	g->callers = calloc(n + 1, sizeof(uint32_t));
	g->todo = calloc(nodes + 1, sizeof(uint32_t));
	if (!g->first || !g->callers || !g->todo || g->edges.bad)
		return false;
	for (i = 0; i < n; i++)
		g->first[e[i].callee + 2]++;
	for (i = 2; i < nodes + 2; i++)
		g->first[i] += g->first[i - 1];
	for (i = 0; i < n; i++)
		g->callers[g->first[e[i].callee + 1]++] = e[i].caller;
	return true;
}

static uint32_t mark(struct graph *g, uint32_t node, uint32_t n)
{
	if (!g->rw->reach->nodes[node])
		g->todo[n++] = node;
	g->rw->reach->nodes[node] = true;
	return n;
}

/* From n nodes on that are to be done. */
static void spread(struct graph *g, uint32_t n)
{
	while (n) {
		uint32_t node = g->todo[--n];

		for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++)
			n = mark(g, g->callers[i], n);
	}
}

/* What the kernel calls as a handler is a function of the table, of this type. */
static bool handlers_fork(const struct graph *g)
{
	const struct wasm *w = &g->rw->w;

	for (uint32_t f = 0; f < w->nfuncs; f++)
		if (g->taken[f] && g->rw->reach->nodes[f] && !strcmp(w->types[w->funcs[f]], "iiii:"))
			return true;
	return false;
}

static void find(struct graph *g)
{
	const struct wasm *w = &g->rw->w;
	struct reach *reach = g->rw->reach;
	uint32_t n = 0, f;

	for (f = 0; f < w->nfuncs; f++)
		if (reach->clones[f])
			n = mark(g, f, n);
	spread(g, n);
	reach->handlers = g->rw->linked || handlers_fork(g);
	if (!reach->handlers)
		return;
	/* a handler that runs in a system call; functions of other modules */
	for (n = 0, f = 0; f < g->rw->imported; f++)
		n = mark(g, f, n);
	for (f = 0; g->rw->linked && f < w->ntypes; f++)
		n = mark(g, type_node(g, f), n);
	spread(g, n);
}

/* From a node for each number of a type to one for each type, of which there are more. */
static void mark_types(struct graph *g)
{
	bool *nodes = g->rw->reach->nodes;

	for (uint32_t i = 0; i < g->rw->w.ntypes; i++)
		g->rw->reach->types[i] = nodes[type_node(g, i)];
}

static bool nothing_forks(const struct rewriter *rw)
{
	for (uint32_t f = 0; f < rw->w.nfuncs; f++)
		if (rw->reach->clones[f])
			return false;
	return true;
}

bool reach_make(struct rewriter *rw, int64_t clone)
{
	const struct wasm *w = &rw->w;
	struct reach *reach = rw->reach = calloc(1, sizeof(*reach));

	if (!reach)
		return false;
	reach->clone = clone;
	reach->nodes = calloc(w->nfuncs + w->ntypes + 1, 1);
	reach->types = calloc(w->ntypes + 1, 1);
	reach->clones = calloc(w->nfuncs + 1, 1);
	return reach->nodes && reach->types && reach->clones;
}

void find_forks(struct rewriter *rw, const uint8_t *image, size_t size)
{
	struct wasm *w = &rw->w;
	uint32_t nodes = w->nfuncs + w->ntypes;
	int64_t clone = find_import(w, "__syscall_clone");
	struct graph g = { .rw = rw, .walk.w = w };

	if (clone >= 0 && strcmp(w->types[w->funcs[clone]], "iiiii:i"))
		clone = -1;
	if (clone < 0 && !rw->linked)
		return;
	g.taken = calloc(w->nfuncs + 1, 1);
	g.r = (struct reader){ .image = image, .p = image, .end = image + size,
			       .error = rw->r.error, .n = rw->r.n };
	if (!reach_make(rw, clone) || !g.taken || !find_alike(&g.alike, w)) {
		rw->out.bad = true;
	} else {
		all_sections(&g);
		if (g.r.bad) {
			rw->r.bad = true;
			rw->r.err = g.r.err;
		} else if (!turn_around(&g, nodes)) {
			rw->out.bad = true;
		} else {
			find(&g);
			mark_types(&g);
		}
	}
	alike_free(&g.alike);
	free(g.taken);
	free(g.edges.p);
	free(g.first);
	free(g.callers);
	free(g.todo);
	walk_free(&g.walk);
	if (rw->out.bad || rw->r.bad || (!rw->linked && nothing_forks(rw)))
		reach_free(rw);
}

void reach_free(struct rewriter *rw)
{
	if (!rw->reach)
		return;
	free(rw->reach->nodes);
	free(rw->reach->types);
	free(rw->reach->clones);
	free(rw->reach);
	rw->reach = NULL;
}

bool is_site(const struct rewriter *rw, uint32_t f, uint8_t op, uint32_t index)
{
	const struct reach *reach = rw->reach;

	if (op == 0x11)
		return index < rw->w.ntypes && reach->types[index];
	if (op != 0x10 || index >= rw->w.nfuncs)
		return false;
	return reach->nodes[index] || (index == reach->clone && reach->clones[f]);
}
