/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/memory-file.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

int write_all(int fd, const void *data, size_t size, uint64_t offset)
{
	const char *p = data;
	ssize_t n;

	for (; size; size -= n, offset += n, p += n) {
		n = pwrite(fd, p, size, offset);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return n ? -errno : -EIO;
	}
	return 0;
}

int memory_file(const void *data, size_t size)
{
	int fd = memfd_create("muslin", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, data, size, 0);
	if (r) {
		close(fd);
		return r;
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
