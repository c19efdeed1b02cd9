/* SPDX-License-Identifier: MIT */
/* Each test runs twice: with openat2, and with the walk that replaces it. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hostfs-impl.h"
#include "../skip.h"

/* The guest's directory is top/in; top/out is what it must not reach. */
static struct hostfs *fs;
static char top[] = "/tmp/hostfs-XXXXXX";
static struct host_stat st;

#define NAME(s) (s), (uint32_t)strlen(s)
#define ok(call) ck_assert_int_ge(call, 0)
#define fails(err, call) ck_assert_int_eq(call, -(err))

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
}

/* No descriptor of ours is open in the test but those of fs. */
static void setup_in(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	ok(chdir(top));
	umask(022);
	ok(mkdir("in", 0700));
	ok(mkdir("in/dir", 0700));
	ok(mkdir("out", 0700));
	put("in/file", "inside");
	put("in/dir/deep", "deep");
	put("out/secret", "secret");
	ok(symlink("../out", "in/rel"));
	ok(symlink("../out/secret", "in/relfile"));
	ok(symlink("/etc", "in/abs"));
	ok(symlink("/etc/passwd", "in/absfile"));
	ok(symlink("../out/new", "in/dangling"));
	fs = hostfs_create();
	ck_assert_ptr_nonnull(fs);
	ck_assert_int_eq(hostfs_add_dir(fs, "in", 0), 0);
	ck_assert_int_eq(hostfs_add_dir(fs, "in", 1), 1);
}

static void teardown(void)
{
	char cmd[100];

	hostfs_destroy(fs);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	ok(system(cmd));
}

static void walk_instead(int i)
{
	if (i)
		fs->no_openat2 = true;
}

static int open_file(const char *name, int flags)
{
	return hostfs_open(fs, 0, NAME(name), flags);
}

START_TEST(dot_dot_is_refused)
{
	static const char *const paths[] = {
		"..", "../out", "../out/secret", "dir/..", "dir/../../out/secret",
		"dir/../..", "dir/.", ".", "./file", "dir//..", "/etc/passwd",
		"/", "dir/", "//",
	};
	unsigned int i;

	walk_instead(_i);
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int r = hostfs_stat(fs, 0, NAME(paths[i]), &st);

		/* "./file" names a file inside, but nothing else may */
		ck_assert_msg(r < 0 || !strcmp(paths[i], "./file"), "%s: %d",
			      paths[i], r);
		r = open_file(paths[i], HOST_FILE_READ);
		ck_assert_msg(r < 0 || !strcmp(paths[i], "./file"), "%s: %d",
			      paths[i], r);
	}
}
END_TEST

START_TEST(links_on_the_way_are_not_followed)
{
	static const char *const paths[] = {
		"rel/secret", "abs/passwd", "dir/../rel/secret", "rel/../out/secret",
	};
	unsigned int i;

	walk_instead(_i);
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const char *path = paths[i];

		ck_assert_int_lt(hostfs_stat(fs, 0, NAME(path), &st), 0);
		ck_assert_int_lt(open_file(path, HOST_FILE_READ), 0);
		ck_assert_int_lt(hostfs_unlink(fs, 0, NAME(path)), 0);
		ck_assert_int_lt(hostfs_access(fs, 0, NAME(path), R_OK), 0);
	}
	ck_assert_int_lt(hostfs_open_new(fs, 0, NAME("rel/x"), 0600), 0);
	ck_assert_int_lt(hostfs_mkdir(fs, 0, NAME("rel/x"), 0700), 0);
	ck_assert_int_lt(hostfs_symlink(fs, 0, NAME("rel/x"), NAME("y")), 0);
	ck_assert_int_lt(hostfs_rename(fs, 0, NAME("file"), NAME("rel/x"), 0), 0);
	ck_assert_int_lt(hostfs_rename(fs, 0, NAME("rel/secret"), NAME("x"), 0), 0);
	ck_assert_int_lt(hostfs_link(fs, 0, NAME("rel/secret"), NAME("x")), 0);
	ck_assert_int_lt(hostfs_link(fs, 0, NAME("file"), NAME("rel/x")), 0);
	ok(access("out/secret", F_OK));
	ck_assert_int_eq(access("out/x", F_OK), -1);
}
END_TEST

START_TEST(a_link_at_the_end_is_not_followed)
{
	struct host_attr attr = {
		.valid = HOST_ATTR_SIZE | HOST_ATTR_MODE,
		.mode = 0777,
	};
	struct stat before, after;

	walk_instead(_i);
	ok(stat("out/secret", &before));
	ok(hostfs_stat(fs, 0, NAME("relfile"), &st));
	ck_assert(S_ISLNK(st.mode));
	fails(ELOOP, open_file("relfile", HOST_FILE_READ));
	fails(ELOOP, open_file("absfile", HOST_FILE_READ));
	fails(ELOOP, open_file("relfile", HOST_FILE_READ | HOST_FILE_WRITE));
	fails(ELOOP, hostfs_open_new(fs, 0, NAME("dangling"), 0600));
	fails(EEXIST, hostfs_mkdir(fs, 0, NAME("dangling"), 0700));
	ck_assert_int_eq(access("out/new", F_OK), -1);
	ck_assert_int_lt(hostfs_setattr(fs, -1, 0, NAME("relfile"), &attr), 0);
	attr.valid = HOST_ATTR_SIZE;
	fails(ELOOP, hostfs_setattr(fs, -1, 0, NAME("relfile"), &attr));
	attr.valid = HOST_ATTR_MTIME;
	attr.mtime.sec = 1000;
	ok(hostfs_setattr(fs, -1, 0, NAME("relfile"), &attr));
	ok(hostfs_stat(fs, 0, NAME("relfile"), &st));
	ck_assert_int_eq(st.mtime.sec, 1000);
	ok(hostfs_link(fs, 0, NAME("relfile"), NAME("link")));
	ok(hostfs_stat(fs, 0, NAME("link"), &st));
	ck_assert(S_ISLNK(st.mode));
	ok(hostfs_unlink(fs, 0, NAME("relfile")));

	ok(stat("out/secret", &after));
	ck_assert_int_eq(before.st_size, after.st_size);
	ck_assert_int_eq(before.st_mode, after.st_mode);
	ck_assert_int_eq(before.st_mtime, after.st_mtime);
	ck_assert_int_eq(after.st_nlink, 1);
}
END_TEST

START_TEST(a_link_is_read_as_it_is)
{
	char buf[PATH_MAX];

	walk_instead(_i);
	ok(hostfs_symlink(fs, 0, NAME("dir/l"), NAME("../../any\xff")));
	ck_assert_int_eq(hostfs_readlink(fs, 0, NAME("dir/l"), buf, sizeof(buf)), 10);
	ck_assert_int_eq(memcmp(buf, "../../any\xff", 10), 0);
	ck_assert_int_eq(hostfs_readlink(fs, 0, NAME("dir/l"), buf, 3), 3);
	fails(EINVAL, hostfs_readlink(fs, 0, NAME("file"), buf, sizeof(buf)));
	memset(buf, 'x', sizeof(buf));
	fails(ENAMETOOLONG, hostfs_symlink(fs, 0, NAME("m"), buf, sizeof(buf)));
}
END_TEST

START_TEST(nothing_changes_in_a_read_only_directory)
{
	struct host_attr attr = { .valid = HOST_ATTR_MODE, .mode = 0777 };
	int f;

	walk_instead(_i);
	ok(hostfs_stat(fs, 1, NAME("dir/deep"), &st));
	f = hostfs_open(fs, 1, NAME("file"), HOST_FILE_READ);
	ok(f);
	fails(EROFS, hostfs_open(fs, 1, NAME("file"), HOST_FILE_WRITE));
	fails(EROFS, hostfs_open_new(fs, 1, NAME("x"), 0600));
	fails(EROFS, hostfs_mkdir(fs, 1, NAME("x"), 0700));
	fails(EROFS, hostfs_rmdir(fs, 1, NAME("dir")));
	fails(EROFS, hostfs_unlink(fs, 1, NAME("file")));
	fails(EROFS, hostfs_mknod(fs, 1, NAME("x"), S_IFIFO | 0600));
	fails(EROFS, hostfs_symlink(fs, 1, NAME("x"), NAME("y")));
	fails(EROFS, hostfs_link(fs, 1, NAME("file"), NAME("x")));
	fails(EROFS, hostfs_rename(fs, 1, NAME("file"), NAME("x"), 0));
	fails(EROFS, hostfs_access(fs, 1, NAME("file"), W_OK));
	fails(EROFS, hostfs_setattr(fs, -1, 1, NAME("file"), &attr));
	fails(EROFS, hostfs_setattr(fs, f, 1, NAME("file"), &attr));
	/* nor by the number of another */
	fails(EROFS, hostfs_setattr(fs, f, 0, NAME("file"), &attr));
	fails(EBADF, hostfs_write(fs, f, "x", 1, 0));
	ok(hostfs_stat(fs, 1, NAME("file"), &st));
	ck_assert_int_eq(st.mode & 07777, 0600);
}
END_TEST

START_TEST(wrong_numbers_are_refused)
{
	static const int wrong[] = { -1, 0, 1, 2, 3, 64, 1 << 20, INT32_MIN, INT32_MAX };
	char buf[64];
	unsigned int i;
	int f;

	walk_instead(_i);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		fails(EBADF, hostfs_read(fs, wrong[i], buf, 1, 0));
		fails(EBADF, hostfs_write(fs, wrong[i], buf, 1, 0));
		fails(EBADF, hostfs_fstat(fs, wrong[i], &st));
		fails(EBADF, hostfs_sync(fs, wrong[i], 0));
		fails(EBADF, hostfs_readdir(fs, wrong[i], 0, buf, sizeof(buf)));
		fails(EBADF, hostfs_exchange(fs, wrong[i], wrong[i]));
		hostfs_close(fs, wrong[i]);
		if (wrong[i] != 0 && wrong[i] != 1)
			fails(ENOENT, hostfs_stat(fs, wrong[i], NAME("file"), &st));
	}
	ok(fcntl(fs->roots[0].fd, F_GETFD));

	f = open_file("file", HOST_FILE_READ);
	ck_assert_int_eq(f, 0);
	ck_assert_int_eq(hostfs_read(fs, f, buf, sizeof(buf), 2), 4);
	hostfs_close(fs, f);
	hostfs_close(fs, f);
	fails(EBADF, hostfs_read(fs, f, buf, 1, 0));
	ck_assert_int_eq(open_file("file", HOST_FILE_READ), 0);
	ck_assert_int_eq(open_file("file", HOST_FILE_READ), 1);
	fails(ENOENT, hostfs_stat(NULL, 0, NAME("file"), &st));
}
END_TEST

START_TEST(long_and_odd_names)
{
	char name[PATH_MAX + 2];

	walk_instead(_i);
	memset(name, '\xfe', sizeof(name));
	ok(hostfs_open_new(fs, 0, name, 255, 0600));
	ok(hostfs_stat(fs, 0, name, 255, &st));
	fails(ENAMETOOLONG, hostfs_open_new(fs, 0, name, 256, 0600));
	fails(ENAMETOOLONG, hostfs_stat(fs, 0, name, PATH_MAX, &st));
	fails(ENAMETOOLONG, hostfs_stat(fs, 0, name, UINT32_MAX, &st));
	fails(EINVAL, hostfs_stat(fs, 0, "fi\0le", 5, &st));
	fails(EINVAL, hostfs_stat(fs, 0, "file\0", 5, &st));
	ok(hostfs_open_new(fs, 0, NAME("dir/a b\n\x01\xc3"), 0600));
	ok(access("in/dir/a b\n\x01\xc3", F_OK));
}
END_TEST

START_TEST(offsets_above_4_gib)
{
	uint64_t at = 5ull << 30;
	char buf[16] = "";
	int f;

	walk_instead(_i);
	f = hostfs_open_new(fs, 0, NAME("big"), 0600);
	ok(f);
	ck_assert_int_eq(hostfs_write(fs, f, "far", 3, at), 3);
	ck_assert_int_eq(hostfs_read(fs, f, buf, sizeof(buf), at), 3);
	ck_assert_str_eq(buf, "far");
	ck_assert_int_eq(hostfs_read(fs, f, buf, 4, at - 2), 4);
	ck_assert_int_eq(memcmp(buf, "\0\0fa", 4), 0);
	ck_assert_int_eq(hostfs_read(fs, f, buf, 4, at + 3), 0);
	ok(hostfs_fstat(fs, f, &st));
	ck_assert(st.size == at + 3);
	ck_assert(st.blocks < 1000);
	fails(EINVAL, hostfs_read(fs, f, buf, 1, 1ull << 63));
	fails(EINVAL, hostfs_read(fs, f, buf, UINT32_MAX, 0));
}
END_TEST

START_TEST(too_many_open_files_is_an_error)
{
	struct rlimit old, few;
	int n, f, last = -1;

	walk_instead(_i);
	ok(getrlimit(RLIMIT_NOFILE, &old));
	few = old;
	few.rlim_cur = 100;
	ok(setrlimit(RLIMIT_NOFILE, &few));
	for (n = 0; n < 200; n++) {
		f = open_file("dir/deep", HOST_FILE_READ);
		if (f < 0)
			break;
		last = f;
	}
	ck_assert_int_eq(f, -ENFILE);
	ck_assert_int_gt(n, 50);
	/* the last descriptor may go on the way to the directory */
	ck_assert_int_eq(open_file("file", HOST_FILE_READ), n);
	fails(ENFILE, hostfs_open_new(fs, 0, NAME("x"), 0600));
	hostfs_close(fs, last);
	hostfs_close(fs, last - 1);
	ok(open_file("dir/deep", HOST_FILE_READ));
	ok(setrlimit(RLIMIT_NOFILE, &old));
}
END_TEST

START_TEST(a_fifo_is_never_opened)
{
	walk_instead(_i);
	alarm(10);
	ok(hostfs_mknod(fs, 0, NAME("fifo"), S_IFIFO | 0666));
	ok(hostfs_mknod(fs, 0, NAME("sock"), S_IFSOCK | 0600));
	ok(hostfs_mknod(fs, 0, NAME("plain"), S_IFREG | 0640));
	ok(hostfs_stat(fs, 0, NAME("fifo"), &st));
	ck_assert_int_eq(st.mode, S_IFIFO | 0666);
	fails(ENXIO, open_file("fifo", HOST_FILE_READ));
	fails(ENXIO, open_file("fifo", HOST_FILE_READ | HOST_FILE_WRITE));
	fails(ENXIO, hostfs_open_new(fs, 0, NAME("fifo"), 0600));
	fails(ENXIO, open_file("sock", HOST_FILE_READ));
	fails(EPERM, hostfs_mknod(fs, 0, NAME("null"), S_IFCHR | 0666));
	fails(EPERM, hostfs_mknod(fs, 0, NAME("disk"), S_IFBLK | 0666));
	fails(EPERM, hostfs_mknod(fs, 0, NAME("x"), S_IFDIR | 0777));
}
END_TEST

START_TEST(modes_are_the_guests)
{
	int f;

	walk_instead(_i);
	f = hostfs_open_new(fs, 0, NAME("open"), 0666);
	ok(f);
	ok(hostfs_fstat(fs, f, &st));
	ck_assert_int_eq(st.mode, S_IFREG | 0666);
	ok(hostfs_mkdir(fs, 0, NAME("d"), 01777));
	ok(hostfs_stat(fs, 0, NAME("d"), &st));
	ck_assert_int_eq(st.mode, S_IFDIR | 01777);
	f = hostfs_open_new(fs, 0, NAME("readonly"), 0444);
	ck_assert_int_eq(hostfs_write(fs, f, "x", 1, 0), 1);
	ok(hostfs_stat(fs, 0, NAME("readonly"), &st));
	ck_assert_int_eq(st.mode, S_IFREG | 0444);
	ck_assert_int_eq(st.size, 1);
}
END_TEST

START_TEST(attributes_are_set)
{
	struct host_attr attr = {
		.valid = HOST_ATTR_MODE | HOST_ATTR_SIZE | HOST_ATTR_ATIME |
			 HOST_ATTR_MTIME | HOST_ATTR_UID | HOST_ATTR_GID,
		.mode = 0751,
		.size = 5ull << 30,
		.uid = getuid(),
		.gid = getgid(),
		.atime = { .sec = 5000000000, .nsec = 999999999 },
		.mtime = { .sec = -1, .nsec = 1 },
	};
	int pass, f;

	walk_instead(_i);
	for (pass = 0; pass < 3; pass++) {
		/* by name, by a file open for writing, and one for reading */
		put("in/file", "new");
		ok(chmod("in/file", 0600));
		f = !pass ? -1 : open_file("file", pass == 1 ?
				HOST_FILE_READ | HOST_FILE_WRITE : HOST_FILE_READ);
		ok(hostfs_setattr(fs, f, 0, NAME("file"), &attr));
		ok(hostfs_stat(fs, 0, NAME("file"), &st));
		ck_assert_int_eq(st.mode, S_IFREG | 0751);
		ck_assert(st.size == attr.size);
		ck_assert_int_eq(st.uid, getuid());
		ck_assert(st.atime.sec == 5000000000);
		ck_assert_int_eq(st.atime.nsec, 999999999);
		ck_assert_int_eq(st.mtime.sec, -1);
		ck_assert_int_eq(st.mtime.nsec, 1);
	}
	attr.valid = HOST_ATTR_MTIME_NOW;
	ok(hostfs_setattr(fs, -1, 0, NAME("file"), &attr));
	ok(hostfs_stat(fs, 0, NAME("file"), &st));
	ck_assert(st.mtime.sec > 1000000000);
	ck_assert(st.atime.sec == 5000000000);
}
END_TEST

/* hostfs asks for reading too; root would get it */
START_TEST(a_file_may_be_for_writing_only)
{
	char c;
	int f;

	walk_instead(_i);
	ok(chmod(top, 0755));
	ok(chmod("in", 0755));
	ok(chmod("in/file", 0200));
	if (!getuid()) {
		ok(chown("in/file", 65534, 65534));
		setfsuid(65534);
	}
	fails(EACCES, open_file("file", HOST_FILE_READ));
	f = open_file("file", HOST_FILE_READ | HOST_FILE_WRITE);
	setfsuid(getuid());
	ok(f);
	ck_assert_int_eq(hostfs_write(fs, f, "x", 1, 0), 1);
	fails(EBADF, hostfs_read(fs, f, &c, 1, 0));
}
END_TEST

START_TEST(a_file_replaced_by_another_open_of_it)
{
	char buf[8];
	int r, w;

	walk_instead(_i);
	r = open_file("file", HOST_FILE_READ);
	w = open_file("file", HOST_FILE_READ | HOST_FILE_WRITE);
	fails(EBADF, hostfs_write(fs, r, "I", 1, 0));
	ok(hostfs_exchange(fs, r, w));
	hostfs_close(fs, w);
	ck_assert_int_eq(hostfs_write(fs, r, "I", 1, 0), 1);
	ck_assert_int_eq(hostfs_read(fs, r, buf, 8, 0), 6);
	ck_assert_int_eq(memcmp(buf, "Inside", 6), 0);
}
END_TEST

#define MANY 12000

START_TEST(a_directory_of_many_files)
{
	char name[32], buf[4096] __attribute__((aligned(8)));
	static bool seen[MANY];
	struct host_dirent *ent;
	uint64_t pos = 0;
	int i, n, at, f, files = 0, dots = 0;

	walk_instead(_i);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "dir/file number %d", i);
		f = hostfs_open_new(fs, 0, NAME(name), 0600);
		ok(f);
		hostfs_close(fs, f);
	}
	f = open_file("dir", HOST_FILE_READ);
	while ((n = hostfs_readdir(fs, f, pos, buf, sizeof(buf))) > 0) {
		/* as the kernel does it: some entries, then close and open */
		for (at = 0; at < n; at += ent->reclen) {
			ent = (struct host_dirent *)(buf + at);
			pos = ent->next;
			if (ent->type == 4 /* DT_DIR */) {
				dots++;
				continue;
			}
			if (sscanf(ent->name, "file number %d", &i) != 1)
				continue;
			ck_assert(!seen[i]);
			seen[i] = true;
			files++;
			if (i % 7 == 0)
				break;
		}
		hostfs_close(fs, f);
		f = open_file("dir", HOST_FILE_READ);
	}
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(files, MANY);
	ck_assert_int_eq(dots, 2);
}
END_TEST

START_TEST(a_directory_that_was_replaced)
{
	walk_instead(_i);
	ok(hostfs_stat(fs, 0, NAME("dir/deep"), &st));
	ok(rename("in/dir", "in/old"));
	ok(mkdir("in/dir", 0700));
	put("in/dir/new", "");
	/* as the guest goes along a path */
	ok(hostfs_stat(fs, 0, NAME("dir"), &st));
	fails(ENOENT, hostfs_stat(fs, 0, NAME("dir/deep"), &st));
	ok(hostfs_stat(fs, 0, NAME("dir/new"), &st));

	/* by a link out of here */
	ok(rename("in/dir", "in/old2"));
	ok(symlink("../out", "in/dir"));
	fails(ENOENT, hostfs_stat(fs, 0, NAME("dir/secret"), &st));
	ok(hostfs_stat(fs, 0, NAME("dir"), &st));
	ck_assert(S_ISLNK(st.mode));
	ck_assert_int_lt(hostfs_stat(fs, 0, NAME("dir/secret"), &st), 0);
	ck_assert_int_lt(hostfs_stat(fs, 0, NAME("dir/new"), &st), 0);

	/* by nothing */
	ok(hostfs_stat(fs, 0, NAME("old/deep"), &st));
	ok(rename("in/old", "out/old"));
	fails(ENOENT, hostfs_stat(fs, 0, NAME("old"), &st));
	fails(ENOENT, hostfs_stat(fs, 0, NAME("old/deep"), &st));
}
END_TEST

START_TEST(more_directories_than_are_kept)
{
	char name[64], to[64];
	int i, pass;

	walk_instead(_i);
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		ok(hostfs_mkdir(fs, 0, NAME(name), 0700));
		snprintf(name, sizeof(name), "d%d/f", i);
		ok(hostfs_mknod(fs, 0, NAME(name), S_IFREG | 0600));
	}
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < 100; i++) {
			snprintf(name, sizeof(name), "d%d/f", i);
			snprintf(to, sizeof(to), "d%d/f%d", (i + 50) % 100, i);
			ok(hostfs_stat(fs, 0, NAME(name), &st));
			ok(hostfs_link(fs, 0, NAME(name), NAME(to)));
			ok(hostfs_unlink(fs, 0, NAME(to)));
		}
	}
}
END_TEST

START_TEST(one_file_alone)
{
	char buf[512] __attribute__((aligned(8))), names[64] = "";
	struct host_dirent *ent;
	int r, n, at, f;

	walk_instead(_i);
	r = hostfs_add_file(fs, "in/dir/../relfile", "prog");
	ck_assert_int_eq(r, 2);
	fails(EINVAL, hostfs_add_file(fs, "in/file", "a/b"));
	fails(ENOENT, hostfs_add_file(fs, "in/no", "no"));
	ok(hostfs_stat(fs, r, NAME("prog"), &st));
	ck_assert_int_eq(st.mode, S_IFREG | 0700);
	ok(hostfs_access(fs, r, NAME("prog"), R_OK | X_OK));
	fails(ENOENT, hostfs_stat(fs, r, NAME("secret"), &st));
	fails(ENOENT, hostfs_stat(fs, r, NAME("../in/file"), &st));
	fails(ENOENT, hostfs_stat(fs, r, NAME("prog/x"), &st));
	ok(hostfs_stat(fs, r, NAME(""), &st));
	ck_assert(S_ISDIR(st.mode));
	fails(EROFS, hostfs_open(fs, r, NAME("prog"), HOST_FILE_WRITE));
	fails(EROFS, hostfs_open_new(fs, r, NAME("x"), 0600));
	f = hostfs_open(fs, r, NAME("prog"), HOST_FILE_READ);
	ck_assert_int_eq(hostfs_read(fs, f, buf, sizeof(buf), 0), 6);
	ok(hostfs_fstat(fs, f, &st));
	ck_assert_int_eq(st.mode, S_IFREG | 0700);

	f = hostfs_open(fs, r, NAME(""), HOST_FILE_READ);
	n = hostfs_readdir(fs, f, 0, buf, sizeof(buf));
	for (at = 0; at < n; at += ent->reclen) {
		ent = (struct host_dirent *)(buf + at);
		strcat(strcat(names, ent->name), " ");
	}
	ck_assert_str_eq(names, ". .. prog ");
	ck_assert_int_eq(hostfs_readdir(fs, f, 3, buf, sizeof(buf)), 0);
	fails(EBADF, hostfs_read(fs, f, buf, 1, 0));
}
END_TEST

START_TEST(names_are_made_moved_and_removed)
{
	walk_instead(_i);
	ok(hostfs_mkdir(fs, 0, NAME("dir/sub"), 0700));
	ok(hostfs_rename(fs, 0, NAME("file"), NAME("dir/sub/moved"), 0));
	fails(ENOENT, hostfs_stat(fs, 0, NAME("file"), &st));
	ok(hostfs_link(fs, 0, NAME("dir/sub/moved"), NAME("file")));
	ok(hostfs_stat(fs, 0, NAME("file"), &st));
	ck_assert_int_eq(st.nlink, 2);
	fails(EEXIST, hostfs_rename(fs, 0, NAME("dir/deep"), NAME("file"), RENAME_NOREPLACE));
	ok(hostfs_rename(fs, 0, NAME("dir/deep"), NAME("file"), RENAME_EXCHANGE));
	ok(hostfs_stat(fs, 0, NAME("file"), &st));
	ck_assert_int_eq(st.size, 4);
	fails(EINVAL, hostfs_rename(fs, 0, NAME("file"), NAME("f"), RENAME_WHITEOUT));
	fails(ENOTEMPTY, hostfs_rmdir(fs, 0, NAME("dir/sub")));
	ok(hostfs_unlink(fs, 0, NAME("dir/sub/moved")));
	ok(hostfs_rmdir(fs, 0, NAME("dir/sub")));
	fails(ENOTDIR, hostfs_rmdir(fs, 0, NAME("file")));
	fails(EISDIR, hostfs_unlink(fs, 0, NAME("dir")));
	ck_assert_int_lt(hostfs_rmdir(fs, 0, NAME("")), 0);
	ck_assert_int_lt(hostfs_unlink(fs, 0, NAME("")), 0);
	ck_assert_int_lt(hostfs_rename(fs, 0, NAME("dir"), NAME(""), 0), 0);
}
END_TEST

/* no coarser clock is known than of two seconds */
START_TEST(a_change_is_recent_for_a_while)
{
	struct timespec t = { .tv_nsec = 50000000 };
	int i;

	walk_instead(_i);
	put("in/file", "changed");
	ok(hostfs_stat(fs, 0, NAME("file"), &st));
	for (i = 0; st.recent && i < 60; i++) {
		nanosleep(&t, NULL);
		ok(hostfs_stat(fs, 0, NAME("file"), &st));
	}
	ck_assert_int_gt(i, 0);
	ck_assert(!st.recent);
	ok(chmod("in/file", 0600));
	ok(hostfs_stat(fs, 0, NAME("file"), &st));
	ck_assert(st.recent);
}
END_TEST

START_TEST(few_idle_files_where_few_may_be_open)
{
	struct rlimit old, few;
	struct hostfs *other;

	ok(getrlimit(RLIMIT_NOFILE, &old));
	few = old;
	few.rlim_cur = 64;
	ok(setrlimit(RLIMIT_NOFILE, &few));
	other = hostfs_create();
	ok(setrlimit(RLIMIT_NOFILE, &old));
	ck_assert_int_eq(hostfs_keep(other), 8);
	hostfs_destroy(other);
	ck_assert_int_le(hostfs_keep(fs), 256);
}
END_TEST

START_TEST(a_file_that_can_only_be_asked)
{
	struct host_attr attr = { .valid = HOST_ATTR_MODE, .mode = 0777 };
	struct host_stat by_name;
	char buf[8];
	int f;

	walk_instead(_i);
	f = open_file("relfile", 0);
	ok(f);
	ok(hostfs_fstat(fs, f, &st));
	ck_assert(S_ISLNK(st.mode));
	hostfs_close(fs, f);

	f = open_file("dir/deep", 0);
	ok(hostfs_fstat(fs, f, &st));
	ok(hostfs_stat(fs, 0, NAME("dir/deep"), &by_name));
	ck_assert(st.ino == by_name.ino && st.size == 4);
	fails(EBADF, hostfs_read(fs, f, buf, 1, 0));
	fails(EBADF, hostfs_write(fs, f, "x", 1, 0));
	ck_assert_int_lt(hostfs_setattr(fs, f, 0, NAME("dir/deep"), &attr), 0);
	fails(ENOENT, open_file("no", 0));
	ck_assert_int_lt(open_file("rel/secret", 0), 0);
}
END_TEST

static int heard[4];

/* The only watch of which there is something to be heard; 0 for none. */
static int hear(void)
{
	int n = hostfs_heard(fs, heard, 4);

	ck_assert_int_ge(n, 0);
	ck_assert_int_le(n, 1);
	return n ? heard[0] : 0;
}

START_TEST(changes_of_names_are_heard_of)
{
	int dir, in;

	walk_instead(_i);
	ck_assert_int_eq(hear(), 0);
	in = hostfs_watch(fs, 0, NAME(""), &st);
	if (in == -EOPNOTSUPP)
		check_skip("a file system of the network");
	ck_assert_int_gt(in, 0);
	dir = hostfs_watch(fs, 0, NAME("dir"), &st);
	ck_assert_int_gt(dir, 0);
	ck_assert_int_ne(dir, in);
	ck_assert_int_eq(hostfs_watch(fs, 1, NAME("dir"), &st), dir);
	ck_assert(S_ISDIR(st.mode));
	ck_assert_int_lt(hostfs_watch(fs, 0, NAME("file"), &st), 0);
	ck_assert_int_lt(hostfs_watch(fs, 0, NAME("rel"), &st), 0);
	ck_assert_int_lt(hostfs_watch(fs, 0, NAME("abs/ssl"), &st), 0);
	ck_assert_int_eq(hear(), 0);

	/* what stat will say */
	put("in/dir/deep", "other");
	ok(chmod("in/dir/deep", 0640));
	put("in/dir/new", "");
	ck_assert_int_eq(hear(), 0);

	ok(rename("in/dir/new", "in/dir/deep"));
	ck_assert_int_eq(hear(), dir);
	ck_assert_int_eq(hear(), 0);
	ok(rename("in/file", "in/dir/file"));
	ck_assert_int_eq(hostfs_heard(fs, heard, 4), 2);
	ok(unlink("in/dir/deep"));
	ck_assert_int_eq(hear(), dir);
	ok(rename("in/dir/file", "out/file"));
	ck_assert_int_eq(hear(), dir);
	ok(chmod("in/dir", 0711));
	ck_assert_int_eq(hear(), dir);
	ok(rename("in/dir", "out/dir"));
	ck_assert_int_eq(hostfs_heard(fs, heard, 4), 2);
	hostfs_unwatch(fs, in);
	ck_assert_int_eq(hear(), -in);
	ok(unlink("in/rel"));
	ck_assert_int_eq(hear(), 0);

	/* the last that is heard */
	ok(rmdir("out/dir"));
	ck_assert_int_eq(hostfs_heard(fs, heard, 4), 2);
	ck_assert_int_eq(heard[1], -dir);
	ck_assert_int_eq(hear(), 0);
}
END_TEST

START_TEST(more_changes_than_can_be_told)
{
	char name[32];
	int i, n;

	walk_instead(_i);
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "in/d%d", i);
		ok(mkdir(name, 0700));
		if (hostfs_watch(fs, 0, NAME(name + 3), &st) == -EOPNOTSUPP)
			check_skip("a file system of the network");
	}
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "in/d%d", i);
		ok(chmod(name, 0711));
	}
	fails(EOVERFLOW, hostfs_heard(fs, heard, 4));
	ck_assert_int_eq(hear(), 0);

	/* more than the host's queue takes, or than we read at once */
	for (i = 0; i < 20000; i++)
		ok(chmod(i % 2 ? "in/d1" : "in/d2", 0711));
	n = hostfs_heard(fs, heard, 4);
	ck_assert_int_eq(n, -EOVERFLOW);
}
END_TEST

START_TEST(the_file_system_is_described)
{
	struct host_statfs s;

	walk_instead(_i);
	ok(hostfs_statfs(fs, 0, &s));
	ck_assert(s.blocks > 0 && s.bsize >= 512 && s.namelen >= 255);
	fails(ENOENT, hostfs_statfs(fs, 7, &s));
}
END_TEST

Suite *hostfs_suite(void);

Suite *hostfs_suite(void)
{
	const TTest *const tests[] = {
		dot_dot_is_refused,
		links_on_the_way_are_not_followed,
		a_link_at_the_end_is_not_followed,
		a_link_is_read_as_it_is,
		nothing_changes_in_a_read_only_directory,
		wrong_numbers_are_refused,
		long_and_odd_names,
		offsets_above_4_gib,
		too_many_open_files_is_an_error,
		a_fifo_is_never_opened,
		modes_are_the_guests,
		attributes_are_set,
		a_file_may_be_for_writing_only,
		a_file_replaced_by_another_open_of_it,
		a_directory_of_many_files,
		a_directory_that_was_replaced,
		more_directories_than_are_kept,
		one_file_alone,
		names_are_made_moved_and_removed,
		a_change_is_recent_for_a_while,
		few_idle_files_where_few_may_be_open,
		a_file_that_can_only_be_asked,
		changes_of_names_are_heard_of,
		more_changes_than_can_be_told,
		the_file_system_is_described,
	};
	Suite *s = suite_create("hostfs");
	TCase *tc = tcase_create("hostfs");
	unsigned int i;

	tcase_add_checked_fixture(tc, setup_in, teardown);
	tcase_set_timeout(tc, 30);
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tcase_add_loop_test(tc, tests[i], 0, 2);
	suite_add_tcase(s, tc);
	return s;
}
