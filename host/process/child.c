/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/memory-file.h"
#include "process/child.h"
#include "process/sandbox.h"
#include "process/workdir.h"

extern char **environ;

/*
 * Of this process's environment: messages and numbers are not to depend on
 * the locale (wasm2c prints floating point by it), what compilers leave
 * behind is to be removed with the directory, ccache is to call the
 * compiler, since its own files are out of reach, and clang has options that
 * others do not know.
 */
static char **environment(char *tmpdir)
{
	size_t n = 0, have = 0;
	char **env;

	while (environ[n])
		n++;
	env = malloc((n + 5) * sizeof(*env));
	if (!env)
		return NULL;
	env[have++] = "LC_ALL=C";
	env[have++] = "CCACHE_DISABLE=1";
	env[have++] = CHILD_CLANG_OPTIONS;
	env[have++] = tmpdir;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "LC_ALL=", 7) &&
		    strncmp(environ[i], "TMPDIR=", 7) &&
		    strncmp(environ[i], "CCC_OVERRIDE_OPTIONS=", 21))
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
	int dir;		/* or -1: / */
	int fds[3];		/* above 2, so that none is in another's place */
	int sandbox;
	struct rlimit limits[LIMITS];
	volatile int error;
};

void child_settle(int first)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;

	syscall(SYS_close_range, first, ~0u, 0);
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &by_default, NULL);
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* The child, in its parent's memory: nothing but system calls. */
static _Noreturn void run(struct start *s)
{
	for (int i = 0; i < 3; i++)
		if (dup2(s->fds[i], i) < 0)
			goto fail;
	if (s->dir < 0 ? chdir("/") : fchdir(s->dir))
		goto fail;
	for (size_t i = 0; i < LIMITS; i++)
		setrlimit(limited[i], &s->limits[i]);
	/* nobody else would stop it, if who waits for it is killed */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sandbox_enter(s->sandbox);
	child_settle(3);
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

/*
 * argv in w, with fds as files 0 to 2; it writes to nothing but w.  Without w: in
 * the root directory, and to nothing.
 */
static int start(pid_t *pid, char *const argv[], const struct workdir *w,
		 const int fds[3])
{
	struct start s = { .argv = argv, .dir = w ? w->fd : -1, .fds = { -1, -1, -1 } };
	char tmpdir[sizeof("TMPDIR=") + PATH_MAX], itself[32];
	int r = 0;

	snprintf(tmpdir, sizeof(tmpdir), "TMPDIR=%s", w ? w->path : "/");
	snprintf(itself, sizeof(itself), "/proc/self/fd/%d", s.dir);
	s.env = environment(tmpdir);
	if (!s.env)
		return -ENOMEM;
	for (int i = 0; i < 3 && r >= 0; i++)
		r = s.fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
	if (r < 0) {
		r = -errno;
	} else {
		find_limits(s.limits);
		s.sandbox = sandbox_files((const char *[]){ argv[0], NULL }, w ? itself : NULL);
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

int child_start(pid_t *pid, char *const argv[], const struct workdir *w,
		const char *log)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), out = -1, r;

	if (null >= 0)
		out = workdir_create_fd(w, log);
	if (out >= 0)
		r = start(pid, argv, w, (const int[]){ null, out, out });
	else
		r = -errno;
	if (out >= 0)
		close(out);
	if (null >= 0)
		close(null);
	return r;
}

int child_ended(pid_t *pid)
{
	pid_t ended;
	int status;

	while ((ended = waitpid(*pid, &status, 0)) < 0) {
		/* whoever ignores SIGCHLD is not told: its files will show */
		if (errno != EINTR)
			return errno == ECHILD;
	}
	*pid = ended;
	errno = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		errno = ETIME;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		errno = EFBIG;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

int child_succeeded(pid_t pid)
{
	return child_ended(&pid);
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
		r = fds[i] = memory_file(in, i ? 0 : in_size);
	if (r >= 0)
		r = start(&pid, argv, NULL, fds);
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

int child_detach(void (*run)(void *arg), void *arg)
{
	sigset_t all, old;
	int err, status = 0;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (!pid) {
		pid = fork();
		if (!pid)
			run(arg);
		_exit(pid < 0);
	}
	err = pid < 0 ? -errno : 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	/* an embedder may have nobody to wait for, then there is no status */
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return err || !status ? err : -EAGAIN;
}

/* Of a process with one thread, and nobody's memory but its own. */
static void run_session(char *const argv[], int input, int lock)
{
	int null;

	setsid();
	/* above 3, so that none is in another's place */
	input = fcntl(input, F_DUPFD, 4);
	lock = fcntl(lock, F_DUPFD, 4);
	null = open("/dev/null", O_WRONLY);
	if (chdir("/") || input < 0 || lock < 0 || null < 0 ||
	    dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    dup2(input, 0) < 0 || dup2(lock, 3) < 0)
		return;
	child_settle(4);
	execve(argv[0], argv, environ);
}

/*
 * By way of a child that ends at once: nobody has to wait for what is left.
 * Both are copies of this process, in which nothing is called but what a
 * handler of signals may call: other threads may have had any lock.
 */
void child_leave(char *const argv[], int input, int lock)
{
	sigset_t all, old;
	pid_t pid;
	int status;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = _Fork();
	if (!pid) {
		if (!_Fork())
			run_session(argv, input, lock);
		_exit(0);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}
