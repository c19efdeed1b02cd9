/* SPDX-License-Identifier: MIT */
/* overlayfs: the lower layer shows through, and stays as it is. */
#define _GNU_SOURCE
#include <sys/mount.h>
#include <sys/stat.h>
#include "namespaces.h"
#include "test.h"

static void put(const char *path, const char *text)
{
	close(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644));
	write_file(path, text);
}

static int has(const char *path, const char *text)
{
	char buf[20] = "";
	int fd = open(path, O_RDONLY);

	if (fd >= 0)
		read(fd, buf, sizeof(buf) - 1);
	close(fd);
	return !strcmp(buf, text);
}

int main(void)
{
	be_root(CLONE_NEWNS);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	t_check(!mount("none", "/tmp", "tmpfs", 0, NULL));
	t_check(!chdir("/tmp"));
	t_check(!mkdir("low", 0755) && !mkdir("up", 0755) && !mkdir("work", 0755) &&
		!mkdir("all", 0755));
	put("low/a", "low");
	put("low/b", "low");
	t_check(!mount("none", "all", "overlay", 0, "lowerdir=low,upperdir=up,workdir=work"));
	t_check(has("all/a", "low"));
	put("all/a", "new");
	t_check(!unlink("all/b") && access("all/b", F_OK) && errno == ENOENT);
	t_check(has("all/a", "new") && has("low/a", "low") && has("up/a", "new"));
	t_check(has("low/b", "low"));
	t_check(!umount("all"));
	return t_status;
}
