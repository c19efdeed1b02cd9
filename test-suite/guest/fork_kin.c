/* SPDX-License-Identifier: MIT */
/*
 * Relatives, which have pages in common: each changes its memory and mappings at
 * random, and always finds what it left there.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

#define PAGE 65536
#define PAGES 64
#define KIN 7
#define STEPS 400

enum { FREE, RO, RW };

static struct page {
	int state;
	unsigned int value;
} pages[PAGES];

static char *area;
static volatile unsigned int *counter;	/* shared by all */
static unsigned int seed;

static unsigned int rnd(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static volatile unsigned int *word(int i)
{
	return (volatile unsigned int *)(area + i * PAGE + 256);
}

static int wrong(void)
{
	int i;

	for (i = 0; i < PAGES; i++)
		if (pages[i].state != FREE && *word(i) != pages[i].value)
			return 1;
	return 0;
}

static void map(int i)
{
	void *p = mmap(area + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (p == MAP_FAILED)
		_exit(2);
	pages[i].state = RW;
	pages[i].value = 0;
}

static void step(void)
{
	int i = rnd(PAGES);
	struct page *p = pages + i;

	switch (rnd(8)) {
	case 0:
		munmap(area + i * PAGE, PAGE);
		p->state = FREE;
		break;
	case 1:
		if (p->state == RW && !mprotect(area + i * PAGE, PAGE, PROT_READ))
			p->state = RO;
		break;
	case 2:
		if (p->state == RO && !mprotect(area + i * PAGE, PAGE, PROT_READ | PROT_WRITE))
			p->state = RW;
		break;
	default:
		if (p->state == FREE)
			map(i);
		if (p->state == RW)
			*word(i) = p->value = rnd(1 << 30);
	}
}

/* A child has children of its own while there are generations left. */
static int live(int generation)
{
	pid_t kin[KIN];
	int i, n = 0, status, bad = 0;

	for (i = 0; i < STEPS && !bad; i++) {
		step();
		if (generation && n < KIN && rnd(STEPS / KIN) == 0) {
			kin[n] = fork();
			if (kin[n] < 0)
				return 3;
			if (!kin[n]) {
				seed += getpid();
				return live(generation - 1);
			}
			n++;
		}
		__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
		if (rnd(4) == 0)
			sched_yield();
		bad = wrong();
	}
	for (i = 0; i < n; i++)
		if (waitpid(kin[i], &status, 0) != kin[i] || status)
			bad = WIFEXITED(status) ? WEXITSTATUS(status) : 4;
	return bad;
}

int main(void)
{
	pid_t self = getpid();
	int i, bad;

	seed = 42;
	counter = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	area = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t_check(area != MAP_FAILED && (void *)counter != MAP_FAILED);
	for (i = 0; i < PAGES; i += 2)
		map(i);
	bad = live(2);
	if (getpid() != self)
		_exit(bad);
	if (bad)
		t_error("a process found another's memory, or none: %d\n", bad);
	t_check(*counter > 2 * STEPS);
	return t_status;
}
