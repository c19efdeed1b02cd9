/* SPDX-License-Identifier: MIT */
/*
 * What is being compiled, for those who ask: a file for each, which is locked by
 * who compiles, so that it means nothing once that is dead.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "core/memory-file.h"
#include "cache/cache.h"
#include "muslin.h"

/* A new one is not locked at once. */
#define NEW_SECONDS 2

#define PREFIX "."
#define SUFFIX ".job"

struct job_file {
	int64_t since;
	char line[80];
	char program[PATH_MAX];
};

static bool is_job(const char *name)
{
	return *name == *PREFIX && strspn(name + 1, "0123456789abcdef") == 16 &&
		!strcmp(name + 17, SUFFIX);
}

/* --- who compiles --- */

static int write_file(void *arg, int fd)
{
	return write_all(fd, arg, sizeof(struct job_file), 0);
}

void cache_job_begin(int dir, const char *program, struct cache_job *job)
{
	struct job_file f = { .since = time(NULL) };
	uint64_t random;
	int fd;

	job->lock = -1;
	cache_jobs(dir, NULL, NULL);
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return;
	snprintf(job->name, sizeof(job->name), PREFIX "%016llx" SUFFIX,
		 (unsigned long long)random);
	snprintf(f.program, sizeof(f.program), "%s", program);
	fd = openat(dir, job->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (!cache_write(write_file, &f, fd))
		/* what compilers could inherit is not to be written to */
		job->lock = openat(dir, job->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	close(fd);
	if (job->lock < 0)
		unlinkat(dir, job->name, 0);
	else
		flock(job->lock, LOCK_EX | LOCK_NB);
}

static int write_line(void *arg, int fd)
{
	return write_all(fd, arg, sizeof(((struct job_file *)0)->line),
			 offsetof(struct job_file, line));
}

void cache_job_tell(int dir, const struct cache_job *job, const char *line)
{
	char padded[sizeof(((struct job_file *)0)->line)] = "";
	int fd;

	if (job->lock < 0)
		return;
	fd = openat(dir, job->name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	snprintf(padded, sizeof(padded), "%s", line);
	cache_write(write_line, padded, fd);
	close(fd);
}

void cache_job_end(int dir, struct cache_job *job)
{
	if (job->lock < 0)
		return;
	unlinkat(dir, job->name, 0);
	close(job->lock);
	job->lock = -1;
}

/* --- who asks --- */

static bool is_dead(int fd)
{
	struct stat st;

	return !flock(fd, LOCK_SH | LOCK_NB) && !fstat(fd, &st) &&
		st.st_mtime < time(NULL) - NEW_SECONDS;
}

static int tell(int fd, uint64_t size,
		int (*fn)(void *arg, const struct muslin_compiling *c), void *arg)
{
	struct job_file f;
	struct muslin_compiling c;

	if (size != sizeof(f) || pread(fd, &f, sizeof(f), 0) != sizeof(f))
		return 0;
	f.line[sizeof(f.line) - 1] = f.program[sizeof(f.program) - 1] = 0;
	c = (struct muslin_compiling) { f.program, f.line, f.since };
	return fn(arg, &c);
}

static int look_at(int dir, const char *name,
		   int (*fn)(void *arg, const struct muslin_compiling *c), void *arg)
{
	uint64_t size;
	int fd = cache_open_entry(dir, name, &size), r = 0;

	if (fd < 0)
		return 0;
	if (is_dead(fd))
		unlinkat(dir, name, 0);
	else if (fn && flock(fd, LOCK_SH | LOCK_NB))
		r = tell(fd, size, fn, arg);
	close(fd);
	return r;
}

int cache_jobs(int dir, int (*fn)(void *arg, const struct muslin_compiling *c),
	       void *arg)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (!r && (e = readdir(d)))
		if (is_job(e->d_name))
			r = look_at(dir, e->d_name, fn, arg);
	closedir(d);
	return r;
}

int muslin_compiling(int (*fn)(void *arg, const struct muslin_compiling *c), void *arg,
		     char *error, size_t n)
{
	int dir = cache_open(false, error, n), r;
	char path[PATH_MAX];

	/* nothing was put there yet */
	if (dir == -ENOENT && !cache_path(path, sizeof(path)))
		return 0;
	if (dir < 0)
		return dir;
	r = cache_jobs(dir, fn, arg);
	close(dir);
	if (r < 0)
		snprintf(error, n, "%s", strerror(-r));
	return r;
}
