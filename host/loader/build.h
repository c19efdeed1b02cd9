/* SPDX-License-Identifier: MIT */
/*
 * From an image to native code, in another process than the one that runs
 * guests: that has no right to start compilers, and their bugs are not its own.
 *
 *	who runs the machine	builder.c: asks, and gets a sealed file in memory
 *	builder			builder-process.c, build.c: knows cache and compilers, reads no image
 *	helper			a copy of it for what is not in the cache
 *	worker			loader/worker.c: one image, then it ends; what it
 *				can reach is what sandbox.h leaves to it
 *	wasm2c, C compiler	child.c: with less still
 */
#ifndef MUSLIN_BUILD_H
#define MUSLIN_BUILD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loader/compile.h"
#include "cache/cache.h"

#define BUILD_REASON_SIZE 248
#define BUILD_LINE_SIZE 256

/* Addresses that the quick tier's code of one program can have. */
#define QUICK_PLACE (1ul << 30)

enum build_type {
	BUILD_PROGRAM,
	/*
	 * There is code of the quick tier: result.optimized tells whether there is
	 * something better by now; if not, that is begun.
	 */
	BUILD_OUTDATED,
	/* Nobody wants the answer to the request of that number, nor is there one. */
	BUILD_CANCEL,
};

/* The image comes with it, as a file in memory that nobody can change. */
struct build_request {
	uint32_t type;
	uint32_t number;	/* its answers have it, too */
	uint32_t tier;		/* enum muslin_tier */
	uint32_t progress;	/* somebody wants to hear of it */
	uint64_t place;		/* of code of the quick tier: QUICK_PLACE bytes */
	int64_t words;		/* of a library: struct translation */
	char name[PATH_MAX];
};

enum build_code {
	BUILD_NONE,
	BUILD_OBJECT,		/* a shared object */
	BUILD_QUICK,		/* bytes for place */
};

/* Code comes with it in the same way. */
struct build_result {
	int32_t error;		/* 0 or -errno: reason is one line */
	uint32_t code;		/* enum build_code */
	uint32_t optimized;	/* of BUILD_OUTDATED */
	uint32_t optimizable;	/* quick until there is something better */
	uint32_t compiled, cached;	/* how often */
	uint64_t translate, quick, optimize;	/* nanoseconds */
	uint64_t size;		/* of quick code; and these are addresses in it */
	uint64_t ops, functions;
	char reason[BUILD_REASON_SIZE];
};

/* --- builder.c: for who runs the machine --- */

struct loader;

/*
 * Starts the loader's builder, unless there is one; it ends with builder_stop(), or when
 * this process does.  It has the environment of now.  0 or -errno.
 */
int builder_start(struct loader *loader);
void builder_stop(struct loader *loader);
/*
 * It does not answer: the next one to be asked is another, if this process may start
 * one.  From the thread of jobs, too, which is not there yet when the first is started.
 */
void builder_lose(struct loader *loader);
/*
 * Asks what the builder knows at once, BUILD_OUTDATED: result is its answer.  image
 * is a descriptor.  0 or -errno: it is gone.
 */
int builder_ask(struct loader *loader, const struct build_request *request, int image,
		struct build_result *result);

/* Programs are asked for by one thread at a time, and several may be under way. */
#define BUILDER_MOST 16

/* 0 or -errno: it is gone. */
int builder_begin(struct loader *loader, const struct build_request *request, int image);
void builder_cancel(struct loader *loader, uint32_t number);
/* For poll(): readable when there is an answer, or the builder is gone; -1: there is none. */
int builder_fd(struct loader *loader);

struct builder_answer {
	uint32_t number;	/* the request's */
	bool done;
	char line[BUILD_LINE_SIZE];	/* of progress, until it is done */
	struct build_result result;	/* then; it is checked as far as it can be */
	int code;		/* a descriptor, to be closed, or -1 */
};

/* The next answer: 0 or -errno.  It waits. */
int builder_answer(struct loader *loader, struct builder_answer *a);

/* --- build.c: in the builder --- */

struct build {
	const struct build_request *request;
	const void *image;
	size_t size;
	int client;		/* a socket that ends when nobody waits any more; -1: nobody does */
	struct compiler compiler;
	int cache;		/* or -1 */
	struct cache_job job;
	struct build_result result;
	int code;		/* a file in memory, or -1 */
};

/*
 * Sets result and code: build_begin() what is known or was made before, which takes
 * no time.  True: that is it.  False: build_make() does the rest.  build_end() gives
 * all back but result and code.
 */
bool build_begin(struct build *b);
void build_make(struct build *b);
void build_end(struct build *b);
/* All three. */
void build(struct build *b);
/* A line for who waits. */
void build_tell(const struct build *b, const char *line);
/* Whoever waited is gone. */
bool build_in_vain(const struct build *b);
/* Sets result.error and reason; returns err. */
int build_failed(struct build *b, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- loader/worker.c --- */

/* Compiles by MUSLIN_TIER_QUICK or _OPTIMIZED; returns result.error. */
int build_worker(struct build *b, int tier);

#endif
