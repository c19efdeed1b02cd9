/* SPDX-License-Identifier: MIT */
/*
 * Liveness in the C of one function, which is lines of a few forms: assignments,
 * labels, gotos, and blocks of if, else, switch and try.  Whatever has another form
 * is taken for something that reads its variables, assigns none, and goes on; so
 * a form that is not known makes more live, not less.
 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "translate/frames.h"
#include "translate/lines.h"

/* Of variables times blocks and edges: this much work, and an eighth of it in bytes. */
#define MAX_WORK (1 << 28)
/* Of variables of one kind. */
#define MAX_NUMBER (1 << 20)
#define NONE UINT32_MAX

/* One that grows, of things of one size. */
struct list {
	void *p;
	size_t n, room;
};

/* Lines that are only entered at the first, and left at the last or by a throw. */
struct block {
	const char *begin;
	uint32_t try;		/* what it is in, or NONE */
};

struct edge {
	uint32_t from, to;
	bool thrown;		/* from anywhere in the block */
};

/* A label, or a goto to it. */
struct label {
	const char *name;
	size_t length;
	uint32_t block;
};

struct try {
	uint32_t outer, catch;
};

enum kind { PLAIN, IF, ELSE, TRY };

/* A brace that is open.  Where the other way around it comes from. */
struct open {
	enum kind kind;
	uint32_t from;
};

struct graph {
	struct variable *variables;
	size_t n;
	uint32_t *numbers['z' - 'a' + 1];	/* to variables */
	size_t nnumbers['z' - 'a' + 1];
	struct list blocks, edges, labels, gotos, tries, opens;
	uint32_t try;		/* the innermost */
	bool fresh;		/* the next line begins a block */
	bool falls;		/* into which the last one goes on */
	bool failed;		/* by lack of memory */
	bool odd;		/* what wasm2c does not write */
	/* of variables times blocks */
	uint64_t *reads, *assigns;
	size_t words;		/* for a variable */
	uint32_t *first, *preds;	/* edges by where they lead */
};

static bool ends(const char *p, const char *end, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(end - p) >= n && !memcmp(end - n, s, n);
}

static size_t word_length(const char *p, const char *end)
{
	const char *s = p;

	while (p < end && (isalnum((unsigned char)*p) || *p == '_'))
		p++;
	return p - s;
}

/* Room for one more of that size, which is not set. */
static void *add(struct graph *g, struct list *l, size_t size)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		void *more = realloc(l->p, room * size);

		if (!more) {
			g->failed = true;
			return NULL;
		}
		l->p = more;
		l->room = room;
	}
	return (char *)l->p + l->n++ * size;
}

#define ADD(g, list, type, ...) do { \
	type *new_ = add(g, &(g)->list, sizeof(type)); \
	if (new_) \
		*new_ = (type){ __VA_ARGS__ }; \
} while (0)

/* --- variables by name --- */

static uint32_t number(const char *p, const char *end)
{
	uint32_t n = 0;

	for (; p < end && isdigit((unsigned char)*p) && n < MAX_NUMBER; p++)
		n = n * 10 + (*p - '0');
	return n;
}

static int number_variable(struct graph *g, uint32_t i)
{
	const struct variable *v = &g->variables[i];
	int kind = v->name[4] - 'a';
	uint32_t n = number(v->name + 5, v->name + v->length);

	if (n >= MAX_NUMBER)
		return -E2BIG;
	if (n >= g->nnumbers[kind]) {
		size_t room = (n + 1) * 2;
		uint32_t *more = realloc(g->numbers[kind], room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		memset(more + g->nnumbers[kind], 0xff,
		       (room - g->nnumbers[kind]) * sizeof(*more));
		g->numbers[kind] = more;
		g->nnumbers[kind] = room;
	}
	g->numbers[kind][n] = i;
	return 0;
}

static int number_variables(struct graph *g)
{
	int r = 0;

	for (size_t i = 0; i < g->n && !r; i++)
		r = number_variable(g, i);
	return r;
}

/* The next name of a variable in p to end, which is set to its end. */
static uint32_t next_variable(const struct graph *g, const char *line,
			      const char **p, const char *end)
{
	const char *name = *p;

	while ((name = memmem(name, end - name, "var_", 4))) {
		size_t n = word_length(name, end);
		uint32_t i;

		*p = name + n;
		if ((name == line || !word_length(name - 1, name)) && n > 5 &&
		    islower((unsigned char)name[4])) {
			i = number(name + 5, name + n);
			if (i < g->nnumbers[name[4] - 'a'])
				i = g->numbers[name[4] - 'a'][i];
			else
				i = NONE;
			if (i != NONE && g->variables[i].length == (int)n)
				return i;
		}
		name = *p;
	}
	return NONE;
}

/* --- where it goes --- */

static uint32_t this_block(const struct graph *g)
{
	return g->blocks.n - 1;
}

static void add_edge(struct graph *g, uint32_t from, uint32_t to)
{
	ADD(g, edges, struct edge, from, to, false);
}

static void begin_block(struct graph *g, const char *p)
{
	ADD(g, blocks, struct block, p, g->try);
	if (g->falls && g->blocks.n > 1)
		add_edge(g, this_block(g) - 1, this_block(g));
	g->falls = true;
	g->fresh = false;
}

static void open_brace(struct graph *g, const char *p, const char *next)
{
	enum kind kind = begins(p, next, "if (!wasm_rt_try(") ? TRY :
		begins(p, next, "if (") ? IF : PLAIN;

	ADD(g, opens, struct open, kind, this_block(g));
	if (kind == PLAIN)
		return;
	g->fresh = true;
	if (kind == TRY) {
		ADD(g, tries, struct try, g->try, NONE);
		g->try = g->tries.n - 1;
	}
}

/* "} else {": the block that it ends has the line, the next begins behind it. */
static void open_else(struct graph *g, const struct open *o)
{
	struct try *t;

	g->falls = false;
	g->fresh = true;
	ADD(g, opens, struct open, ELSE, this_block(g));
	add_edge(g, o->from, g->blocks.n);
	if (o->kind != TRY || g->try == NONE)
		return;
	t = (struct try *)g->tries.p + g->try;
	t->catch = g->blocks.n;
	g->try = t->outer;
}

static void close_brace(struct graph *g, const char *p, const char *next)
{
	bool again = begins(p, next, "} else {");
	struct open o;

	if (!g->opens.n)
		return;
	o = ((struct open *)g->opens.p)[--g->opens.n];
	/* a try has a catch, and nothing else has one */
	g->odd |= again ? o.kind != IF && o.kind != TRY : o.kind == TRY;
	if (o.kind == PLAIN)
		return;
	begin_block(g, p);
	if (again)
		open_else(g, &o);
	else
		add_edge(g, o.from, this_block(g));
}

static void find_gotos(struct graph *g, const char *p, const char *next)
{
	const char *to = p;

	while ((to = memmem(to, next - to, "goto ", 5))) {
		to += 5;
		ADD(g, gotos, struct label, to, word_length(to, next), this_block(g));
		/* those of a switch assign nothing: it is one block */
		g->fresh |= !begins(p, next, "case ");
		if (begins(p, next, "goto ") || begins(p, next, "default: ") ||
		    begins(p, next, "var_"))
			g->falls = false;
	}
}

static void read_line(struct graph *g, const char *line, const char *next)
{
	const char *p = line + strspn(line, " ");
	size_t n = word_length(p, next);

	if (begins(p, next, "var_") && p[n] == ':') {
		begin_block(g, line);
		ADD(g, labels, struct label, p, n, this_block(g));
	} else if (g->fresh) {
		begin_block(g, line);
	}
	if (*p == '}')
		close_brace(g, p, next);
	else if (ends(p, next, "{\n"))
		open_brace(g, p, next);
	find_gotos(g, p, next);
	if (begins(p, next, "UNREACHABLE;") || begins(p, next, "wasm_rt_throw();")) {
		g->falls = false;
		g->fresh = true;
	}
}

/* Sets at[i] to the block that begins at places[i]. */
static int find_blocks(struct graph *g, const char *p, const char *end,
		       const char *const *places, size_t nplaces, uint32_t *at)
{
	size_t i = 0;

	g->fresh = true;
	for (; p < end && !g->failed; p = next_line(p, end)) {
		if (i < nplaces && places[i] == p)
			g->fresh = true;
		read_line(g, p, next_line(p, end));
		if (i < nplaces && places[i] == p)
			at[i++] = this_block(g);
	}
	begin_block(g, end);
	if (g->failed)
		return -ENOMEM;
	return i == nplaces && !g->odd ? 0 : -EINVAL;
}

static int compare_labels(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return memcmp(x->name, y->name, x->length);
}

static int follow_gotos(struct graph *g)
{
	const struct label *gotos = g->gotos.p, *to;

	if (g->labels.n)
		qsort(g->labels.p, g->labels.n, sizeof(struct label), compare_labels);
	for (size_t i = 0; i < g->gotos.n; i++) {
		to = g->labels.n ? bsearch(&gotos[i], g->labels.p, g->labels.n,
					   sizeof(struct label), compare_labels) : NULL;
		if (!to)
			return -EINVAL;
		add_edge(g, gotos[i].block, to->block);
	}
	return 0;
}

/* The innermost catch throws to the next one, in whose try it is. */
static void follow_throws(struct graph *g)
{
	const struct block *blocks = g->blocks.p;
	const struct try *tries = g->tries.p;

	for (size_t i = 0; i < g->blocks.n; i++)
		if (blocks[i].try != NONE && tries[blocks[i].try].catch != NONE)
			ADD(g, edges, struct edge, i, tries[blocks[i].try].catch, true);
}

static int sort_edges(struct graph *g)
{
	const struct edge *edges = g->edges.p;

	g->first = calloc(g->blocks.n + 2, sizeof(*g->first));
	g->preds = calloc(g->edges.n + 1, sizeof(*g->preds));
	if (!g->first || !g->preds)
		return -ENOMEM;
	for (size_t i = 0; i < g->edges.n; i++)
		g->first[edges[i].to + 2]++;
	for (size_t i = 2; i < g->blocks.n + 2; i++)
		g->first[i] += g->first[i - 1];
	for (size_t i = 0; i < g->edges.n; i++)
		g->preds[g->first[edges[i].to + 1]++] = i;
	return 0;
}

/* --- what its lines do --- */

static bool has(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static void set(uint64_t *bits, size_t i)
{
	bits[i / 64] |= (uint64_t)1 << i % 64;
}

/* "var_i0 = ...;", and nothing else. */
static bool is_assignment(const char *p, const char *next)
{
	return begins(p, next, "var_") &&
		begins(p + word_length(p, next), next, " = ") &&
		memchr(p, ';', next - p) == next - 2 && !memchr(p, '{', next - p);
}

static void use_line(struct graph *g, uint32_t block, const char *line,
		     const char *next)
{
	const char *p = line + strspn(line, " "), *name = p;
	uint32_t to = NONE, i;

	if (is_assignment(p, next)) {
		to = next_variable(g, line, &name, next);
		p = name;
	}
	while ((i = next_variable(g, line, &p, next)) != NONE)
		if (!has(g->assigns + i * g->words, block))
			set(g->reads + i * g->words, block);
	if (to == NONE)
		return;
	set(g->assigns + to * g->words, block);
	g->variables[to].assigned = true;
}

static void use_block(struct graph *g, uint32_t i)
{
	const struct block *b = (const struct block *)g->blocks.p + i;
	const char *p = b[0].begin, *end = b[1].begin, *next;

	for (; p < end; p = next) {
		next = next_line(p, end);
		use_line(g, i, p, next);
	}
}

static int use_blocks(struct graph *g)
{
	g->words = g->blocks.n / 64 + 1;
	g->reads = calloc(g->n * g->words, sizeof(*g->reads));
	g->assigns = calloc(g->n * g->words, sizeof(*g->assigns));
	if (!g->reads || !g->assigns)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < g->blocks.n; i++)
		use_block(g, i);
	return 0;
}

/* --- from what reads a variable, back to what assigns it --- */

struct search {
	uint64_t *live;
	uint32_t *todo;
	size_t ntodo;
};

static void reach(struct search *s, uint32_t block)
{
	if (has(s->live, block))
		return;
	set(s->live, block);
	s->todo[s->ntodo++] = block;
}

static void search(const struct graph *g, struct search *s, size_t variable)
{
	const uint64_t *reads = g->reads + variable * g->words;
	const uint64_t *assigns = g->assigns + variable * g->words;
	const struct edge *edges = g->edges.p;

	memset(s->live, 0, g->words * sizeof(*s->live));
	for (size_t i = 0; i < g->blocks.n; i++)
		if (has(reads, i))
			reach(s, i);
	while (s->ntodo) {
		uint32_t b = s->todo[--s->ntodo];

		for (uint32_t i = g->first[b]; i < g->first[b + 1]; i++) {
			const struct edge *e = &edges[g->preds[i]];

			if (e->thrown || !has(assigns, e->from))
				reach(s, e->from);
		}
	}
}

static int search_all(const struct graph *g, const uint32_t *at, size_t nplaces,
		      bool *live)
{
	struct search s = {
		.live = calloc(g->words, sizeof(*s.live)),
		.todo = calloc(g->blocks.n, sizeof(*s.todo)),
	};
	int r = s.live && s.todo ? 0 : -ENOMEM;

	for (size_t i = 0; i < g->n && !r; i++) {
		search(g, &s, i);
		for (size_t k = 0; k < nplaces; k++)
			live[k * g->n + i] = has(s.live, at[k]);
	}
	free(s.live);
	free(s.todo);
	return r;
}

static void free_graph(struct graph *g)
{
	for (size_t i = 0; i < sizeof(g->numbers) / sizeof(*g->numbers); i++)
		free(g->numbers[i]);
	free(g->blocks.p);
	free(g->edges.p);
	free(g->labels.p);
	free(g->gotos.p);
	free(g->tries.p);
	free(g->opens.p);
	free(g->reads);
	free(g->assigns);
	free(g->first);
	free(g->preds);
}

int live_variables(const char *p, const char *end,
		   struct variable *variables, size_t n,
		   const char *const *places, size_t nplaces, bool *live)
{
	struct graph g = { .variables = variables, .n = n, .try = NONE };
	uint32_t *at = calloc(nplaces + 1, sizeof(*at));
	int r = at ? number_variables(&g) : -ENOMEM;

	if (!r)
		r = find_blocks(&g, p, end, places, nplaces, at);
	if (!r)
		r = follow_gotos(&g);
	if (!r)
		follow_throws(&g);
	if (!r && g.failed)
		r = -ENOMEM;
	if (!r && (g.blocks.n + g.edges.n) * n > MAX_WORK)
		r = -E2BIG;
	if (!r)
		r = sort_edges(&g);
	if (!r)
		r = use_blocks(&g);
	if (!r)
		r = search_all(&g, at, nplaces, live);
	free_graph(&g);
	free(at);
	return r;
}
