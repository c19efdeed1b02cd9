/* SPDX-License-Identifier: MIT */
/*
 * How much of the host's disk a guest may take: by how much files grow, and for each
 * new name.  Nothing is given back, since nobody could tell what was freed of it: so a
 * guest cannot do more, whatever it removes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "hostfs/impl.h"

#define NAME_COST	4096	/* an inode, a part of a directory, a short link */

void hostfs_limit(struct hostfs *fs, uint64_t bytes)
{
	fs->limited = bytes;
	fs->quota = bytes;
}

int hostfs_quota_take(struct hostfs *fs, uint64_t n)
{
	if (!fs->limited)
		return 0;
	if (n > fs->quota)
		return -EDQUOT;
	fs->quota -= n;
	return 0;
}

int hostfs_quota_name(struct hostfs *fs)
{
	return hostfs_quota_take(fs, NAME_COST);
}

int hostfs_quota_room(struct hostfs *fs, int fd, uint64_t offset, uint32_t *len, uint64_t *size)
{
	struct stat st;
	uint64_t room;

	*size = UINT64_MAX;
	if (!fs->limited || !*len)
		return 0;
	if (fstat(fd, &st))
		return -errno;
	*size = st.st_size;
	room = fs->quota > UINT64_MAX - *size ? UINT64_MAX : *size + fs->quota;
	if (offset >= room)
		return -EDQUOT;
	if (*len > room - offset)
		*len = room - offset;
	return 0;
}

void hostfs_quota_grown(struct hostfs *fs, uint64_t size, uint64_t end)
{
	if (end > size)
		hostfs_quota_take(fs, end - size);
}

/* KEEP_SIZE behind the end is paid for each time. */
int hostfs_quota_allocate(struct hostfs *fs, int fd, int mode, uint64_t end)
{
	struct stat st;

	if (!fs->limited || mode & FALLOC_FL_PUNCH_HOLE)
		return 0;
	if (fstat(fd, &st))
		return -errno;
	return end > (uint64_t)st.st_size ? hostfs_quota_take(fs, end - st.st_size) : 0;
}
