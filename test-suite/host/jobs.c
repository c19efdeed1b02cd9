/* SPDX-License-Identifier: MIT */
/* Programs that are loaded by another thread. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "loader/build.h"
#include "loader/jobs.h"
#include "machine/machine.h"
#include "machine/syscalls.h"
#include "muslin.h"

/* It has a macro called fail. */
#include <check.h>

#define SECONDS 30

static struct muslin_stats stats;
static uint64_t files;
static struct loader loader;
static struct module *mod;
static char error[MODULE_ERROR_SIZE];
static struct image image, *im = &image;
static char dir[100];
static volatile int loaded;

static void on_loaded(void *arg)
{
	(void)arg;
	loaded++;
}

static void setup(void)
{
	loader = (struct loader) {
		.exports = kernel_exports, .nexports = kernel_exports_count,
		.stats = &stats, .files = &files, .loaded = on_loaded,
	};
	snprintf(dir, sizeof(dir), "%s/muslin-jobs.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("MUSLIN_CACHE", dir, 1);
	setenv("MUSLIN_TIER", "quick", 1);
	unsetenv("MUSLIN_CC");
	unsetenv("MUSLIN_CC_DIRS");
	PROGRAM(im, STORE_ARGUMENT);
}

static void teardown(void)
{
	char command[200];

	jobs_stop(&loader);
	module_exit(&loader);
	builder_stop(&loader);
	ck_assert_uint_eq(files, 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static int begin(const char *name)
{
	return job_begin(&loader, name, im->p, im->n, false);
}

/* The last byte is a custom section's, so that it is another program. */
static int begin_number(char n)
{
	static const char section[] = "\0\2\1";

	memcpy(im->p + im->n, section, 3);
	im->p[im->n + 3] = 'a' + n;
	return job_begin(&loader, "prog", im->p, im->n + 4, false);
}

static int result(int ticket)
{
	struct pollfd p = { .fd = jobs_wake_fd(&loader), .events = POLLIN };
	int r;

	*error = 0;
	while ((r = job_result(&loader, ticket, &mod, error)) == -EAGAIN) {
		ck_assert_int_eq(poll(&p, 1, SECONDS * 1000), 1);
		jobs_woken(&loader);
	}
	return r;
}

START_TEST(job_gives_a_module)
{
	int ticket = begin("prog");

	ck_assert_int_gt(ticket, 0);
	ck_assert(jobs_wait(&loader));
	ck_assert_str_eq(job_name(&loader, ticket), "prog");
	ck_assert_msg(result(ticket) == 0, "%s", error);
	ck_assert_int_gt(loaded, 0);
	ck_assert(!jobs_wait(&loader));
	ck_assert_ptr_eq(module_known(&loader, "prog", im->p, im->n, false), mod);
	ck_assert_uint_eq(stats.compiled, 1);
	module_put(mod);
	module_put(mod);
	ck_assert_int_eq(job_result(&loader, ticket, &mod, error), -ENOENT);
	ck_assert_int_eq(job_cancel(&loader, ticket), -ENOENT);
}
END_TEST

START_TEST(same_image_is_one_job)
{
	int first = begin("first"), second = begin("second");
	struct module *same;

	ck_assert_int_ne(first, second);
	ck_assert_msg(result(second) == 0, "%s", error);
	same = mod;
	ck_assert_msg(result(first) == 0, "%s", error);
	ck_assert_ptr_eq(mod, same);
	ck_assert_uint_eq(stats.compiled, 1);
	module_put(mod);
	module_put(same);
}
END_TEST

START_TEST(error_names_who_asked)
{
	int first, second;

	im->p[0] = 1;
	first = begin("first");
	second = begin("second");
	ck_assert_int_eq(result(first), -ENOEXEC);
	ck_assert_msg(!strncmp(error, "first: ", 7), "%s", error);
	ck_assert_int_eq(result(second), -ENOEXEC);
	ck_assert_msg(!strncmp(error, "second: ", 8), "%s", error);
}
END_TEST

START_TEST(bad_tickets_are_told)
{
	int ticket = begin("prog"), bad[] = { 0, -1, ticket + 1, -ticket, 0x7fffffff };

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(job_cancel(&loader, bad[i]), -ENOENT);
		ck_assert_int_eq(job_result(&loader, bad[i], &mod, error), -ENOENT);
		ck_assert_ptr_null(job_name(&loader, bad[i]));
	}
	ck_assert_int_eq(job_cancel(&loader, ticket), 0);
}
END_TEST

START_TEST(too_many_are_refused_until_one_is_gone)
{
	int tickets[JOBS_MOST];

	for (int i = 0; i < JOBS_MOST; i++) {
		tickets[i] = begin_number(i);
		ck_assert_int_gt(tickets[i], 0);
	}
	ck_assert_int_eq(begin_number(20), -EAGAIN);
	for (int i = 0; i < JOBS_MOST; i++) {
		ck_assert_msg(result(tickets[i]) == 0, "%s", error);
		module_put(mod);
	}
	ck_assert_msg(result(begin_number(20)) == 0, "%s", error);
	module_put(mod);
}
END_TEST

START_TEST(tickets_are_few)
{
	int n = 0, ticket;

	while ((ticket = begin("prog")) > 0)
		n++;
	ck_assert_int_eq(ticket, -EAGAIN);
	ck_assert_int_eq(n, JOBS_TICKETS);
}
END_TEST

static void compiler(const char *text)
{
	char path[150], script[700];
	FILE *f;

	snprintf(path, sizeof(path), "%s/cc", dir);
	snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", text);
	f = fopen(path, "w");
	fputs(script, f);
	fclose(f);
	chmod(path, 0755);
	setenv("MUSLIN_CC", path, 1);
	setenv("MUSLIN_CC_DIRS", dir, 1);
	setenv("MUSLIN_TIER", "optimized", 1);
}

/* A compiler that never ends: its process, and who is to wait for it. */
static int begin_endless(pid_t *pid)
{
	char text[600], path[150];
	int ticket, i, n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/pid", dir);
	snprintf(text, sizeof(text), "echo $$ >%s.tmp; mv %s.tmp %s; exec sleep 1000", path, path, path);
	compiler(text);
	ticket = begin("prog");
	for (i = 0; i < SECONDS * 100 && !n; i++) {
		usleep(10000);
		f = fopen(path, "r");
		n = f && fscanf(f, "%d", pid) == 1;
		if (f)
			fclose(f);
	}
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(kill(*pid, 0), 0);
	ck_assert_int_eq(job_result(&loader, ticket, &mod, error), -EAGAIN);
	return ticket;
}

static void gone(pid_t pid)
{
	int i;

	for (i = 0; i < SECONDS * 100 && !kill(pid, 0); i++)
		usleep(10000);
	ck_assert_int_ne(kill(pid, 0), 0);
}

START_TEST(cancelled_job_ends_its_compiler)
{
	pid_t pid;
	int ticket = begin_endless(&pid), same = begin("same");

	ck_assert_int_eq(job_cancel(&loader, ticket), 0);
	usleep(100000);
	ck_assert_int_eq(kill(pid, 0), 0);
	ck_assert_int_eq(job_cancel(&loader, same), 0);
	gone(pid);
	/* one that is wanted, of the same image */
	setenv("MUSLIN_TIER", "quick", 1);
	ck_assert_msg(result(begin("prog")) == 0, "%s", error);
	module_put(mod);
}
END_TEST

START_TEST(end_of_all_ends_its_compiler)
{
	pid_t pid;

	begin_endless(&pid);
	jobs_stop(&loader);
	gone(pid);
}
END_TEST

START_TEST(others_are_loaded_meanwhile)
{
	pid_t pid;
	int ticket = begin_endless(&pid);

	setenv("MUSLIN_TIER", "quick", 1);
	ck_assert_msg(result(begin_number(1)) == 0, "%s", error);
	module_put(mod);
	ck_assert_int_eq(job_result(&loader, ticket, &mod, error), -EAGAIN);
}
END_TEST

/* Of a process: its parent, by /proc. */
static pid_t parent(pid_t pid)
{
	char path[50];
	int ppid = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%*d %*s %*c %d", &ppid) != 1)
		ppid = -1;
	if (f)
		fclose(f);
	return ppid;
}

/* Who compiled for ticket, pid, was killed or lost its parent; another program is none the worse. */
static void lost(int ticket, pid_t pid)
{
	ck_assert_int_eq(result(ticket), -EIO);
	ck_assert_str_eq(error, "prog: the process that compiles it is gone");
	gone(pid);
	setenv("MUSLIN_TIER", "quick", 1);
	ck_assert_msg(result(begin_number(1)) == 0, "%s", error);
	module_put(mod);
}

/* Compiler, worker, helper, builder. */
START_TEST(killed_builder_is_an_error_and_the_next_one_works)
{
	pid_t pid;
	int ticket = begin_endless(&pid);
	pid_t builder = parent(parent(parent(pid)));

	ck_assert_int_gt(builder, 1);
	ck_assert_int_eq(kill(builder, SIGKILL), 0);
	lost(ticket, pid);
}
END_TEST

/* While nobody waits for it: that is found when it is asked. */
START_TEST(builder_that_was_killed_before_is_replaced)
{
	pid_t pid;
	int ticket = begin_endless(&pid);
	pid_t builder = parent(parent(parent(pid)));

	ck_assert_int_eq(job_cancel(&loader, ticket), 0);
	gone(pid);
	ck_assert_int_eq(kill(builder, SIGKILL), 0);
	gone(builder);
	setenv("MUSLIN_TIER", "quick", 1);
	ck_assert_int_eq(result(begin_number(1)), -EIO);
	ck_assert_msg(result(begin_number(1)) == 0, "%s", error);
	module_put(mod);
}
END_TEST

START_TEST(killed_helper_is_an_error)
{
	pid_t pid;
	int ticket = begin_endless(&pid);

	ck_assert_int_eq(kill(parent(parent(pid)), SIGKILL), 0);
	lost(ticket, pid);
}
END_TEST

Suite *jobs_suite(void);
Suite *jobs_suite(void)
{
	Suite *suite = suite_create("jobs");
	TCase *tc = tcase_create("jobs");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, job_gives_a_module);
	tcase_add_test(tc, same_image_is_one_job);
	tcase_add_test(tc, error_names_who_asked);
	tcase_add_test(tc, bad_tickets_are_told);
	tcase_add_test(tc, too_many_are_refused_until_one_is_gone);
	tcase_add_test(tc, tickets_are_few);
	tcase_add_test(tc, cancelled_job_ends_its_compiler);
	tcase_add_test(tc, end_of_all_ends_its_compiler);
	tcase_add_test(tc, others_are_loaded_meanwhile);
	tcase_add_test(tc, killed_builder_is_an_error_and_the_next_one_works);
	tcase_add_test(tc, builder_that_was_killed_before_is_replaced);
	tcase_add_test(tc, killed_helper_is_an_error);
	suite_add_tcase(suite, tc);
	return suite;
}
