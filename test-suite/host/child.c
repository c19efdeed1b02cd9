/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>

#include "process/child.h"
#include "process/workdir.h"
#include "core/memory-file.h"

#include <check.h>

#define NAMES 64
#define SECONDS 3

static char base[100], parent[120], precious[120], file[140];
static pid_t attacker;

static void setup(void)
{
	snprintf(base, sizeof(base), "%s/muslin-child.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(parent, sizeof(parent), "%s/tmp", base);
	snprintf(precious, sizeof(precious), "%s/precious", base);
	snprintf(file, sizeof(file), "%s/file", precious);
	ck_assert_int_eq(mkdir(parent, 0700), 0);
	ck_assert_int_eq(mkdir(precious, 0700), 0);
}

static void teardown(void)
{
	char command[200];

	if (attacker > 0) {
		kill(attacker, SIGKILL);
		waitpid(attacker, NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", base);
	ck_assert_int_eq(system(command), 0);
}

static void make_precious(void)
{
	int fd = open(file, O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void names(int i, char name[200], char other[200])
{
	snprintf(name, 200, "%s/muslin-compile.%06d", parent, i);
	snprintf(other, 200, "%s/x%06d", parent, i);
}

/* What a program can do by hostfs: directories and links take turns at a name. */
static _Noreturn void exchange(void)
{
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	char name[200], other[200];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0;; i = (i + 1) % NAMES) {
		names(i, name, other);
		utimensat(AT_FDCWD, name, old, AT_SYMLINK_NOFOLLOW);
		utimensat(AT_FDCWD, other, old, AT_SYMLINK_NOFOLLOW);
		syscall(SYS_renameat2, AT_FDCWD, name, AT_FDCWD, other, RENAME_EXCHANGE);
	}
}

START_TEST(sweep_follows_no_link)
{
	time_t end = time(NULL) + SECONDS;
	char name[200], other[200];

	for (int i = 0; i < NAMES; i++) {
		names(i, name, other);
		ck_assert_int_eq(mkdir(name, 0700), 0);
		ck_assert_int_eq(symlink("../precious", other), 0);
	}
	attacker = fork();
	if (!attacker)
		exchange();
	make_precious();
	while (time(NULL) < end) {
		workdir_sweep(parent, 60);
		ck_assert_msg(!access(file, F_OK), "a file elsewhere was removed");
		for (int i = 0; i < NAMES; i++) {
			names(i, name, other);
			if (mkdir(name, 0700) && errno == EEXIST)
				mkdir(other, 0700);
		}
	}
}
END_TEST

START_TEST(remove_follows_no_link)
{
	struct workdir w;
	char moved[160];
	FILE *f;

	setenv("TMPDIR", parent, 1);
	ck_assert_int_eq(workdir_make(&w, 1), 0);
	f = workdir_create(&w, "a");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	make_precious();
	snprintf(moved, sizeof(moved), "%s/moved", base);
	ck_assert_int_eq(rename(w.path, moved), 0);
	ck_assert_int_eq(symlink("../precious", w.path), 0);
	/* nor is anything made there */
	f = workdir_create(&w, "file");
	ck_assert_ptr_nonnull(f);
	fputs("x", f);
	fclose(f);
	workdir_remove(&w);
	ck_assert_int_eq(access(file, F_OK), 0);
	ck_assert_int_eq(truncate(file, 0), 0);
	/* what it was is empty; that has a name which nobody knows */
	ck_assert_int_eq(rmdir(moved), 0);
}
END_TEST

START_TEST(files_in_it_are_read_back)
{
	struct workdir w;
	size_t n;
	char *text;
	FILE *f;

	setenv("TMPDIR", parent, 1);
	ck_assert_int_eq(workdir_make(&w, 1), 0);
	f = workdir_create(&w, "a");
	ck_assert_ptr_nonnull(f);
	fputs("text", f);
	fclose(f);
	text = workdir_read(&w, "a", &n);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(text, "text");
	free(text);
	/* one of a compiler's is no file of the user's */
	ck_assert_int_eq(symlinkat("/etc/passwd", w.fd, "link"), 0);
	ck_assert_ptr_null(workdir_read(&w, "link", &n));
	ck_assert_ptr_null(workdir_create(&w, "link"));
	workdir_remove(&w);
	ck_assert_int_eq(access(w.path, F_OK), -1);
}
END_TEST

/* Its parent ends at once; what it is given is there, and nothing else. */
START_TEST(what_is_left_has_its_files)
{
	char out[160], script[1000];
	char *argv[] = { "/bin/sh", "-c", script, NULL };
	int in = memory_file("input\n", 6), lock = open(parent, O_RDONLY);
	struct stat st;

	ck_assert_int_ge(in, 0);
	ck_assert_int_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
	snprintf(out, sizeof(out), "%s/out", base);
	snprintf(script, sizeof(script),
		 "for n in 3 4 5 6; do [ ! -e /proc/self/fd/$n ] || echo $n; done >%s.new; "
		 "pwd >>%s.new; cat >>%s.new; mv %s.new %s", out, out, out, out, out);
	child_leave(argv, in, lock);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	for (int i = 0; i < 1000 && stat(out, &st); i++)
		usleep(10000);
	snprintf(script, sizeof(script),
		 "printf '3\\n/\\ninput\\n' | cmp - %s", out);
	ck_assert_int_eq(system(script), 0);
}
END_TEST

Suite *child_suite(void)
{
	Suite *s = suite_create("child");
	TCase *t = tcase_create("child");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sweep_follows_no_link);
	tcase_add_test(t, remove_follows_no_link);
	tcase_add_test(t, files_in_it_are_read_back);
	tcase_add_test(t, what_is_left_has_its_files);
	suite_add_tcase(s, t);
	return s;
}
