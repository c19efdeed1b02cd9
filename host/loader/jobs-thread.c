/* SPDX-License-Identifier: MIT */
/* The thread that asks the builder for modules, and takes its answers. */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/jobs-impl.h"

void jobs_signal(int fd)
{
	static const uint64_t one = 1;

	/* it fails where nobody has looked for 2^64 times */
	(void)!write(fd, &one, sizeof(one));
}

void jobs_clear(int fd)
{
	uint64_t times;

	(void)!read(fd, &times, sizeof(times));
}

void jobs_free(struct job *job)
{
	load_drop(&job->load);
	free(job->load.own_image);
	free(job->name);
	free(job);
}

void jobs_unlist(struct jobs *all, const struct job *job)
{
	for (int i = 0; i < JOBS_MOST; i++)
		if (all->jobs[i] == job)
			all->jobs[i] = NULL;
}

static void tell_user(struct jobs *all)
{
	all->loader->loaded(all->loader->loaded_arg);
	/* it may have looked for interrupts before, and be about to sleep */
	jobs_signal(all->wake);
}

static void finish(struct jobs *all, struct job *job, int err)
{
	bool wanted;

	pthread_mutex_lock(&all->lock);
	wanted = job->tickets;
	job->err = err;
	job->state = JOB_DONE;
	if (!wanted)
		jobs_unlist(all, job);
	pthread_mutex_unlock(&all->lock);
	if (!wanted)
		jobs_free(job);
	tell_user(all);
}

/* Under the lock. */
static struct job *first(struct jobs *all, bool (*is_it)(const struct job *job, uint32_t number),
			 uint32_t number)
{
	for (int i = 0; i < JOBS_MOST; i++)
		if (all->jobs[i] && is_it(all->jobs[i], number))
			return all->jobs[i];
	return NULL;
}

/* The builder is at it: of that number; 0: any. */
static bool is_asked(const struct job *job, uint32_t number)
{
	return job->state == JOB_BUSY && job->asked && (!number || job->load.number == number);
}

static bool is_due(const struct job *job, uint32_t number)
{
	(void)number;
	return job->state == JOB_DUE;
}

static bool is_unwanted(const struct job *job, uint32_t number)
{
	(void)number;
	return job->state == JOB_BUSY && !job->tickets;
}

static struct job *find_asked(struct jobs *all, uint32_t number)
{
	struct job *found;

	pthread_mutex_lock(&all->lock);
	found = first(all, is_asked, number);
	pthread_mutex_unlock(&all->lock);
	return found;
}

/* The next job gets another one, if this process may start one. */
static void lose_builder(struct jobs *all, int err)
{
	struct job *job;

	builder_lose(all->loader);
	while ((job = find_asked(all, 0))) {
		job->asked = false;
		finish(all, job, load_go_on(&job->load, NULL, err));
	}
}

static struct job *next_due(struct jobs *all)
{
	struct job *found;

	pthread_mutex_lock(&all->lock);
	found = first(all, is_due, 0);
	if (found)
		found->state = JOB_BUSY;
	pthread_mutex_unlock(&all->lock);
	return found;
}

static void begin_due(struct jobs *all)
{
	struct job *job = next_due(all);
	bool lost;
	int r;

	if (!job)
		return;
	/* there may be more */
	jobs_signal(all->due);
	job->load.number = ++all->last_number;
	r = load_begin(&job->load);
	lost = job->load.lost;
	if (r == LOAD_WAITS)
		job->asked = true;
	else
		finish(all, job, r);
	if (lost)
		lose_builder(all, -EPIPE);
}

static struct job *next_unwanted(struct jobs *all)
{
	struct job *found;

	pthread_mutex_lock(&all->lock);
	found = first(all, is_unwanted, 0);
	if (found)
		jobs_unlist(all, found);
	pthread_mutex_unlock(&all->lock);
	return found;
}

static void drop_unwanted(struct jobs *all)
{
	struct job *job;

	while ((job = next_unwanted(all))) {
		builder_cancel(all->loader, job->load.number);
		jobs_free(job);
		tell_user(all);
	}
}

/* A line that nobody has seen in time is lost. */
static void add_line(struct jobs *all, const struct job *job, const char *line)
{
	char text[256];

	load_progress(&job->load, line, text);
	pthread_mutex_lock(&all->lock);
	if (all->nlines == JOBS_LINES) {
		all->lines_begin++;
		all->nlines--;
	}
	memcpy(all->lines[(all->lines_begin + all->nlines++) % JOBS_LINES], text, sizeof(text));
	pthread_mutex_unlock(&all->lock);
	jobs_signal(all->wake);
}

static void take_answer(struct jobs *all)
{
	struct builder_answer a;
	int r = builder_answer(all->loader, &a);
	struct job *job;

	if (r) {
		lose_builder(all, r);
		return;
	}
	job = find_asked(all, a.number);
	if (job && !a.done)
		add_line(all, job, a.line);
	if (job && a.done) {
		job->asked = false;
		finish(all, job, load_go_on(&job->load, &a, 0));
	}
	/* it was cancelled as it was answered */
	if (!job && a.code >= 0)
		close(a.code);
}

static bool ends(struct jobs *all)
{
	bool r;

	pthread_mutex_lock(&all->lock);
	r = all->ends;
	pthread_mutex_unlock(&all->lock);
	return r;
}

void *jobs_serve(void *arg)
{
	struct jobs *all = arg;

	if (all->confine)
		all->confine();
	while (!ends(all)) {
		struct pollfd p[2] = {
			{ .fd = all->due, .events = POLLIN },
			{ .fd = find_asked(all, 0) ? builder_fd(all->loader) : -1, .events = POLLIN },
		};

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents)
			jobs_clear(all->due);
		drop_unwanted(all);
		begin_due(all);
		if (p[1].revents)
			take_answer(all);
	}
	return NULL;
}
