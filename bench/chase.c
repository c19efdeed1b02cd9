/* SPDX-License-Identifier: MIT */
/* Pointer chasing: binary trees, built in random order and searched. */
#include "bench.h"

enum { NODES = 200000, SEARCHES = 400000 };

struct node {
	struct node *child[2];
	uint32_t key;
};

static struct node *insert(struct node **root, uint32_t key)
{
	while (*root != NULL)
		root = &(*root)->child[key > (*root)->key];
	*root = calloc(1, sizeof **root);
	(*root)->key = key;
	return *root;
}

static const struct node *search(const struct node *n, uint32_t key)
{
	const struct node *best = NULL;

	while (n != NULL) {
		if (n->key <= key)
			best = n;
		n = n->child[key > n->key];
	}
	return best;
}

static uint64_t sum_and_free(struct node *n)
{
	uint64_t sum;

	if (n == NULL)
		return 0;
	sum = sum_and_free(n->child[0]) * 3 + n->key + sum_and_free(n->child[1]);
	free(n);
	return sum;
}

static uint64_t work(void)
{
	struct node *root = NULL;
	const struct node *found;
	uint64_t sum = 0;
	int i;

	for (i = 0; i < NODES; i++)
		insert(&root, random32());
	for (i = 0; i < SEARCHES; i++) {
		found = search(root, random32());
		if (found != NULL)
			sum += found->key;
	}
	return sum + sum_and_free(root);
}
