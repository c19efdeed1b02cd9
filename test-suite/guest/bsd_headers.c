// SPDX-License-Identifier: MIT
// <sys/queue.h>, <sys/tree.h> and <sys/cdefs.h> were not there.
#pragma clang diagnostic ignored "-Wunused-function"
#include <sys/cdefs.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/tree.h>
#include <stddef.h>
#include "test.h"

__BEGIN_DECLS
int main __P((void));
__END_DECLS

struct item {
	int n;
	LIST_ENTRY(item) list;
	TAILQ_ENTRY(item) queue;
	STAILQ_ENTRY(item) short_queue;
	RB_ENTRY(item) tree;
	SPLAY_ENTRY(item) splay;
};

static int compare(struct item *a, struct item *b) { return a->n < b->n ? -1 : a->n > b->n; }

LIST_HEAD(list, item) list = LIST_HEAD_INITIALIZER(list);
TAILQ_HEAD(queue, item) queue = TAILQ_HEAD_INITIALIZER(queue);
STAILQ_HEAD(short_queue, item) short_queue = STAILQ_HEAD_INITIALIZER(short_queue);
RB_HEAD(tree, item) tree = RB_INITIALIZER(&tree);
RB_GENERATE_STATIC(tree, item, tree, compare)
SPLAY_HEAD(splay, item) splay = SPLAY_INITIALIZER(&splay);
SPLAY_PROTOTYPE(splay, item, splay, compare)
SPLAY_GENERATE(splay, item, splay, compare)

int main(void)
{
	static struct item items[100];
	struct item *p, *q, find = { 42 };
	int n = 0, i;

	for (i = 0; i < 100; i++) {
		p = &items[i];
		p->n = i * 37 % 100;
		LIST_INSERT_HEAD(&list, p, list);
		TAILQ_INSERT_TAIL(&queue, p, queue);
		STAILQ_INSERT_TAIL(&short_queue, p, short_queue);
		t_check(RB_INSERT(tree, &tree, p) == NULL);
		t_check(SPLAY_INSERT(splay, &splay, p) == NULL);
	}
	t_check(LIST_FIRST(&list) == &items[99] && TAILQ_LAST(&queue, queue) == &items[99]);
	t_check(STAILQ_LAST(&short_queue, item, short_queue) == &items[99]);
	RB_FOREACH(p, tree, &tree)
		t_check(p->n == n++);
	t_check(n == 100);
	TAILQ_FOREACH_SAFE(p, &queue, queue, q)
		if (p->n != 42)
			RB_REMOVE(tree, &tree, p);
	t_check(RB_FIND(tree, &tree, &find) == RB_ROOT(&tree) && RB_ROOT(&tree)->n == 42);
	t_check(SPLAY_FIND(splay, &splay, &find)->n == 42);
	t_check(__containerof(&items[3].queue, struct item, queue) == &items[3]);
	t_check(sizeof __STRING(a b) == 4 && __CONCAT(4, 2) == 42);
	return t_status;
}
