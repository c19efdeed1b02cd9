/* SPDX-License-Identifier: MIT */
/* Modules that are being made, for who uses the loader: tickets. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/thread.h"
#include "loader/jobs-impl.h"
#include "loader/tier.h"

static void free_jobs(struct jobs *all)
{
	if (all->due >= 0)
		close(all->due);
	if (all->wake >= 0)
		close(all->wake);
	free(all);
}

int jobs_start(struct loader *loader, bool (*confine)(void))
{
	struct jobs *all;
	int r;

	if (loader->jobs)
		return 0;
	r = builder_start(loader);
	if (r)
		return r;
	all = calloc(1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	all->loader = loader;
	all->confine = confine;
	all->due = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	all->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&all->lock, NULL);
	r = all->due < 0 || all->wake < 0 ? -errno :
		thread_start(&all->thread, jobs_serve, all);
	if (r)
		free_jobs(all);
	else
		loader->jobs = all;
	return r;
}

static struct ticket *find_ticket(struct loader *loader, int number)
{
	struct jobs *all = loader->jobs;

	for (int i = 0; all && number > 0 && i < JOBS_TICKETS; i++)
		if (all->tickets[i].number == number)
			return &all->tickets[i];
	return NULL;
}

/* Nobody waits for it by that ticket. */
static void give_back(struct jobs *all, struct ticket *t)
{
	struct job *job = t->job;
	bool mine;

	free(t->name);
	*t = (struct ticket) { 0 };
	pthread_mutex_lock(&all->lock);
	mine = !--job->tickets && job->state != JOB_BUSY;
	if (mine)
		jobs_unlist(all, job);
	pthread_mutex_unlock(&all->lock);
	if (!mine) {
		jobs_signal(all->due);
		return;
	}
	if (job->mod)
		module_put(job->mod);
	jobs_free(job);
}

void jobs_stop(struct loader *loader)
{
	struct jobs *all = loader->jobs;

	if (!all)
		return;
	for (int i = 0; i < JOBS_TICKETS; i++)
		if (all->tickets[i].number)
			give_back(all, &all->tickets[i]);
	pthread_mutex_lock(&all->lock);
	all->ends = true;
	pthread_mutex_unlock(&all->lock);
	jobs_signal(all->due);
	pthread_join(all->thread, NULL);
	/* those that it had */
	for (int i = 0; i < JOBS_MOST; i++)
		if (all->jobs[i])
			jobs_free(all->jobs[i]);
	free_jobs(all);
	loader->jobs = NULL;
}

/* One that has not failed; under the lock, until then it has its image. */
static bool is_same(const struct job *job, const void *image, size_t size, bool library)
{
	return job && job->load.size == size && job->load.library == library && (job->state != JOB_DONE || !job->err) &&
		!job->mod && !memcmp(job->load.own_image, image, size);
}

/* Which one is joined: *job; or where one would have room, or NULL. */
static struct job **find_room(struct jobs *all, const void *image, size_t size, bool library,
			      struct job **job)
{
	struct job **room = NULL;

	*job = NULL;
	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < JOBS_MOST && !*job; i++) {
		/* one that nobody waits for is about to go */
		if (is_same(all->jobs[i], image, size, library) && all->jobs[i]->tickets)
			*job = all->jobs[i];
		if (!all->jobs[i])
			room = &all->jobs[i];
	}
	pthread_mutex_unlock(&all->lock);
	return room;
}

static struct job *make_job(struct loader *loader, const char *name, const void *image,
			    size_t size, bool library)
{
	struct job *job = calloc(1, sizeof(*job));
	void *copy = malloc(size ? size : 1);
	char *own_name = strdup(name), reason[MODULE_ERROR_SIZE];
	int tier;

	if (!job || !copy || !own_name) {
		free(job);
		free(copy);
		free(own_name);
		return NULL;
	}
	memcpy(copy, image, size);
	/* here, since only who runs this thread knows when it changes the environment */
	tier = tier_of(loader, reason, sizeof(reason));
	job->name = own_name;
	job->load = (struct load) {
		.loader = loader, .name = own_name, .image = copy, .size = size,
		.own_image = copy, .library = library, .tier = tier, .stats = &job->stats, .error = job->error,
	};
	if (tier < 0) {
		job->err = load_refuse(&job->load, tier, "%s", reason);
		job->state = JOB_DONE;
	}
	return job;
}

static struct ticket *free_ticket(struct jobs *all)
{
	for (int i = 0; i < JOBS_TICKETS; i++)
		if (!all->tickets[i].number)
			return &all->tickets[i];
	return NULL;
}

int job_begin(struct loader *loader, const char *name, const void *image, size_t size,
	      bool library)
{
	int r = jobs_start(loader, NULL);
	struct jobs *all = loader->jobs;
	struct job *job, **room;
	struct ticket *t;

	if (r)
		return r == -EAGAIN ? -ENOMEM : r;
	t = free_ticket(all);
	room = find_room(all, image, size, library, &job);
	if (!t || (!job && !room))
		return -EAGAIN;
	t->name = strdup(name);
	if (t->name && !job)
		job = make_job(loader, name, image, size, library);
	else
		room = NULL;
	if (!t->name || !job) {
		free(t->name);
		return -ENOMEM;
	}
	all->last_ticket = all->last_ticket == INT_MAX ? 1 : all->last_ticket + 1;
	t->number = all->last_ticket;
	t->job = job;
	pthread_mutex_lock(&all->lock);
	job->tickets++;
	if (room)
		*room = job;
	pthread_mutex_unlock(&all->lock);
	if (room)
		jobs_signal(all->due);
	return t->number;
}

bool job_is_library(struct loader *loader, int ticket)
{
	const struct ticket *t = find_ticket(loader, ticket);

	return t && t->job->load.library;
}

const char *job_name(struct loader *loader, int ticket)
{
	const struct ticket *t = find_ticket(loader, ticket);

	return t ? t->name : NULL;
}

static void add_stats(struct muslin_stats *to, const struct muslin_stats *s)
{
	to->translate += s->translate;
	to->quick += s->quick;
	to->optimize += s->optimize;
	to->compiled += s->compiled;
	to->cached += s->cached;
	to->load += s->load;
}

/* Of a job that has been joined by another name: the line begins with that. */
static void tell_error(const struct ticket *t, char error[MODULE_ERROR_SIZE])
{
	struct load l = { .name = t->job->name };
	const char *why = t->job->error;
	char prefix[MODULE_ERROR_SIZE];

	l.error = prefix;
	load_refuse(&l, 0, "%s", "");
	if (!strncmp(why, prefix, strlen(prefix)))
		why += strlen(prefix);
	l.name = t->name;
	l.error = error;
	load_refuse(&l, 0, "%s", why);
}

int job_result(struct loader *loader, int ticket, struct module **out,
	       char error[MODULE_ERROR_SIZE])
{
	struct ticket *t = find_ticket(loader, ticket);
	struct jobs *all = loader->jobs;
	struct job *job;
	bool done;
	int err;

	if (!t)
		return -ENOENT;
	job = t->job;
	pthread_mutex_lock(&all->lock);
	done = job->state == JOB_DONE;
	pthread_mutex_unlock(&all->lock);
	if (!done)
		return -EAGAIN;
	/* what was to be seen before its program's first line */
	jobs_woken(loader);
	/* who has no process for it has too little of the host */
	err = job->err == -EAGAIN ? -ENOMEM : job->err;
	if (err) {
		tell_error(t, error);
	} else {
		if (!job->mod)
			job->mod = load_done(&job->load);
		*out = module_get(job->mod);
	}
	add_stats(loader->stats, &job->stats);
	memset(&job->stats, 0, sizeof(job->stats));
	give_back(all, t);
	return err;
}

int job_cancel(struct loader *loader, int ticket)
{
	struct ticket *t = find_ticket(loader, ticket);

	if (!t)
		return -ENOENT;
	give_back(loader->jobs, t);
	return 0;
}

bool jobs_wait(const struct loader *loader)
{
	const struct jobs *all = loader->jobs;

	for (int i = 0; all && i < JOBS_TICKETS; i++)
		if (all->tickets[i].number)
			return true;
	return false;
}

int jobs_wake_fd(const struct loader *loader)
{
	return loader->jobs ? loader->jobs->wake : -1;
}

static bool take_line(struct jobs *all, char line[256])
{
	bool is_one;

	pthread_mutex_lock(&all->lock);
	is_one = all->nlines;
	if (is_one) {
		memcpy(line, all->lines[all->lines_begin++ % JOBS_LINES], 256);
		all->nlines--;
	}
	pthread_mutex_unlock(&all->lock);
	return is_one;
}

void jobs_woken(struct loader *loader)
{
	struct jobs *all = loader->jobs;
	char line[256];

	jobs_clear(all->wake);
	while (take_line(all, line))
		loader->progress(loader->progress_arg, line);
}
