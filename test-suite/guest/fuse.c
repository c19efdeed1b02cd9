/* SPDX-License-Identifier: MIT */
/* A file system of a program's own: one file. */
#define _GNU_SOURCE
#include <linux/fuse.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "namespaces.h"
#include "test.h"

static const char text[] = "from a program\n";
static char in[1 << 18];

static void reply(int fd, uint64_t unique, int error, const void *data, size_t n)
{
	static char out[4096];
	struct fuse_out_header h = { sizeof(h) + n, error, unique };

	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), data, n);
	write(fd, out, h.len);
}

static struct fuse_attr attr(uint64_t ino)
{
	return (struct fuse_attr){
		.ino = ino, .mode = ino == 1 ? S_IFDIR | 0755 : S_IFREG | 0444,
		.size = ino == 1 ? 0 : sizeof(text) - 1, .nlink = 1, .blksize = 4096,
	};
}

static void serve(int fd)
{
	const struct fuse_in_header *h = (void *)in;
	struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = 4096 };
	struct fuse_entry_out entry = { .nodeid = 2, .attr = attr(2) };
	struct fuse_attr_out a = { 0 };
	struct fuse_open_out o = { 0 };

	while (read(fd, in, sizeof(in)) > 0) {
		switch (h->opcode) {
		case FUSE_INIT:
			reply(fd, h->unique, 0, &init, sizeof(init));
			break;
		case FUSE_GETATTR:
			a.attr = attr(h->nodeid);
			reply(fd, h->unique, 0, &a, sizeof(a));
			break;
		case FUSE_LOOKUP:
			reply(fd, h->unique, strcmp((char *)(h + 1), "file") ? -ENOENT : 0, &entry,
			      strcmp((char *)(h + 1), "file") ? 0 : sizeof(entry));
			break;
		case FUSE_OPEN:
			reply(fd, h->unique, 0, &o, sizeof(o));
			break;
		case FUSE_READ:
			reply(fd, h->unique, 0, text, sizeof(text) - 1);
			break;
		case FUSE_FLUSH:
		case FUSE_RELEASE:
			reply(fd, h->unique, 0, NULL, 0);
			break;
		default:
			reply(fd, h->unique, -ENOSYS, NULL, 0);
		}
	}
}

int main(void)
{
	char options[100], buf[100] = "";
	struct stat st;
	int dev, fd;
	pid_t pid;

	dev = open("/dev/fuse", O_RDWR);
	if (dev < 0 && errno == EACCES)
		want_root();
	t_check(dev >= 0);
	be_root(CLONE_NEWNS);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	t_check(!mount("none", "/tmp", "tmpfs", 0, NULL) && !mkdir("/tmp/m", 0755));
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", dev);
	t_check(!mount("fuse", "/tmp/m", "fuse", MS_NOSUID | MS_NODEV, options));
	pid = fork();
	if (!pid) {
		serve(dev);
		_exit(0);
	}
	t_check(!stat("/tmp/m/file", &st) && st.st_size == sizeof(text) - 1);
	t_check(stat("/tmp/m/other", &st) == -1 && errno == ENOENT);
	fd = open("/tmp/m/file", O_RDONLY);
	t_check(read(fd, buf, sizeof(buf)) == sizeof(text) - 1 && !strcmp(buf, text));
	close(fd);
	umount2("/tmp/m", MNT_DETACH);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return t_status;
}
