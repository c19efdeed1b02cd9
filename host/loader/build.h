/* SPDX-License-Identifier: MIT */
/*
 * From an image to native code, in another process than the one that runs
 * guests: that has no right to start compilers, and their bugs are not its own.
 *
 *	who runs the machine	builder.c: asks, and gets a sealed file in memory
 *	builder			build.c: knows cache and compilers, reads no image
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
};

/* The image comes with it, as a file in memory that nobody can change. */
struct build_request {
	uint32_t type;
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
 * image is a descriptor.  0: result is its answer, which is checked as far as it
 * can be, and *code a descriptor, to be closed, or -1.  -errno: it is gone.
 * progress is called if request->progress says so.
 */
int builder_ask(struct loader *loader, const struct build_request *request, int image,
		void (*progress)(void *arg, const char *line), void *arg,
		struct build_result *result, int *code);

/* --- build.c: in the builder --- */

struct build {
	const struct build_request *request;
	const void *image;
	size_t size;
	int client;		/* who waits, a socket; -1: nobody does */
	struct compiler compiler;
	int cache;		/* or -1 */
	struct cache_job job;
	struct build_result result;
	int code;		/* a file in memory, or -1 */
};

/* Sets result and code. */
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
