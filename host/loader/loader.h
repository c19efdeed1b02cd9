/* SPDX-License-Identifier: MIT */
/* What has native code made of programs, and keeps it. */
#ifndef MUSLIN_LOADER_H
#define MUSLIN_LOADER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct builder;
struct jobs;
struct module;
struct muslin_stats;

/* Bytes for the words of all libraries that a loader has, in each process. */
#define MODULE_WORDS (64ull << 20)

/* What a program can import: a system call. */
struct kernel_export {
	const char *name;	/* of syscall.tbl */
	const char *type;	/* "iil:i": i is i32, l is i64 */
	void *thunk;		/* called with a struct w2c_linux first */
	void *counting;		/* the same, and counts the call */
};

/*
 * All zero but what its owner sets.  It is used by one thread at a time, but for its
 * modules, which have a lock, and by the thread of its jobs: jobs.h.
 */
struct loader {
	/* the owner's */
	int tier;		/* enum muslin_tier */
	const struct kernel_export *exports;
	unsigned int nexports;
	bool counting;		/* calls of programs are counted */
	struct muslin_stats *stats;
	uint64_t *files;	/* open files of its owner's: share.h */
	void (*progress)(void *arg, const char *line);	/* NULL: nobody is told */
	void *progress_arg;

	void (*loaded)(void *arg);	/* from another thread: look at jobs */
	void *loaded_arg;

	/*
	 * Of modules, and of what a module has there: several vCPUs may want some.  Not
	 * while a builder is asked, nor while one is made or goes.
	 */
	pthread_mutex_t lock;
	struct module *modules;
	struct module *placed;	/* those that have a place: library.c */
	struct jobs *jobs;	/* NULL: there was none yet */
	struct builder *builder;	/* NULL: not started yet */
	uint32_t module_id;	/* of the last one */
};

#endif
