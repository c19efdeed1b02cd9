/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attend/client.h"
#include "oci/oci.h"

#define DEATH_MS	2000	/* from SIGKILL to the end of a guest that does what it should */
#define ANSWER_MS	5000

int signal_number(const char *name)
{
	const char *abbreviation;
	char *end;
	long n = strtol(name, &end, 10);

	if (*name && !*end)
		return n >= 1 && n <= 64 ? n : 0;
	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	for (n = 1; n <= 31; n++) {
		abbreviation = sigabbrev_np(n);
		if (abbreviation && !strcasecmp(abbreviation, name))
			return n;
	}
	return 0;
}

bool container_ended(struct container *c, int timeout)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	return c->pidfd < 0 || TEMP_FAILURE_RETRY(poll(&p, 1, timeout)) > 0;
}

int container_signal(struct container *c, int sig)
{
	return syscall(SYS_pidfd_send_signal, c->machine_pidfd, sig, NULL, 0) ? -errno : 0;
}

static int ask(struct container *c, int sig, bool all)
{
	int s = control_connect(c), r = -ESRCH;
	struct attend_reply reply;

	if (s >= 0) {
		r = attend_do(s, ATTEND_KILL, all ? 0 : c->program, sig, &reply, ANSWER_MS);
		close(s);
	}
	return r;
}

int container_kill(struct container *c, int sig, bool all)
{
	int r = 0;

	/* its program is not there yet, so this is for what stands for it */
	if (c->status == CREATED)
		return container_signal(c, sig);
	if (c->status == PAUSED && sig == SIGKILL) {
		container_unmark(c, "paused");
		r = container_signal(c, SIGCONT);
	} else if (c->status == PAUSED) {
		return -EBUSY;
	}
	r = ask(c, sig, all);
	if (sig != SIGKILL)
		return r;
	return container_ended(c, DEATH_MS) ? 0 : container_signal(c, SIGKILL);
}
