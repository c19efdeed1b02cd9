/* SPDX-License-Identifier: MIT */
/* What is not there by itself: names of host and users, the loopback device. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "init.h"

/* Its addresses come with IFF_UP. */
void loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return;
	if (!ioctl(s, SIOCGIFFLAGS, &r)) {
		r.ifr_flags |= IFF_UP;
		ioctl(s, SIOCSIFFLAGS, &r);
	}
	close(s);
}

static void append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return;
	write(fd, text, strlen(text));
	close(fd);
}

void write_etc(void)
{
	sethostname("muslin", 6);
	append("/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
	append("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	append("/etc/group", "root:x:0:\n");
}

static const char *get(char **env, const char *name, const char *otherwise)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (!strncmp(*env, name, n) && (*env)[n] == '=')
			return *env + n + 1;
	return otherwise;
}

/*
 * The user that a program runs as, for getpwuid() and its like.  Not if the
 * root directory is one of the host's: its /etc is not ours.
 */
void add_user(const struct ctl_spawn *s, char **env)
{
	const char *name = get(env, "USER", "user");
	const char *home = get(env, "HOME", "/");
	static uint32_t known;		/* 0 is root, whom all know */
	char line[1024];

	if (strlen(name) + strlen(home) > 400 || strpbrk(name, ":\n") ||
	    strpbrk(home, ":\n") || root_entered())
		return;
	make_home(home, s->uid, s->gid);
	if (s->uid == known || !s->uid || getpwuid(s->uid))
		return;
	known = s->uid;
	snprintf(line, sizeof(line), "%s:x:%u:%u::%s:/bin/sh\n", name, s->uid,
		 s->gid, home);
	append("/etc/passwd", line);
	if (!s->gid)
		return;
	snprintf(line, sizeof(line), "%s:x:%u:\n", name, s->gid);
	append("/etc/group", line);
}
