/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/cache.h"
#include "../skip.h"

#include <check.h>

static const struct cache_key key = { "image", 5, "compiler 1", "program" };
static char so[100000];
static char dir_path[100];
static char error[300];
static int dir;

static int open_cache(void)
{
	return cache_open(true, error, sizeof(error));
}

static int get(const struct cache_key *k)
{
	void *p;
	size_t n;
	int r = cache_get(dir, k, &p, &n);

	if (r)
		return r;
	ck_assert_uint_eq(n, sizeof(so));
	ck_assert_int_eq(memcmp(p, so, n), 0);
	free(p);
	return 0;
}

static void setup(void)
{
	snprintf(dir_path, sizeof(dir_path), "%s/muslin-cache.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir_path));
	setenv("MUSLIN_CACHE", dir_path, 1);
	for (size_t i = 0; i < sizeof(so); i++)
		so[i] = i * i >> 3;
	dir = open_cache();
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

/* The entry's path, as there is only one; made writable. */
static void entry(char *path, size_t n)
{
	char command[300];
	FILE *f;

	snprintf(command, sizeof(command), "chmod u+w %s/* && ls %s/*", dir_path,
		 dir_path);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(fgets(path, n, f));
	path[strcspn(path, "\n")] = 0;
	ck_assert_int_eq(pclose(f), 0);
}

static void is_there(void)
{
	ck_assert_int_eq(get(&key), 0);
}

static int entries(void)
{
	char command[200];

	snprintf(command, sizeof(command), "exit $(ls '%s' | wc -l)", dir_path);
	return WEXITSTATUS(system(command));
}

START_TEST(entry_is_found_again)
{
	ck_assert_int_eq(get(&key), -ENOENT);
	put();
	is_there();
	put();
	is_there();
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(other_image_or_compiler_is_not_found)
{
	const struct cache_key other = { "imagE", 5, key.identity, "other" };
	const struct cache_key newer = { key.image, 5, "compiler 2", "newer" };

	put();
	ck_assert_int_eq(get(&other), -ENOENT);
	ck_assert_int_eq(get(&newer), -ENOENT);
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
	ck_assert_int_eq(get(&key), -ENOENT);
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
	ck_assert_int_eq(get(&key), -ENOENT);
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
	ck_assert_int_eq(get(&key), -ENOENT);
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
	ck_assert_int_eq(get(&key), -ENOENT);
}
END_TEST

START_TEST(directories_are_made)
{
	char path[150];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/a/b", dir_path);
	setenv("MUSLIN_CACHE", path, 1);
	fd = open_cache();
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
	close(open_cache());
	snprintf(path, sizeof(path), "%s/.cache/muslin", dir_path);
	ck_assert_int_eq(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/xdg", dir_path);
	setenv("XDG_CACHE_HOME", path, 1);
	close(open_cache());
	strcat(path, "/muslin");
	ck_assert_int_eq(access(path, F_OK), 0);
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	ck_assert_int_eq(open_cache(), -ENOENT);
}
END_TEST

START_TEST(directory_of_others_is_not_used)
{
	ck_assert_int_eq(chmod(dir_path, 0770), 0);
	ck_assert_int_eq(open_cache(), -EPERM);
	ck_assert_int_eq(chmod(dir_path, 0707), 0);
	ck_assert_int_eq(open_cache(), -EPERM);
	setenv("MUSLIN_CACHE", "/proc/nothing", 1);
	ck_assert_int_lt(open_cache(), 0);
	setenv("MUSLIN_CACHE", "/dev/null", 1);
	ck_assert_int_lt(open_cache(), 0);
}
END_TEST

START_TEST(directory_below_one_of_others_is_not_used)
{
	char path[150], other[150];

	snprintf(path, sizeof(path), "%s/theirs/ours", dir_path);
	setenv("MUSLIN_CACHE", path, 1);
	close(open_cache());
	snprintf(path, sizeof(path), "%s/theirs", dir_path);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_int_eq(open_cache(), -EPERM);
	ck_assert_ptr_nonnull(strstr(error, "/theirs/ours is not used: another user can change a directory above it"));
	/* nobody can replace what is in such a one */
	ck_assert_int_eq(chmod(path, 01777), 0);
	close(dir);
	dir = open_cache();
	ck_assert_int_ge(dir, 0);
	/* what counts is where a link leads */
	snprintf(other, sizeof(other), "%s/link", dir_path);
	ck_assert_int_eq(symlink("theirs/ours", other), 0);
	setenv("MUSLIN_CACHE", other, 1);
	close(dir);
	dir = open_cache();
	ck_assert_int_ge(dir, 0);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_int_eq(open_cache(), -EPERM);
}
END_TEST

/* What others could have written, or may change, is not loaded but replaced. */
START_TEST(entry_of_doubtful_origin_is_not_used)
{
	char path[200], other[210];

	put();
	entry(path, sizeof(path));
	snprintf(other, sizeof(other), "%s/other", dir_path);
	switch (_i) {
	case 0:
		ck_assert_int_eq(chmod(path, 0620), 0);
		break;
	case 1:
		ck_assert_int_eq(link(path, other), 0);
		break;
	case 2:
		ck_assert_int_eq(rename(path, other) | symlink("other", path), 0);
		break;
	case 3:
		ck_assert_int_eq(unlink(path) | mkfifo(path, 0600), 0);
		break;
	case 4:
		if (geteuid())
			check_skip("needs root, for a file of another user");
		ck_assert_int_eq(chown(path, 65534, 65534), 0);
	}
	ck_assert_int_eq(get(&key), -ENOENT);
	put();
	is_there();
}
END_TEST

/* --- how much is kept --- */

static struct cache_key numbered(int i)
{
	static const char images[] = "0123456789";

	return (struct cache_key){ images + i, 1, "compiler", "program" };
}

static bool have(int i)
{
	struct cache_key k = numbered(i);

	return !get(&k);
}

/* Of the entry that was made last. */
static void set_last_use(int hours_ago)
{
	char command[300];

	snprintf(command, sizeof(command),
		 "cd '%s' && touch -a -d '%d hours ago' \"$(ls -t *.so | head -n 1)\"",
		 dir_path, hours_ago);
	ck_assert_int_eq(system(command), 0);
}

static void put_used(int i, int hours_ago)
{
	struct timespec tick = { .tv_nsec = 20000000 };
	struct cache_key k = numbered(i);

	ck_assert_int_eq(cache_put(dir, &k, so, sizeof(so)), 0);
	set_last_use(hours_ago);
	/* ls -t has to see which is newer */
	nanosleep(&tick, NULL);
}

START_TEST(least_recently_used_is_removed)
{
	setenv("MUSLIN_CACHE_SIZE", "350K", 1);
	put_used(0, 20);
	put_used(1, 30);
	put_used(2, 10);
	/* a use: now it is the last to go */
	ck_assert(have(1));
	put_used(3, 0);
	ck_assert(!have(0));
	ck_assert(have(1) && have(2) && have(3));
	setenv("MUSLIN_CACHE_SIZE", "150000", 1);
	put_used(4, 0);
	ck_assert(have(4));
	ck_assert_int_eq(entries(), 1);
	unsetenv("MUSLIN_CACHE_SIZE");
}
END_TEST

START_TEST(entry_larger_than_the_cache_is_not_kept)
{
	struct cache_key k = numbered(0);

	put_used(1, 0);
	setenv("MUSLIN_CACHE_SIZE", "50K", 1);
	ck_assert_int_eq(cache_put(dir, &k, so, sizeof(so)), -EFBIG);
	ck_assert(have(1));
	setenv("MUSLIN_CACHE_SIZE", "0", 1);
	ck_assert_int_eq(cache_put(dir, &k, so, sizeof(so)), -EFBIG);
	unsetenv("MUSLIN_CACHE_SIZE");
}
END_TEST

START_TEST(wrong_size_is_an_error)
{
	static const char *const wrong[] = { "lots", "-1", "1T", "1GB", "0x10", " 1" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		setenv("MUSLIN_CACHE_SIZE", wrong[i], 1);
		ck_assert_int_eq(open_cache(), -EINVAL);
	}
	ck_assert_str_eq(error, "MUSLIN_CACHE_SIZE is  1, not a size as 512M or 1G are");
	/* the default */
	setenv("MUSLIN_CACHE_SIZE", "", 1);
	put_used(0, 0);
	unsetenv("MUSLIN_CACHE_SIZE");
}
END_TEST

static void create(const char *name, const char *age)
{
	char command[300];

	snprintf(command, sizeof(command), "echo x >'%s/%s' && touch -d '%s' '%s/%s'",
		 dir_path, name, age, dir_path, name);
	ck_assert_int_eq(system(command), 0);
}

static bool exists(const char *name)
{
	return !faccessat(dir, name, F_OK, 0);
}

/* Neither counted, nor removed when there is too much. */
START_TEST(foreign_file_is_left_alone)
{
	create("notes.txt", "9 days ago");
	create("0123456789abcdef", "9 days ago");
	create("0123456789abcdeX.so", "9 days ago");
	create("0123456789abcdef.so.1", "9 days ago");
	ck_assert_int_eq(mkdirat(dir, "0123456789abcdef.so", 0700), 0);
	setenv("MUSLIN_CACHE_SIZE", "150K", 1);
	put_used(0, 0);
	put_used(1, 0);
	unsetenv("MUSLIN_CACHE_SIZE");
	ck_assert(exists("notes.txt"));
	ck_assert(exists("0123456789abcdef"));
	ck_assert(exists("0123456789abcdeX.so"));
	ck_assert(exists("0123456789abcdef.so.1"));
	ck_assert(exists("0123456789abcdef.so"));
	ck_assert_int_eq(entries(), 6);
}
END_TEST

START_TEST(what_a_dead_writer_left_is_removed)
{
	create("0123456789abcdef.tmp", "2 hours ago");
	create("fedcba9876543210.tmp", "10 minutes ago");
	put_used(0, 0);
	ck_assert(!exists("0123456789abcdef.tmp"));
	ck_assert(exists("fedcba9876543210.tmp"));
}
END_TEST

/* Readers see all of an entry or none of it, whoever writes it. */
START_TEST(writers_do_not_disturb_readers)
{
	pid_t writers[3];
	int found = 0, status;

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
		found += !get(&key);
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

START_TEST(secret_is_the_same_for_all)
{
	uint8_t first[CACHE_SECRET_SIZE], own[CACHE_SECRET_SIZE];
	int i, p[2];

	ck_assert_int_eq(cache_secret(false, own, error, sizeof(error)), -ENOENT);
	ck_assert_int_eq(pipe(p), 0);
	for (i = 0; i < 8; i++) {
		if (fork())
			continue;
		if (!cache_secret(true, own, error, sizeof(error)) &&
		    write(p[1], own, sizeof(own)) == sizeof(own))
			_exit(0);
		_exit(1);
	}
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(read(p[0], own, sizeof(own)), sizeof(own));
		if (!i)
			memcpy(first, own, sizeof(own));
		ck_assert_int_eq(memcmp(first, own, sizeof(own)), 0);
	}
	while (wait(NULL) > 0)
		;
	ck_assert_int_eq(cache_secret(false, own, error, sizeof(error)), 0);
	ck_assert_int_eq(memcmp(first, own, sizeof(own)), 0);
}
END_TEST

START_TEST(secret_of_doubtful_origin_is_not_used)
{
	uint8_t secret[CACHE_SECRET_SIZE];
	int fd;

	ck_assert_int_eq(cache_secret(true, secret, error, sizeof(error)), 0);
	fd = openat(dir, ".key", O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, 0640), 0);
	ck_assert_int_eq(cache_secret(true, secret, error, sizeof(error)), -EPERM);
	ck_assert_int_eq(fchmod(fd, 0600), 0);
	ck_assert_int_eq(linkat(dir, ".key", dir, "other", 0), 0);
	ck_assert_int_eq(cache_secret(true, secret, error, sizeof(error)), -EPERM);
	ck_assert_int_eq(unlinkat(dir, ".key", 0), 0);
	ck_assert_int_eq(symlinkat("other", dir, ".key"), 0);
	ck_assert_int_lt(cache_secret(true, secret, error, sizeof(error)), 0);
	ck_assert_int_eq(unlinkat(dir, ".key", 0), 0);
	ck_assert_int_eq(renameat(dir, "other", dir, ".key"), 0);
	ck_assert_int_eq(cache_secret(true, secret, error, sizeof(error)), 0);
	ck_assert_int_eq(ftruncate(fd, 16), 0);
	ck_assert_int_eq(cache_secret(true, secret, error, sizeof(error)), -EPERM);
	close(fd);
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
	tcase_add_test(tc, directory_below_one_of_others_is_not_used);
	tcase_add_loop_test(tc, entry_of_doubtful_origin_is_not_used, 0, 5);
	tcase_add_test(tc, least_recently_used_is_removed);
	tcase_add_test(tc, entry_larger_than_the_cache_is_not_kept);
	tcase_add_test(tc, wrong_size_is_an_error);
	tcase_add_test(tc, foreign_file_is_left_alone);
	tcase_add_test(tc, what_a_dead_writer_left_is_removed);
	tcase_add_test(tc, writers_do_not_disturb_readers);
	tcase_add_test(tc, hash_depends_on_every_byte);
	tcase_add_test(tc, secret_is_the_same_for_all);
	tcase_add_test(tc, secret_of_doubtful_origin_is_not_used);
	suite_add_tcase(suite, tc);
	return suite;
}
