#include <string.h>
#include <sys/mman.h>
#include "pthread_impl.h"
#include "thread_stack.h"

/* Some stacks are kept for the next threads of the same size: new memory has
 * to be mapped in the host, and taken away again, which costs three times as
 * much as all the rest of a thread's life. */
#define KEEP 16
#define KEEP_SIZE (512<<10)

/* at the end of the mapping, where a thread has used its memory */
struct kept {
	size_t size, guard;
};

/* Changed by a_cas_p only, so that fork and signal handlers may interrupt. */
static void *volatile kept[KEEP];

static int keep(struct kept *k)
{
	for (int i=0; i<KEEP; i++)
		if (!kept[i] && !a_cas_p(kept+i, 0, k)) return 1;
	return 0;
}

static void *base(struct kept *k)
{
	return (char *)(k+1) - k->size;
}

static struct kept *take(size_t size, size_t guard)
{
	for (int i=0; i<KEEP; i++) {
		struct kept *k = kept[i];
		if (!k || a_cas_p(kept+i, k, 0) != k) continue;
		if (k->size == size && k->guard == guard) return k;
		if (!keep(k)) __munmap(base(k), k->size);
	}
	return 0;
}

int __leave_stack(void *map, size_t size, size_t guard)
{
	struct kept *k = (void *)((char *)map + size - sizeof *k);

	if (size > KEEP_SIZE) return 0;
	*k = (struct kept){ size, guard };
	return keep(k);
}

void __unmap_stack(void *map, size_t size, size_t guard)
{
	__vm_wait();
	if (!__leave_stack(map, size, guard)) __munmap(map, size);
}

static void *map_new(size_t size, size_t guard)
{
	char *map;

	if (!guard)
		return __mmap(0, size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANON, -1, 0);
	map = __mmap(0, size, PROT_NONE, MAP_PRIVATE|MAP_ANON, -1, 0);
	if (map == MAP_FAILED) return map;
	if (!__mprotect(map+guard, size-guard, PROT_READ|PROT_WRITE)) return map;
	__munmap(map, size);
	return MAP_FAILED;
}

void *__map_stack(size_t size, size_t guard, size_t used)
{
	struct kept *k = take(size, guard);

	if (!k) return map_new(size, guard);
	__tl_sync(0);
	return (char *)memset((char *)(k+1) - used, 0, used) + used - size;
}
