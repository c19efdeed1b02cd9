/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "child.h"

#define WORKDIR "muslin-compile."
#define WORKDIR_SECONDS 60

extern char **environ;

static bool has_room(const char *path, size_t size)
{
	struct statvfs fs;

	return !statvfs(path, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize >= size;
}

/* A directory has this lock as long as its process lives. */
static int lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	close(fd);
	return -EBUSY;
}

/* A new one is not locked at once. */
void workdir_sweep(const char *parent, int seconds)
{
	char path[PATH_MAX];
	DIR *d = opendir(parent);
	struct dirent *e;
	struct stat st;
	int fd;

	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, WORKDIR, strlen(WORKDIR)) ||
		    strlen(e->d_name) != strlen(WORKDIR) + 6 ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		    st.st_mtime > time(NULL) - seconds ||
		    snprintf(path, sizeof(path), "%s/%s", parent, e->d_name) >=
		    (int)sizeof(path))
			continue;
		fd = lock(path);
		if (fd < 0)
			continue;
		workdir_remove(path);
		close(fd);
	}
	if (d)
		closedir(d);
}

int workdir_make(char *path, size_t n, size_t size)
{
	const char *candidates[] = {
		getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm",
	};
	int err = -ENOSPC;

	for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
		const char *c = candidates[i];

		if (!c || *c != '/' || !has_room(c, size))
			continue;
		if (snprintf(path, n, "%s/" WORKDIR "XXXXXX", c) >= (int)n)
			continue;
		workdir_sweep(c, WORKDIR_SECONDS);
		if (mkdtemp(path)) {
			err = lock(path);
			if (err < 0)
				rmdir(path);
			return err;
		}
		err = -errno;
	}
	return err;
}

void workdir_remove(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

FILE *workdir_create(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, "we");
}

char *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "re"), *mem;
	char buf[65536], *text = NULL;
	bool ok;
	size_t n;

	if (!f)
		return NULL;
	mem = open_memstream(&text, size);
	while (mem && (n = fread(buf, 1, sizeof(buf), f)))
		fwrite(buf, 1, n, mem);
	ok = mem && !ferror(f);
	fclose(f);
	if (mem && fclose(mem))
		ok = false;
	if (ok)
		return text;
	free(text);
	return NULL;
}

char *workdir_read(const char *dir, const char *name, size_t *size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return read_file(path, size);
}

/*
 * Of this process's environment: messages and numbers are not to depend on
 * the locale (wasm2c prints floating point by it), and what compilers leave
 * behind is to be removed with the directory.
 */
static char **environment(char *tmpdir)
{
	size_t n = 0, have = 0;
	char **env;

	while (environ[n])
		n++;
	env = malloc((n + 3) * sizeof(*env));
	if (!env)
		return NULL;
	env[have++] = "LC_ALL=C";
	env[have++] = tmpdir;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "LC_ALL=", 7) &&
		    strncmp(environ[i], "TMPDIR=", 7))
			env[have++] = environ[i];
	env[have] = NULL;
	return env;
}

/* With all signals as they are in a new process. */
static int spawn(pid_t *pid, char *const argv[], char *const env[],
		 const posix_spawn_file_actions_t *actions, short flags)
{
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, flags | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn(pid, argv[0], actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	return -r;
}

static int spawn_in(pid_t *pid, char *const argv[], const char *dir,
		    const char *log, char *const env[])
{
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, dir);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT |
					 O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	r = spawn(pid, argv, env, &actions, 0);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static void limit(pid_t pid, int what, rlim_t n)
{
	struct rlimit r;

	if (prlimit(pid, what, NULL, &r) || r.rlim_cur <= n)
		return;
	r.rlim_cur = n < r.rlim_max ? n : r.rlim_max;
	prlimit(pid, what, &r, NULL);
}

/*
 * What is compiled may have been written to keep a compiler busy, or to fill
 * memory and disks.  Honest programs need a small part of this.
 */
static void limit_all(pid_t pid)
{
	rlim_t memory = sysconf(_SC_PHYS_PAGES) / sysconf(_SC_NPROCESSORS_ONLN) *
			(rlim_t)sysconf(_SC_PAGESIZE);

	limit(pid, RLIMIT_CPU, CHILD_SECONDS);
	limit(pid, RLIMIT_FSIZE, 1ul << 30);
	limit(pid, RLIMIT_AS, memory < 2ul << 30 ? 2ul << 30 : memory);
	limit(pid, RLIMIT_CORE, 0);
}

int child_start(pid_t *pid, char *const argv[], const char *dir,
		const char *log)
{
	char tmpdir[PATH_MAX];
	char **env;
	int r;

	snprintf(tmpdir, sizeof(tmpdir), "TMPDIR=%s", dir);
	env = environment(tmpdir);
	if (!env)
		return -ENOMEM;
	r = spawn_in(pid, argv, dir, log, env);
	free(env);
	if (!r)
		limit_all(*pid);
	return r;
}

static int start_fds(pid_t *pid, char *const argv[], const int fds[3])
{
	posix_spawn_file_actions_t actions;
	char **env = environment("TMPDIR=/");
	int r;

	if (!env)
		return -ENOMEM;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	r = spawn(pid, argv, env, &actions, 0);
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	if (!r)
		limit_all(*pid);
	return r;
}

int child_succeeded(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		/* whoever ignores SIGCHLD is not told: its files will show */
		if (errno != EINTR)
			return errno == ECHILD;
	}
	errno = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		errno = ETIME;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		errno = EFBIG;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

int child_file(const void *data, size_t size)
{
	int fd = memfd_create("muslin-child", MFD_CLOEXEC);

	for (const char *p = data; fd >= 0 && size; ) {
		ssize_t n = pwrite(fd, p, size, p - (const char *)data);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -ENOMEM;
		}
		p += n;
		size -= n;
	}
	return fd < 0 ? -errno : fd;
}

static char *contents(int fd, size_t *size)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st))
		return NULL;
	text = malloc(st.st_size + 1);
	if (!text)
		return NULL;
	*size = st.st_size;
	for (size_t have = 0; have < *size; ) {
		ssize_t n = pread(fd, text + have, *size - have, have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(text);
			return NULL;
		}
		have += n;
	}
	text[*size] = 0;
	return text;
}

int child_capture(char *const argv[], const void *in, size_t in_size,
		  char **out, size_t *out_size, char **errors)
{
	int fds[3] = { -1, -1, -1 }, r = 0, err;
	size_t size;
	pid_t pid;

	*out = *errors = NULL;
	for (int i = 0; i < 3 && r >= 0; i++)
		r = fds[i] = child_file(in, i ? 0 : in_size);
	if (r >= 0)
		r = start_fds(&pid, argv, fds);
	if (!r && !child_succeeded(pid)) {
		err = errno;
		*errors = contents(fds[2], &size);
		errno = err;
		r = 1;
	} else if (!r) {
		*out = contents(fds[1], out_size);
		r = *out ? 0 : -ENOMEM;
	}
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return r;
}

static int spawn_session(char *const argv[], int input, int lock)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_adddup2(&actions, lock, 3);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	posix_spawn_file_actions_addclosefrom_np(&actions, 4);
	r = spawn(&pid, argv, environ, &actions, POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* By way of a child that ends at once: nobody has to wait for what is left. */
void child_leave(char *const argv[], int input, int lock)
{
	sigset_t all, old;
	pid_t pid;
	int status;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = vfork();
	if (!pid)
		_exit(spawn_session(argv, input, lock) ? 1 : 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}
