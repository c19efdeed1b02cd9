/* SPDX-License-Identifier: MIT */
/*
 * Compiles one image, and ends.  What reads the image, libtcc included, runs
 * here, in a sandbox; whatever it is made to do, what comes out is code for
 * that image alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "loader/build.h"
#include "process/child.h"
#include "process/workdir.h"
#include "core/stats.h"
#include "core/memory-file.h"
#include "muslin.h"
#include "loader/quick.h"
#include "process/sandbox.h"
#include "translate/translate.h"
#include "wasm/wasm.h"

#define NAME "program"

struct worker {
	struct build *b;
	int tier;
	struct workdir dir;	/* of the optimized tier; no descriptor: none */
	int code;		/* a file in memory, to be filled */
	int lines[2];		/* a pipe of progress, and of nothing at the end */
	struct build_result *shared;
};

/* --- the worker's side --- */

static void tell(void *arg, const char *line)
{
	struct worker *w = arg;
	char padded[BUILD_LINE_SIZE] = "";

	/* all lines have one length, so that none comes in two pieces */
	snprintf(padded, sizeof(padded), "%s", line);
	if (write(w->lines[1], padded, sizeof(padded)) < 0)
		return;
}

/*
 * Texts of megabytes come and go: malloc() would map each anew, and a sixth of all
 * time went into the faults.  The process ends when it has compiled.
 */
static void keep_what_is_freed(void)
{
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	/* tcc runs on a thread */
	mallopt(M_ARENA_MAX, 1);
}

static int quickly(struct worker *w, struct wasm *wasm)
{
	struct build_result *r = w->shared;
	struct translation t = {
		.wasm2c = w->b->compiler.wasm2c, .w = wasm, .name = NAME,
		.place = wasm_is_library(wasm) ? w->b->request->words : 0,
		.error = r->reason, .n = sizeof(r->reason),
	};
	uint64_t start = stats_now();
	struct quick_code code;
	char *text;
	int err;

	keep_what_is_freed();
	err = translate_text(&t, w->b->image, w->b->size, &text);

	r->translate = stats_now() - start;
	if (err)
		return err;
	start = stats_now();
	err = quick_compile(text, (void *)w->b->request->place, QUICK_PLACE, &code,
			    r->reason, sizeof(r->reason));
	if (!err)
		err = write_all(w->code, code.p, code.size, 0);
	r->quick = stats_now() - start;
	r->code = BUILD_QUICK;
	r->size = code.size;
	r->ops = (uintptr_t)code.ops;
	r->functions = (uintptr_t)code.functions;
	return err;
}

static int optimized(struct worker *w, struct wasm *wasm)
{
	struct build_result *r = w->shared;
	struct muslin_stats stats = { 0 };
	size_t size;
	void *so;
	int err;

	w->b->compiler.stats = &stats;
	err = compile(&w->b->compiler, wasm, w->b->image, w->b->size, &w->dir, &so, &size,
		      w->lines[1] >= 0 ? tell : NULL, w, r->reason, sizeof(r->reason));
	if (!err)
		err = write_all(w->code, so, size, 0);
	r->translate = stats.translate;
	r->optimize = stats.optimize;
	r->code = BUILD_OBJECT;
	return err;
}

static int work(struct worker *w)
{
	struct build_result *r = w->shared;
	struct wasm wasm;
	int err = wasm_read(w->b->image, w->b->size, &wasm, r->reason, sizeof(r->reason));

	if (err)
		return err;
	err = w->tier == MUSLIN_TIER_QUICK ? quickly(w, &wasm) : optimized(w, &wasm);
	if (err && !r->reason[0])
		snprintf(r->reason, sizeof(r->reason), "%s", strerror(-err));
	return err;
}

/* What may be needed of the user's files; and for how long. */
static void confine(struct worker *w)
{
	const struct rlimit none = { 0, 0 }, time = { CHILD_SECONDS, CHILD_SECONDS };
	const char *const programs[] = {
		w->b->compiler.wasm2c,
		w->tier != MUSLIN_TIER_QUICK && w->b->compiler.cc ?
			w->b->compiler.cc[0] : NULL,
		NULL,
	};
	char dir[32];
	int files;

	snprintf(dir, sizeof(dir), "/proc/self/fd/%d", w->dir.fd);
	files = sandbox_files(programs, w->dir.fd >= 0 ? dir : NULL);
	setrlimit(RLIMIT_CORE, &none);
	/* not honoured if less was allowed before, which is as good */
	setrlimit(RLIMIT_CPU, &time);
	sandbox_enter(files);
	if (files >= 0)
		close(files);
}

static _Noreturn void run(struct worker *w)
{
	/* a session, so that all that it starts can be killed */
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* these are the builder's */
	if (w->lines[0] >= 0)
		close(w->lines[0]);
	if (w->b->job.lock >= 0)
		close(w->b->job.lock);
	confine(w);
	w->shared->error = work(w);
	_exit(0);
}

/* --- the builder's side --- */

/* Passes lines on, until the worker ends. */
static void follow(struct worker *w, pid_t pid)
{
	char line[BUILD_LINE_SIZE];
	struct pollfd p[2] = {
		{ .fd = w->lines[0], .events = POLLIN },
		{ .fd = w->b->client },
	};
	ssize_t n;

	while (w->lines[0] >= 0) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents & (POLLHUP | POLLERR)) {
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			return;
		}
		if (!p[0].revents)
			continue;
		n = read(w->lines[0], line, sizeof(line));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line[sizeof(line) - 1] = 0;
		build_tell(w->b, line);
	}
}

static int how_it_ended(struct worker *w, int status)
{
	struct build_result *r = &w->b->result;
	struct build_result told = *w->shared;

	r->translate += told.translate;
	r->quick += told.quick;
	r->optimize += told.optimize;
	if (WIFSIGNALED(status))
		return build_failed(w->b, WTERMSIG(status) == SIGXCPU ? -ENOEXEC : -EIO,
				    WTERMSIG(status) == SIGXCPU ?
				    "compiling it takes too much time" :
				    "what compiles it was killed by signal %d",
				    WTERMSIG(status));
	told.reason[sizeof(told.reason) - 1] = 0;
	if (told.error)
		return build_failed(w->b, told.error, "%s", told.reason);
	r->code = told.code;
	r->size = told.size;
	r->ops = told.ops;
	r->functions = told.functions;
	r->error = 0;
	r->reason[0] = 0;
	r->compiled++;
	return 0;
}

static int start(struct worker *w)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		run(w);
	if (w->lines[1] >= 0)
		close(w->lines[1]);
	w->lines[1] = -1;
	if (pid < 0)
		return build_failed(w->b, -errno, "cannot start what compiles it: %s",
				    strerror(errno));
	follow(w, pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return how_it_ended(w, status);
}

/*
 * Who waits is told of progress, and missed when it is gone; others may ask how
 * far it is.
 */
static int make_pipe(struct worker *w)
{
	if (w->b->client < 0 && w->b->job.lock < 0)
		return 0;
	return pipe2(w->lines, O_CLOEXEC) ? -errno : 0;
}

/* What is made there is removed by who is not in the sandbox. */
static int make_directory(struct worker *w)
{
	int r = workdir_make(&w->dir, compile_room(w->b->size));

	if (!r)
		return 0;
	w->dir.fd = -1;
	return build_failed(w->b, r,
			    "no directory for temporary files (tried TMPDIR, /tmp, /var/tmp, /dev/shm): %s",
			    strerror(-r));
}

static int prepare(struct worker *w)
{
	int r = make_pipe(w);

	if (r)
		return r;
	w->shared = mmap(NULL, sizeof(*w->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->shared == MAP_FAILED)
		return -ENOMEM;
	w->shared->error = -EIO;
	w->code = memory_file(NULL, 0);
	return w->code < 0 ? w->code : 0;
}

static void clean_up(struct worker *w)
{
	if (w->shared != MAP_FAILED)
		munmap(w->shared, sizeof(*w->shared));
	for (int i = 0; i < 2; i++)
		if (w->lines[i] >= 0)
			close(w->lines[i]);
	if (w->code >= 0)
		close(w->code);
	if (w->dir.fd >= 0)
		workdir_remove(&w->dir);
}

int build_worker(struct build *b, int tier)
{
	struct worker w = {
		.b = b, .tier = tier, .code = -1, .lines = { -1, -1 },
		.shared = MAP_FAILED, .dir.fd = -1,
	};
	int r = compiler_need(&b->compiler, tier != MUSLIN_TIER_QUICK, b->result.reason,
			      sizeof(b->result.reason));

	b->result.error = r;
	if (r)
		return r;
	r = prepare(&w);
	if (r)
		build_failed(b, r, "cannot start what compiles it: %s", strerror(-r));
	if (!r && tier != MUSLIN_TIER_QUICK)
		r = make_directory(&w);
	if (!r)
		r = start(&w);
	if (!r) {
		b->code = w.code;
		w.code = -1;
	}
	clean_up(&w);
	return r;
}
