/* SPDX-License-Identifier: MIT */
/* fanotify: of a directory, with names; permission events; anybody, of a file. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "namespaces.h"
#include "test.h"

static void permission(void)
{
	struct fanotify_event_metadata e;
	struct fanotify_response r = { .response = FAN_DENY };
	int fd = fanotify_init(FAN_CLASS_CONTENT, O_RDONLY), status;
	pid_t pid;

	t_check(fd >= 0);
	t_check(!fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, "/tmp/f/secret"));
	pid = fork();
	if (!pid)
		_exit(open("/tmp/f/secret", O_RDONLY) != -1 || errno != EPERM);
	t_check(read(fd, &e, sizeof(e)) == sizeof(e) && e.mask == FAN_OPEN_PERM && e.pid == pid);
	r.fd = e.fd;
	t_check(write(fd, &r, sizeof(r)) == sizeof(r));
	t_check(waitpid(pid, &status, 0) == pid && !status);
	close(fd);
}

int main(void)
{
	char buf[4096] __attribute__((aligned(8)));
	struct fanotify_event_metadata *e = (void *)buf;
	int fd;

	mkdir("/tmp/f", 0755);
	close(open("/tmp/f/secret", O_WRONLY | O_CREAT, 0644));
	fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_REPORT_DFID_NAME, 0);
	t_check(fd >= 0);
	t_check(!fanotify_mark(fd, FAN_MARK_ADD, FAN_CREATE, AT_FDCWD, "/tmp/f"));
	close(open("/tmp/f/new", O_WRONLY | O_CREAT, 0644));
	t_check(read(fd, buf, sizeof(buf)) > (ssize_t)sizeof(*e));
	t_check(e->mask == FAN_CREATE && e->pid == getpid());
	t_check(memmem(buf, sizeof(buf), "new", 4) != NULL);
	close(fd);
	if (!geteuid())
		permission();
	return t_status;
}
