/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
/* before check.h, which has a macro fail */
#include "host_page.h"
#include "image/impl.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "hostfs/impl.h"
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
	/* a test may have mounted something, even if it has failed */
	snprintf(cmd, sizeof(cmd), "rm -rf --one-file-system '%s'", top);
	ok(system(cmd));
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

	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const char *path = paths[i];

		ck_assert_int_lt(hostfs_stat(fs, 0, NAME(path), &st), 0);
		ck_assert_int_lt(open_file(path, HOST_FILE_READ), 0);
		ck_assert_int_lt(hostfs_unlink(fs, 0, NAME(path)), 0);
		ck_assert_int_lt(hostfs_access(fs, 0, NAME(path), R_OK), 0);
	}
	ck_assert_int_lt(hostfs_open_new(fs, 0, NAME("rel/x"), 0600, NULL), 0);
	ck_assert_int_lt(hostfs_mkdir(fs, 0, NAME("rel/x"), 0700, NULL), 0);
	ck_assert_int_lt(hostfs_symlink(fs, 0, NAME("rel/x"), NAME("y"), NULL), 0);
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

	ok(stat("out/secret", &before));
	ok(hostfs_stat(fs, 0, NAME("relfile"), &st));
	ck_assert(S_ISLNK(st.mode));
	fails(ELOOP, open_file("relfile", HOST_FILE_READ));
	fails(ELOOP, open_file("absfile", HOST_FILE_READ));
	fails(ELOOP, open_file("relfile", HOST_FILE_READ | HOST_FILE_WRITE));
	fails(ELOOP, hostfs_open_new(fs, 0, NAME("dangling"), 0600, NULL));
	fails(EEXIST, hostfs_mkdir(fs, 0, NAME("dangling"), 0700, NULL));
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

	ok(hostfs_symlink(fs, 0, NAME("dir/l"), NAME("../../any\xff"), NULL));
	ck_assert_int_eq(hostfs_readlink(fs, 0, NAME("dir/l"), buf, sizeof(buf)), 10);
	ck_assert_int_eq(memcmp(buf, "../../any\xff", 10), 0);
	ck_assert_int_eq(hostfs_readlink(fs, 0, NAME("dir/l"), buf, 3), 3);
	fails(EINVAL, hostfs_readlink(fs, 0, NAME("file"), buf, sizeof(buf)));
	memset(buf, 'x', sizeof(buf));
	fails(ENAMETOOLONG, hostfs_symlink(fs, 0, NAME("m"), buf, sizeof(buf), NULL));
}
END_TEST

START_TEST(nothing_changes_in_a_read_only_directory)
{
	struct host_attr attr = { .valid = HOST_ATTR_MODE, .mode = 0777 };
	int f;

	ok(hostfs_stat(fs, 1, NAME("dir/deep"), &st));
	f = hostfs_open(fs, 1, NAME("file"), HOST_FILE_READ);
	ok(f);
	fails(EROFS, hostfs_open(fs, 1, NAME("file"), HOST_FILE_WRITE));
	fails(EROFS, hostfs_open_new(fs, 1, NAME("x"), 0600, NULL));
	fails(EROFS, hostfs_mkdir(fs, 1, NAME("x"), 0700, NULL));
	fails(EROFS, hostfs_rmdir(fs, 1, NAME("dir")));
	fails(EROFS, hostfs_unlink(fs, 1, NAME("file")));
	fails(EROFS, hostfs_mknod(fs, 1, NAME("x"), S_IFIFO | 0600, NULL));
	fails(EROFS, hostfs_symlink(fs, 1, NAME("x"), NAME("y"), NULL));
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

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		fails(EBADF, hostfs_read(fs, wrong[i], buf, 1, 0));
		fails(EBADF, hostfs_write(fs, wrong[i], buf, 1, 0));
		fails(EBADF, hostfs_fstat(fs, wrong[i], &st));
		fails(EBADF, hostfs_sync(fs, wrong[i], 0));
		fails(EBADF, hostfs_allocate(fs, wrong[i], 0, 0, 1));
		fails(EBADF, hostfs_seek(fs, wrong[i], 0, &(uint64_t){ 0 }));
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

	memset(name, '\xfe', sizeof(name));
	ok(hostfs_open_new(fs, 0, name, 255, 0600, NULL));
	ok(hostfs_stat(fs, 0, name, 255, &st));
	fails(ENAMETOOLONG, hostfs_open_new(fs, 0, name, 256, 0600, NULL));
	fails(ENAMETOOLONG, hostfs_stat(fs, 0, name, PATH_MAX, &st));
	fails(ENAMETOOLONG, hostfs_stat(fs, 0, name, UINT32_MAX, &st));
	fails(EINVAL, hostfs_stat(fs, 0, "fi\0le", 5, &st));
	fails(EINVAL, hostfs_stat(fs, 0, "file\0", 5, &st));
	ok(hostfs_open_new(fs, 0, NAME("dir/a b\n\x01\xc3"), 0600, NULL));
	ok(access("in/dir/a b\n\x01\xc3", F_OK));
}
END_TEST

START_TEST(offsets_above_4_gib)
{
	uint64_t at = 5ull << 30;
	char buf[16] = "";
	int f;

	f = hostfs_open_new(fs, 0, NAME("big"), 0600, NULL);
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

START_TEST(data_and_holes_are_found)
{
	uint64_t at = 0, end = (1ull << 30) + 3;
	int f = hostfs_open_new(fs, 0, NAME("sparse"), 0600, NULL);

	ok(f);
	ck_assert_int_eq(hostfs_write(fs, f, "far", 3, 1ull << 30), 3);
	ok(hostfs_seek(fs, f, 0, &at));
	ck_assert(at == 1ull << 30);
	ok(hostfs_seek(fs, f, 1, &at));
	ck_assert(at == end);
	fails(ENXIO, hostfs_seek(fs, f, 0, &at));
	ck_assert(at == end);
	at = 1ull << 63;
	fails(ENXIO, hostfs_seek(fs, f, 1, &at));
	hostfs_close(fs, f);
}
END_TEST

START_TEST(room_is_allocated)
{
	int f = hostfs_open_new(fs, 0, NAME("room"), 0600, NULL);

	ok(f);
	ok(hostfs_allocate(fs, f, 0, 1000, 5000));
	ok(hostfs_fstat(fs, f, &st));
	ck_assert(st.size == 6000 && st.blocks);
	ok(hostfs_allocate(fs, f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 6000));
	fails(EINVAL, hostfs_allocate(fs, f, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
	fails(EINVAL, hostfs_allocate(fs, f, 0, 1ull << 63, 1));
	fails(EINVAL, hostfs_allocate(fs, f, 0, 1, INT64_MAX));
	fails(EINVAL, hostfs_allocate(fs, f, 0, 0, UINT64_MAX));
	hostfs_close(fs, f);

	f = open_file("file", HOST_FILE_READ);
	ok(f);
	fails(EBADF, hostfs_allocate(fs, f, 0, 0, 100));
	hostfs_close(fs, f);
}
END_TEST

START_TEST(too_many_open_files_is_an_error)
{
	struct rlimit old, few;
	int n, f, last = -1;

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
	fails(ENFILE, hostfs_open_new(fs, 0, NAME("x"), 0600, NULL));
	hostfs_close(fs, last);
	hostfs_close(fs, last - 1);
	ok(open_file("dir/deep", HOST_FILE_READ));
	ok(setrlimit(RLIMIT_NOFILE, &old));
}
END_TEST

START_TEST(a_fifo_is_never_opened)
{
	alarm(10);
	ok(hostfs_mknod(fs, 0, NAME("fifo"), S_IFIFO | 0666, NULL));
	ok(hostfs_mknod(fs, 0, NAME("sock"), S_IFSOCK | 0600, NULL));
	ok(hostfs_mknod(fs, 0, NAME("plain"), S_IFREG | 0640, NULL));
	ok(hostfs_stat(fs, 0, NAME("fifo"), &st));
	ck_assert_int_eq(st.mode, S_IFIFO | 0666);
	fails(ENXIO, open_file("fifo", HOST_FILE_READ));
	fails(ENXIO, open_file("fifo", HOST_FILE_READ | HOST_FILE_WRITE));
	fails(ENXIO, hostfs_open_new(fs, 0, NAME("fifo"), 0600, NULL));
	fails(ENXIO, open_file("sock", HOST_FILE_READ));
	fails(EPERM, hostfs_mknod(fs, 0, NAME("null"), S_IFCHR | 0666, NULL));
	fails(EPERM, hostfs_mknod(fs, 0, NAME("disk"), S_IFBLK | 0666, NULL));
	fails(EPERM, hostfs_mknod(fs, 0, NAME("x"), S_IFDIR | 0777, NULL));
}
END_TEST

START_TEST(modes_are_the_guests)
{
	int f;

	f = hostfs_open_new(fs, 0, NAME("open"), 0666, NULL);
	ok(f);
	ok(hostfs_fstat(fs, f, &st));
	ck_assert_int_eq(st.mode, S_IFREG | 0666);
	ok(hostfs_mkdir(fs, 0, NAME("d"), 01777, NULL));
	ok(hostfs_stat(fs, 0, NAME("d"), &st));
	ck_assert_int_eq(st.mode, S_IFDIR | 01777);
	f = hostfs_open_new(fs, 0, NAME("readonly"), 0444, NULL);
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

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "dir/file number %d", i);
		f = hostfs_open_new(fs, 0, NAME(name), 0600, NULL);
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

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		ok(hostfs_mkdir(fs, 0, NAME(name), 0700, NULL));
		snprintf(name, sizeof(name), "d%d/f", i);
		ok(hostfs_mknod(fs, 0, NAME(name), S_IFREG | 0600, NULL));
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
	fails(EROFS, hostfs_open_new(fs, r, NAME("x"), 0600, NULL));
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
	ok(hostfs_mkdir(fs, 0, NAME("dir/sub"), 0700, NULL));
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

	ok(hostfs_statfs(fs, 0, &s));
	ck_assert(s.blocks > 0 && s.bsize >= 512 && s.namelen >= 255);
	fails(ENOENT, hostfs_statfs(fs, 7, &s));
}
END_TEST

/* --- what no guest may have --- */

/*
 * False if we cannot mount; a mount is only there until the test ends, and only
 * for descriptors from now on.
 */
static bool may_mount(void)
{
	if (unshare(CLONE_NEWNS))
		return false;
	ok(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	hostfs_destroy(fs);
	fs = hostfs_create();
	ck_assert_int_eq(hostfs_add_dir(fs, "in", 0), 0);
	return true;
}

/* For reading only: whatever goes wrong, nothing happens to what is there. */
static void bind(const char *from, const char *to)
{
	ok(mount(from, to, NULL, MS_BIND, NULL));
	ok(mount(NULL, to, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

static void unbind(const char *to)
{
	ok(umount2(to, MNT_DETACH));
}

static bool is_listed(const char *dir, const char *name)
{
	char buf[4096] __attribute__((aligned(8)));
	int f = open_file(dir, HOST_FILE_READ), n, at;
	struct host_dirent *ent;
	bool found = false;
	uint64_t pos = 0;

	ok(f);
	while ((n = hostfs_readdir(fs, f, pos, buf, sizeof(buf))) > 0)
		for (at = 0; at < n; at += ent->reclen) {
			ent = (struct host_dirent *)(buf + at);
			found |= !strcmp(ent->name, name);
			pos = ent->next;
		}
	ck_assert_int_eq(n, 0);
	hostfs_close(fs, f);
	return found;
}

/* Neither dir nor what is called name in it. */
static void is_closed(const char *dir, const char *name, const char *moved)
{
	struct host_attr attr = { .valid = HOST_ATTR_MODE, .mode = 0777 };
	const char *both[] = { dir, name };
	int i;

	ok(hostfs_stat(fs, 0, NAME(dir), &st));
	ck_assert_int_eq(st.mode & 07777, 0);
	fails(EACCES, hostfs_stat(fs, 0, NAME(name), &st));
	for (i = 0; i < 2; i++) {
		fails(EACCES, open_file(both[i], 0));
		fails(EACCES, open_file(both[i], HOST_FILE_READ));
		fails(EACCES, open_file(both[i], HOST_FILE_READ | HOST_FILE_WRITE));
		fails(EACCES, hostfs_access(fs, 0, NAME(both[i]), R_OK));
		fails(EACCES, hostfs_setattr(fs, -1, 0, NAME(both[i]), &attr));
		fails(EACCES, hostfs_watch(fs, 0, NAME(both[i]), &st));
	}
	fails(EACCES, hostfs_open_new(fs, 0, NAME(name), 0600, NULL));
	fails(EACCES, hostfs_mkdir(fs, 0, NAME(name), 0700, NULL));
	fails(EACCES, hostfs_unlink(fs, 0, NAME(name)));
	fails(EACCES, hostfs_rename(fs, 0, NAME(name), NAME(moved), 0));
	fails(EACCES, hostfs_link(fs, 0, NAME(name), NAME(moved)));
}

START_TEST(file_systems_of_the_kernel_are_refused)
{
	if (!may_mount())
		return;
	ok(mkdir("in/dir/a", 0700));
	ok(mkdir("in/dir/a/sys", 0700));
	ok(mkdir("in/dir/tmp", 0700));
	put("in/maps", "");
	put("in/link", "");
	ok(hostfs_stat(fs, 0, NAME("dir/a/sys"), &st));
	ok(mount("tmpfs", "in/dir/tmp", "tmpfs", 0, NULL));
	ok(mkdir("in/dir/tmp/proc", 0700));
	bind("/proc", "in/dir/tmp/proc");
	bind("/sys", "in/dir/a/sys");
	bind("/proc/self/maps", "in/maps");
	is_closed("dir/tmp/proc", "dir/tmp/proc/version", "dir/tmp/x");
	is_closed("dir/tmp/proc", "dir/tmp/proc/self/mem", "dir/tmp/x");
	is_closed("dir/a/sys", "dir/a/sys/kernel", "dir/a/x");
	ck_assert(is_listed("dir/a", "sys"));
	ck_assert(is_listed("", "maps"));

	/* one file */
	ok(hostfs_stat(fs, 0, NAME("maps"), &st));
	ck_assert_int_eq(st.mode, S_IFREG);
	fails(EACCES, open_file("maps", 0));
	fails(EACCES, open_file("maps", HOST_FILE_READ));
	fails(EACCES, hostfs_open_new(fs, 0, NAME("maps"), 0600, NULL));

	/* a mount of another kind is no obstacle */
	ok(hostfs_open_new(fs, 0, NAME("dir/tmp/file"), 0600, NULL));
	ok(hostfs_stat(fs, 0, NAME("dir/tmp/file"), &st));
	ok(open_file("dir/tmp", HOST_FILE_READ));
	ok(hostfs_mkdir(fs, 0, NAME("dir/tmp/d"), 0700, NULL));
	ok(open_file("dir/tmp/d", HOST_FILE_READ));
	unbind("in/maps");
	unbind("in/dir/a/sys");
	unbind("in/dir/tmp/proc");
	unbind("in/dir/tmp");
}
END_TEST

START_TEST(a_device_number_that_is_used_again)
{
	struct stat tmp, proc;
	int i;

	if (!may_mount())
		return;
	for (i = 0; i < 20; i++) {
		ok(mount("tmpfs", "in/dir", "tmpfs", 0, NULL));
		ok(stat("in/dir", &tmp));
		ok(hostfs_stat(fs, 0, NAME("dir"), &st));
		ck_assert_int_ne(st.mode & 0777, 0);
		put("in/dir/version", "");
		ok(hostfs_stat(fs, 0, NAME("dir/version"), &st));
		hostfs_dirs_flush(fs);
		ok(umount("in/dir"));
		/* whatever has numbers of that kind, and can be mounted anew */
		ok(mount("mqueue", "in/dir", "mqueue", 0, NULL));
		ok(stat("in/dir", &proc));
		ok(hostfs_stat(fs, 0, NAME("dir"), &st));
		ck_assert_int_eq(st.mode & 0777, 0);
		fails(EACCES, hostfs_open_new(fs, 0, NAME("dir/version"), 0600, NULL));
		ok(umount("in/dir"));
	}
}
END_TEST

START_TEST(no_root_is_the_kernels)
{
	int n = fs->nroots;

	fails(EACCES, hostfs_add_dir(fs, "/proc", 0));
	ck_assert_ptr_nonnull(strstr(hostfs_why(fs, -EACCES), "kernel"));
	fails(EACCES, hostfs_add_dir(fs, "/proc/self", HOSTFS_READ_ONLY));
	fails(EACCES, hostfs_add_dir(fs, "/proc/self/fd/../task", 0));
	fails(EACCES, hostfs_add_dir(fs, "/sys", 0));
	fails(EACCES, hostfs_add_file(fs, "/proc/self/maps", "maps"));
	fails(ENOENT, hostfs_add_dir(fs, "none", 0));
	ck_assert_str_eq(hostfs_why(fs, -ENOENT), strerror(ENOENT));
	ck_assert_int_eq(fs->nroots, n);
}
END_TEST

/* To open them would be an event. */
START_TEST(neither_fifo_nor_device_is_ever_opened)
{
	struct host_attr attr = { .valid = HOST_ATTR_MODE, .mode = 0777 };
	static const char *const names[] = { "fifo", "dev" };
	int ino = inotify_init1(IN_NONBLOCK), i;
	char buf[4096];

	ok(ino);
	ok(mkfifo("in/fifo", 0600));
	put("in/dev", "");
	if (mknod("in/real", S_IFCHR | 0600, makedev(1, 3)) || open("in/real", O_RDONLY) < 0) {
		if (!may_mount())
			return;
		bind("/dev/null", "in/dev");
	} else {
		ok(rename("in/real", "in/dev"));
	}
	for (i = 0; i < 2; i++) {
		char path[32];

		snprintf(path, sizeof(path), "in/%s", names[i]);
		ok(inotify_add_watch(ino, path, IN_OPEN));
		fails(ENXIO, open_file(names[i], HOST_FILE_READ));
		fails(ENXIO, open_file(names[i], HOST_FILE_READ | HOST_FILE_WRITE));
		fails(ENXIO, open_file(names[i], HOST_FILE_WRITE));
		fails(ENXIO, hostfs_open_new(fs, 0, NAME(names[i]), 0600, NULL));
		attr.valid = HOST_ATTR_SIZE;
		ck_assert_int_lt(hostfs_setattr(fs, -1, 0, NAME(names[i]), &attr), 0);
		ck_assert_int_eq(read(ino, buf, sizeof(buf)), -1);
	}
	ok(hostfs_stat(fs, 0, NAME("dev"), &st));
	ck_assert(S_ISCHR(st.mode));
	attr.valid = HOST_ATTR_MODE;
	fails(EPERM, hostfs_setattr(fs, -1, 0, NAME("dev"), &attr));
	fails(EPERM, hostfs_link(fs, 0, NAME("dev"), NAME("other")));
	ok(hostfs_setattr(fs, -1, 0, NAME("fifo"), &attr));
	umount2("in/dev", MNT_DETACH);
}
END_TEST

/* Nothing that is called so can be seen or made; err is that of making it. */
static void is_out_of_reach(const char *name, const char *moved)
{
	struct host_attr attr = { .valid = HOST_ATTR_MODE, .mode = 0777 };
	char buf[16];

	fails(ENOENT, hostfs_stat(fs, 0, NAME(name), &st));
	fails(ENOENT, hostfs_stat(fs, 1, NAME(name), &st));
	fails(ENOENT, open_file(name, 0));
	fails(ENOENT, open_file(name, HOST_FILE_READ));
	fails(ENOENT, open_file(name, HOST_FILE_READ | HOST_FILE_WRITE));
	fails(ENOENT, hostfs_access(fs, 0, NAME(name), R_OK));
	fails(ENOENT, hostfs_watch(fs, 0, NAME(name), &st));
	fails(ENOENT, hostfs_setattr(fs, -1, 0, NAME(name), &attr));
	fails(ENOENT, hostfs_unlink(fs, 0, NAME(name)));
	fails(ENOENT, hostfs_rmdir(fs, 0, NAME(name)));
	fails(ENOENT, hostfs_link(fs, 0, NAME(name), NAME(moved)));
	fails(ENOENT, hostfs_rename(fs, 0, NAME(name), NAME(moved), 0));
	fails(ENOENT, hostfs_rename(fs, 0, NAME("file"), NAME(name), RENAME_EXCHANGE));
	ck_assert_int_lt(hostfs_readlink(fs, 0, NAME(name), buf, sizeof(buf)), 0);
}

static void cannot_be_made(const char *name)
{
	fails(EPERM, hostfs_open_new(fs, 0, NAME(name), 0600, NULL));
	fails(EPERM, hostfs_mkdir(fs, 0, NAME(name), 0700, NULL));
	fails(EPERM, hostfs_symlink(fs, 0, NAME(name), NAME("dir"), NULL));
	fails(EPERM, hostfs_mknod(fs, 0, NAME(name), S_IFREG | 0600, NULL));
	fails(EPERM, hostfs_link(fs, 0, NAME("file"), NAME(name)));
	fails(EPERM, hostfs_rename(fs, 0, NAME("file"), NAME(name), 0));
	fails(EPERM, hostfs_rename(fs, 0, NAME("dir"), NAME(name), RENAME_NOREPLACE));
}

static void stays(const char *name)
{
	ok(hostfs_stat(fs, 0, NAME(name), &st));
	fails(EBUSY, hostfs_unlink(fs, 0, NAME(name)));
	fails(EBUSY, hostfs_rmdir(fs, 0, NAME(name)));
	fails(EBUSY, hostfs_rename(fs, 0, NAME(name), NAME("moved"), 0));
	fails(EBUSY, hostfs_rename(fs, 0, NAME("file"), NAME(name), 0));
	fails(EBUSY, hostfs_rename(fs, 0, NAME("dir"), NAME(name), RENAME_EXCHANGE));
	fails(EBUSY, hostfs_rename(fs, 0, NAME(name), NAME("dir"), RENAME_EXCHANGE));
	fails(EEXIST, hostfs_mkdir(fs, 0, NAME(name), 0700, NULL));
	fails(EEXIST, hostfs_symlink(fs, 0, NAME(name), NAME("dir"), NULL));
}

START_TEST(what_is_protected_is_out_of_reach)
{
	ok(mkdir("in/home", 0700));
	ok(mkdir("in/home/.cache", 0700));
	ok(mkdir("in/home/.cache/own", 0700));
	ok(mkdir("in/home/.cache/own/sub", 0700));
	ok(mkdir("in/home/.cache/other", 0700));
	put("in/home/.cache/own/x.so", "code");
	put("in/home/.cache/own/sub/y", "more");
	ok(symlink("home/.cache", "in/way"));
	/* known to fs before */
	ok(hostfs_stat(fs, 0, NAME("home/.cache/own/sub/y"), &st));
	ok(hostfs_protect(fs, "in/way/../.cache/own/"));
	ok(hostfs_protect(fs, "in/way/../.cache/own/"));

	stays("way");
	stays("home");
	stays("home/.cache");
	is_out_of_reach("home/.cache/own", "moved");
	is_out_of_reach("home/.cache/own/x.so", "moved");
	is_out_of_reach("home/.cache/own/sub", "moved");
	is_out_of_reach("home/.cache/own/sub/y", "moved");
	cannot_be_made("home/.cache/own");
	fails(ENOENT, hostfs_open_new(fs, 0, NAME("home/.cache/own/new.so"), 0600, NULL));
	ck_assert(!is_listed("home/.cache", "own"));
	ck_assert(is_listed("home/.cache", "other"));
	/* but used */
	ok(hostfs_open_new(fs, 0, NAME("home/.cache/other/f"), 0600, NULL));
	ok(hostfs_mkdir(fs, 0, NAME("home/.cache/more"), 0700, NULL));
	ok(hostfs_rename(fs, 0, NAME("home/.cache/more"), NAME("home/more"), 0));
	ok(access("in/home/.cache/own/x.so", F_OK));

	fails(EPERM, hostfs_add_dir(fs, "in/home/.cache/own", HOSTFS_READ_ONLY));
	fails(EPERM, hostfs_add_dir(fs, "in/way/own/sub", 0));
	fails(EPERM, hostfs_add_file(fs, "in/home/.cache/own/x.so", "x"));
	ok(hostfs_add_dir(fs, "in/home/.cache", 0));
	fails(ENOENT, hostfs_stat(fs, 2, NAME("own/x.so"), &st));
	fails(EBUSY, hostfs_protect(fs, "in"));
}
END_TEST

/* As many files as there are of the process, which another machine needs, too. */
START_TEST(one_machine_leaves_files_for_another)
{
	const struct rlimit small = { 128, 128 };
	struct hostfs *other = hostfs_create();
	int n, k;

	ok(setrlimit(RLIMIT_NOFILE, &small));
	ck_assert_int_eq(hostfs_add_dir(other, "in", 0), 0);
	for (n = 0; n < 128 && open_file("file", HOST_FILE_READ) >= 0; n++)
		;
	ck_assert_int_gt(n, 64);
	fails(ENFILE, open_file("file", HOST_FILE_READ));
	/* nothing is made that cannot be had */
	fails(ENFILE, hostfs_open_new(fs, 0, NAME("new"), 0600, NULL));
	ck_assert_int_eq(access("in/new", F_OK), -1);
	for (k = 0; k < 128 && hostfs_open(other, 0, NAME("dir/deep"), HOST_FILE_READ) >= 0; k++)
		;
	ck_assert_int_ge(k, 8);
	hostfs_destroy(other);
	/* and again when there are some */
	hostfs_close(fs, 0);
	ok(open_file("file", HOST_FILE_READ));
	fails(ENFILE, open_file("file", HOST_FILE_READ));
}
END_TEST

START_TEST(what_an_image_keeps_is_looked_at_again)
{
	char path[PATH_MAX];
	struct hostfs *old;
	size_t size;
	void *data;
	int i;

	ok(mkdir("in/own", 0700));
	put("in/own/x.so", "code");
	for (i = 0; i < 2; i++) {
		/* a directory, then a file that is open */
		old = hostfs_create();
		ok(hostfs_add_dir(old, i ? "in" : "in/own", 0));
		if (i)
			ok(hostfs_open(old, 0, NAME("own/x.so"), HOST_FILE_READ));
		ok(hostfs_save(old, &data, &size, path, sizeof(path)));
		hostfs_destroy(old);
		old = hostfs_create();
		ok(hostfs_load(old, data, size, path, sizeof(path)));
		hostfs_destroy(old);
		old = hostfs_create();
		ok(hostfs_protect(old, i ? "in/own/x.so" : "in/own"));
		fails(i ? ENOENT : EPERM,
		      hostfs_load(old, data, size, path, sizeof(path)));
		ck_assert_ptr_nonnull(strstr(path, "/in/own"));
		hostfs_destroy(old);
		free(data);
	}
}
END_TEST

START_TEST(what_is_protected_may_be_made_anew)
{
	ok(mkdir("in/.cache", 0700));
	ok(mkdir("in/.cache/own", 0700));
	put("in/.cache/own/x.so", "code");
	ok(hostfs_protect(fs, "in/.cache/own"));
	is_out_of_reach(".cache/own/x.so", "moved");
	ok(rename("in/.cache", "out/.cache"));
	fails(ENOENT, hostfs_stat(fs, 0, NAME(".cache"), &st));
	cannot_be_made(".cache");
	ok(mkdir("in/.cache", 0700));
	ok(hostfs_stat(fs, 0, NAME(".cache"), &st));
	fails(EPERM, hostfs_mkdir(fs, 0, NAME(".cache/own"), 0700, NULL));
	ok(mkdir("in/.cache/own", 0700));
	put("in/.cache/own/x.so", "code");
	is_out_of_reach(".cache/own/x.so", "moved");
	stays(".cache");
}
END_TEST

START_TEST(what_is_protected_need_not_exist)
{
	ok(hostfs_protect(fs, "in/none/.cache/own"));
	is_out_of_reach("none", "moved");
	cannot_be_made("none");
	fails(ENOENT, hostfs_mkdir(fs, 0, NAME("none/.cache"), 0700, NULL));
	ok(mkdir("in/none", 0700));
	stays("none");
	cannot_be_made("none/.cache");
	ok(hostfs_mkdir(fs, 0, NAME("none/other"), 0700, NULL));
	fails(EINVAL, hostfs_protect(fs, "/"));
	fails(EINVAL, hostfs_protect(fs, "/../."));
}
END_TEST

START_TEST(a_protected_file_has_no_other_name)
{
	ok(mkdir("in/images", 0700));
	put("in/images/one", "image");
	ok(link("in/images/one", "in/alias"));
	ok(hostfs_protect(fs, "in/images/one"));
	is_out_of_reach("images/one", "moved");
	cannot_be_made("images/one");
	fails(ENOENT, hostfs_stat(fs, 0, NAME("alias"), &st));
	fails(ENOENT, open_file("alias", HOST_FILE_READ));
	fails(ENOENT, hostfs_link(fs, 0, NAME("alias"), NAME("more")));
	ok(hostfs_stat(fs, 0, NAME("dir/deep"), &st));
}
END_TEST

START_TEST(where_the_compiler_works_is_out_of_reach)
{
	static const char *const others[] = {
		"muslin-compile.", "muslin-compile.abcde", "muslin-compile.abcdefg",
		"xmuslin-compile.abcdef", "muslin-compileX.abcdef",
	};
	unsigned int i;

	ok(mkdir("in/muslin-compile.aB3xyz", 0700));
	ok(mkdir("in/dir/muslin-compile.------", 0700));
	put("in/muslin-compile.aB3xyz/prog.c", "");
	is_out_of_reach("muslin-compile.aB3xyz", "moved");
	is_out_of_reach("muslin-compile.aB3xyz/prog.c", "moved");
	is_out_of_reach("dir/muslin-compile.------", "moved");
	cannot_be_made("muslin-compile.aB3xyz");
	cannot_be_made("dir/muslin-compile.abcdef");
	fails(ENOENT, hostfs_mkdir(fs, 0, NAME("muslin-compile.aB3xyz/d"), 0700, NULL));
	ck_assert(!is_listed("", "muslin-compile.aB3xyz"));
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		ok(hostfs_mkdir(fs, 0, NAME(others[i]), 0700, NULL));
}
END_TEST

START_TEST(an_image_is_not_written)
{
	struct host_attr attr = { .valid = HOST_ATTR_SIZE };
	char buf[32];
	int f;

	put("in/image", IMAGE_MAGIC " and more");
	put("in/text", "muslin boot");
	fails(EPERM, open_file("image", HOST_FILE_READ | HOST_FILE_WRITE));
	fails(EPERM, open_file("image", HOST_FILE_WRITE));
	fails(EPERM, hostfs_open_new(fs, 0, NAME("image"), 0600, NULL));
	fails(EPERM, hostfs_setattr(fs, -1, 0, NAME("image"), &attr));
	fails(EPERM, hostfs_link(fs, 0, NAME("image"), NAME("other")));
	f = open_file("image", HOST_FILE_READ);
	ck_assert_int_eq(hostfs_read(fs, f, buf, sizeof(buf), 0), 25);
	fails(EPERM, hostfs_setattr(fs, f, 0, NAME("image"), &attr));
	/* so that it could be written only, and nobody would know */
	attr = (struct host_attr){ .valid = HOST_ATTR_MODE, .mode = 0200 };
	fails(EPERM, hostfs_setattr(fs, -1, 0, NAME("image"), &attr));
	fails(EPERM, hostfs_setattr(fs, f, 0, NAME("image"), &attr));
	attr.mode = 0400;
	ok(hostfs_setattr(fs, -1, 0, NAME("image"), &attr));
	ok(hostfs_rename(fs, 0, NAME("image"), NAME("renamed"), 0));
	ok(hostfs_unlink(fs, 0, NAME("renamed")));

	attr = (struct host_attr){ .valid = HOST_ATTR_SIZE };
	ok(open_file("text", HOST_FILE_WRITE));
	ok(hostfs_setattr(fs, -1, 0, NAME("text"), &attr));
}
END_TEST

static int set_mode(int root, int f, const char *name, unsigned int mode)
{
	struct host_attr attr = { .valid = HOST_ATTR_MODE, .mode = mode };

	return hostfs_setattr(fs, f, root, NAME(name), &attr);
}

START_TEST(no_file_becomes_set_id)
{
	static const unsigned int modes[] = { 04755, 02755, 06711, 02644 };
	unsigned int i, m;
	int f, r;

	f = open_file("file", HOST_FILE_READ | HOST_FILE_WRITE);
	ok(f);
	r = hostfs_add_dir(fs, "in", HOSTFS_SUID);
	ok(r);
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		m = modes[i];
		fails(EPERM, set_mode(0, -1, "file", m));
		fails(EPERM, set_mode(0, f, "file", m));
		fails(EPERM, hostfs_open_new(fs, 0, NAME("new"), m, NULL));
		fails(EPERM, hostfs_mknod(fs, 0, NAME("new"), S_IFREG | m, NULL));
		fails(EPERM, hostfs_mknod(fs, 0, NAME("new"), S_IFIFO | m, NULL));
		fails(ENOENT, hostfs_stat(fs, 0, NAME("new"), &st));
		ok(hostfs_stat(fs, 0, NAME("file"), &st));
		ck_assert_int_eq(st.mode, S_IFREG | 0600);

		/* :suid */
		ok(set_mode(r, -1, "file", m));
		ok(hostfs_stat(fs, 0, NAME("file"), &st));
		ck_assert_int_eq(st.mode, S_IFREG | m);
		/* not even what it is already */
		fails(EPERM, set_mode(0, -1, "file", m));
		ok(set_mode(0, -1, "file", m & 0777));
		ok(hostfs_open_new(fs, r, NAME("new"), m, NULL));
		ok(hostfs_stat(fs, r, NAME("new"), &st));
		ck_assert_int_eq(st.mode, S_IFREG | m);
		ok(hostfs_unlink(fs, r, NAME("new")));
		ok(hostfs_mknod(fs, r, NAME("new"), S_IFREG | m, NULL));
		ok(hostfs_stat(fs, r, NAME("new"), &st));
		ck_assert_int_eq(st.mode, S_IFREG | m);
		ok(hostfs_unlink(fs, r, NAME("new")));
		ok(set_mode(0, -1, "file", 0600));
	}
	fails(EPERM, hostfs_mknod(fs, r, NAME("new"), S_IFCHR | 0600, NULL));

	/* sticky, and the group of a directory, give no rights */
	ok(set_mode(0, -1, "file", 01640));
	ok(hostfs_open_new(fs, 0, NAME("sticky"), 01666, NULL));
	ok(hostfs_stat(fs, 0, NAME("sticky"), &st));
	ck_assert_int_eq(st.mode, S_IFREG | 01666);
	ok(set_mode(0, -1, "dir", 03777));
	fails(EPERM, set_mode(0, -1, "dir", 04777));
	ok(hostfs_mkdir(fs, 0, NAME("dir/sub"), 0707, NULL));
	ok(hostfs_stat(fs, 0, NAME("dir/sub"), &st));
	ck_assert_int_eq(st.mode, S_IFDIR | 02707);
}
END_TEST

static void is_of(const char *name, uid_t uid, gid_t gid)
{
	struct stat now;

	ok(fstatat(fs->roots[0].fd, name, &now, AT_SYMLINK_NOFOLLOW));
	ck_assert_uint_eq(now.st_uid, uid);
	ck_assert_uint_eq(now.st_gid, gid);
}

START_TEST(new_files_are_their_makers)
{
	static const struct hostfs_owner o = { 1234, 5678 }, none = { -1, -1 };

	if (geteuid())
		check_skip("needs root, to make files of others");
	ok(hostfs_open_new(fs, 0, NAME("a"), 0400, &o));
	ok(hostfs_mkdir(fs, 0, NAME("b"), 0700, &o));
	ok(hostfs_mknod(fs, 0, NAME("c"), S_IFIFO | 0600, &o));
	ok(hostfs_symlink(fs, 0, NAME("d"), NAME("a"), &o));
	is_of("a", 1234, 5678);
	is_of("b", 1234, 5678);
	is_of("c", 1234, 5678);
	is_of("d", 1234, 5678);
	/* what was there stays whose it was, and so does the thread */
	ok(hostfs_open_new(fs, 0, NAME("file"), 0600, &o));
	is_of("file", 0, 0);
	fails(EEXIST, hostfs_mkdir(fs, 0, NAME("dir"), 0700, &o));
	is_of("dir", 0, 0);
	ck_assert_int_eq(setfsuid(-1), 0);
	ck_assert_int_eq(setfsgid(-1), 0);
	ok(hostfs_open_new(fs, 0, NAME("b/e"), 0600, NULL));
	is_of("b/e", 0, 0);
	/* numbers of nobody */
	ok(hostfs_open_new(fs, 0, NAME("f"), 0600, &none));
	is_of("f", 0, 0);
}
END_TEST

START_TEST(impossible_arguments)
{
	struct host_attr attr = { .valid = HOST_ATTR_MTIME, .mtime.nsec = 1000000000 };
	static const uint32_t nsecs[] = { 1000000000, UTIME_NOW, UTIME_OMIT, UINT32_MAX };
	char buf[64] = "";
	unsigned int i;
	int f;

	for (i = 0; i < 4; i++) {
		attr.mtime.nsec = nsecs[i];
		fails(EINVAL, hostfs_setattr(fs, -1, 0, NAME("file"), &attr));
	}
	for (i = 8; i < 32; i++) {
		attr = (struct host_attr){ .valid = 1u << i };
		fails(EINVAL, hostfs_setattr(fs, -1, 0, NAME("file"), &attr));
	}
	attr = (struct host_attr){ .valid = HOST_ATTR_SIZE, .size = UINT64_MAX };
	fails(EINVAL, hostfs_setattr(fs, -1, 0, NAME("file"), &attr));
	fails(EINVAL, open_file("file", 4));
	fails(EINVAL, open_file("file", INT32_MIN));
	fails(EINVAL, hostfs_symlink(fs, 0, NAME("new"), "a\0b", 3, NULL));
	fails(ENAMETOOLONG, hostfs_symlink(fs, 0, NAME("new"), "", UINT32_MAX, NULL));
	fails(ENAMETOOLONG, hostfs_rename(fs, 0, NAME("file"), "", UINT32_MAX, 0));
	fails(EINVAL, hostfs_rename(fs, 0, NAME("file"), NAME("new"), -1));
	fails(EINVAL, hostfs_access(fs, 0, NAME("file"), -1));
	f = open_file("file", HOST_FILE_READ | HOST_FILE_WRITE);
	fails(EINVAL, hostfs_write(fs, f, buf, UINT32_MAX, 0));
	fails(EINVAL, hostfs_write(fs, f, buf, 1, UINT64_MAX));
	fails(ENOTDIR, hostfs_readdir(fs, f, 0, buf, UINT32_MAX));
	f = open_file("", HOST_FILE_READ);
	fails(EINVAL, hostfs_readdir(fs, f, UINT64_MAX, buf, sizeof(buf)));
	fails(EINVAL, hostfs_readdir(fs, f, 0, buf, 0));
	fails(EINVAL, hostfs_readdir(fs, f, 0, buf, 7));
}
END_TEST

/* ulimit -f is no reason for this process to die */
START_TEST(a_file_may_not_become_larger)
{
	struct host_attr attr = { .valid = HOST_ATTR_SIZE, .size = 1001 };
	static char buf[600];
	struct rlimit old, r;
	int f;

	hostfs_destroy(fs);
	ok(getrlimit(RLIMIT_FSIZE, &old));
	r = old;
	r.rlim_cur = 1000;
	/* libcheck writes to a file, too */
	setrlimit(RLIMIT_FSIZE, &r);
	fs = hostfs_create();
	setrlimit(RLIMIT_FSIZE, &old);
	ok(hostfs_add_dir(fs, "in", 0));
	f = hostfs_open_new(fs, 0, NAME("new"), 0600, NULL);
	ck_assert_int_eq(hostfs_write(fs, f, buf, 600, 0), 600);
	ck_assert_int_eq(hostfs_write(fs, f, buf, 600, 600), 400);
	fails(EFBIG, hostfs_write(fs, f, buf, 1, 1000));
	fails(EFBIG, hostfs_write(fs, f, buf, 1, INT64_MAX));
	fails(EFBIG, hostfs_allocate(fs, f, 0, 1, 1000));
	fails(EFBIG, hostfs_setattr(fs, f, 0, NAME("new"), &attr));
	fails(EFBIG, hostfs_setattr(fs, -1, 0, NAME("new"), &attr));
	attr.size = 999;
	ok(hostfs_setattr(fs, f, 0, NAME("new"), &attr));
}
END_TEST

/* --- whatever a kernel asks --- */

static uint32_t random_state = 1;

static uint32_t any(uint32_t n)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % n;
}

static int any_number(void)
{
	static const int numbers[] = { -1, 0, 0, 0, 1, 2, 3, 7, 1 << 20, INT32_MIN, INT32_MAX };

	return numbers[any(sizeof(numbers) / sizeof(*numbers))];
}

struct any_path {
	char text[PATH_MAX];
	uint32_t len;
};

static struct any_path any_path(void)
{
	static const char *const names[] = {
		"file", "dir", "dir/deep", "dir/new", "new", "link", ".cache", ".cache/own",
		".cache/own/x.so", "rel/secret", "..", "../out/secret", "", "/", ".",
		"muslin-compile.abcdef", "muslin-compile.abcdef/x", "image", "dir/sub", "dir/sub/f",
	};
	static const uint32_t lens[] = { 0, 1, 3, PATH_MAX - 1, PATH_MAX, UINT32_MAX };
	struct any_path p = { 0 };

	strcpy(p.text, names[any(sizeof(names) / sizeof(*names))]);
	p.len = strlen(p.text);
	if (!any(10))
		p.len = lens[any(6)];
	if (!any(50))
		memset(p.text, 'x', sizeof(p.text));
	return p;
}

static void anything(void)
{
	static char buf[65536] __attribute__((aligned(8)));
	struct any_path a = any_path(), b = any_path();
	int root = any(4) ? 0 : any_number(), file = any_number();
	int mode = any(2) ? any(1 << 16) : (int)any(UINT32_MAX);
	uint32_t len = any(3) ? any(sizeof(buf)) : UINT32_MAX - any(100);
	uint64_t offset = any(2) ? any(10000) : (uint64_t)any(UINT32_MAX) << 32;
	struct host_attr attr = {
		.valid = any(4) ? any(256) : any(UINT32_MAX),
		.mode = mode,
		.uid = getuid(),
		.gid = getgid(),
		.size = any(2) ? any(10000) : UINT64_MAX - any(100),
		.atime.nsec = any(UINT32_MAX),
		.mtime.sec = offset,
	};
	int watches[4];

	switch (any(23)) {
	case 0: hostfs_stat(fs, root, a.text, a.len, &st); break;
	case 1: hostfs_access(fs, root, a.text, a.len, mode); break;
	case 2: hostfs_symlink(fs, root, a.text, a.len, b.text, b.len, NULL); break;
	case 3: hostfs_readlink(fs, root, a.text, a.len, buf, len); break;
	case 4: hostfs_unlink(fs, root, a.text, a.len); break;
	case 5: hostfs_mkdir(fs, root, a.text, a.len, mode, NULL); break;
	case 6: hostfs_rmdir(fs, root, a.text, a.len); break;
	case 7: hostfs_mknod(fs, root, a.text, a.len, mode, NULL); break;
	case 8: hostfs_link(fs, root, a.text, a.len, b.text, b.len); break;
	case 9: hostfs_rename(fs, root, a.text, a.len, b.text, b.len, any(2) ? 0 : mode); break;
	case 10: hostfs_rename(fs, root, a.text, a.len, b.text, b.len, any(4)); break;
	case 11: hostfs_watch(fs, root, a.text, a.len, &st); break;
	case 12: hostfs_unwatch(fs, file); break;
	case 13: hostfs_heard(fs, watches, any(5)); break;
	case 14: hostfs_open(fs, root, a.text, a.len, any(2) ? (int)any(4) : mode); break;
	case 15: hostfs_open_new(fs, root, a.text, a.len, mode, NULL); break;
	case 16: hostfs_close(fs, file); break;
	case 17: hostfs_exchange(fs, file, any_number()); break;
	case 18: hostfs_fstat(fs, file, &st); break;
	case 19: hostfs_read(fs, file, buf, len, offset); break;
	case 20: hostfs_write(fs, file, buf, any(1000), any(2) ? any(10000) : offset); break;
	case 21: hostfs_readdir(fs, file, any(2) ? 0 : offset, buf, len); break;
	case 22: hostfs_setattr(fs, any(2) ? -1 : file, root, a.text, a.len, &attr); break;
	}
}

START_TEST(whatever_is_asked)
{
	char found[100] = "";
	FILE *out;
	int i;

	ok(mkdir("in/.cache", 0700));
	ok(mkdir("in/.cache/own", 0700));
	ok(mkdir("in/muslin-compile.abcdef", 0700));
	put("in/muslin-compile.abcdef/x", "secret");
	put("in/.cache/own/x.so", "secret");
	put("in/image", IMAGE_MAGIC);
	ok(hostfs_protect(fs, "in/.cache/own"));
	ok(hostfs_add_file(fs, "in/file", "prog"));
	ok(hostfs_open(fs, 1, "", 0, HOST_FILE_READ));
	for (i = 0; i < 200000; i++)
		anything();
	/* it may have made what it has unreadable */
	out = popen("chmod -R u+rwX in; cat out/secret in/.cache/own/x.so in/muslin-compile.abcdef/x;"
		    "ls -A . out in/.cache/own in/muslin-compile.abcdef | wc -l;"
		    "find . -type b -o -type c -o ! -type d -perm /6000", "r");
	ck_assert_ptr_nonnull(out);
	fread(found, 1, sizeof(found) - 1, out);
	pclose(out);
	ck_assert_str_eq(found, "secretsecretsecret12\n");
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
		data_and_holes_are_found,
		room_is_allocated,
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
		file_systems_of_the_kernel_are_refused,
		a_device_number_that_is_used_again,
		no_root_is_the_kernels,
		neither_fifo_nor_device_is_ever_opened,
		what_is_protected_is_out_of_reach,
		one_machine_leaves_files_for_another,
		what_an_image_keeps_is_looked_at_again,
		what_is_protected_may_be_made_anew,
		what_is_protected_need_not_exist,
		a_protected_file_has_no_other_name,
		where_the_compiler_works_is_out_of_reach,
		an_image_is_not_written,
		no_file_becomes_set_id,
		new_files_are_their_makers,
		impossible_arguments,
		a_file_may_not_become_larger,
		whatever_is_asked,
	};
	Suite *s = suite_create("hostfs");
	TCase *tc = tcase_create("hostfs");
	unsigned int i;

	tcase_add_checked_fixture(tc, setup_in, teardown);
	tcase_set_timeout(tc, 30);
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return s;
}
