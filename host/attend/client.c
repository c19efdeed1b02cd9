/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attend/client.h"
#include "muslin.h"

#define CONTROL	3	/* there it has the socket */

/* --- to start one --- */

/* The muslin beside this program. */
static int beside(char *path, size_t n)
{
	ssize_t len = readlink("/proc/self/exe", path, n - sizeof("muslin"));
	char *slash;

	if (len < 0)
		return -errno;
	path[len] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	strcpy(slash + 1, "muslin");
	return 0;
}

/* Nothing is inherited but these. */
static void take_files(const struct attend_start *s)
{
	int i, fd[4] = { s->fd[0], s->fd[1], s->fd[2], s->control };

	for (i = 0; i < 4; i++)
		if (fd[i] >= 0 && fd[i] <= CONTROL)
			fd[i] = fcntl(fd[i], F_DUPFD, CONTROL + 1);
	for (i = 0; i < 4; i++)
		if (fd[i] < 0)
			close(i);
		else
			dup2(fd[i], i);
	close_range(CONTROL + 1, UINT_MAX, 0);
}

static _Noreturn void become(const struct attend_start *s, const char *path, char **argv)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (s->dies)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	take_files(s);
	if (s->terminal)
		ioctl(0, TIOCSCTTY, 0);
	execv(path, argv);
	_exit(127);
}

pid_t attend_start(const struct attend_start *s)
{
	char path[PATH_MAX], number[16];
	size_t n = 0;
	char **argv;
	pid_t pid;
	int r = beside(path, sizeof(path));

	if (r)
		return r;
	while (s->options[n])
		n++;
	argv = calloc(n + 4, sizeof(*argv));
	if (!argv)
		return -ENOMEM;
	snprintf(number, sizeof(number), "%d", CONTROL);
	argv[0] = "muslin";
	argv[1] = "attend";
	argv[2] = number;
	memcpy(argv + 3, s->options, n * sizeof(*argv));
	pid = fork();
	if (!pid)
		become(s, path, argv);
	r = errno;
	free(argv);
	return pid < 0 ? -r : pid;
}

/* --- to ask it --- */

static int send_request(int control, const struct attend_request *r, const int *fds, size_t n)
{
	struct iovec v = { (void *)r, sizeof(*r) };
	char buf[CMSG_SPACE(ATTEND_FDS_MAX * sizeof(int))] = { 0 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = buf, .msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return TEMP_FAILURE_RETRY(sendmsg(control, &m, MSG_NOSIGNAL)) < 0 ? -errno : 0;
}

/* data: a file, or -1; fd: those that are passed */
static int ask(int control, struct attend_request *r, int data, const int fd[3])
{
	int pair[2], fds[ATTEND_FDS_MAX], n = 0, i, err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	fds[n++] = pair[1];
	if (data >= 0)
		fds[n++] = data;
	for (i = 0; i < 3; i++)
		if (r->fd[i] == ATTEND_FD_PASSED)
			fds[n++] = fd[i];
	err = send_request(control, r, fds, n);
	close(pair[1]);
	if (!err)
		return pair[0];
	close(pair[0]);
	return err;
}

int attend_ask(int control, enum attend_type type, int id, int sig)
{
	struct attend_request r = { .type = type, .id = id, .sig = sig };

	return ask(control, &r, -1, NULL);
}

static void put_strings(FILE *f, char *const *v, uint32_t *n)
{
	for (*n = 0; v && v[*n]; ++*n)
		fwrite(v[*n], 1, strlen(v[*n]) + 1, f);
}

/* All that a program is told but its files; a memory file, of size bytes. */
static int put_data(const struct muslin_program *p, struct attend_request *r)
{
	const char *cwd = p->cwd ? p->cwd : "/";
	int fd = memfd_create("muslin-attend", MFD_CLOEXEC), err = 0;
	char *text = NULL;
	size_t i, n = 0;
	FILE *f;

	if (fd < 0)
		return -errno;
	f = open_memstream(&text, &n);
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	for (i = 0; i < p->ngroups; i++)
		fwrite(&(uint32_t){ p->groups[i] }, 1, sizeof(uint32_t), f);
	for (i = 0; i < p->nlimits; i++)
		fwrite((uint64_t[]){ p->limits[i].resource, p->limits[i].soft,
				     p->limits[i].hard }, 1, 3 * sizeof(uint64_t), f);
	fwrite(p->path, 1, strlen(p->path) + 1, f);
	fwrite(cwd, 1, strlen(cwd) + 1, f);
	put_strings(f, p->argv, &r->argc);
	put_strings(f, p->envp, &r->envc);
	if (fclose(f))
		err = -ENOMEM;
	else if (n > ATTEND_DATA_MAX)
		err = -E2BIG;
	else if (write(fd, text, n) != (ssize_t)n)
		err = -ENOMEM;
	free(text);
	r->size = n;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int attend_spawn(int control, const struct muslin_program *p, uint32_t flags)
{
	struct attend_request r = {
		.type = ATTEND_SPAWN,
		.flags = flags,
		.uid = p->uid, .gid = p->gid, .umask = p->umask,
		.ngroups = p->ngroups, .nlimits = p->nlimits,
	};
	int i, answers, data = put_data(p, &r);

	if (data < 0)
		return data;
	for (i = 0; i < 3; i++)
		r.fd[i] = flags & ATTEND_MAIN ? ATTEND_FD_OWN :
			p->fd[i] < 0 ? ATTEND_FD_CLOSED : ATTEND_FD_PASSED;
	answers = ask(control, &r, data, p->fd);
	close(data);
	return answers;
}

int attend_answer(int answers, struct attend_reply *r, int timeout)
{
	struct pollfd p = { .fd = answers, .events = POLLIN };
	ssize_t n = TEMP_FAILURE_RETRY(poll(&p, 1, timeout));

	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	n = TEMP_FAILURE_RETRY(recv(answers, r, sizeof(*r), 0));
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (n && n != sizeof(*r))
		return -EPROTO;
	r->text[sizeof(r->text) - 1] = 0;
	return n > 0;
}

int attend_do(int control, enum attend_type type, int id, int sig, struct attend_reply *r,
	      int timeout)
{
	int n, answers = attend_ask(control, type, id, sig);

	if (answers < 0)
		return answers;
	n = attend_answer(answers, r, timeout);
	close(answers);
	if (n == 1 && r->type != ATTEND_DONE)
		return -EPROTO;
	return n == 1 ? r->value : n ? n : -ESHUTDOWN;
}
