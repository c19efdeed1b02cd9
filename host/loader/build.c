/* SPDX-License-Identifier: MIT */
/* What the builder does: a program's code from the cache, or from a worker. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "loader/background.h"
#include "loader/build.h"
#include "loader/builder.h"
#include "core/stats.h"
#include "core/memory-file.h"
#include "muslin.h"

int build_failed(struct build *b, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->result.reason, sizeof(b->result.reason), fmt, ap);
	va_end(ap);
	b->result.error = err;
	return err;
}

bool build_in_vain(const struct build *b)
{
	struct pollfd p = { .fd = b->client };

	return b->client >= 0 && poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

void build_tell(const struct build *b, const char *line)
{
	struct builder_message m = { .type = BUILDER_PROGRESS };

	cache_job_tell(b->cache, &b->job, line);
	if (b->client < 0 || !b->request->progress)
		return;
	snprintf(m.line, sizeof(m.line), "%s", line);
	/* whoever is gone need not be told */
	send(b->client, &m, sizeof(m), MSG_NOSIGNAL);
}

static struct cache_key key(const struct build *b)
{
	return (struct cache_key) {
		b->image, b->size, b->compiler.identity, b->request->name,
	};
}

static int take_object(struct build *b, const void *so, size_t size)
{
	int fd = memory_file(so, size);

	if (fd < 0)
		return build_failed(b, fd, "cannot keep the compiled program: %s",
				    strerror(-fd));
	b->code = fd;
	b->result.code = BUILD_OBJECT;
	return 0;
}

/* True if the cache had it. */
static bool from_cache(struct build *b)
{
	struct cache_key k = key(b);
	size_t size;
	void *so;
	int r;

	if (b->cache < 0 || !k.identity || cache_get(b->cache, &k, &so, &size))
		return false;
	r = take_object(b, so, size);
	free(so);
	b->result.cached += !r;
	return !r;
}

/* It can be used whether or not it can be kept. */
static void to_cache(struct build *b)
{
	struct cache_key k = key(b);
	char *so;
	off_t size = lseek(b->code, 0, SEEK_END);

	so = size > 0 ? malloc(size) : NULL;
	if (so && pread(b->code, so, size, 0) == size &&
	    !cache_put(b->cache, &k, so, size))
		compiler_remember(&b->compiler, b->cache);	/* or do it again */
	free(so);
}

/* The optimized tier. */
static int optimize(struct build *b)
{
	struct cache_key k = key(b);
	int r;

	if (b->cache >= 0)
		cache_job_begin(b->cache, b->request->name, &b->job);
	r = build_worker(b, MUSLIN_TIER_OPTIMIZED);
	build_tell(b, "");
	cache_job_end(b->cache, &b->job);
	if (r == -ENOEXEC && b->cache >= 0 && k.identity)
		background_failed(b->cache, &k);
	if (!r && b->cache >= 0 && k.identity)
		to_cache(b);
	return r;
}

static void tell_waiting(void *arg)
{
	build_tell(arg, "waiting for another muslin that compiles it");
}

/* The same, unless another process is at it: then what that makes. */
static int optimize_once(struct build *b)
{
	uint64_t start = stats_now();
	struct cache_key k = key(b);
	int lock = -1, r = 0;

	if (b->cache >= 0 && k.identity && b->client >= 0)
		lock = cache_lock(b->cache, &k, tell_waiting, b);
	b->result.optimize += stats_now() - start;
	if (build_in_vain(b))
		r = -ESHUTDOWN;
	else if (lock < 0 || !from_cache(b))
		r = optimize(b);
	else
		build_tell(b, "");
	if (lock >= 0)
		cache_unlock(b->cache, &k, lock);
	return r;
}

/* What the quick tier cannot do at all, although it was asked to. */
static int optimize_instead(struct build *b)
{
	b->result.error = 0;
	b->result.reason[0] = 0;
	return from_cache(b) ? 0 : optimize_once(b);
}

static int make(struct build *b)
{
	struct cache_key k = key(b);
	int r;

	if (b->request->tier == MUSLIN_TIER_QUICK) {
		r = build_worker(b, MUSLIN_TIER_QUICK);
		return r == -EOPNOTSUPP && b->compiler.cc ? optimize_instead(b) : r;
	}
	if (b->request->tier == MUSLIN_TIER_OPTIMIZED)
		return optimize_once(b);
	r = build_worker(b, MUSLIN_TIER_QUICK);
	/* what is too large for the one may be good for the other */
	if (r < 0 && k.identity && b->compiler.cc)
		return optimize_once(b);
	if (r || !b->compiler.cc || b->cache < 0)
		return r;
	b->result.optimizable = true;
	if (background_started(b->cache, &k))
		background_begin(b->cache, &k);
	return 0;
}

static void look_for_better(struct build *b)
{
	struct cache_key k = key(b);

	if (b->cache < 0 || !k.identity)
		return;
	b->result.optimized = cache_has(b->cache, &k);
	if (!b->result.optimized)
		background_begin(b->cache, &k);
}

static void seal(struct build *b)
{
	if (!memory_file_seal(b->code))
		build_failed(b, -EIO, "cannot keep the compiled program: %s",
			     strerror(errno));
}

bool build_begin(struct build *b)
{
	char reason[BUILD_REASON_SIZE];

	memset(&b->result, 0, sizeof(b->result));
	memset(&b->compiler, 0, sizeof(b->compiler));
	b->code = b->job.lock = -1;
	b->cache = cache_open(b->request->type == BUILD_PROGRAM, reason, sizeof(reason));
	if (b->cache == -EINVAL) {
		build_failed(b, b->cache, "%s", reason);
		return true;
	}
	if (compiler_find(&b->compiler) < 0) {
		build_failed(b, -ENOMEM, "out of memory");
		return true;
	}
	if (b->request->type == BUILD_OUTDATED) {
		look_for_better(b);
		return true;
	}
	if (b->cache >= 0)
		compiler_recall(&b->compiler, b->cache);
	if (b->request->tier == MUSLIN_TIER_QUICK || !from_cache(b))
		return false;
	seal(b);
	return true;
}

void build_make(struct build *b)
{
	if (!make(b))
		seal(b);
}

void build_end(struct build *b)
{
	compiler_free(&b->compiler);
	if (b->cache >= 0)
		close(b->cache);
	if (b->result.error && b->code >= 0) {
		close(b->code);
		b->code = -1;
	}
}

void build(struct build *b)
{
	if (!build_begin(b))
		build_make(b);
	build_end(b);
}
