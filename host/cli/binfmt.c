/* SPDX-License-Identifier: MIT */
/* Programs that run by their names: the kernel's binfmt_misc starts us for them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/binfmts.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cli/cli.h"

#define DIR "/proc/sys/fs/binfmt_misc"
#define NAME "muslin"
#define MOUNT "mount -t binfmt_misc binfmt_misc " DIR
/* the kernel's MAX_REGISTER_LENGTH */
#define MAX_LINE 1920

static const char help[] =
	"usage: muslin binfmt\n"
	"       muslin binfmt --print | --remove\n"
	"       muslin binfmt [--] COMMAND [ARG]...\n"
	"\n"
	"Registers muslin with the kernel of this machine, as root, so that programs run\n"
	"by their names, until the next boot.\n"
	"\n"
	"  --print   print the line that is registered, for /etc/binfmt.d/muslin.conf\n"
	"  --remove  take it back\n"
	"  COMMAND   no root is needed: run it where programs run by their names, a user\n"
	"            namespace (Linux 6.7)\n";

bool is_interpreter(void)
{
	/* nothing else has the kernel set this */
	return getauxval(AT_FLAGS) & AT_FLAGS_PRESERVE_ARGV0;
}

/*
 * The magic is that of version 1.  P: argv[0] is passed on.  No C or O, with
 * which set-user-ID programs would make us root; no F, since it takes more than
 * this file to run a program, and a new muslin is to be used at once.
 */
static int make_line(char line[MAX_LINE])
{
	char self[MAX_LINE];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int len;

	if (n < 0)
		return complain(STATUS_FAILED, "/proc/self/exe: %s", strerror(errno));
	self[n] = 0;
	/* there is no way to write these */
	if (strpbrk(self, ":\n"))
		return complain(STATUS_FAILED, "%s: binfmt_misc cannot handle this name",
				self);
	len = snprintf(line, MAX_LINE, ":" NAME ":M::\\x00asm\\x01\\x00\\x00\\x00::%s:P",
		       self);
	if (len >= MAX_LINE)
		return complain(STATUS_FAILED, "%s: too long a name for the kernel", self);
	return 0;
}

/* What FILE of binfmt_misc says to text: 0 or an errno. */
static int put(const char *file, const char *text)
{
	size_t n = strlen(text);
	int fd = open(file, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, n) != (ssize_t)n)
		err = errno;
	close(fd);
	return err;
}

static int refused(const char *what, int err)
{
	return complain(STATUS_FAILED, "%s: %s%s", what, strerror(err),
			err == EACCES || err == EPERM || err == EROFS ?
			"; only root may; see muslin binfmt --help" : "");
}

static int register_muslin(const char *line)
{
	int err;

	if (access(DIR "/register", F_OK) &&
	    mount("binfmt_misc", DIR, "binfmt_misc", 0, NULL))
		return refused(MOUNT, errno);
	/* it may be another muslin's */
	err = access(DIR "/" NAME, F_OK) ? 0 : put(DIR "/" NAME, "-1");
	if (!err)
		err = put(DIR "/register", line);
	return err ? refused(DIR "/register", err) : 0;
}

static int remove_muslin(void)
{
	int err = put(DIR "/" NAME, "-1");

	if (err == ENOENT)
		return complain(STATUS_FAILED, "not registered");
	if (err)
		return refused(DIR "/" NAME, err);
	printf("removed " NAME " from " DIR "\n");
	return 0;
}

static int map_id(const char *file, unsigned int inside, unsigned int outside)
{
	char *text = xasprintf("%u %u 1\n", inside, outside);
	int err = put(file, text);

	free(text);
	return err ? complain(STATUS_FAILED, "%s: %s", file, strerror(err)) : 0;
}

struct ids { unsigned int uid, gid; };

/* Nobody else has a name there. */
static int enter_namespace(int flags, struct ids inside, struct ids outside)
{
	int status;

	if (unshare(CLONE_NEWUSER | flags))
		return complain(STATUS_FAILED, "a user namespace: %s%s", strerror(errno),
				errno == EPERM || errno == ENOSPC ?
				"; this machine does not allow them" : "");
	put("/proc/self/setgroups", "deny");
	status = map_id("/proc/self/uid_map", inside.uid, outside.uid);
	return status ? status : map_id("/proc/self/gid_map", inside.gid, outside.gid);
}

/* The files of binfmt_misc are root's; the command is to be who we are. */
static int run_command(char **argv, const char *line)
{
	struct ids user = { geteuid(), getegid() }, root = { 0, 0 };
	int err, status = enter_namespace(CLONE_NEWNS, root, user);

	if (!status && mount("binfmt_misc", DIR, "binfmt_misc", 0, NULL))
		status = complain(STATUS_FAILED, "binfmt_misc in a user namespace: %s%s",
				  strerror(errno),
				  errno == EPERM ? "; this takes Linux 6.7" : "");
	if (!status)
		status = register_muslin(line);
	if (!status && (user.uid || user.gid))
		status = enter_namespace(0, user, root);
	if (status)
		return status;
	execvp(argv[0], argv);
	err = errno;
	return complain(err == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE, "%s: %s",
			argv[0], strerror(err));
}

static int register_here(const char *line)
{
	int status = register_muslin(line);

	if (!status)
		printf("registered %s\n"
		       "until the next boot; for later ones: muslin binfmt --print >/etc/binfmt.d/muslin.conf\n",
		       line);
	return status;
}

int cmd_binfmt(int argc, char **argv)
{
	const char *arg = argc > 1 ? argv[1] : "";
	char line[MAX_LINE];
	int status;

	if (!strcmp(arg, "--help")) {
		fputs(help, stdout);
		return 0;
	}
	if (arg[0] == '-' && strcmp(arg, "--") && argc > 2)
		return complain(STATUS_USAGE, "%s: no more arguments; see muslin binfmt --help",
				arg);
	if (!strcmp(arg, "--remove"))
		return remove_muslin();
	status = make_line(line);
	if (status)
		return status;
	if (!strcmp(arg, "--print"))
		return puts(line) < 0;
	if (!strcmp(arg, "--")) {
		argv++;
		argc--;
	} else if (arg[0] == '-') {
		return complain(STATUS_USAGE, "%s: unknown option", arg);
	}
	if (argc > 1)
		return run_command(argv + 1, line);
	return register_here(line);
}
