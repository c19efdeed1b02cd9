/* SPDX-License-Identifier: MIT */
/*
 * Files of the host, for libFuzzer: every hostfs_*() with numbers, paths,
 * lengths and flags of a kernel that is nobody's friend.  Beside the directories
 * that the guest has is one that it has not, which must stay as it was, and in
 * them are links to it, a FIFO, and a file that is there by another name too.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostfs/impl.h"

#define BUFFER 70000
#define OPEN_MAX_FILES 64

/* in memory, where there is that: fsync() takes its time on a disk */
static char scratch[] = "/dev/shm/muslin-fuzz-hostfs.XXXXXX";
static struct hostfs *fs;

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

/* --- the directories --- */

static const char secret[] = "nobody's business";

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), name);
	must(fchmod(fd, mode) == 0, name);
	close(fd);
}

static void make_inside(void)
{
	char outside[100];

	must(mkdir("in", 0700) == 0 && mkdir("in/d", 0755) == 0 && mkdir("ro", 0755) == 0, "mkdir");
	put("in/f", "inside", 0644);
	put("in/d/g", "deep", 0600);
	put("ro/f", "read-only", 0644);
	must(link("in/f", "in/d/h") == 0 && mkfifo("in/p", 0666) == 0, "in/p");
	must(symlink("../out", "in/up") == 0 && symlink("../out/keep", "in/s") == 0 &&
	     symlink("d", "in/l") == 0 && symlink("../out/new", "in/new") == 0, "symlink");
	snprintf(outside, sizeof(outside), "%s/out", scratch);
	must(symlink(outside, "in/abs") == 0 && symlink(outside, "ro/abs") == 0, "in/abs");
}

/* What removes it does not follow links, either. */
static void empty(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	DIR *d;

	if (fd < 0 && fchmodat(at, name, 0700, 0) == 0)
		fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	must(fd >= 0, name);
	fchmod(fd, 0700);
	d = fdopendir(fd);
	must(d != NULL, name);
	while ((e = readdir(d)) != NULL) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (unlinkat(fd, e->d_name, 0) < 0)
			empty(fd, e->d_name);
	}
	closedir(d);
	must(unlinkat(at, name, AT_REMOVEDIR) == 0, name);
}

static struct {
	struct stat dir, keep, sub;
} outside;

static void look(struct stat *dir, struct stat *keep, struct stat *sub)
{
	must(lstat("out", dir) == 0 && lstat("out/keep", keep) == 0 &&
	     lstat("out/sub", sub) == 0, "out");
}

static int same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_mode == b->st_mode && a->st_nlink == b->st_nlink &&
		a->st_uid == b->st_uid && a->st_gid == b->st_gid && a->st_size == b->st_size &&
		!memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) &&
		!memcmp(&a->st_ctim, &b->st_ctim, sizeof(a->st_ctim));
}

static void check_outside(void)
{
	struct stat dir, keep, sub;

	look(&dir, &keep, &sub);
	if (!same(&dir, &outside.dir) || !same(&keep, &outside.keep) || !same(&sub, &outside.sub))
		abort();
}

/* Neither devices, nor what gives others the rights of our user. */
static void check_inside(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	struct stat st;
	DIR *d;

	if (fd < 0)
		return;
	d = fdopendir(fd);
	while (d && (e = readdir(d)) != NULL) {
		if (!strcmp(e->d_name, "..") ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode))
			abort();
		if (S_ISREG(st.st_mode) && (st.st_mode & (S_ISUID | S_ISGID)))
			abort();
		if (S_ISDIR(st.st_mode) && strcmp(e->d_name, "."))
			check_inside(fd, e->d_name);
	}
	if (d)
		closedir(d);
}

/* --- the input --- */

static const uint8_t *in, *in_end;

static uint8_t byte(void)
{
	return in < in_end ? *in++ : 0;
}

static uint32_t word(void)
{
	uint32_t v = byte();

	v |= byte() << 8;
	v |= byte() << 16;
	return v | (uint32_t)byte() << 24;
}

static int number(void)
{
	uint8_t b = byte();

	return b < 250 ? b % 10 - 1 : (int)word();
}

static uint64_t offset(void)
{
	uint8_t b = byte();

	return b < 200 ? b : (uint64_t)word() << 32 | word();
}

/* Of its own memory, so that a byte too much is seen. */
struct text {
	char *p;
	uint32_t len;
};

static struct text path(void)
{
	static const char *const names[] = {
		"", "f", "d", "d/g", "d/h", "p", "up", "up/keep", "up/sub/x", "s", "l", "l/g", "new",
		"abs", "abs/keep", "..", "../out/keep", "d/../../out/keep", ".", "/", "//f", "d/",
		"d/.", "x", "y", "d/x", "x/y", "x/y/z", "fx", "./f", "d//g", "/proc/self/fd/3",
	};
	uint32_t n = byte(), i;
	struct text t = { NULL, 0 };

	if (n < 128) {
		t.len = strlen(names[n % (sizeof(names) / sizeof(*names))]);
		t.p = malloc(t.len + !t.len);
		memcpy(t.p, names[n % (sizeof(names) / sizeof(*names))], t.len);
		return t;
	}
	/* long ones */
	t.len = n < 136 ? word() % 9000 : n % 32;
	t.p = malloc(t.len + !t.len);
	for (i = 0; i < t.len; i++)
		t.p[i] = in < in_end ? byte() : i % 200 ? 'n' : '/';
	return t;
}

/* --- the calls --- */

static int fresh(int file)
{
	if (file >= OPEN_MAX_FILES)
		hostfs_close(fs, file);
	return file;
}

static void attributes(struct host_attr *a)
{
	memset(a, 0, sizeof(*a));
	a->valid = byte() | byte() << 8;
	a->mode = word();
	a->uid = number();
	a->gid = number();
	a->size = offset() % (1 << 20);
	a->atime.sec = offset();
	a->atime.nsec = word();
	a->mtime.sec = offset();
	a->mtime.nsec = word();
}

static void by_name(uint8_t what, struct text a, struct text b)
{
	struct host_statfs sf;
	struct host_attr attr;
	struct host_stat st;
	int root = number();
	char *buf;
	uint32_t n;

	switch (what) {
	case 0: hostfs_stat(fs, root, a.p, a.len, &st); break;
	case 1: hostfs_access(fs, root, a.p, a.len, number()); break;
	case 2: hostfs_symlink(fs, root, a.p, a.len, b.p, b.len, NULL); break;
	case 3:
		n = word() % 5000;
		buf = malloc(n + !n);
		if (hostfs_readlink(fs, root, a.p, a.len, buf, n) > (int)n)
			abort();
		free(buf);
		break;
	case 4: hostfs_unlink(fs, root, a.p, a.len); break;
	case 5: hostfs_mkdir(fs, root, a.p, a.len, word(), NULL); break;
	case 6: hostfs_rmdir(fs, root, a.p, a.len); break;
	case 7: hostfs_mknod(fs, root, a.p, a.len, word(), NULL); break;
	case 8: hostfs_link(fs, root, a.p, a.len, b.p, b.len); break;
	case 9: hostfs_rename(fs, root, a.p, a.len, b.p, b.len, number()); break;
	case 10: hostfs_watch(fs, root, a.p, a.len, &st); break;
	case 11: hostfs_statfs(fs, root, &sf); break;
	case 12: case 13: fresh(hostfs_open(fs, root, a.p, a.len, number())); break;
	case 14: fresh(hostfs_open_new(fs, root, a.p, a.len, word(), NULL)); break;
	default:
		attributes(&attr);
		hostfs_setattr(fs, number(), root, a.p, a.len, &attr);
	}
}

static void by_file(uint8_t what)
{
	int file = number(), watches[4], r;
	uint32_t n = byte() < 200 ? byte() : word() % BUFFER;
	char *buf = calloc(1, n + !n);
	struct host_stat st;

	switch (what) {
	case 0: hostfs_unwatch(fs, file); break;
	case 1: hostfs_heard(fs, watches, byte() % 5); break;
	case 2: hostfs_close(fs, file); break;
	case 3: hostfs_keep(fs); break;
	case 4: hostfs_exchange(fs, file, number()); break;
	case 5: hostfs_fstat(fs, file, &st); break;
	case 6:
		r = hostfs_read(fs, file, buf, n, offset());
		if (r > (int)n)
			abort();
		if (memmem(buf, n, secret, sizeof(secret) - 1))
			abort();
		break;
	case 7: hostfs_write(fs, file, buf, n, offset() % (1 << 20)); break;
	case 8: hostfs_sync(fs, file, byte()); break;
	default:
		if (hostfs_readdir(fs, file, offset(), buf, n) > (int)n)
			abort();
	}
	free(buf);
}

static void call(void)
{
	uint8_t what = byte() % 26;
	struct text a, b;

	if (what >= 16) {
		by_file(what - 16);
		return;
	}
	a = path();
	b = path();
	by_name(what, a, b);
	free(a.p);
	free(b.p);
}

static void remove_scratch(void)
{
	if (chdir("/") == 0)
		empty(AT_FDCWD, scratch);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (access("/dev/shm", W_OK) < 0)
		memcpy(scratch, "/tmp////", 8);
	must(mkdtemp(scratch) && chdir(scratch) == 0, scratch);
	atexit(remove_scratch);
	must(mkdir("out", 0755) == 0 && mkdir("out/sub", 0755) == 0, "out");
	put("out/keep", secret, 0644);
	look(&outside.dir, &outside.keep, &outside.sub);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = data;
	in_end = data + size;
	umask(022);
	make_inside();
	fs = hostfs_create();
	must(fs && hostfs_add_dir(fs, "in", 0) == 0 && hostfs_add_dir(fs, "ro", 1) == 1 &&
	     hostfs_add_file(fs, "in/f", "only") == 2, "roots");
	while (in < in_end)
		call();
	check_outside();
	check_inside(AT_FDCWD, "in");
	hostfs_destroy(fs);
	empty(AT_FDCWD, "in");
	empty(AT_FDCWD, "ro");
	return 0;
}
