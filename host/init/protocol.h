/* SPDX-License-Identifier: MIT */
/*
 * What libmuslin and the guest's /init say to each other over HOST_STREAM_CTL,
 * a stream of messages in each direction.  A message is one of these
 * structures; size counts it all, with what follows the structure.  Everything
 * is 32 bits wide and little endian; strings end with NUL.
 *
 * The order: init says CTL_READY once.  Each CTL_MOUNT is answered by one
 * CTL_MOUNTED, each CTL_SPAWN by one CTL_STARTED and, if that reports no
 * error, by a CTL_CHANGED each time that the program stops and, at last, one
 * when it has ended.  CTL_KILL, CTL_NETWORK, CTL_POWER_OFF, CTL_LIMITS
 * and CTL_HOSTNAME have no answer.
 *
 * init trusts libmuslin, which trusts nobody: an answer that is not due, or
 * whose fields are not what is said here, is dropped (the first with a line
 * in the log); a write that is not one or several whole answers fails with
 * EINVAL.
 */
#ifndef MUSLIN_PROTOCOL_H
#define MUSLIN_PROTOCOL_H

#include <stdint.h>

enum ctl_type {
	/* to init */
	CTL_MOUNT = 1,
	CTL_SPAWN,
	CTL_KILL,
	CTL_POWER_OFF,		/* a bare ctl_head */
	/* from init */
	CTL_READY,		/* all of these are a ctl_reply */
	CTL_MOUNTED,
	CTL_STARTED,
	CTL_CHANGED,
	/* to init */
	CTL_NETWORK,
	CTL_LIMITS,
	CTL_HOSTNAME,
};

struct ctl_head {
	uint32_t size;
	uint32_t type;		/* enum ctl_type */
	int32_t id;		/* chosen by libmuslin, repeated in the answer */
};

#define CTL_MOUNT_RO	1
/* with CTL_MOUNT_RO: changes are possible, and kept in memory */
#define CTL_MOUNT_OVERLAY	2
/* the same, kept in directories "upper" and "work" of hostfs' root layer */
#define CTL_MOUNT_LAYER	4
/* disk number root, 0 is vda, by the file system that is named behind path */
#define CTL_MOUNT_DISK	8
/* a directory with one file, whose name is behind path; that file is mounted on path */
#define CTL_MOUNT_FILE	16

struct ctl_mount {
	struct ctl_head head;
	uint32_t root;		/* hostfs mounts "/root" of its roots */
	uint32_t flags;		/* CTL_MOUNT_* */
	uint32_t layer;
	char path[];		/* made if it is not there */
};

#define CTL_FD_CLOSED	(-1)
#define CTL_FD_TTY	(-2)
#define CTL_FD_FILE	0x40000000	/* as a regular file, which it is on the host */

struct ctl_spawn {
	struct ctl_head head;
	uint32_t uid, gid, umask;
	struct {
		int32_t stream;	/* its number, or CTL_FD_* */
		/* O_RDONLY, O_WRONLY or O_RDWR; perhaps O_APPEND, CTL_FD_FILE */
		uint32_t mode;
	} fd[3];
	uint32_t ngroups, argc, envc;
	/*
	 * ngroups group ids, then the strings: path of the program, working
	 * directory, argv, environment.
	 */
	uint32_t data[];
};

struct ctl_kill {
	struct ctl_head head;
	int32_t sig;
	int32_t group;		/* not only the program: its process group */
};

/* eth0, which goes up.  Addresses are as IPv4 has them; 0 is none. */
struct ctl_network {
	struct ctl_head head;
	uint32_t address, netmask, gateway, nameserver;
};

/* Of the program that CTL_SPAWN starts next, with the same id. */
struct ctl_limits {
	struct ctl_head head;
	uint32_t n;
	struct {
		uint32_t resource;	/* RLIMIT_* */
		uint32_t low[2], high[2];	/* of the soft limit, of the hard one */
	} limit[];
};

struct ctl_hostname {
	struct ctl_head head;
	char name[];
};

/* what a CTL_STARTED with an error could not do */
enum ctl_step {
	CTL_STEP_PROCESS,	/* make a process */
	CTL_STEP_FILES,		/* open its files */
	CTL_STEP_IDS,		/* set its user and groups */
	CTL_STEP_CWD,		/* change to its working directory */
	CTL_STEP_EXEC,		/* execute the program */
	CTL_STEP_LIMITS,	/* set its limits */
};

#define CTL_ERRNO_MAX	4095

struct ctl_reply {
	struct ctl_head head;	/* id: 0 in CTL_READY and CTL_MOUNTED */
	/* an errno, or 0; CTL_CHANGED: as waitpid's, of an end or a stop */
	int32_t value;
	uint32_t step;		/* CTL_STARTED: enum ctl_step; else 0 */
};

#endif
