// SPDX-License-Identifier: MIT
/* Memory that is never given back; "calls" tells that somebody asked for some. */
#include <stddef.h>
#include <string.h>

int calls;
static char memory[1 << 20], *next = memory;

void *malloc(size_t n)
{
	char *p = next;

	calls++;
	n = (n + 31) & -16;
	if (n > memory + sizeof(memory) - next)
		return NULL;
	memcpy(p, &n, sizeof(n));
	next += n;
	return p + 16;
}

void *calloc(size_t n, size_t size)
{
	return malloc(n * size);
}

void *realloc(void *p, size_t n)
{
	size_t old = 0;
	void *q = malloc(n);

	if (p)
		memcpy(&old, (char *)p - 16, sizeof(old));
	if (p && q)
		memcpy(q, p, old - 16 < n ? old - 16 : n);
	return q;
}

void free(void *p)
{
}
