/* SPDX-License-Identifier: MIT */
/* The parts of /init, an ordinary program of the guest: process 1. */
#ifndef MUSLIN_INIT_H
#define MUSLIN_INIT_H

#include <sys/types.h>
#include "protocol.h"

struct job {
	struct job *next;
	int id;
	/*
	 * The program; 0 while there is none.  With a terminal it is a child
	 * of its session's leader, else of init.
	 */
	pid_t pid;
	pid_t leader;		/* or 0 */
	char *stack;		/* the leader's */
};

/* init.c */
void reply(int type, int id, int value, int step);

/* etc.c */
void loopback_up(void);
void write_etc(void);
void add_user(const struct ctl_spawn *s, char **env);

/* network.c */
void network_up(const struct ctl_network *n);

/* mount.c */
void mount_system(void);
int mount_root(const struct ctl_mount *m);	/* 0 or an errno */
int root_entered(void);	/* "/" is a directory of the host, where changes stay */
void make_home(const char *home, uid_t uid, gid_t gid);
void umount_all(void);

/* spawn.c */
void spawn(const struct ctl_spawn *s);
void job_reap(pid_t pid, int status);
void job_kill(const struct ctl_kill *k);
void keep_limits(struct ctl_limits *l);		/* which is ours from now on */

/* copy.c: what muslin-copy is, another program in the same file */
int copy_file(int argc, char **argv);

#endif
