/* SPDX-License-Identifier: MIT */
/*
 * Process 1 of the guest.  It mounts what every Linux program expects to find
 * and then does what libmuslin says, see protocol.h.  It cannot fork: that it
 * starts programs with vfork alone is what keeps it usable on every host.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "init.h"

#define CONTROL "/dev/stream0"

static int ctl;

/* Also called by the leader of a session, which shares our memory. */
void reply(int type, int id, int value, int step)
{
	struct ctl_reply r = {
		{ sizeof(r), type, id }, value, step,
	};

	write(ctl, &r, sizeof(r));
}

static void die(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void power_off(void)
{
	kill(-1, SIGKILL);
	while (wait(NULL) > 0 || errno != ECHILD)
		;
	sync();
	umount_all();
	reboot(RB_POWER_OFF);
	die("power off");
}

/* 0 at the end of the channel, which is the end of the embedder. */
static int read_full(void *buf, size_t n)
{
	ssize_t r;

	for (; n; n -= r, buf = (char *)buf + r) {
		r = read(ctl, buf, n);
		if (r <= 0)
			return 0;
	}
	return 1;
}

static void request(void)
{
	struct ctl_head head, *m;

	if (!read_full(&head, sizeof(head)))
		power_off();
	m = malloc(head.size);
	if (!m)
		die("request");
	*m = head;
	if (!read_full(m + 1, head.size - sizeof(head)))
		power_off();

	switch (m->type) {
	case CTL_MOUNT:
		reply(CTL_MOUNTED, m->id, mount_root((void *)m), 0);
		break;
	case CTL_SPAWN:
		spawn((void *)m);
		break;
	case CTL_KILL:
		job_kill((void *)m);
		break;
	case CTL_NETWORK:
		network_up((void *)m);
		break;
	case CTL_LIMITS:
		keep_limits((void *)m);
		return;
	case CTL_HOSTNAME:
		sethostname(((struct ctl_hostname *)m)->name,
			    strlen(((struct ctl_hostname *)m)->name));
		break;
	case CTL_POWER_OFF:
		power_off();
	}
	free(m);
}

static void reap(int sigfd)
{
	struct signalfd_siginfo si;
	int status;
	pid_t pid;

	while (read(sigfd, &si, sizeof(si)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0)
		job_reap(pid, status);
}

int main(int argc, char **argv)
{
	struct pollfd p[2];
	sigset_t set;

	if (getpid() != 1)
		return copy_file(argc, argv);
	umask(022);
	prctl(PR_SET_DUMPABLE, 0);	/* for those who are root, but no more */
	mount_system();
	ctl = open(CONTROL, O_RDWR | O_CLOEXEC);
	if (ctl < 0)
		die(CONTROL);

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p[0] = (struct pollfd){ .fd = ctl, .events = POLLIN };
	p[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	p[1].events = POLLIN;
	if (p[1].fd < 0)
		die("signalfd");

	sethostname("muslin", 6);
	loopback_up();
	write_etc();
	reply(CTL_READY, 0, 0, 0);

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		/* a program's end before what is asked after it */
		if (p[1].revents)
			reap(p[1].fd);
		if (p[0].revents)
			request();
	}
}
