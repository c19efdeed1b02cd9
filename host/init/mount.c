/* SPDX-License-Identifier: MIT */
/* The guest's file systems. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "init.h"

/* linux/magic.h */
#define HOSTFS_MAGIC	0x00c0ffee
#define OVERLAYFS_MAGIC	0x794c7630

static const struct {
	const char *type, *path, *options;
	int mode;
	unsigned long flags;
} table[] = {
	{ "devtmpfs", "/dev", "mode=0755", 0755, MS_NOSUID },
	{ "proc", "/proc", NULL, 0555, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "sysfs", "/sys", NULL, 0555, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "devpts", "/dev/pts", "mode=0620,ptmxmode=0666", 0755,
	  MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "/dev/shm", "mode=1777", 01777, MS_NOSUID | MS_NODEV },
	{ "mqueue", "/dev/mqueue", NULL, 01777,
	  MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "tmpfs", "/run", "mode=0755", 0755, MS_NOSUID | MS_NODEV },
	{ "tmpfs", "/tmp", "mode=1777", 01777, MS_NOSUID | MS_NODEV },
};

static const struct {
	const char *path, *target;
} links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx", "/dev/pts/ptmx" },
};

/*
 * By itself tmpfs has an inode for two pages of memory, and ours are of 64 KiB:
 * 8,192 files in a machine of 1 GiB.  What one costs, about 1 KiB, is what it is
 * elsewhere, so there are as many as with pages of 4 KiB.
 */
static void add_inodes(char *options, size_t n)
{
	size_t len = strlen(options);
	struct sysinfo si;

	if (!sysinfo(&si))
		snprintf(options + len, n - len, ",nr_inodes=%llu",
			 (unsigned long long)si.totalram * si.mem_unit / 8192);
}

static int mount_one(size_t i)
{
	char options[64];

	if (strcmp(table[i].type, "tmpfs"))
		return mount(table[i].type, table[i].path, table[i].type,
			     table[i].flags, table[i].options);
	snprintf(options, sizeof(options), "%s", table[i].options);
	add_inodes(options, sizeof(options));
	return mount(table[i].type, table[i].path, table[i].type,
		     table[i].flags, options);
}

void mount_system(void)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		mkdir(table[i].path, table[i].mode);
		if (mount_one(i) && errno != EBUSY)
			fprintf(stderr, "init: mount %s: %s\n", table[i].path,
				strerror(errno));
	}
	unlink("/dev/ptmx");
	for (i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlink(links[i].target, links[i].path))
			fprintf(stderr, "init: link %s: %s\n", links[i].path,
				strerror(errno));
}

/*
 * Makes a mount point.  Nothing is made in a directory of the host: that it
 * was given to the guest does not mean that it wants another one's name in it.
 */
static int make_point(char *path)
{
	struct statfs fs;
	struct stat st;
	char *slash;
	int r;

	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
	if (errno != ENOENT)
		return errno;

	slash = strrchr(path, '/');
	*slash = 0;
	r = make_point(*path ? path : "/");
	if (!r && statfs(*path ? path : "/", &fs))
		r = errno;
	*slash = '/';
	if (r)
		return r;
	if (fs.f_type == HOSTFS_MAGIC)
		return ENOENT;
	return mkdir(path, 0755) ? errno : 0;
}

/*
 * A root for "/" itself: the others move into it, as far as it has a place
 * for them, and it becomes our root directory.
 */
static int entered, covered;

int root_entered(void)
{
	return entered && !covered;
}

/*
 * A user's home directory.  It may have been made before, as the way to a mount
 * point; but not where it is the host's.
 */
void make_home(const char *home, uid_t uid, gid_t gid)
{
	char path[1024];
	struct statfs fs;

	snprintf(path, sizeof(path), "%s", home);
	if (covered && path[0] == '/' && path[1] && !make_point(path) &&
	    !statfs(path, &fs) && fs.f_type == OVERLAYFS_MAGIC)
		chown(path, uid, gid);
}

static int enter_root(void)
{
	static const char *const keep[] = {
		"/dev", "/proc", "/sys", "/run", "/tmp",
	};
	char path[32];
	size_t i;

	for (i = 0; i < sizeof(keep) / sizeof(*keep); i++) {
		snprintf(path, sizeof(path), "/.root%s", keep[i]);
		make_point(path);
		mount(keep[i], path, NULL, MS_MOVE, NULL);
	}
	if (chdir("/.root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		return errno;
	entered = 1;
	return 0;
}

/* Where the file system is mounted that changes go to, while it is needed. */
#define LAYER "/run/.layer"

static int mount_layer(const struct stat *lower)
{
	char options[64] = "mode=0755";

	add_inodes(options, sizeof(options));
	if (mkdir(LAYER, 0755) && errno != EEXIST)
		return errno;
	if (mount("tmpfs", LAYER, "tmpfs", MS_NOSUID | MS_NODEV, options))
		return errno;
	/* its mode and owner are those of the root that is seen */
	if (mkdir(LAYER "/upper", 0755) || mkdir(LAYER "/work", 0755) ||
	    chown(LAYER "/upper", lower->st_uid, lower->st_gid) ||
	    chmod(LAYER "/upper", lower->st_mode & 07777))
		return errno;
	return 0;
}

/* A directory of the host, which has all that is needed. */
static int mount_kept_layer(const struct ctl_mount *m)
{
	char root[16];

	if (mkdir(LAYER, 0755) && errno != EEXIST)
		return errno;
	snprintf(root, sizeof(root), "/%u", m->layer);
	return mount("hostfs", LAYER, "hostfs", MS_NOSUID | MS_NODEV, root) ? errno : 0;
}

/*
 * What is mounted at path is covered by itself with a layer for changes, in
 * memory or on the host.  The layer is nowhere to be seen: overlayfs has its own mount of it.
 */
static int cover(const char *path, const struct ctl_mount *m)
{
	bool kept = m->flags & CTL_MOUNT_LAYER;
	char options[128];
	struct stat st;
	int r;

	/* so that the option need not quote the name */
	if (chdir(path) || stat(".", &st))
		return errno;
	r = kept ? mount_kept_layer(m) : mount_layer(&st);
	snprintf(options, sizeof(options), "lowerdir=.,upperdir=%s/upper,workdir=%s/work%s",
		 LAYER, LAYER, kept ? ",userxattr" : "");
	if (!r && mount("overlay", path, "overlay", MS_NOSUID | MS_NODEV, options))
		r = errno;
	umount2(LAYER, MNT_DETACH);
	rmdir(LAYER);
	return chdir("/") ? errno : r;
}

struct mounted {
	struct mounted *next;
	char path[];
};
static struct mounted *mounts;

/* Its devices and set-ID files are the guest's own matter. */
static int mount_disk(const struct ctl_mount *m, const char *path)
{
	const char *type = m->path + strlen(m->path) + 1;
	char device[16];

	snprintf(device, sizeof(device), "/dev/vd%c", 'a' + m->root);
	return mount(device, path, type, m->flags & CTL_MOUNT_RO ? MS_RDONLY : 0, NULL) ?
		errno : 0;
}

/* An empty file where one is to be seen, under the rule of make_point(). */
static int make_file(char *path)
{
	char *slash = strrchr(path, '/');
	struct statfs fs;
	struct stat st;
	int r, fd;

	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? EISDIR : 0;
	if (errno != ENOENT || !slash[1])
		return errno;
	*slash = 0;
	r = make_point(*path ? path : "/");
	if (!r && statfs(*path ? path : "/", &fs))
		r = errno;
	*slash = '/';
	if (r || fs.f_type == HOSTFS_MAGIC)
		return r ? r : ENOENT;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* The directory that has it is nowhere to be seen. */
static int mount_file(const struct ctl_mount *m)
{
	const char *name = m->path + strlen(m->path) + 1;
	char root[16], file[300], path[4096];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s", m->path) >= sizeof(path) ||
	    (size_t)snprintf(file, sizeof(file), LAYER "/%s", name) >= sizeof(file))
		return ENAMETOOLONG;
	snprintf(root, sizeof(root), "/%u", m->root);
	r = make_file(path);
	if (r)
		return r;
	if ((mkdir(LAYER, 0755) && errno != EEXIST) ||
	    mount("hostfs", LAYER, "hostfs", MS_NOSUID | MS_NODEV | MS_RDONLY, root))
		return errno;
	r = mount(file, path, NULL, MS_BIND, NULL) ? errno : 0;
	umount2(LAYER, MNT_DETACH);
	rmdir(LAYER);
	return r;
}

int mount_root(const struct ctl_mount *m)
{
	const char *path = strcmp(m->path, "/") ? m->path : "/.root";
	unsigned long flags = MS_NOSUID | MS_NODEV;
	struct mounted *mounted;
	char root[16];
	int r;

	if (m->flags & CTL_MOUNT_FILE)
		return mount_file(m);
	mounted = malloc(sizeof(*mounted) + strlen(path) + 1);
	if (!mounted)
		return ENOMEM;
	strcpy(mounted->path, path);
	if (m->flags & CTL_MOUNT_RO)
		flags |= MS_RDONLY;
	snprintf(root, sizeof(root), "/%u", m->root);

	r = make_point(mounted->path);
	if (!r && m->flags & CTL_MOUNT_DISK)
		r = mount_disk(m, path);
	else if (!r && mount("hostfs", path, "hostfs", flags, root))
		r = errno;
	if (!r && m->flags & CTL_MOUNT_OVERLAY) {
		r = cover(path, m);
		if (r)
			umount2(path, 0);
	}
	if (r) {
		free(mounted);
		return r;
	}
	mounted->next = mounts;
	mounts = mounted;
	if (path == m->path)
		return 0;
	covered = (m->flags & (CTL_MOUNT_OVERLAY | CTL_MOUNT_LAYER)) == CTL_MOUNT_OVERLAY;
	return enter_root();
}

/* So that it need not be recovered the next time. */
static void close_disks(void)
{
	FILE *f = setmntent("/proc/self/mounts", "r");
	struct mntent *e;

	while (f && (e = getmntent(f)))
		if (!strncmp(e->mnt_fsname, "/dev/", 5))
			mount(NULL, e->mnt_dir, NULL, MS_REMOUNT | MS_RDONLY, NULL);
	if (f)
		endmntent(f);
}

/* The last one first.  One that cannot go, as a root that was entered, was
 * synced. */
void umount_all(void)
{
	close_disks();
	for (; mounts; mounts = mounts->next)
		umount2(mounts->path, 0);
}
