/* SPDX-License-Identifier: MIT */
/* Files that are only in memory, and that nobody can change. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "build.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

int memory_file(const void *data, size_t size)
{
	int fd = memfd_create("muslin", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	for (const char *p = data; size; ) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int err = n ? -errno : -EIO;

			close(fd);
			return err;
		}
		p += n;
		size -= n;
	}
	return fd;
}

bool memory_file_seal(int fd)
{
	return !fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL);
}

int64_t memory_file_size(int fd)
{
	struct stat st;

	if ((fcntl(fd, F_GET_SEALS) & SEALS) != SEALS || fstat(fd, &st))
		return -1;
	return st.st_size;
}
