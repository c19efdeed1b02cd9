/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module-cache.h"

#include <check.h>

static const struct cache_key key = { "image", 5, "compiler 1" };
static char so[100000];
static char dir_path[100];
static int dir;

static void setup(void)
{
	snprintf(dir_path, sizeof(dir_path), "%s/muslin-cache.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir_path));
	setenv("MUSLIN_CACHE", dir_path, 1);
	for (size_t i = 0; i < sizeof(so); i++)
		so[i] = i * i >> 3;
	dir = cache_open();
	ck_assert_int_ge(dir, 0);
}

static void teardown(void)
{
	char command[200];

	close(dir);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir_path);
	ck_assert_int_eq(system(command), 0);
}

static void put(void)
{
	ck_assert_int_eq(cache_put(dir, &key, so, sizeof(so)), 0);
}

/* The entry's path, as there is only one. */
static void entry(char *path, size_t n)
{
	FILE *f;

	snprintf(path, n, "ls %s/*", dir_path);
	f = popen(path, "r");
	ck_assert_ptr_nonnull(fgets(path, n, f));
	path[strcspn(path, "\n")] = 0;
	ck_assert_int_eq(pclose(f), 0);
}

static void is_there(void)
{
	int fd = cache_get(dir, &key);
	char buf[sizeof(so)];

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, buf, sizeof(buf), 0), sizeof(buf));
	ck_assert_int_eq(memcmp(buf, so, sizeof(so)), 0);
	close(fd);
}

static int entries(void)
{
	char command[200];

	snprintf(command, sizeof(command), "exit $(ls '%s' | wc -l)", dir_path);
	return WEXITSTATUS(system(command));
}

START_TEST(entry_is_found_again)
{
	ck_assert_int_eq(cache_get(dir, &key), -ENOENT);
	put();
	is_there();
	put();
	is_there();
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(other_image_or_compiler_is_not_found)
{
	const struct cache_key other = { "imagE", 5, key.identity };
	const struct cache_key newer = { key.image, 5, "compiler 2" };

	put();
	ck_assert_int_eq(cache_get(dir, &other), -ENOENT);
	ck_assert_int_eq(cache_get(dir, &newer), -ENOENT);
	is_there();
}
END_TEST

/* Two images of one hash would meet in one file. */
START_TEST(contents_are_compared)
{
	char path[200];
	int fd;

	put();
	entry(path, sizeof(path));
	fd = open(path, O_RDWR);
	ck_assert_int_eq(pwrite(fd, "I", 1, sizeof(so)), 1);
	close(fd);
	ck_assert_int_eq(cache_get(dir, &key), -ENOENT);
}
END_TEST

START_TEST(damaged_entry_is_removed)
{
	char path[200];
	struct stat st;
	off_t at;
	int fd;

	put();
	entry(path, sizeof(path));
	ck_assert_int_eq(stat(path, &st), 0);
	/* in the code, in the sizes, in the checksum */
	at = _i == 0 ? 4711 : st.st_size - 8 * _i;
	fd = open(path, O_RDWR);
	ck_assert_int_eq(pwrite(fd, "\x5a", 1, at), 1);
	close(fd);
	ck_assert_int_eq(cache_get(dir, &key), -ENOENT);
	ck_assert_int_eq(entries(), 0);
}
END_TEST

START_TEST(truncated_entry_is_removed)
{
	static const off_t sizes[] = { 0, 1, 40, 4096, sizeof(so), sizeof(so) + 15 };
	char path[200];

	put();
	entry(path, sizeof(path));
	ck_assert_int_eq(truncate(path, sizes[_i]), 0);
	ck_assert_int_eq(cache_get(dir, &key), -ENOENT);
	ck_assert_int_eq(entries(), 0);
	put();
	is_there();
}
END_TEST

START_TEST(entry_that_does_not_fit_leaves_nothing)
{
	struct rlimit limit = { 60000, RLIM_INFINITY };

	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(cache_put(dir, &key, so, sizeof(so)), -EFBIG);
	/* what is run below may write to a log that is longer */
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(entries(), 0);
	ck_assert_int_eq(cache_get(dir, &key), -ENOENT);
}
END_TEST

START_TEST(directories_are_made)
{
	char path[150];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/a/b", dir_path);
	setenv("MUSLIN_CACHE", path, 1);
	fd = cache_open();
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0700);
	close(fd);
}
END_TEST

START_TEST(home_has_the_cache_by_default)
{
	char path[150];

	unsetenv("MUSLIN_CACHE");
	unsetenv("XDG_CACHE_HOME");
	setenv("HOME", dir_path, 1);
	close(cache_open());
	snprintf(path, sizeof(path), "%s/.cache/muslin", dir_path);
	ck_assert_int_eq(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/xdg", dir_path);
	setenv("XDG_CACHE_HOME", path, 1);
	close(cache_open());
	strcat(path, "/muslin");
	ck_assert_int_eq(access(path, F_OK), 0);
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	ck_assert_int_eq(cache_open(), -ENOENT);
}
END_TEST

START_TEST(directory_of_others_is_not_used)
{
	ck_assert_int_eq(chmod(dir_path, 0770), 0);
	ck_assert_int_eq(cache_open(), -EPERM);
	ck_assert_int_eq(chmod(dir_path, 0707), 0);
	ck_assert_int_eq(cache_open(), -EPERM);
	setenv("MUSLIN_CACHE", "/proc/nothing", 1);
	ck_assert_int_lt(cache_open(), 0);
	setenv("MUSLIN_CACHE", "/dev/null", 1);
	ck_assert_int_lt(cache_open(), 0);
}
END_TEST

/* Readers see all of an entry or none of it, whoever writes it. */
START_TEST(writers_do_not_disturb_readers)
{
	pid_t writers[3];
	int fd, found = 0, status;

	for (int i = 0; i < 3; i++) {
		writers[i] = fork();
		if (writers[i])
			continue;
		for (int k = 0; k < 200; k++)
			if (cache_put(dir, &key, so, sizeof(so)))
				_exit(1);
		_exit(0);
	}
	while (found < 200) {
		fd = cache_get(dir, &key);
		if (fd < 0)
			continue;
		close(fd);
		is_there();
		found++;
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(waitpid(writers[i], &status, 0), writers[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(hash_depends_on_every_byte)
{
	unsigned char data[40] = { 0 };
	uint64_t h;

	for (size_t n = 0; n < sizeof(data); n++) {
		h = cache_hash(0, data, n);
		ck_assert_uint_ne(h, cache_hash(1, data, n));
		ck_assert_uint_ne(h, cache_hash(0, data, n + 1));
		for (size_t i = 0; i < n; i++) {
			data[i] = 1;
			ck_assert_uint_ne(h, cache_hash(0, data, n));
			data[i] = 0;
		}
	}
}
END_TEST

Suite *cache_suite(void);
Suite *cache_suite(void)
{
	Suite *suite = suite_create("cache");
	TCase *tc = tcase_create("cache");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, entry_is_found_again);
	tcase_add_test(tc, other_image_or_compiler_is_not_found);
	tcase_add_test(tc, contents_are_compared);
	tcase_add_loop_test(tc, damaged_entry_is_removed, 0, 5);
	tcase_add_loop_test(tc, truncated_entry_is_removed, 0, 6);
	tcase_add_test(tc, entry_that_does_not_fit_leaves_nothing);
	tcase_add_test(tc, directories_are_made);
	tcase_add_test(tc, home_has_the_cache_by_default);
	tcase_add_test(tc, directory_of_others_is_not_used);
	tcase_add_test(tc, writers_do_not_disturb_readers);
	tcase_add_test(tc, hash_depends_on_every_byte);
	suite_add_tcase(suite, tc);
	return suite;
}
