/* SPDX-License-Identifier: MIT */
/* A program's file, and what it has around it: directories and the environment. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/run.h"
#include "muslin.h"

#define PROGRAM_DIR "/run/muslin"

int target_find(const char *prog, struct target *t)
{
	struct stat st;
	int fd;

	t->host = realpath(prog, NULL);
	if (!t->host || stat(t->host, &st))
		return complain(errno == ENOENT || errno == ENOTDIR ?
				STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE,
				"%s: %s", prog, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return complain(STATUS_NOT_EXECUTABLE, "%s: %s", prog,
				S_ISDIR(st.st_mode) ? strerror(EISDIR) :
				"not a regular file");
	fd = TEMP_FAILURE_RETRY(open(t->host, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return complain(STATUS_NOT_EXECUTABLE, "%s: %s", prog,
				strerror(errno));
	close(fd);
	return 0;
}

int target_in_root(const struct run_options *o, struct target *t)
{
	if (*o->program != '/')
		return complain(STATUS_USAGE, "%s: with --root, a path that begins with /",
				o->program);
	t->guest = xstrdup(o->program);
	return 0;
}

/* One may be mounted over the guest's /tmp; the other directories are needed. */
void add_current_dir(struct run_options *o, const char *cwd)
{
	if (is_guests_own(cwd) && strncmp(cwd, "/tmp", 4))
		return;
	/* first, so that those below it are mounted on it */
	o->dirs = grown(o->dirs, o->ndirs + 1, sizeof(*o->dirs));
	memmove(o->dirs + 1, o->dirs, o->ndirs++ * sizeof(*o->dirs));
	o->dirs[0] = (struct dir){ .host = xstrdup(cwd), .guest = xstrdup(cwd) };
}

bool is_visible(const struct run_options *o, const char *host)
{
	char *guest = guest_path(o, host);

	free(guest);
	return guest;
}

int mount_all(struct muslin *m, const struct run_options *o, struct target *t)
{
	char *name;
	size_t i;
	int r;

	if (o->on_disk && muslin_mount_disk(m, o->ndisks - 1, "/", o->root_flags))
		return complain(STATUS_FAILED, "%s: %s", o->disks[o->ndisks - 1].path,
				muslin_error(m));
	for (i = 0; i < o->ndirs; i++) {
		const struct dir *d = &o->dirs[i];

		r = d->layer ? muslin_mount_layer(m, d->host, d->guest, d->layer) :
			muslin_mount(m, d->host, d->guest, d->flags);
		if (r)
			return complain(STATUS_FAILED, "--dir %s: %s", d->host,
					muslin_error(m));
	}
	for (i = 0; i < o->nfiles; i++)
		if (muslin_mount_over(m, o->files[i].host, o->files[i].guest))
			return complain(STATUS_FAILED, "--file %s: %s", o->files[i].host,
					muslin_error(m));
	if (o->hostname && muslin_hostname(m, o->hostname))
		return complain(STATUS_FAILED, "--hostname: %s", muslin_error(m));
	if (!t || !t->host)
		return 0;
	/* To run a file by name it is enough that it can be read. */
	t->guest = access(t->host, X_OK) ? NULL : guest_path(o, t->host);
	if (t->guest)
		return 0;
	name = basename(t->host);
	t->guest = xasprintf(PROGRAM_DIR "/%s", name);
	r = muslin_mount_file(m, t->host, PROGRAM_DIR, name);
	return r ? complain(STATUS_FAILED, "%s: %s", t->host, muslin_error(m)) : 0;
}

/* What the user asked for comes first, so this only fills up. */
void default_env(struct run_options *o)
{
	struct passwd *pw = getpwuid(getuid());
	const char *user = getenv("USER"), *home = getenv("HOME");
	const char *term = getenv("TERM");
	struct run_options given = *o;
	size_t i;

	o->env = NULL;
	o->nenv = 0;
	env_add(o, xstrdup("PATH=/usr/local/bin:/usr/bin:/bin"));
	if (o->on_disk)
		home = "/root", user = "root";
	env_add(o, xasprintf("HOME=%s", home ? home : pw ? pw->pw_dir : "/"));
	env_add(o, xasprintf("USER=%s", user ? user : pw ? pw->pw_name : "user"));
	env_add(o, xasprintf("TERM=%s", term ? term : "dumb"));
	for (i = 0; i < given.nenv; i++)
		env_add(o, given.env[i]);
	free(given.env);
}
