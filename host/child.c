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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "child.h"
#include "sandbox.h"

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
 * the locale (wasm2c prints floating point by it), what compilers leave
 * behind is to be removed with the directory, and ccache is to call the
 * compiler, since its own files are out of reach.
 */
static char **environment(char *tmpdir)
{
	size_t n = 0, have = 0;
	char **env;

	while (environ[n])
		n++;
	env = malloc((n + 4) * sizeof(*env));
	if (!env)
		return NULL;
	env[have++] = "LC_ALL=C";
	env[have++] = "CCACHE_DISABLE=1";
	env[have++] = tmpdir;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "LC_ALL=", 7) &&
		    strncmp(environ[i], "TMPDIR=", 7))
			env[have++] = environ[i];
	env[have] = NULL;
	return env;
}

/*
 * What is compiled may have been written to keep a compiler busy, or to fill
 * memory and disks.  Honest programs need a small part of this.
 */
static const int limited[] = {
	RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_CORE,
};

#define LIMITS (sizeof(limited) / sizeof(*limited))

static void find_limits(struct rlimit limits[LIMITS])
{
	rlim_t memory = sysconf(_SC_PHYS_PAGES) / sysconf(_SC_NPROCESSORS_ONLN) *
			(rlim_t)sysconf(_SC_PAGESIZE);
	rlim_t most[LIMITS] = {
		CHILD_SECONDS, 1ul << 30, memory < 2ul << 30 ? 2ul << 30 : memory, 0,
	};

	for (size_t i = 0; i < LIMITS; i++) {
		struct rlimit *r = &limits[i];

		getrlimit(limited[i], r);
		if (r->rlim_cur > most[i])
			r->rlim_cur = most[i] < r->rlim_max ? most[i] : r->rlim_max;
	}
}

struct start {
	char *const *argv;
	char **env;
	const char *dir;
	int fds[3];		/* above 2, so that none is in another's place */
	int sandbox;
	struct rlimit limits[LIMITS];
	volatile int error;
};

/* The child, in its parent's memory: nothing but system calls. */
static _Noreturn void run(struct start *s)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &by_default, NULL);
	for (int i = 0; i < 3; i++)
		if (dup2(s->fds[i], i) < 0)
			goto fail;
	if (chdir(s->dir))
		goto fail;
	for (size_t i = 0; i < LIMITS; i++)
		setrlimit(limited[i], &s->limits[i]);
	sandbox_enter(s->sandbox);
	/* an embedder may have left something open */
	syscall(SYS_close_range, 3, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(s->argv[0], s->argv, s->env);
fail:
	s->error = errno;
	_exit(127);
}

static int run_child(pid_t *pid, struct start *s)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	*pid = vfork();
	if (!*pid)
		run(s);
	r = *pid < 0 ? -errno : -s->error;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (*pid > 0 && r)
		child_succeeded(*pid);
	return r;
}

/* argv in dir, with fds as files 0 to 2; it writes to nothing but writable. */
static int start(pid_t *pid, char *const argv[], const char *dir,
		 const char *writable, const int fds[3])
{
	struct start s = { .argv = argv, .dir = dir, .fds = { -1, -1, -1 } };
	char tmpdir[PATH_MAX];
	int r = 0;

	snprintf(tmpdir, sizeof(tmpdir), "TMPDIR=%s", dir);
	s.env = environment(tmpdir);
	if (!s.env)
		return -ENOMEM;
	for (int i = 0; i < 3 && r >= 0; i++)
		r = s.fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
	if (r < 0) {
		r = -errno;
	} else {
		find_limits(s.limits);
		s.sandbox = sandbox_files((const char *[]){ argv[0], NULL }, writable);
		r = run_child(pid, &s);
		if (s.sandbox >= 0)
			close(s.sandbox);
	}
	for (int i = 0; i < 3; i++)
		if (s.fds[i] >= 0)
			close(s.fds[i]);
	free(s.env);
	return r;
}

int child_start(pid_t *pid, char *const argv[], const char *dir,
		const char *log)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), out = -1, r;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, log);
	if (null >= 0)
		out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out >= 0)
		r = start(pid, argv, dir, dir, (const int[]){ null, out, out });
	else
		r = -errno;
	if (out >= 0)
		close(out);
	if (null >= 0)
		close(null);
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
		r = start(&pid, argv, "/", NULL, fds);
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
	posix_spawnattr_t attr;
	sigset_t none, all;
	pid_t pid;
	int r;

	/* all signals as they are in a new process */
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID |
				 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, "/");
	posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_adddup2(&actions, lock, 3);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	posix_spawn_file_actions_addclosefrom_np(&actions, 4);
	r = posix_spawn(&pid, argv[0], &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
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
