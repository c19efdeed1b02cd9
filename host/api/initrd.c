/* SPDX-License-Identifier: MIT */
/* A cpio archive as in Linux, Documentation/driver-api/early-userspace. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/initrd.h"

/* init-image.S */
extern const unsigned char muslin_init[], muslin_init_end[];

struct entry {
	const char *name;
	unsigned int mode, major, minor;
};

static const struct entry entries[] = {
	{ .name = "dev", .mode = S_IFDIR | 0755 },
	{ .name = "dev/console", .mode = S_IFCHR | 0600, .major = 5, .minor = 1 },
	{ .name = "etc", .mode = S_IFDIR | 0755 },
	{ .name = "proc", .mode = S_IFDIR | 0555 },
	{ .name = "root", .mode = S_IFDIR | 0700 },
	{ .name = "run", .mode = S_IFDIR | 0755 },
	{ .name = "sys", .mode = S_IFDIR | 0555 },
	{ .name = "tmp", .mode = S_IFDIR | 01777 },
	{ .name = "init", .mode = S_IFREG | 0755 },
	{ .name = "TRAILER!!!" },
};

#define ENTRIES (sizeof(entries) / sizeof(*entries))
#define HEADER 110

static char *pad(char *p)
{
	while ((uintptr_t)p % 4)
		*p++ = 0;
	return p;
}

static char *put(char *p, const struct entry *e, unsigned int ino)
{
	size_t size = S_ISREG(e->mode) ? muslin_init_end - muslin_init : 0;
	size_t name = strlen(e->name) + 1;

	/* magic ino mode uid gid nlink mtime size dev(2) rdev(2) name check */
	sprintf(p, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X",
		ino, e->mode, 0, 0, 1, 0, size, 0, 0, e->major, e->minor, name,
		0);
	p += HEADER;
	memcpy(p, e->name, name);
	p = pad(p + name);
	memcpy(p, muslin_init, size);
	return pad(p + size);
}

void *initrd_make(size_t *size)
{
	size_t max = muslin_init_end - muslin_init + ENTRIES * (HEADER + 24);
	char *buf = malloc(max), *p = buf;
	size_t i;

	if (!buf)
		return NULL;
	for (i = 0; i < ENTRIES; i++)
		p = put(p, &entries[i], i + 1);
	*size = p - buf;
	return buf;
}
