/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/slirp.h"
#include "net/user.h"
#include "process/child.h"

#define BUFFER (4 << 20)	/* of the socket, if the user may have that */

bool parse_ipv4(const char *text, size_t n, struct in_addr *a)
{
	char address[INET_ADDRSTRLEN];

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = 0;
	return inet_pton(AF_INET, address, a) == 1;
}

static bool parse_port(const char *text, size_t n, uint16_t *port)
{
	unsigned long v = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9' || i > 4)
			return false;
		v = v * 10 + text[i] - '0';
	}
	*port = v;
	return v && v < 65536;
}

static bool parse_published(const char *text, struct published *p)
{
	const char *end = strchr(text, '/'), *last, *first;

	p->udp = end && !strcmp(end, "/udp");
	if (end && !p->udp && strcmp(end, "/tcp"))
		return false;
	if (!end)
		end = text + strlen(text);
	p->address.s_addr = htonl(INADDR_LOOPBACK);
	last = memrchr(text, ':', end - text);
	if (!last || !parse_port(last + 1, end - last - 1, &p->guest_port))
		return false;
	first = memrchr(text, ':', last - text);
	if (!first)
		return parse_port(text, last - text, &p->port);
	return parse_port(first + 1, last - first - 1, &p->port) &&
		parse_ipv4(text, first - text, &p->address);
}

bool user_publish(struct user *u, const char *text)
{
	struct published p, *more;

	if (!parse_published(text, &p))
		return false;
	more = realloc(u->published, (u->npublished + 1) * sizeof(*more));
	if (!more)
		return false;
	u->published = more;
	u->published[u->npublished++] = p;
	return true;
}

void user_exit(struct user *u)
{
	policy_exit(&u->policy);
	free(u->published);
	u->published = NULL;
}

/* --- the process --- */

struct start {
	struct user *user;
	int frames, told;
};

/* Files: 3 frames, 4 a line of why it cannot begin, 5 the log. */
static bool place_files(int frames, int told, int log)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* above those, so that none is in another's place */
	frames = fcntl(frames, F_DUPFD, 6);
	told = fcntl(told, F_DUPFD, 6);
	log = fcntl(log >= 0 ? log : null, F_DUPFD, 6);
	if (null < 0 || frames < 0 || told < 0 || log < 0)
		return false;
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	return dup2(frames, 3) >= 0 && dup2(told, 4) >= 0 && dup2(log, 5) >= 0;
}

static void serve(void *arg)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	const struct start *s = arg;
	struct user *u = s->user;
	char why[256] = "";

	/* a session of its own: what is typed at a terminal is not for it */
	setsid();
	if (!place_files(s->frames, s->told, u->policy.log))
		_exit(1);
	child_settle(6);
	sigaction(SIGPIPE, &ignored, NULL);
	u->policy.log = 5;
	slirp_serve(u, 3, 4, why, sizeof(why));
	_exit(0);
}

/* An empty line, or why it could not begin; nothing if it has become a program. */
static int hear(int told, bool started, char *error, size_t n)
{
	size_t have = 0;
	ssize_t r;

	while (have < n - 1 && (r = read(told, error + have, n - 1 - have))) {
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			break;
		have += r;
		if (error[have - 1] == '\n')
			break;
	}
	if (have == 1 && error[0] == '\n')
		return 0;
	error[have && error[have - 1] == '\n' ? have - 1 : have] = 0;
	if (!have && !started)
		snprintf(error, n, "the process of the network has ended");
	if (!have && started)
		return 0;
	return -ENETDOWN;
}

static void enlarge(int s)
{
	int size = BUFFER;

	setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static int start(void (*run)(void *arg), struct user *u, bool program, char *error, size_t n)
{
	int frames[2], told[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, frames))
		return snprintf(error, n, "%s", strerror(errno)), -EMFILE;
	if (pipe2(told, O_CLOEXEC)) {
		close(frames[0]);
		close(frames[1]);
		return snprintf(error, n, "%s", strerror(errno)), -EMFILE;
	}
	enlarge(frames[0]);
	enlarge(frames[1]);
	r = child_detach(run, &(struct start){ u, frames[1], told[1] });
	close(frames[1]);
	close(told[1]);
	if (r)
		snprintf(error, n, "%s", strerror(-r));
	else
		r = hear(told[0], program, error, n);
	close(told[0]);
	if (!r)
		return frames[0];
	close(frames[0]);
	return r;
}

int user_start(struct user *u, char *error, size_t n)
{
	return start(serve, u, false, error, n);
}

/* --- passt, in the place of that --- */

#define ARGUMENTS 20

struct command {
	const char *argv[ARGUMENTS + 2 * PASST_PORTS + 1];
	int n;
};

static void add(struct command *c, const char *option, const char *value)
{
	c->argv[c->n++] = option;
	if (value)
		c->argv[c->n++] = value;
}

static const char *text_of(uint32_t address, char *buf)
{
	return inet_ntop(AF_INET, &address, buf, INET_ADDRSTRLEN);
}

static void add_published(struct command *c, const struct user *u, char (*text)[32])
{
	char address[INET_ADDRSTRLEN];
	bool some[2] = { false, false };

	for (size_t i = 0; i < u->npublished; i++) {
		const struct published *p = &u->published[i];

		snprintf(text[i], sizeof(text[i]), "%s/%u:%u",
			 text_of(p->address.s_addr, address), p->port, p->guest_port);
		add(c, p->udp ? "-u" : "-t", text[i]);
		some[p->udp] = true;
	}
	if (!some[0])
		add(c, "-t", "none");
	if (!some[1])
		add(c, "-u", "none");
}

/* Its frames are file 3; told is closed by a program that runs. */
static void become_passt(void *arg)
{
	const struct start *s = arg;
	const struct user *u = s->user;
	char address[INET_ADDRSTRLEN], mask[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];
	char nameserver[INET_ADDRSTRLEN], mtu[16], text[PASST_PORTS][32];
	struct command c = { .n = 0 };

	setsid();
	if (!place_files(s->frames, s->told, -1) || fcntl(4, F_SETFD, FD_CLOEXEC))
		return;
	child_settle(5);
	snprintf(mtu, sizeof(mtu), "%u", u->mtu);
	add(&c, "passt", "-f");
	add(&c, "-q", "--no-map-gw");
	add(&c, "-F", "3");
	add(&c, "-a", text_of(u->ip.address, address));
	add(&c, "-n", text_of(u->ip.netmask, mask));
	add(&c, "-g", text_of(u->ip.gateway, gateway));
	add(&c, "-m", mtu);
	add(&c, "-D", "none");
	if (u->ip.nameserver)
		add(&c, "--dns-forward", text_of(u->ip.nameserver, nameserver));
	add_published(&c, u, text);
	execvp(c.argv[0], (char **)c.argv);
	dprintf(4, "passt: %s\n", strerror(errno));
	_exit(1);
}

int user_start_passt(struct user *u, char *error, size_t n)
{
	if (u->npublished > PASST_PORTS)
		return snprintf(error, n, "passt: too many ports"), -E2BIG;
	return start(become_passt, u, true, error, n);
}
