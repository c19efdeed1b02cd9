/* SPDX-License-Identifier: MIT */
/* A cpio archive as in Linux, Documentation/driver-api/early-userspace. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/initrd.h"

/* init-image.S */
extern const unsigned char muslin_init[], muslin_init_end[], muslin_libc[], muslin_libc_end[];

/* libc.so has the name by which programs look for it, musl's, and its own */
static const char libc_name[] = "libc.so";

struct entry {
	const char *name;
	unsigned int mode, major, minor;
	const void *data, *end;
};

static const struct entry entries[] = {
	{ .name = "dev", .mode = S_IFDIR | 0755 },
	{ .name = "dev/console", .mode = S_IFCHR | 0600, .major = 5, .minor = 1 },
	{ .name = "etc", .mode = S_IFDIR | 0755 },
	{ .name = "lib", .mode = S_IFDIR | 0755 },
	{ .name = "lib/libc.so", .mode = S_IFREG | 0755, .data = muslin_libc,
	  .end = muslin_libc_end },
	{ .name = "lib/ld-musl-wasm32.so.1", .mode = S_IFLNK | 0777, .data = libc_name,
	  .end = libc_name + sizeof(libc_name) - 1 },
	{ .name = "proc", .mode = S_IFDIR | 0555 },
	{ .name = "root", .mode = S_IFDIR | 0700 },
	{ .name = "run", .mode = S_IFDIR | 0755 },
	{ .name = "sys", .mode = S_IFDIR | 0555 },
	{ .name = "tmp", .mode = S_IFDIR | 01777 },
	{ .name = "init", .mode = S_IFREG | 0755, .data = muslin_init, .end = muslin_init_end },
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
	size_t size = (const char *)e->end - (const char *)e->data;
	size_t name = strlen(e->name) + 1;

	/* magic ino mode uid gid nlink mtime size dev(2) rdev(2) name check */
	sprintf(p, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X",
		ino, e->mode, 0, 0, 1, 0, size, 0, 0, e->major, e->minor, name,
		0);
	p += HEADER;
	memcpy(p, e->name, name);
	p = pad(p + name);
	if (size)
		memcpy(p, e->data, size);
	return pad(p + size);
}

void *initrd_make(size_t *size)
{
	size_t max = 0, i;
	char *buf, *p;

	for (i = 0; i < ENTRIES; i++)
		max += HEADER + strlen(entries[i].name) + 8 +
			((const char *)entries[i].end - (const char *)entries[i].data);
	p = buf = malloc(max);
	if (!buf)
		return NULL;
	for (i = 0; i < ENTRIES; i++)
		p = put(p, &entries[i], i + 1);
	*size = p - buf;
	return buf;
}
