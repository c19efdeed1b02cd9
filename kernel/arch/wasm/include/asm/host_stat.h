/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the host's file calls (asm/host.h) take and give.  The host includes
 * this file too.  Every member has a fixed width and its natural alignment.
 */
#ifndef _ASM_WASM_HOST_STAT_H
#define _ASM_WASM_HOST_STAT_H

struct host_time {
	long long sec;
	unsigned int nsec;
	unsigned int unused;
};

/* Modes, types and device numbers as in struct statx. */
struct host_stat {
	unsigned long long ino;
	unsigned long long size;
	unsigned long long blocks;	/* of 512 bytes */
	unsigned int blksize;
	unsigned int mode;
	unsigned int nlink;
	unsigned int uid;
	unsigned int gid;
	unsigned int dev_major;
	unsigned int dev_minor;
	unsigned int rdev_major;
	unsigned int rdev_minor;
	unsigned int recent;		/* one more change could have the same ctime */
	struct host_time atime;
	struct host_time mtime;
	struct host_time ctime;
	struct host_time btime;		/* 0 if the host does not know it */
};

/* bits of host_attr.valid */
#define HOST_ATTR_MODE		1
#define HOST_ATTR_UID		2
#define HOST_ATTR_GID		4
#define HOST_ATTR_SIZE		8
#define HOST_ATTR_ATIME		16	/* to atime */
#define HOST_ATTR_MTIME		32
#define HOST_ATTR_ATIME_NOW	64	/* to the host's time */
#define HOST_ATTR_MTIME_NOW	128

struct host_attr {
	unsigned int valid;
	unsigned int mode;		/* permission bits, 07777 */
	unsigned int uid;
	unsigned int gid;
	unsigned long long size;
	struct host_time atime;
	struct host_time mtime;
};

struct host_statfs {
	unsigned long long blocks;	/* of bsize bytes */
	unsigned long long bfree;
	unsigned long long bavail;
	unsigned long long files;
	unsigned long long ffree;
	unsigned int bsize;
	unsigned int namelen;
	unsigned int fsid[2];
};

/* As getdents64: reclen is a multiple of 8, name ends with a NUL. */
struct host_dirent {
	unsigned long long ino;
	unsigned long long next;	/* position of the next entry */
	unsigned short reclen;
	unsigned char type;		/* DT_* */
	char name[];
};

/* flags of host_file_open */
#define HOST_FILE_READ		1
#define HOST_FILE_WRITE		2
#define HOST_FILE_NOATIME	4	/* reading leaves atime alone */

#endif
