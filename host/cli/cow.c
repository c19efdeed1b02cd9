/* SPDX-License-Identifier: MIT */
/* muslin diff, muslin apply: what --dir HOST:cow has kept. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/cli.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const char diff_help[] =
	"usage: muslin diff [--cow-dir DIR] [HOST]\n"
	"\n"
	"Lists what a guest has changed in the host's directory HOST (default: this one)\n"
	"with --dir HOST:cow: A is added, M modified, D deleted; ! is what muslin apply\n"
	"refuses.  Exits with 1 if there is something, 0 if not.\n"
	"\n"
	"  --cow-dir DIR            as muslin run had it\n"
	"  --help                   show this\n";

static const char apply_help[] =
	"usage: muslin apply [--cow-dir DIR] [--discard] [HOST [FILE]...]\n"
	"\n"
	"Does in the host's directory HOST (default: this one) what muslin diff lists,\n"
	"all of it, or what is about each FILE, a path below HOST, and what is below it.\n"
	"What was applied, or is discarded, as a whole is kept no more.  Set-user-ID and\n"
	"set-group-ID bits, devices and sockets stay behind.\n"
	"\n"
	"  --cow-dir DIR            as muslin run had it\n"
	"  --discard                forget all that was changed\n"
	"  --help                   show this\n";

struct cow {
	const char *base;	/* --cow-dir */
	bool discard;
	char *host;		/* real path */
	int upper, lower;
	char **files;		/* alone, unless there are none */
	int nfiles;
	bool found, refused;
};

/* --- options --- */

static int parse(struct cow *cow, int argc, char **argv, const char *help)
{
	static const struct option options[] = {
		{ "cow-dir", required_argument, NULL, 'c' },
		{ "discard", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt, at = 1;

	opterr = 0;
	for (optind = 1; (opt = getopt_long(argc, argv, "+:", options, NULL)) >= 0; at = optind) {
		if (opt == 'h') {
			fputs(help, stdout);
			return -1;
		}
		if (opt == 'c')
			cow->base = optarg;
		else if (opt == 'd' && help == apply_help)
			cow->discard = true;
		else
			return -1 - complain(STATUS_USAGE, "%s: %s", argv[at],
					     opt == ':' ? "needs a value" : "unknown option");
	}
	return optind;
}

static int begin(struct cow *cow, const char *host)
{
	cow->host = realpath(host, NULL);
	if (!cow->host)
		return complain(STATUS_FAILED, "%s: %s", host, strerror(errno));
	cow->lower = open(cow->host, DIR_FLAGS);
	if (cow->lower < 0)
		return complain(STATUS_FAILED, "%s: %s", host, strerror(errno));
	cow->upper = layer_open(cow->base, cow->host);
	return cow->upper < 0 ? STATUS_FAILED : 0;
}

/* --- diff --- */

static int list(void *arg, struct change *c)
{
	struct cow *cow = arg;
	char *path = printable_path(c->path);

	cow->found = true;
	printf("%c %s%s\n", c->kind, path,
	       c->kind != DELETED && S_ISDIR(c->st.st_mode) ? "/" : "");
	free(path);
	return 0;
}

int cmd_diff(int argc, char **argv)
{
	struct cow cow = { 0 };
	int status, i = parse(&cow, argc, argv, diff_help);

	if (i < 0)
		return -1 - i;
	if (argc - i > 1)
		return complain(STATUS_USAGE, "more than one directory; see muslin diff --help");
	status = begin(&cow, i < argc ? argv[i] : ".");
	if (!status && changes_each(cow.upper, cow.lower, list, &cow))
		status = STATUS_FAILED;
	free(cow.host);
	return status ? status : cow.found;
}

/* --- apply --- */

static int failed(const struct change *c)
{
	char *path = printable_path(c->path);
	int r = complain(-1, "%s: %s", path, strerror(errno));

	free(path);
	return r;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

/* A directory on the way to what was named has to be there, too. */
static bool is_wanted(const struct cow *cow, const struct change *c)
{
	for (int i = 0; i < cow->nfiles; i++)
		if (is_below(c->path, cow->files[i]) ||
		    (c->kind == ADDED && S_ISDIR(c->st.st_mode) &&
		     is_below(cow->files[i], c->path)))
			return true;
	return !cow->nfiles;
}

static bool copy_text(int from, int to, off_t size)
{
	char buf[65536];
	off_t at = 0, end;
	ssize_t n;

	/* what is a hole stays one */
	while ((at = lseek(from, at, SEEK_DATA)) >= 0 && at < size) {
		end = lseek(from, at, SEEK_HOLE);
		while (at < end) {
			n = pread(from, buf, end - at < (off_t)sizeof(buf) ?
				  (size_t)(end - at) : sizeof(buf), at);
			if (n <= 0 || pwrite(to, buf, n, at) != n)
				return false;
			at += n;
		}
	}
	return (at >= 0 || errno == ENXIO) && !ftruncate(to, size);
}

/* No set-ID bits; whose it was if that can be. */
static bool take_attributes(int fd, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (!geteuid() && fchown(fd, st->st_uid, st->st_gid))
		return false;
	return !fchmod(fd, st->st_mode & 01777) && !futimens(fd, times);
}

static bool copy_file(const struct change *c, const char *name)
{
	int from = openat(c->upper, c->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	bool done;
	int to;

	if (from < 0)
		return false;
	to = openat(c->lower, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	done = to >= 0 && !fstat(from, &st) && S_ISREG(st.st_mode) &&
		copy_text(from, to, st.st_size) && take_attributes(to, &st) && !fsync(to);
	close(from);
	if (to >= 0)
		close(to);
	return done;
}

static bool copy_link(const struct change *c, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(c->upper, c->name, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = 0;
	if (symlinkat(target, c->lower, name))
		return false;
	return geteuid() ||
		!fchownat(c->lower, name, c->st.st_uid, c->st.st_gid, AT_SYMLINK_NOFOLLOW);
}

/* In the place of what is there, in one step. */
static bool replace(const struct change *c)
{
	char name[40];
	bool done;

	snprintf(name, sizeof(name), ".muslin-apply.%ld", (long)getpid());
	if (S_ISREG(c->st.st_mode))
		done = copy_file(c, name);
	else if (S_ISLNK(c->st.st_mode))
		done = copy_link(c, name);
	else
		done = !mkfifoat(c->lower, name, c->st.st_mode & 0777);
	if (done && !renameat(c->lower, name, c->lower, c->name))
		return true;
	unlinkat(c->lower, name, 0);
	return false;
}

static bool make_directory(const struct change *c)
{
	bool done;
	int fd;

	if (c->kind == ADDED && mkdirat(c->lower, c->name, 0700))
		return false;
	fd = openat(c->lower, c->name, DIR_FLAGS);
	if (fd < 0)
		return false;
	/* one that is ours is written to below: a guest's mode must not keep us out */
	done = (geteuid() || !fchown(fd, c->st.st_uid, c->st.st_gid)) &&
		!fchmod(fd, (c->st.st_mode & 01777) | 0700);
	close(fd);
	return done;
}

static int apply(void *arg, struct change *c)
{
	struct cow *cow = arg;

	if (!is_wanted(cow, c))
		return 0;
	cow->found = true;
	if (c->kind == REFUSED) {
		char *path = printable_path(c->path);

		cow->refused = true;
		complain(0, "%s: neither a file, a directory, a link nor a FIFO: left", path);
		free(path);
		return 0;
	}
	if (c->kind == DELETED)
		return remove_any(c->lower, c->name) ? 0 : failed(c);
	return (S_ISDIR(c->st.st_mode) ? make_directory(c) : replace(c)) ? 0 : failed(c);
}

/* The layer begins anew. */
static int forget(const struct cow *cow)
{
	int work = openat(cow->upper, "../work", DIR_FLAGS);
	bool done = remove_below(cow->upper) && work >= 0 && remove_below(work);

	fremovexattr(cow->upper, "user.overlay.opaque");
	if (work >= 0)
		close(work);
	return done ? 0 : complain(STATUS_FAILED, "what was kept cannot be removed: %s",
				   strerror(errno));
}

static int apply_all(struct cow *cow)
{
	if (!cow->discard && changes_each(cow->upper, cow->lower, apply, cow))
		return STATUS_FAILED;
	if (cow->nfiles && !cow->found)
		return complain(STATUS_FAILED, "nothing of that has changed");
	if (cow->refused)
		return STATUS_FAILED;
	return cow->nfiles ? 0 : forget(cow);
}

int cmd_apply(int argc, char **argv)
{
	struct cow cow = { 0 };
	int status, i = parse(&cow, argc, argv, apply_help);

	if (i < 0)
		return -1 - i;
	if (i + 1 < argc) {
		cow.files = argv + i + 1;
		cow.nfiles = argc - i - 1;
	}
	if (cow.discard && cow.nfiles)
		return complain(STATUS_USAGE, "--discard is for all of it");
	status = begin(&cow, i < argc ? argv[i] : ".");
	if (!status)
		status = apply_all(&cow);
	free(cow.host);
	return status;
}
