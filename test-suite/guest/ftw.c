/* SPDX-License-Identifier: MIT */
// src/legacy/ftw.c: ftw called its function with one argument too many, a trap
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test.h"

static int files, dirs, levels;

static int three(const char *path, const struct stat *st, int type)
{
	if (type == FTW_F)
		files++;
	else if (type == FTW_D)
		dirs++;
	return strstr(path, "stop") ? 17 : 0;
}

static int four(const char *path, const struct stat *st, int type, struct FTW *f)
{
	levels += f->level;
	return 0;
}

int main(void)
{
	mkdir("d", 0700);
	mkdir("d/e", 0700);
	close(open("d/a", O_CREAT | O_WRONLY, 0600));
	close(open("d/e/b", O_CREAT | O_WRONLY, 0600));
	t_check(ftw("d", three, 10) == 0);
	t_check(files == 2 && dirs == 2);
	t_check(nftw("d", four, 10, FTW_PHYS | FTW_DEPTH) == 0 && levels == 4);
	close(open("d/stop", O_CREAT | O_WRONLY, 0600));
	t_check(ftw("d", three, 10) == 17);
	return t_status;
}
