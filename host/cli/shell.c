/* SPDX-License-Identifier: MIT */
/* A shell in a root file system of programs, as `make rootfs' makes it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "muslin.h"

/* beside our own directory */
#define ROOT "share/muslin/rootfs"
#define SHELL "/bin/bash"
/* what the shell keeps from one time to the next, in the guest */
#define STATE "/var/lib/muslin"

static const char help[] =
	"usage: muslin shell [OPTION]... [DIR]... [-c COMMAND [NAME [ARG]...]]\n"
	"\n"
	"Runs bash in the root file system that `make rootfs' has made, or `make install'\n"
	"has installed: interactive on a terminal, else with commands from standard input.\n"
	"Exits with its status; 128 + N if signal N killed it, 125 if there is no such\n"
	"root or no shell in it.\n"
	"\n"
	"The current directory, and each DIR, are visible at their own paths; it starts in\n"
	"the former.  A DIR is one as --dir takes it, HOST[:GUEST][:ro].  All else is the\n"
	"root's: what is changed there is gone in the end.  The history of commands stays:\n"
	"it is in muslin/shell in XDG_STATE_HOME, or in ~/.local/state.\n"
	"\n"
	"  -c COMMAND               run COMMAND; NAME and ARG are its $0, $1 ...\n"
	"  --root DIR | IMAGE       the root file system, instead of ours; of an image the\n"
	"                           current directory is not visible, and the user is root\n"
	"  --shell FILE             the shell in it (default " SHELL ")\n";

/* --- where things are --- */

static char *own_root(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash, *path, *real;
	int up;

	for (up = 0; up < 2 && n > 0; up++) {
		exe[n] = 0;
		slash = strrchr(exe, '/');
		n = slash ? slash - exe : 0;
	}
	exe[n > 0 ? n : 0] = 0;
	path = xasprintf("%s/" ROOT, exe);
	real = realpath(path, NULL);
	if (!real)
		complain(0, "%s: no root file system; `make rootfs' makes it, --root names another",
			 path);
	free(path);
	return real;
}

static char *find_root(const char *given)
{
	char *real;

	if (!given)
		return own_root();
	real = realpath(given, NULL);
	if (!real)
		complain(0, "--root %s: %s", given, strerror(errno));
	return real;
}

/* The host's path of a file in the root, where links lead nowhere else; or NULL. */
static char *in_root(const char *root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	char self[32], real[PATH_MAX];
	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	ssize_t n;

	if (dir < 0)
		return NULL;
	fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	close(dir);
	if (fd < 0)
		return NULL;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	n = readlink(self, real, sizeof(real) - 1);
	close(fd);
	if (n < 0)
		return NULL;
	real[n] = 0;
	return xstrdup(real);
}

/* Something that a directory of the host would hide. */
static bool has_files(const char *root, const char *path)
{
	char *real = in_root(root, path);
	DIR *d = real ? opendir(real) : NULL;
	struct dirent *e;
	bool found = false;

	free(real);
	if (!d)
		return false;
	while (!found && (e = readdir(d)))
		found = strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return found;
}

/* --- directories of the host --- */

static void insert_dir(struct run_options *o, size_t at, const char *host,
		       const char *guest, int flags)
{
	o->dirs = grown(o->dirs, o->ndirs + 1, sizeof(*o->dirs));
	memmove(o->dirs + at + 1, o->dirs + at, (o->ndirs++ - at) * sizeof(*o->dirs));
	o->dirs[at] = (struct dir){ .host = xstrdup(host), .guest = xstrdup(guest), .flags = flags };
}

/* Returns whether there is one. */
static bool add_here(struct run_options *o, const char *root)
{
	char *here = realpath(".", NULL), *seen;
	bool hides;

	if (!here)
		return false;
	seen = guest_path(o, here);
	hides = !seen && ((is_guests_own(here) && strncmp(here, "/tmp", 4)) ||
			  has_files(root, here));
	if (hides)
		complain(0, "%s: not visible, for the guest has another one", here);
	else if (!seen)
		insert_dir(o, 0, here, here, 0);
	free(seen);
	free(here);
	return !hides;
}

/* Ours alone, made if need be; its parents may be links, as the user wants. */
static bool make_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return false;
	if (lstat(path, &st))
		return false;
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid())
		return true;
	errno = S_ISDIR(st.st_mode) ? EPERM : ENOTDIR;
	return false;
}

char *state_dir(const char *name, const char *without)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	struct passwd *pw;
	char *path, *part;

	if (!state || *state != '/') {
		pw = home ? NULL : getpwuid(geteuid());
		if (!home && !pw) {
			complain(0, "no home directory: %s", without);
			return NULL;
		}
		path = xasprintf("%s/.local/state/muslin/%s", home ? home : pw->pw_dir, name);
	} else {
		path = xasprintf("%s/muslin/%s", state, name);
	}
	for (part = strchr(path + 1, '/'); part; part = strchr(part + 1, '/')) {
		*part = 0;
		mkdir(path, 0700);
		*part = '/';
	}
	if (make_dir(path))
		return path;
	complain(0, "%s: %s: %s", path, strerror(errno), without);
	free(path);
	return NULL;
}

static void add_state(struct run_options *o)
{
	char *path = state_dir("shell", "the history will not be kept");

	if (!path)
		return;
	insert_dir(o, 0, path, STATE, 0);
	free(path);
	env_add(o, xstrdup("HISTFILE=" STATE "/history"));
}

/* --- the boot image --- */

/*
 * For this start and later ones, by another process, since this one is about to
 * lose the cache.  It is no error if that cannot be: then the machine boots.
 */
void make_image(const struct run_options *o)
{
	char *mem = xasprintf("%llu", (unsigned long long)o->memory), *cmdline = NULL;
	char *argv[6] = { "muslin", "snapshot" };
	int i = 2, null;
	pid_t pid;

	if (o->memory) {
		argv[i++] = "--mem";
		argv[i++] = mem;
	}
	if (o->cmdline)
		argv[i++] = cmdline = xasprintf("--cmdline=%s", o->cmdline);
	pid = fork();
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		for (i = 0; i < 3; i++)
			dup2(null, i);
		execv("/proc/self/exe", argv);
		_exit(STATUS_FAILED);
	}
	if (pid > 0)
		TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	free(cmdline);
	free(mem);
}

/* --- the shell --- */

/* What the user has told all programs; --env is stronger. */
static void add_env(struct run_options *o)
{
	static const char *const names[] = {
		"COLORTERM", "LANG", "LC_ALL", "NO_COLOR", "TZ",
	};
	struct run_options given = *o;
	const char *value;
	size_t i;

	o->env = NULL;
	o->nenv = 0;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = getenv(names[i]);
		if (value)
			env_add(o, xasprintf("%s=%s", names[i], value));
	}
	for (i = 0; i < given.nenv; i++)
		env_add(o, given.env[i]);
	free(given.env);
}

/* SHELL, or -SHELL, which begins as a login does; -c COMMAND ARG... */
static char **arguments(const struct run_options *o, bool login, int argc, char **argv)
{
	const char *name = strrchr(o->shell, '/') + 1;
	char **args = xmalloc((argc + 4) * sizeof(*args));
	int i = 0;

	args[i++] = xasprintf("%s%s", login ? "-" : "", name);
	if (o->command) {
		args[i++] = "-c";
		args[i++] = (char *)o->command;
		memcpy(args + i, argv, argc * sizeof(*args));
	}
	return args;
}

/* The shell's file, to be freed; NULL: there is none. */
static char *enter_root(struct run_options *o, const char *root)
{
	struct stat st;
	char *shell;

	if (!stat(root, &st) && !S_ISDIR(st.st_mode)) {
		root_on_disk(o, root, MUSLIN_READ_ONLY | MUSLIN_OVERLAY);
		o->cwd = o->cwd ? o->cwd : "/";
		return xstrdup(o->shell);
	}
	shell = in_root(root, o->shell);
	if (!shell) {
		complain(0, "%s: no %s in it; see muslin shell --help", root, o->shell);
		return NULL;
	}
	if (!add_here(o, root) && !o->cwd)
		o->cwd = "/";
	return shell;
}

static int run_shell(struct run_options *o, const char *root, int argc, char **argv)
{
	char *shell = enter_root(o, root), **args;
	bool login = !o->command && isatty(0);
	int status;

	if (!shell)
		return STATUS_FAILED;
	add_env(o);
	if (login)
		add_state(o);
	if (!o->on_disk)
		insert_dir(o, 0, root, "/", MUSLIN_READ_ONLY | MUSLIN_OVERLAY);
	o->program = shell;
	o->make_image = true;
	args = arguments(o, login, argc, argv);
	status = run_machine(o, args);
	free(args[0]);
	free(args);
	free(shell);
	return status;
}

/* Options and directories, until there is a command. */
static int parse(struct run_options *o, int argc, char **argv)
{
	int at = 0, n, status;

	for (;;) {
		n = run_options_parse(o, argc - at, argv + at, help);
		if (n < 0)
			return n;
		at += n;
		if (o->command || at == argc)
			return at;
		status = run_options_dir(o, argv[at]);
		if (status)
			return -1 - status;
	}
}

int cmd_shell(int argc, char **argv)
{
	struct run_options o = { .of_shell = true, .shell = SHELL };
	int status, i = parse(&o, argc, argv);
	char *root;

	if (i < 0) {
		status = -1 - i;
	} else if (*o.shell != '/') {
		status = complain(STATUS_USAGE, "--shell %s: not an absolute path", o.shell);
	} else {
		root = find_root(o.root);
		status = root ? run_shell(&o, root, argc - i, argv + i) : STATUS_FAILED;
		free(root);
	}
	run_options_free(&o);
	return status;
}
