/* SPDX-License-Identifier: MIT */
/* muslin.h: programs. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/api.h"
#include "api/control.h"
#include "api/network.h"
#include "devices/ctl.h"
#include "machine/machine.h"
#include "muslin.h"
#include "devices/stream.h"
#include "devices/tty.h"

#define LIMITS_MAX 16	/* there are as many resources */

static size_t count(char *const *v, size_t *bytes)
{
	size_t n = 0;

	for (; v && *v; v++, n++)
		*bytes += strlen(*v) + 1;
	return n;
}

static char *put_strings(char *p, char *const *v)
{
	for (; v && *v; v++)
		p = stpcpy(p, *v) + 1;
	return p;
}

static struct ctl_spawn *spawn_message(const struct muslin_program *p, int id)
{
	char *const just_path[] = { (char *)p->path, NULL };
	char *const *argv = p->argv ? p->argv : just_path;
	const char *cwd = p->cwd ? p->cwd : "/";
	size_t size = sizeof(struct ctl_spawn) + p->ngroups * sizeof(uint32_t) +
		      strlen(p->path) + strlen(cwd) + 2, i;
	size_t argc = count(argv, &size), envc = count(p->envp, &size);
	struct ctl_spawn *s;
	char *text;

	if (size > QUEUE_MAX)
		return errno = E2BIG, NULL;
	s = calloc(1, size);
	if (!s)
		return NULL;
	s->head = (struct ctl_head){ size, CTL_SPAWN, id };
	s->uid = p->uid;
	s->gid = p->gid;
	s->umask = p->umask;
	s->ngroups = p->ngroups;
	s->argc = argc;
	s->envc = envc;
	for (i = 0; i < p->ngroups; i++)
		s->data[i] = p->groups[i];
	text = (char *)(s->data + p->ngroups);
	text = stpcpy(text, p->path) + 1;
	text = stpcpy(text, cwd) + 1;
	text = put_strings(text, argv);
	put_strings(text, p->envp);
	return s;
}

static bool same_device(int fd, int other)
{
	struct stat a, b;

	return fd == other || (!fstat(fd, &a) && !fstat(other, &b) &&
			       S_ISCHR(a.st_mode) && a.st_rdev == b.st_rdev);
}

static int attach(struct muslin *m, const struct muslin_program *prog,
		  struct program *p, struct ctl_spawn *s)
{
	int i, mode, r, tty = prog->flags & MUSLIN_TTY ? tty_find(prog->fd) : -1;

	if (tty >= 0) {
		r = tty_attach(m, tty, tty == prog->fd[0]);
		if (r)
			return fail(m, r, "terminal: %s", strerror(-r));
		p->tty = true;
	}
	for (i = 0; i < 3; i++) {
		int fd = prog->fd[i];

		s->fd[i].stream = CTL_FD_CLOSED;
		if (fd < 0)
			continue;
		if (tty >= 0 && same_device(fd, tty)) {
			s->fd[i].stream = CTL_FD_TTY;
			continue;
		}
		mode = fcntl(fd, F_GETFL);
		r = mode < 0 ? -errno : stream_attach(m, fd);
		if (r < 0)
			return fail(m, r, "file %d: %s", i, strerror(-r));
		p->stream[i] = r;
		s->fd[i].stream = r;
		s->fd[i].mode = mode & O_ACCMODE;
		/* what goes on from an image may have a pipe in its place */
		if (stream_regular(m, r) && m->keep != MUSLIN_KEEP_WAITING) {
			s->fd[i].mode |= CTL_FD_FILE | (mode & O_APPEND);
			p->regular |= 1u << i;
		}
	}
	return 0;
}

static bool until_started(struct muslin *m, void *arg)
{
	(void)m;
	return ((struct program *)arg)->started;
}

/* What the guest has open is detached when it closes it. */
static int give_up(struct muslin *m, struct program *p, int r)
{
	int i;

	for (i = 0; i < 3; i++)
		if (p->stream[i] >= 0 && !stream_used(m, p->stream[i]))
			stream_detach(m, p->stream[i]);
	program_free(m, p);
	return r;
}

/* How much of text is the beginning of path. */
static size_t common_length(const char *text, const char *path)
{
	size_t n = 0;

	while (path[n] && text[n] == path[n])
		n++;
	return n;
}

static int start_error(struct muslin *m, const struct muslin_program *prog,
		       const struct program *p)
{
	const char *what[] = {
		[CTL_STEP_PROCESS] = "new process",
		[CTL_STEP_FILES] = "files of the program",
		[CTL_STEP_IDS] = "user and groups",
		[CTL_STEP_LIMITS] = "limits of the program",
		[CTL_STEP_CWD] = prog->cwd ? prog->cwd : "/",
	};

	if (p->step != CTL_STEP_EXEC)
		return fail(m, -p->error, "%s: %s", what[p->step],
			    strerror(p->error));
	/* The loader has said more than errno can, after the path. */
	if (m->error[0]) {
		size_t n = common_length(m->error, prog->path);

		if (!strncmp(m->error + n, ": ", 2))
			memmove(m->error, m->error + n + 2,
				strlen(m->error + n + 2) + 1);
		/* ENOENT: it is the compiler that was not found */
		return p->error == ENOENT ? -ENOEXEC : -p->error;
	}
	if (p->error == ENOEXEC)
		return fail(m, -p->error, "neither WebAssembly nor a script");
	return fail(m, -p->error, "%s", strerror(p->error));
}

static int send_limits(struct muslin *m, const struct muslin_program *prog, int id)
{
	size_t i, size;
	struct ctl_limits *l;
	int r;

	if (!prog->nlimits)
		return 0;
	if (prog->nlimits > LIMITS_MAX)
		return -E2BIG;
	size = sizeof(*l) + prog->nlimits * sizeof(l->limit[0]);
	l = calloc(1, size);
	if (!l)
		return -ENOMEM;
	l->head = (struct ctl_head){ size, CTL_LIMITS, id };
	l->n = prog->nlimits;
	for (i = 0; i < prog->nlimits; i++) {
		const struct muslin_rlimit *from = &prog->limits[i];

		l->limit[i].resource = from->resource;
		l->limit[i].low[0] = from->soft;
		l->limit[i].low[1] = from->soft >> 32;
		l->limit[i].high[0] = from->hard;
		l->limit[i].high[1] = from->hard >> 32;
	}
	r = ctl_send(m, &l->head);
	free(l);
	return r;
}

int muslin_hostname(struct muslin *m, const char *name)
{
	size_t size = sizeof(struct ctl_hostname) + strlen(name) + 1;
	int r = api_check(m);
	struct ctl_hostname *h;

	if (r)
		return r;
	if (strlen(name) > HOST_NAME_MAX)
		return fail(m, -ENAMETOOLONG, "a name of more than %d characters", HOST_NAME_MAX);
	h = calloc(1, size);
	if (!h)
		return fail(m, -ENOMEM, "out of memory");
	h->head = (struct ctl_head){ size, CTL_HOSTNAME, 0 };
	strcpy(h->name, name);
	r = ctl_send(m, &h->head);
	free(h);
	return r ? fail(m, r, "%s", strerror(-r)) : 0;
}

int muslin_spawn(struct muslin *m, const struct muslin_program *prog)
{
	struct ctl_spawn *s;
	struct program *p;
	int r = api_check(m);

	if (r)
		return r;
	p = program_new(m);
	if (!p)
		return fail(m, -EAGAIN, "too many programs");
	s = spawn_message(prog, p->id);
	if (!s)
		return give_up(m, p, fail(m, -errno, "%s", strerror(errno)));
	r = attach(m, prog, p, s);
	if (!r) {
		r = network_configure(m);
		if (!r)
			r = send_limits(m, prog, p->id);
		if (!r)
			r = ctl_send(m, &s->head);
		if (r)
			fail(m, r, "%s", strerror(-r));
	}
	free(s);
	m->ctl->starting = true;
	if (!r)
		r = api_run(m, until_started, p);
	m->ctl->starting = false;
	if (!r && p->error)
		r = start_error(m, prog, p);
	return r ? give_up(m, p, r) : p->id;
}

static int take_status(struct muslin *m, struct program *p, int *status)
{
	*status = p->status;
	p->changed = false;
	if (p->ended)
		program_free(m, p);
	return 0;
}

static bool until_changed(struct muslin *m, void *arg)
{
	(void)m;
	return ((struct program *)arg)->changed || ctl_asked(m);
}

int muslin_wait(struct muslin *m, int id, int *status)
{
	struct program *p = program_get(m, id);
	int r;

	if (api_busy(m))
		return -EBUSY;
	if (!p)
		return fail(m, -ECHILD, "no program %d", id);
	/* the machine may have gone down after the program did */
	while (!p->changed) {
		r = api_check(m);
		if (r)
			return r;
		if (p->tty)
			tty_resume(m);
		r = api_run(m, until_changed, p);
		if (!r && !p->changed)
			r = control_serve(m);
		if (r) {
			tty_suspend(m);
			return r;
		}
	}
	return take_status(m, p, status);
}

static struct program *changed(struct muslin *m, bool *any_tty, bool *any)
{
	struct program *p;

	*any_tty = *any = false;
	for (p = m->ctl->programs; p < m->ctl->programs + PROGRAMS; p++) {
		if (!atomic_load(&p->id))
			continue;
		if (p->changed)
			return p;
		*any = true;
		*any_tty |= p->tty;
	}
	return NULL;
}

static bool until_any_changed(struct muslin *m, void *arg)
{
	bool any_tty, any;

	(void)arg;
	return m->ctl->watched || ctl_asked(m) || changed(m, &any_tty, &any);
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, 0) > 0;
}

int muslin_wait_any(struct muslin *m, int *id, int *status)
{
	struct program *p;
	bool any_tty, any;
	int r;

	if (api_busy(m))
		return -EBUSY;
	m->ctl->watched = readable(m->ctl->watch);
	while (!(p = changed(m, &any_tty, &any)) && !m->ctl->watched) {
		r = api_check(m);
		if (r)
			return r;
		if (!any && m->ctl->watch < 0)
			return fail(m, -ECHILD, "no program");
		if (any_tty)
			tty_resume(m);
		r = api_run(m, until_any_changed, NULL);
		if (!r)
			r = control_serve(m);
		if (r) {
			tty_suspend(m);
			return r;
		}
	}
	m->ctl->watched = false;
	if (!p)
		return -EINTR;
	*id = atomic_load(&p->id);
	return take_status(m, p, status);
}

void muslin_watch(struct muslin *m, int fd)
{
	m->ctl->watch = fd;
	m->ctl->watched = false;
}

int muslin_kill(struct muslin *m, int id, int sig)
{
	struct program *p = program_get(m, id < 0 ? -id : id);

	if (!p)
		return -ECHILD;
	if (sig < 1 || sig > 64)
		return -EINVAL;
	atomic_fetch_or(id < 0 ? &p->kill_group : &p->kill_one,
			1ull << (sig - 1));
	ctl_wake(m);
	return 0;
}
