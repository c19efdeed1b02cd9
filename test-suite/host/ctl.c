/* SPDX-License-Identifier: MIT */
/* What comes from init, which a guest's root may have written. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "devices/ctl.h"
#include "machine/machine.h"

#include <check.h>

static struct muslin m;
static struct program *p;
static int lines;

static void count_lines(void *arg, const char *text, size_t n)
{
	(void)arg;
	(void)text;
	(void)n;
	lines++;
}

static void setup(void)
{
	memset(&m, 0, sizeof(m));
	m.log = count_lines;
	m.arena.keep = true;
	lines = 0;
	ck_assert_int_eq(ctl_init(&m), 0);
	p = program_new(&m);
	ck_assert_ptr_nonnull(p);
}

static void teardown(void)
{
	ctl_exit(&m);
}

static void ask(enum ctl_type type, int id)
{
	struct ctl_head head = { sizeof(head), type, id };

	ck_assert_int_eq(ctl_send(&m, &head), 0);
}

static void answer(uint32_t type, int32_t id, int32_t value, uint32_t step)
{
	struct ctl_reply r = { { sizeof(r), type, id }, value, step };

	ck_assert_int_eq(ctl_write(&m, &r, sizeof(r)), sizeof(r));
}

static void start(void)
{
	ask(CTL_SPAWN, p->id);
	answer(CTL_STARTED, p->id, 0, 0);
	ck_assert(p->started);
}

static const int32_t odd[] = {
	INT_MIN, -4096, -1, 4096, 100000, 0x10000, 0x1000000, INT_MAX,
};

#define ODD (sizeof(odd) / sizeof(*odd))

START_TEST(only_what_is_asked_for_is_answered)
{
	answer(CTL_MOUNTED, 0, 0, 0);
	answer(CTL_STARTED, p->id, 0, 0);
	answer(CTL_CHANGED, p->id, 0, 0);
	ck_assert(!m.ctl->mounted && !p->started && !p->changed);

	answer(CTL_READY, 0, 0, 0);
	ck_assert(m.ctl->ready && lines == 1);
	m.ctl->ready = false;
	m.ctl->complained = false;
	answer(CTL_READY, 1, 0, 0);
	answer(CTL_READY, 0, 1, 0);
	answer(CTL_READY, 0, 0, 1);
	ck_assert(!m.ctl->ready && lines == 2);

	ask(CTL_MOUNT, 0);
	answer(CTL_MOUNTED, 0, ENOENT, 0);
	answer(CTL_MOUNTED, 0, EIO, 0);
	ck_assert_int_eq(m.ctl->mount_error, ENOENT);

	start();
	answer(CTL_STARTED, p->id, ENOENT, CTL_STEP_EXEC);
	ck_assert_int_eq(p->error, 0);
	answer(CTL_CHANGED, p->id, 42 << 8, 0);
	ck_assert(p->changed && p->ended);
	answer(CTL_CHANGED, p->id, 43 << 8, 0);
	ck_assert_int_eq(p->status, 42 << 8);
}
END_TEST

START_TEST(a_program_that_did_not_start_does_not_change)
{
	ask(CTL_SPAWN, p->id);
	answer(CTL_STARTED, p->id, ENOENT, CTL_STEP_EXEC);
	ck_assert(p->started && p->error == ENOENT && p->step == CTL_STEP_EXEC);
	answer(CTL_CHANGED, p->id, 0, 0);
	ck_assert(!p->changed);
}
END_TEST

/* A program's child that was refused before CTL_STARTED was not told of. */
START_TEST(who_starts_at_once_may_be_refused)
{
	ask(CTL_SPAWN, p->id);
	m.ctl->starting = true;
	ctl_refused(&m, -ENOEXEC, "its child");
	ck_assert_int_eq(lines, 0);
	ctl_refused(&m, -ENOEXEC, "its child");
	ck_assert_int_eq(lines, 2);	/* and a newline */
	answer(CTL_STARTED, p->id, 0, 0);
	ck_assert_int_eq(lines, 4);
	ctl_refused(&m, -ENOEXEC, "its child");
	ck_assert_int_eq(lines, 6);
}
END_TEST

START_TEST(why_it_does_not_start_is_no_message)
{
	ask(CTL_SPAWN, p->id);
	m.ctl->starting = true;
	ctl_refused(&m, -ENOMEM, "itself");
	/* where there was no memory, the kernel tries again */
	ctl_refused(&m, -ENOMEM, "itself");
	answer(CTL_STARTED, p->id, ENOEXEC, CTL_STEP_EXEC);
	ck_assert_int_eq(lines, 0);
	ck_assert_str_eq(m.error, "itself");
}
END_TEST

START_TEST(odd_fields_are_dropped)
{
	int32_t id = p->id;
	size_t i;

	ask(CTL_MOUNT, 0);
	ask(CTL_SPAWN, id);
	for (i = 0; i < ODD; i++) {
		answer(CTL_MOUNTED, 0, odd[i], 0);
		answer(CTL_MOUNTED, odd[i], 0, 0);
		answer(CTL_MOUNTED, 0, 0, odd[i]);
		answer(CTL_STARTED, id, odd[i], 0);
		answer(CTL_STARTED, id, ENOENT, odd[i]);
		answer(CTL_STARTED, odd[i], 0, 0);
		answer(odd[i], id, 0, 0);
	}
	answer(CTL_STARTED, 0, 0, 0);
	answer(CTL_STARTED, id, ENOENT, CTL_STEP_LIMITS + 1);
	answer(CTL_SPAWN, id, 0, 0);
	ck_assert(!m.ctl->mounted && !p->started);

	answer(CTL_STARTED, id, 4095, CTL_STEP_EXEC);
	ck_assert(p->started && p->error == 4095);
}
END_TEST

static bool accepts(int status)
{
	p->changed = p->ended = false;
	answer(CTL_CHANGED, p->id, status, 0);
	return p->changed;
}

START_TEST(a_status_is_one_of_waitpid)
{
	int sig;

	start();
	for (sig = 1; sig <= 64; sig++) {
		ck_assert(accepts(sig) && p->ended);
		ck_assert(accepts(sig | 0x80) && p->ended);
		ck_assert(accepts(sig << 8 | 0x7f) && !p->ended);
	}
	ck_assert(accepts(0) && accepts(255 << 8));
	ck_assert(!accepts(0x7f) && !accepts(65) && !accepts(65 << 8 | 0x7f));
	ck_assert(!accepts(0xffff) && !accepts(0x80) && !accepts(1 << 8 | 1));
	for (size_t i = 0; i < ODD; i++)
		ck_assert(odd[i] == 4096 ? accepts(odd[i]) : !accepts(odd[i]));
}
END_TEST

START_TEST(sizes_are_checked)
{
	struct ctl_reply r = { { 0, CTL_STARTED, p->id }, 0, 0 };
	uint32_t sizes[] = { 0, 1, sizeof(r) - 1, sizeof(r) + 1, 1u << 31, ~0u };
	char part[sizeof(r)] = { 0 };
	size_t i;

	ask(CTL_SPAWN, p->id);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		r.head.size = sizes[i];
		ck_assert_int_eq(ctl_write(&m, &r, sizeof(r)), sizeof(r));
	}
	/* what is not whole does not put what follows out of step */
	for (i = 0; i < sizeof(r); i++)
		ck_assert_int_eq(ctl_write(&m, part, i), -EINVAL);
	ck_assert(!p->started);
	answer(CTL_STARTED, p->id, 0, 0);
	ck_assert(p->started);
}
END_TEST

START_TEST(garbage_is_one_line)
{
	static struct ctl_reply r[1000];
	unsigned int seed = 1;
	int i;

	start();
	for (i = 0; i < 200; i++) {
		for (size_t n = 0; n < sizeof(r); n++)
			((uint8_t *)r)[n] = rand_r(&seed) >> 8;
		for (size_t n = 0; n < 1000; n += 2)
			r[n].head = (struct ctl_head){ sizeof(*r),
				r[n].head.type % 10, r[n].head.id % 70 };
		ck_assert_int_eq(ctl_write(&m, r, sizeof(r)), sizeof(r));
	}
	ck_assert_int_eq(lines, 1);
}
END_TEST

/* By an embedder, of a guest that reads nothing. */
START_TEST(messages_do_not_pile_up)
{
	static struct ctl_spawn big;
	char buf[64];
	size_t most;
	int i;

	start();
	for (i = 0; i < 100000; i++) {
		atomic_fetch_or(&p->kill_one, ~0ull);
		ctl_wake(&m);
		ctl_woken(&m);
	}
	most = m.ctl->to_init.end - m.ctl->to_init.begin;
	ck_assert_uint_lt(most, 2 * KILLS_MAX);
	ck_assert(m.ctl->kills_due && atomic_load(&p->kill_one));
	while (ctl_read(&m, buf, sizeof(buf)) > 0)
		;
	ck_assert(!m.ctl->kills_due && !atomic_load(&p->kill_one));

	big.head = (struct ctl_head){ QUEUE_MAX + 1, CTL_SPAWN, p->id };
	ck_assert_int_eq(ctl_send(&m, &big.head), -ENOBUFS);
}
END_TEST

Suite *ctl_suite(void)
{
	Suite *s = suite_create("ctl");
	TCase *tc = tcase_create("ctl");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, only_what_is_asked_for_is_answered);
	tcase_add_test(tc, a_program_that_did_not_start_does_not_change);
	tcase_add_test(tc, who_starts_at_once_may_be_refused);
	tcase_add_test(tc, why_it_does_not_start_is_no_message);
	tcase_add_test(tc, odd_fields_are_dropped);
	tcase_add_test(tc, a_status_is_one_of_waitpid);
	tcase_add_test(tc, sizes_are_checked);
	tcase_add_test(tc, garbage_is_one_line);
	tcase_add_test(tc, messages_do_not_pile_up);
	suite_add_tcase(s, tc);
	return s;
}
