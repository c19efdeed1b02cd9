/* SPDX-License-Identifier: MIT */
/* /bin/ls and /bin/sleep, which programs of the Open POSIX Test Suite execute. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int list(const char *name)
{
	DIR *d = opendir(name);
	struct dirent *e;

	if (!d) {
		perror(name);
		return 1;
	}
	while ((e = readdir(d)))
		if (*e->d_name != '.')
			puts(e->d_name);
	return closedir(d);
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[0], "sleep") && argc == 2)
		return sleep(atoi(argv[1])) != 0;
	if (!strcmp(argv[0], "ls") && argc <= 2)
		return list(argc == 2 ? argv[1] : ".");
	fprintf(stderr, "usage: ls [DIRECTORY] | sleep SECONDS\n");
	return 2;
}
