/* SPDX-License-Identifier: MIT */
/* muslin.h: what an embedder can do, in messages to the guest's init. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "hostfs.h"
#include "initrd.h"
#include "kernel.h"
#include "machine.h"
#include "module.h"
#include "muslin.h"
#include "stream.h"
#include "tty.h"

#define DEFAULT_MEMORY (256ull << 20)

/* --- life --- */

int muslin_new(const struct muslin_config *config, struct muslin **out)
{
	static const struct muslin_config none;
	struct w2c_host *h;
	struct muslin *m;
	int r;

	*out = NULL;
	if (!config)
		config = &none;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	m = &h->m;
	m->memory_fd = -1;
	m->log = config->log;
	m->progress = config->progress;
	m->callback_arg = config->arg;

	if ((r = ctl_init(m)) || (r = streams_init(m)) || (r = tty_init(m)))
		goto out_free;
	m->ctl->memory = config->memory ? config->memory : DEFAULT_MEMORY;
	r = -ENOMEM;
	m->hostfs = hostfs_create();
	m->initrd = initrd_make(&m->initrd_size);
	if (!m->hostfs || !m->initrd)
		goto out_free;
	if (asprintf((char **)&m->cmdline, "console=ttyW0 quiet %s",
		     config->cmdline ? config->cmdline : "") < 0) {
		m->cmdline = NULL;
		goto out_free;
	}
	*out = m;
	return 0;
out_free:
	muslin_free(m);
	return r;
}

void muslin_free(struct muslin *m)
{
	if (!m)
		return;
	machine_exit(m);
	module_exit(m);
	tty_exit(m);
	streams_exit(m);
	ctl_exit(m);
	if (m->hostfs)
		hostfs_destroy(m->hostfs);
	free((void *)m->initrd);
	free((void *)m->cmdline);
	free(m);
}

static const char *down(const struct muslin *m)
{
	switch (m->halted) {
	case HALTED + HOST_POWER_OFF:
		return "the guest has switched the machine off";
	case HALTED + HOST_RESTART_MACHINE:
		return "the guest has restarted the machine";
	case HALTED + HOST_PANIC:
		return "the kernel panicked";
	default:
		return "the machine is not up";
	}
}

/*
 * Runs the machine until the predicate holds.  The guest's writes to broken
 * pipes are errors here, never a SIGPIPE of this process.
 */
static int run(struct muslin *m, bool (*until)(struct muslin *, void *),
	       void *arg)
{
	const struct timespec now = { 0 };
	sigset_t set, old, pending;
	int r;

	if (until(m, arg))
		return 0;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	sigpending(&pending);
	r = machine_run(m, until, arg);
	if (!sigismember(&pending, SIGPIPE))
		sigtimedwait(&set, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);

	if (r && !m->error[0])
		return fail(m, r, "%s", down(m));
	return r;
}

/* At the start of each function that needs the guest. */
static int check_up(struct muslin *m)
{
	m->error[0] = 0;
	if (m->ctl->ready && !m->halted)
		return 0;
	return fail(m, -ESHUTDOWN, "%s", down(m));
}

static bool until_ready(struct muslin *m, void *arg)
{
	(void)arg;
	return m->ctl->ready;
}

int muslin_boot(struct muslin *m)
{
	int r;

	m->error[0] = 0;
	if (m->kernel)
		return fail(m, -EBUSY, "the machine was booted before");
	r = machine_init(m, m->ctl->memory);
	return r ? r : run(m, until_ready, NULL);
}

static bool until_halted(struct muslin *m, void *arg)
{
	(void)m;
	(void)arg;
	return false;
}

int muslin_shutdown(struct muslin *m)
{
	struct ctl_head msg = { sizeof(msg), CTL_POWER_OFF, 0 };
	int r = check_up(m);

	if (!r)
		r = ctl_send(m, &msg);
	if (r)
		return r;
	r = run(m, until_halted, NULL);
	tty_detach(m);
	return m->halted == HALTED + HOST_POWER_OFF ? 0 : r;
}

const char *muslin_error(const struct muslin *m)
{
	return m->error;
}

const char *muslin_version(void)
{
	return VERSION;
}

/* --- mounts --- */

static bool until_mounted(struct muslin *m, void *arg)
{
	(void)arg;
	return m->ctl->mounted;
}

static int mount_root(struct muslin *m, int root, const char *guest, int flags)
{
	size_t n = strlen(guest) + 1;
	struct ctl_mount *msg = calloc(1, sizeof(*msg) + n);
	int r;

	if (!msg)
		return -ENOMEM;
	msg->head.size = sizeof(*msg) + n;
	msg->head.type = CTL_MOUNT;
	msg->root = root;
	msg->flags = flags & MUSLIN_READ_ONLY ? CTL_MOUNT_RO : 0;
	memcpy(msg->path, guest, n);
	m->ctl->mounted = false;
	r = ctl_send(m, &msg->head);
	free(msg);
	if (!r)
		r = run(m, until_mounted, NULL);
	if (!r && m->ctl->mount_error)
		r = fail(m, -m->ctl->mount_error, "mount on %s: %s", guest,
			 strerror(m->ctl->mount_error));
	return r;
}

static int check_mount(struct muslin *m, const char *guest)
{
	int r = check_up(m);

	if (!r && guest[0] != '/')
		r = fail(m, -EINVAL, "%s: not an absolute path", guest);
	return r;
}

int muslin_mount(struct muslin *m, const char *host, const char *guest,
		 int flags)
{
	int root, r = check_mount(m, guest);

	if (r)
		return r;
	root = hostfs_add_dir(m->hostfs, host, flags & MUSLIN_READ_ONLY);
	if (root < 0)
		return fail(m, root, "%s: %s", host, strerror(-root));
	return mount_root(m, root, guest, flags);
}

int muslin_mount_file(struct muslin *m, const char *host, const char *guest,
		      const char *name)
{
	int root, r = check_mount(m, guest);

	if (r)
		return r;
	root = hostfs_add_file(m->hostfs, host, name);
	if (root < 0)
		return fail(m, root, "%s: %s", host, strerror(-root));
	return mount_root(m, root, guest, MUSLIN_READ_ONLY);
}

/* --- programs --- */

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

/* The terminal among the program's files: one of them, or -1. */
static int find_tty(const struct muslin_program *p)
{
	int i;

	for (i = 0; i < 3 && p->flags & MUSLIN_TTY; i++)
		if (p->fd[i] >= 0 && isatty(p->fd[i]))
			return p->fd[i];
	return -1;
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
	int i, mode, r, tty = find_tty(prog);

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

int muslin_spawn(struct muslin *m, const struct muslin_program *prog)
{
	struct ctl_spawn *s;
	struct program *p;
	int r = check_up(m);

	if (r)
		return r;
	p = program_new(m);
	if (!p)
		return fail(m, -EAGAIN, "too many programs");
	s = spawn_message(prog, p->id);
	if (!s)
		return give_up(m, p, fail(m, -ENOMEM, "out of memory"));
	r = attach(m, prog, p, s);
	if (!r)
		r = ctl_send(m, &s->head);
	free(s);
	m->ctl->starting = true;
	if (!r)
		r = run(m, until_started, p);
	m->ctl->starting = false;
	if (!r && p->error)
		r = start_error(m, prog, p);
	return r ? give_up(m, p, r) : p->id;
}

static bool until_changed(struct muslin *m, void *arg)
{
	(void)m;
	return ((struct program *)arg)->changed;
}

int muslin_wait(struct muslin *m, int id, int *status)
{
	struct program *p = program_get(m, id);
	int r;

	if (!p)
		return fail(m, -ECHILD, "no program %d", id);
	/* the machine may have gone down after the program did */
	if (!p->changed) {
		r = check_up(m);
		if (r)
			return r;
		if (p->tty)
			tty_resume(m);
		r = run(m, until_changed, p);
		if (r) {
			tty_suspend(m);
			return r;
		}
	}
	*status = p->status;
	p->changed = false;
	if (p->ended)
		program_free(m, p);
	return 0;
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
