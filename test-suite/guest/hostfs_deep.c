/* SPDX-License-Identifier: MIT */
/* A path that is too long for the host was ENOMEM. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

#define DEEPEST 100

/* How deep it goes: there nothing more is found, nor made. */
static int descend(const char *name)
{
	struct stat st;
	int n;

	for (n = 0; n < DEEPEST && mkdir(name, 0700) == 0; n++)
		t_check(chdir(name) == 0);
	if (n == DEEPEST)
		return n;
	t_check(errno == ENAMETOOLONG);
	t_check(stat(name, &st) == -1 && errno == ENAMETOOLONG);
	t_check(open(name, O_CREAT | O_WRONLY, 0600) == -1 && errno == ENAMETOOLONG);
	t_check(close(open("short", O_CREAT | O_WRONLY, 0600)) == 0 && unlink("short") == 0);
	return n;
}

int main(void)
{
	char name[201] = "";
	int n;

	memset(name, 'n', 200);
	n = descend(name);
	t_check(n > 10);
	while (n--)
		t_check(chdir("..") == 0 && rmdir(name) == 0);
	return t_status;
}
