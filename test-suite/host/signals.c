/* SPDX-License-Identifier: MIT */
/* Signals and calls of an embedder's that are not the machine's. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "muslin.h"

static const char source[] =
	"#include <stdio.h>\n"
	"#include <string.h>\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	static char buf[1 << 20];\n"
	"	volatile int i;\n"
	"	if (!strcmp(argv[1], \"spin\"))\n"
	"		for (;;)\n"
	"			;\n"
	"	for (i = 0; i < 3000000; i++)\n"
	"		buf[i % sizeof(buf)]++;\n"
	"	while (getchar() != EOF)\n"
	"		;\n"
	"	return 3;\n"
	"}\n";

#include "embedder.h"

static struct muslin *booted(void)
{
	struct muslin_config c = { .tier = MUSLIN_TIER_QUICK };
	struct muslin *m;

	ck_assert_int_eq(muslin_new(&c, &m), 0);
	ok(m, muslin_boot(m));
	ok(m, muslin_mount(m, dir, "/here", MUSLIN_READ_ONLY));
	return m;
}

static int start(struct muslin *m, char *what, int in)
{
	char *argv[] = { "p", what, NULL };
	struct muslin_program p = {
		.path = "/here/p", .argv = argv, .fd = { in, -1, 2 },
	};
	int id = muslin_spawn(m, &p);

	ok(m, id);
	return id;
}

static void finish(struct muslin *m)
{
	ok(m, muslin_shutdown(m));
	muslin_free(m);
}

/* --- faults that are not a guest's --- */

static void *hole(void)
{
	int fd = memfd_create("empty", 0);
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	close(fd);
	return p;
}

static volatile char *volatile nowhere = (char *)64;
static atomic_int caught_info, caught_plain, caught_urg;
static _Thread_local sigjmp_buf back;

static void on_info(int sig, siginfo_t *si, void *context)
{
	(void)context;
	if (sig == SIGURG) {
		caught_urg++;
		return;
	}
	if (si->si_addr == nowhere)
		caught_info++;
	siglongjmp(back, 1);
}

static void on_plain(int sig)
{
	(void)sig;
	caught_plain++;
	siglongjmp(back, 1);
}

static void handle_all(void)
{
	struct sigaction info = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
	struct sigaction plain = { .sa_handler = on_plain };

	sigaction(SIGSEGV, &info, NULL);
	sigaction(SIGURG, &info, NULL);
	sigaction(SIGBUS, &plain, NULL);
}

static void fault_twice(void)
{
	volatile char *bus = hole();

	if (!sigsetjmp(back, 1))
		(void)*nowhere;
	if (!sigsetjmp(back, 1))
		(void)*bus;
	munmap((void *)bus, 4096);
}

static struct muslin *target;
static int target_id;
static void (*meanwhile)(void);

static void *other_thread(void *arg)
{
	(void)arg;
	usleep(50000);
	meanwhile();
	muslin_kill(target, target_id, SIGKILL);
	return NULL;
}

/* A busy machine on this thread, fn on another one. */
static void run_beside(void (*fn)(void))
{
	pthread_t t;
	int status;

	target = booted();
	target_id = start(target, "spin", -1);
	meanwhile = fn;
	ck_assert_int_eq(pthread_create(&t, NULL, other_thread, NULL), 0);
	ok(target, muslin_wait(target, target_id, &status));
	pthread_join(t, NULL);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	finish(target);
}

static void fault_often(void)
{
	for (int i = 0; i < 100; i++)
		fault_twice();
	kill(getpid(), SIGURG);
}

START_TEST(handlers_of_other_threads_are_called)
{
	struct sigaction now;

	handle_all();
	run_beside(fault_often);
	ck_assert_int_eq(caught_info, 100);
	ck_assert_int_eq(caught_plain, 100);
	ck_assert_int_eq(caught_urg, 1);
	/* and they are there again */
	sigaction(SIGSEGV, NULL, &now);
	ck_assert_ptr_eq(now.sa_sigaction, on_info);
	fault_twice();
	ck_assert_int_eq(caught_info, 101);
}
END_TEST

static void touch_hole(void)
{
	(void)*(volatile char *)hole();
}

static void touch_nowhere(void)
{
	(void)*nowhere;
}

static void send_segv(void)
{
	kill(getpid(), SIGSEGV);
	sleep(5);
}

static int end_of(void (*fn)(void), void (*handler)(int))
{
	struct rlimit none = { 0 };
	pid_t pid = fork();
	int status;

	if (!pid) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, handler);
		signal(SIGBUS, handler);
		alarm(20);
		run_beside(fn);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(by_default_they_kill_as_they_would)
{
	ck_assert_int_eq(WTERMSIG(end_of(touch_hole, SIG_DFL)), SIGBUS);
	ck_assert_int_eq(WTERMSIG(end_of(touch_nowhere, SIG_DFL)), SIGSEGV);
	ck_assert_int_eq(WTERMSIG(end_of(send_segv, SIG_DFL)), SIGSEGV);
	/* a fault cannot be ignored */
	ck_assert_int_eq(WTERMSIG(end_of(touch_hole, SIG_IGN)), SIGBUS);
}
END_TEST

/* --- callbacks --- */

static struct muslin *logging, *another;
static int logged;

static void log_and_fault(void *arg, const char *text, size_t n)
{
	(void)arg;
	(void)text;
	(void)n;
	if (logged++ < 10)
		fault_twice();
}

static struct muslin *chatty(void (*log)(void *arg, const char *text, size_t n))
{
	struct muslin_config c = {
		.tier = MUSLIN_TIER_QUICK, .image = "", .log = log,
		.cmdline = "loglevel=8",
	};
	struct muslin *m;

	ck_assert_int_eq(muslin_new(&c, &m), 0);
	return m;
}

START_TEST(a_fault_in_a_callback_is_the_embedders)
{
	handle_all();
	logging = chatty(log_and_fault);
	ok(logging, muslin_boot(logging));
	ck_assert_int_ge(logged, 10);
	ck_assert_int_eq(caught_info, 10);
	ck_assert_int_eq(caught_plain, 10);
	finish(logging);
}
END_TEST

static void log_and_call(void *arg, const char *text, size_t n)
{
	static const int fd[3] = { -1, -1, -1 };
	struct muslin_program p = { .path = "/here/p", .fd = { -1, -1, -1 } };
	struct muslin *both[] = { logging, another };
	char error[100] = "";
	int i, status;

	(void)arg;
	(void)text;
	(void)n;
	if (logged++ > 10)
		return;
	for (i = 0; i < 2; i++) {
		struct muslin *m = both[i];

		ck_assert_int_eq(muslin_boot(m), -EBUSY);
		ck_assert_int_eq(muslin_mount(m, dir, "/here", 0), -EBUSY);
		ck_assert_int_eq(muslin_spawn(m, &p), -EBUSY);
		ck_assert_int_eq(muslin_wait(m, 1, &status), -EBUSY);
		ck_assert_int_eq(muslin_snapshot(m, "image"), -EBUSY);
		ck_assert_int_eq(muslin_resume(m, "image", fd), -EBUSY);
		ck_assert_int_eq(muslin_shutdown(m), -EBUSY);
		ck_assert_ptr_nonnull(strstr(muslin_error(m), "callback"));
	}
	ck_assert_int_eq(muslin_compile(NULL, "p", error, sizeof(error)), -EBUSY);
	ck_assert_ptr_nonnull(strstr(error, "callback"));
	muslin_free(logging);
}

START_TEST(calls_of_callbacks_are_refused)
{
	int status;

	another = booted();
	logging = chatty(log_and_call);
	ok(logging, muslin_boot(logging));
	ck_assert_int_gt(logged, 0);
	ck_assert_str_eq(muslin_error(logging), "");
	ok(another, muslin_wait(another, start(another, "exit", -1), &status));
	ck_assert_int_eq(status, 3 << 8);
	ok(logging, muslin_mount(logging, dir, "/here", 0));
	ok(logging, muslin_wait(logging, start(logging, "exit", -1), &status));
	ck_assert_int_eq(status, 3 << 8);
	finish(logging);
	finish(another);
}
END_TEST

/* --- no memory --- */

static struct muslin *from_image(void)
{
	struct muslin_config c = { .tier = MUSLIN_TIER_QUICK, .image = "image" };
	struct muslin *m;

	ck_assert_int_eq(muslin_new(&c, &m), 0);
	ok(m, muslin_boot(m));
	return m;
}

static void *cut_at_once(void *arg)
{
	(void)arg;
	usleep(100000);
	ck_assert_int_eq(truncate("image", 0), 0);
	return NULL;
}

/* What is mapped of the kernel's memory can no longer be had. */
START_TEST(memory_that_is_gone_ends_the_machine)
{
	struct muslin_config c = { .image = "" };
	struct muslin *m;
	pthread_t t;
	int id, status;

	ck_assert_int_eq(muslin_new(&c, &m), 0);
	ok(m, muslin_boot(m));
	ok(m, muslin_snapshot(m, "image"));
	muslin_free(m);

	m = from_image();
	ok(m, muslin_mount(m, dir, "/here", 0));
	id = start(m, "spin", -1);
	ck_assert_int_eq(pthread_create(&t, NULL, cut_at_once, NULL), 0);
	ck_assert_int_eq(muslin_wait(m, id, &status), -ESHUTDOWN);
	ck_assert_ptr_nonnull(strstr(muslin_error(m), "cannot be had"));
	pthread_join(t, NULL);
	muslin_free(m);

	m = booted();
	ok(m, muslin_wait(m, start(m, "exit", -1), &status));
	finish(m);
}
END_TEST

/* --- several machines --- */

static void *run_machine(void *arg)
{
	struct muslin *m = arg;
	int status;

	for (int i = 0; i < 10; i++) {
		fault_twice();
		ok(m, muslin_wait(m, start(m, "exit", -1), &status));
		ck_assert_int_eq(status, 3 << 8);
	}
	return NULL;
}

START_TEST(machines_on_several_threads)
{
	struct muslin *m[2] = { booted(), booted() };
	pthread_t t[2];
	int i;

	handle_all();
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, run_machine, m[i]), 0);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ck_assert_int_eq(caught_info, 20);
	ck_assert_int_eq(caught_plain, 20);
	for (i = 0; i < 2; i++)
		finish(m[i]);
}
END_TEST

START_TEST(blocked_signals_are_no_end)
{
	sigset_t all, now;
	struct muslin *m;
	int status;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	m = booted();
	ok(m, muslin_wait(m, start(m, "exit", -1), &status));
	finish(m);
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	ck_assert(sigismember(&now, SIGSEGV) && sigismember(&now, SIGURG));
}
END_TEST

Suite *signals_suite(void)
{
	Suite *suite = suite_create("signals");
	TCase *tc = tcase_create("signals");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, make_program, remove_program);
	tcase_add_test(tc, handlers_of_other_threads_are_called);
	tcase_add_test(tc, by_default_they_kill_as_they_would);
	tcase_add_test(tc, a_fault_in_a_callback_is_the_embedders);
	tcase_add_test(tc, calls_of_callbacks_are_refused);
	tcase_add_test(tc, memory_that_is_gone_ends_the_machine);
	tcase_add_test(tc, machines_on_several_threads);
	tcase_add_test(tc, blocked_signals_are_no_end);
	suite_add_tcase(suite, tc);
	return suite;
}
