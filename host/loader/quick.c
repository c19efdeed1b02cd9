/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fenv.h>
#include <libtcc.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "loader/quick.h"

/* tcc's parser is recursive; only what is used of this exists. */
#define STACK_SIZE (64 << 20)
/*
 * tcc's code does not touch the pages of a large frame in turn, so no frame
 * may be large enough to reach across a task's guard.  What is left of it
 * then is the kernel's: see machine/stack.h.
 */
#define MAX_FRAME (64 << 10)

struct job {
	const char *text;
	void *place;
	size_t room;
	struct quick_code *code;
	char *error;
	size_t n;
	int result;
};

static jmp_buf out_of_tcc;

/* What libtcc calls instead of exit(), see rules.mk. */
_Noreturn void muslin_tcc_exit(int status);
_Noreturn void muslin_tcc_exit(int status)
{
	(void)status;
	longjmp(out_of_tcc, 1);
}

/* "<string>:12: error: why": the first is what matters */
static void on_error(void *arg, const char *message)
{
	static const char word[] = "error: ";
	struct job *j = arg;
	const char *p = strstr(message, word);

	if (!*j->error)
		snprintf(j->error, j->n, "tcc: %s", p ? p + strlen(word) : message);
}

static int refuse(struct job *j, int err, const char *why)
{
	if (!*j->error)
		snprintf(j->error, j->n, "tcc: %s", why);
	return err;
}

/* A function begins with this, and the size of its frame. */
static const unsigned char prologue[] = {
	0x55, 0x48, 0x89, 0xe5,		/* push %rbp; mov %rsp, %rbp */
	0x48, 0x81, 0xec,		/* sub $imm32, %rsp */
};

static bool frames_fit(const char *p, const char *end)
{
	uint32_t size;

	while ((p = memmem(p, end - p, prologue, sizeof(prologue)))) {
		p += sizeof(prologue);
		memcpy(&size, p, sizeof(size));
		if (size > MAX_FRAME)
			return false;
	}
	return true;
}

/* Code and data into j->place. */
static int place(struct job *j, TCCState *s)
{
	struct quick_code *c = j->code;
	int size = tcc_relocate(s, NULL);
	const char *end;

	if (size < 0)
		return refuse(j, -ENOEXEC, "cannot link");
	if ((size_t)size > j->room)
		return refuse(j, -EOPNOTSUPP, "too much code");
	c->p = mmap(j->place, size, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (c->p != j->place) {
		c->p = NULL;
		return refuse(j, -EADDRINUSE, "its addresses are taken");
	}
	c->size = size;
	/* tcc will ask for both at once, and exit if it cannot have them */
	if (mprotect(c->p, size, PROT_READ | PROT_WRITE | PROT_EXEC))
		return refuse(j, -ENOEXEC, "this host does not let memory become code");
	if (tcc_relocate(s, c->p) < 0)
		return refuse(j, -ENOEXEC, "cannot link");
	c->ops = tcc_get_symbol(s, "muslin_module_program");
	c->functions = tcc_get_symbol(s, "quick_functions");
	end = tcc_get_symbol(s, "quick_end");
	if (!c->ops || !c->functions || !end)
		return refuse(j, -ENOEXEC, "no entry");
	if (!frames_fit(c->p, end))
		return refuse(j, -EOPNOTSUPP, "a function has too many variables");
	return 0;
}

static int run_tcc(struct job *j)
{
	TCCState *s = tcc_new();
	int r = 0;

	if (!s)
		return refuse(j, -ENOMEM, "out of memory");
	tcc_set_error_func(s, j, on_error);
	tcc_set_options(s, "-nostdlib -nostdinc -w");
	tcc_set_output_type(s, TCC_OUTPUT_MEMORY);
	for (const struct quick_symbol *q = quick_symbols; q->name; q++)
		tcc_add_symbol(s, q->name, q->p);
	if (tcc_compile_string(s, j->text) < 0)
		r = refuse(j, -ENOEXEC, "cannot compile");
	if (!r)
		r = place(j, s);
	tcc_delete(s);
	return r;
}

static void *thread(void *arg)
{
	struct job *j = arg;
	/* tcc reads numbers by strtod() */
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);

	uselocale(c);
	fesetenv(FE_DFL_ENV);
	if (setjmp(out_of_tcc))
		j->result = refuse(j, -ENOMEM, "out of memory");
	else
		j->result = run_tcc(j);
	uselocale(LC_GLOBAL_LOCALE);
	freelocale(c);
	return NULL;
}

/* tcc takes more of it than there may be. */
static int on_own_stack(struct job *j)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t id;
	int r;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&id, &attr, thread, j);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (r)
		return refuse(j, -ENOMEM, "out of memory");
	pthread_join(id, NULL);
	return j->result;
}

int quick_compile(const char *text, void *place, size_t room,
		  struct quick_code *code, char *error, size_t n)
{
	struct job j = {
		.text = text, .place = place, .room = room, .code = code,
		.error = error, .n = n,
	};

	memset(code, 0, sizeof(*code));
	*error = 0;
	return on_own_stack(&j);
}
