/* SPDX-License-Identifier: MIT */
/*
 * muslin attend: a machine that does what it is asked on a socket, for muslin-oci and
 * muslin-serve.  attend/protocol.h says what that may be.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend/protocol.h"
#include "cli/run.h"
#include "muslin.h"

#define GROUPS_MAX	65536
#define LIMITS_MAX	16
#define STRINGS_MAX	(ATTEND_DATA_MAX / 2)

/* One that was started, and where its end is to be told. */
struct started {
	int id;			/* 0: the place is free */
	int answers;
};

struct attend {
	struct muslin *m;
	int control;
	int main;		/* its id, or 0 */
	bool over;		/* the machine is to end, with status */
	int status;
	struct started started[64];	/* as many as a machine has programs */
};

struct request {
	struct attend_request r;
	int fds[ATTEND_FDS_MAX];
	int nfds;
	int answers, data;	/* of fds; or -1 */
	int fd[3];		/* of the program */
	char *text;		/* the data */
};

/* --- answers --- */

/* Whoever does not read them has none. */
static bool answer(int answers, enum attend_type type, int value, const char *text)
{
	struct attend_reply a = { .type = type, .value = value };

	snprintf(a.text, sizeof(a.text), "%s", text);
	return send(answers, &a, sizeof(a), MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(a);
}

/* --- what comes --- */

static void take_fds(struct request *q, struct msghdr *m)
{
	struct cmsghdr *c;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (q->nfds < ATTEND_FDS_MAX)
				q->fds[q->nfds++] = fd;
			else
				close(fd);
		}
	}
}

/* 1; 0 if it is no whole message; negative: there will be none. */
static int receive(struct attend *a, struct request *q)
{
	struct iovec v = { &q->r, sizeof(q->r) };
	char buf[CMSG_SPACE(ATTEND_FDS_MAX * sizeof(int))];
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = buf, .msg_controllen = sizeof(buf),
	};
	ssize_t n = recvmsg(a->control, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	take_fds(q, &m);
	if (!n)
		return -1;
	return n == sizeof(q->r) && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
}

/* Which descriptor is which; false if there are too few or too many. */
static bool assign_fds(struct request *q)
{
	int i, n = 0;

	if (q->nfds < 1)
		return false;
	q->answers = q->fds[n++];
	if (q->r.size && n < q->nfds)
		q->data = q->fds[n++];
	for (i = 0; i < 3; i++) {
		q->fd[i] = -1;
		if (q->r.fd[i] == ATTEND_FD_OWN)
			q->fd[i] = was_closed[i] ? -1 : i;
		else if (q->r.fd[i] == ATTEND_FD_PASSED && n < q->nfds)
			q->fd[i] = q->fds[n++];
		else if (q->r.fd[i] != ATTEND_FD_CLOSED)
			return false;
	}
	return n == q->nfds && (q->data >= 0) == (q->r.size > 0);
}

static void forget(struct request *q)
{
	int i;

	for (i = 0; i < q->nfds; i++)
		if (q->fds[i] >= 0)
			close(q->fds[i]);
	free(q->text);
}

/* --- programs --- */

/* The strings, one after the other; NULL if there are not so many. */
static char **strings(char **at, char *end, uint32_t n)
{
	char **v = calloc(n + 1, sizeof(*v)), *nul;
	uint32_t i;

	for (i = 0; v && i < n; i++) {
		nul = memchr(*at, 0, end - *at);
		if (!nul) {
			free(v);
			return NULL;
		}
		v[i] = *at;
		*at = nul + 1;
	}
	return v;
}

static int read_data(struct request *q)
{
	const struct attend_request *r = &q->r;
	size_t words = r->ngroups * sizeof(uint32_t) + r->nlimits * 3 * sizeof(uint64_t);

	if (r->size > ATTEND_DATA_MAX || r->ngroups > GROUPS_MAX || r->nlimits > LIMITS_MAX ||
	    r->argc > STRINGS_MAX || r->envc > STRINGS_MAX || r->size < words)
		return -EINVAL;
	q->text = malloc(r->size);
	if (!q->text)
		return -ENOMEM;
	return pread(q->data, q->text, r->size, 0) == (ssize_t)r->size ? 0 : -EINVAL;
}

/* Starts what the data say; p has the rest. */
static int spawn(struct attend *a, struct request *q, struct muslin_program *p)
{
	struct muslin_rlimit limits[LIMITS_MAX];
	char *at = q->text, *end = at + q->r.size;
	char **paths = NULL, **argv = NULL, **envp = NULL;
	gid_t *groups = calloc(q->r.ngroups + 1, sizeof(*groups));
	uint64_t words[3];
	uint32_t i;
	int id = -EINVAL;

	if (!groups)
		return -ENOMEM;
	for (i = 0; i < q->r.ngroups; i++, at += sizeof(uint32_t))
		memcpy(&groups[i], at, sizeof(uint32_t));
	for (i = 0; i < q->r.nlimits; i++, at += sizeof(words)) {
		memcpy(words, at, sizeof(words));
		limits[i] = (struct muslin_rlimit){ words[0], words[1], words[2] };
	}
	p->groups = groups;
	p->ngroups = q->r.ngroups;
	p->limits = limits;
	p->nlimits = q->r.nlimits;
	if ((paths = strings(&at, end, 2)) && (argv = strings(&at, end, q->r.argc)) &&
	    (envp = strings(&at, end, q->r.envc)) && at == end) {
		p->path = paths[0];
		p->cwd = paths[1];
		p->argv = q->r.argc ? argv : NULL;
		p->envp = envp;
		id = muslin_spawn(a->m, p);
	}
	free(groups);
	free(paths);
	free(argv);
	free(envp);
	return id;
}

static struct started *place(struct attend *a, int id)
{
	size_t i;

	for (i = 0; i < sizeof(a->started) / sizeof(a->started[0]); i++)
		if (a->started[i].id == id)
			return &a->started[i];
	return NULL;
}

static const char *why(struct attend *a, int err)
{
	const char *text = muslin_error(a->m);

	return err == -EINVAL && !*text ? "what was asked does not fit together" :
		*text ? text : strerror(-err);
}

/* The standard files of this process are the main program's alone. */
static void main_started(struct attend *a, int id, int err)
{
	if (id > 0) {
		a->main = id;
		run_release_files(false);
		run_signals(a->m, id);
		run_limits_kill(true);
		return;
	}
	a->over = true;
	a->status = run_start_status(err);
}

static void do_spawn(struct attend *a, struct request *q)
{
	struct muslin_program p = {
		.uid = q->r.uid, .gid = q->r.gid, .umask = q->r.umask,
		.fd = { q->fd[0], q->fd[1], q->fd[2] },
		.flags = q->r.flags & ATTEND_TTY ? MUSLIN_TTY : 0,
	};
	struct started *s = place(a, 0);
	int id = -EAGAIN;

	if (q->r.flags & ATTEND_MAIN && a->main)
		id = -EBUSY;
	else if (s)
		id = read_data(q);
	if (!id)
		id = spawn(a, q, &p);
	if (q->r.flags & ATTEND_MAIN && !a->main)
		main_started(a, id, id);
	answer(q->answers, ATTEND_STARTED, id, id < 0 ? why(a, id) : "");
	if (id <= 0)
		return;
	*s = (struct started){ id, q->answers };
	q->fds[0] = -1;
}

static int do_kill(struct attend *a, const struct request *q)
{
	size_t i;
	int r = 0;

	if (q->r.id)
		return muslin_kill(a->m, q->r.id, q->r.sig);
	for (i = 0; i < sizeof(a->started) / sizeof(a->started[0]); i++)
		if (a->started[i].id)
			r = muslin_kill(a->m, -a->started[i].id, q->r.sig);
	return r;
}

static int do_one(struct attend *a, struct request *q)
{
	switch (q->r.type) {
	case ATTEND_KILL:
		return do_kill(a, q);
	case ATTEND_WINCH:
		return raise(SIGWINCH) ? -errno : 0;
	case ATTEND_READY:
		return 0;
	case ATTEND_SHUTDOWN:
		a->over = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static void serve(struct attend *a)
{
	struct request q = { .answers = -1, .data = -1 };
	int r = receive(a, &q);

	if (r < 0) {
		a->over = true;
	} else if (r && assign_fds(&q)) {
		if (q.r.type == ATTEND_SPAWN) {
			do_spawn(a, &q);
		} else {
			r = do_one(a, &q);
			answer(q.answers, ATTEND_DONE, r, r ? strerror(-r) : "");
		}
	} else if (q.nfds) {
		answer(q.fds[0], ATTEND_DONE, -EINVAL, "what was asked does not fit together");
	}
	forget(&q);
}

static void changed(struct attend *a, int id, int status)
{
	struct started *s = place(a, id);

	if (WIFSTOPPED(status))
		return;
	if (s) {
		answer(s->answers, ATTEND_CHANGED, status, "");
		close(s->answers);
		s->id = 0;
	}
	if (id != a->main)
		return;
	a->over = true;
	run_limits_kill(false);
	run_signals(a->m, 0);
	a->status = run_limits_status(WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				      WEXITSTATUS(status));
}

int run_attend(struct muslin *m, int control)
{
	struct attend a = { .m = m, .control = control };
	int r, id, status;

	muslin_watch(m, control);
	while (!a.over) {
		r = muslin_wait_any(m, &id, &status);
		if (r == -EINTR)
			serve(&a);
		else if (r)
			return complain(STATUS_FAILED, "%s", muslin_error(m));
		else
			changed(&a, id, status);
	}
	return a.status;
}

static const char help[] =
	"usage: muslin attend FD [OPTION]...\n"
	"       muslin attend FD --resume --image FILE\n"
	"\n"
	"A machine that does what it is asked on the socket FD, for muslin-oci and\n"
	"muslin-serve, which start it.  The options are those of `muslin run'; the second\n"
	"form goes on with the program that waits in FILE.\n"
	"\n";

int cmd_attend(int argc, char **argv)
{
	struct run_options o = { 0 };
	bool resume = argc > 2 && !strcmp(argv[2], "--resume");
	struct stat st;
	char *end;
	int i, status;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		i = run_options_parse(&o, argc, argv, help);
	else if (argc < 2 || (o.attend = strtol(argv[1], &end, 10)) < 3 || *end ||
		 fstat(o.attend, &st) || !S_ISSOCK(st.st_mode))
		return complain(STATUS_USAGE, "attend: no socket; see muslin attend --help");
	else
		i = run_options_parse(&o, argc - 1 - resume, argv + 1 + resume, help);
	if (i >= 0 && i != argc - 1 - resume)
		status = complain(STATUS_USAGE, "attend: no program is named");
	else if (i >= 0 && resume && !o.image)
		status = complain(STATUS_USAGE, "attend --resume: no --image");
	else
		status = i < 0 ? -1 - i : resume ? run_resume(&o) : run_machine(&o, NULL);
	run_options_free(&o);
	return status;
}
