/* SPDX-License-Identifier: MIT */
/*
 * The container's process, as engines see it: it waits for the machine's, ends as that
 * does, and passes signals on.  It is in a mount namespace of its own, whose root is the
 * container's: what enters that, to copy files, is in the container and not in the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend/client.h"
#include "oci/keeper.h"
#include "oci/oci.h"

/* --- its root --- */

static bool mount_on(int root, const char *to, const char *from, unsigned long flags)
{
	int fd = rootfs_open(root, to);
	char place[32];
	bool done;

	snprintf(place, sizeof(place), "/proc/self/fd/%d", fd);
	done = fd >= 0 && !mount(from, place, NULL, flags, NULL);
	if (fd >= 0)
		close(fd);
	return done;
}

/* "FROM:TO[:ro]" of --dir or --file: what is only in the guest's memory is not there. */
static bool bind(int root, const char *arg)
{
	char *from = xstrdup(arg), *to = strchr(from, ':'), *flags;
	bool done = true;
	int fd;

	*to++ = 0;
	flags = strchr(to, ':');
	if (flags)
		*flags++ = 0;
	if (!strcmp(to, "/") || (flags && !strcmp(flags, "overlay")))
		goto out;
	fd = rootfs_open(root, to);
	/* in what the guest has itself, /run or /tmp, there need be no place */
	if (fd < 0)
		goto out;
	close(fd);
	/* the second time it is what the first has mounted */
	done = mount_on(root, to, from, MS_BIND | MS_REC);
	if (done && flags && !strcmp(flags, "ro"))
		done = mount_on(root, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY);
out:
	free(from);
	return done;
}

/* Without the right to that it stays where it is. */
static bool enter_root(const char *rootfs, const struct arguments *a)
{
	bool done = true;
	int root;

	if (unshare(CLONE_NEWNS))
		return errno == EPERM;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL))
		return false;
	root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return false;
	for (size_t i = 0; i + 1 < a->n && done; i++)
		if (!strcmp(a->v[i], "--dir") || !strcmp(a->v[i], "--file"))
			done = bind(root, a->v[i + 1]);
	done = done && !fchdir(root) && !syscall(SYS_pivot_root, ".", ".") &&
		!umount2(".", MNT_DETACH) && !chdir("/");
	close(root);
	return done;
}

/* --- its life --- */

static _Noreturn void keep(pid_t machine)
{
	sigset_t all;
	int sig, status;

	sigfillset(&all);
	for (;;) {
		sig = sigwaitinfo(&all, NULL);
		if (sig > 0 && sig != SIGCHLD && sig != SIGPIPE && sig != SIGTTOU && sig != SIGTTIN)
			kill(machine, sig);
		if (sig == SIGCHLD && waitpid(machine, &status, WNOHANG) == machine)
			_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
			      WEXITSTATUS(status));
	}
}

static void close_files(int but)
{
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (but != 3)
		dup2(but, 3);
	close_range(4, ~0U, 0);
}

struct told {
	pid_t machine;
	int err;
};

static _Noreturn void child(const struct attend_start *s, const char *rootfs,
			    const struct arguments *a, int told)
{
	struct told t = { 0 };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	t.machine = attend_start(s);
	t.err = t.machine < 0 ? -t.machine : 0;
	close_files(told);
	if (!t.err && !enter_root(rootfs, a))
		t.err = errno;
	(void)!write(3, &t, sizeof(t));
	close(3);
	if (t.err)
		_exit(125);
	keep(t.machine);
}

pid_t keeper_start(const struct attend_start *s, const char *rootfs, const struct arguments *a,
		   pid_t *machine)
{
	struct told t = { .err = ECHILD };
	int p[2], err;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		child(s, rootfs, a, p[1]);
	err = errno;
	close(p[1]);
	if (pid > 0)
		(void)!read(p[0], &t, sizeof(t));
	close(p[0]);
	if (pid < 0)
		return -err;
	*machine = t.machine;
	if (!t.err)
		return pid;
	waitpid(pid, NULL, 0);
	return -t.err;
}
