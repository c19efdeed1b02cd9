/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/thread.h"
#include "disk/disk.h"
#include "disk/impl.h"
#include "host_page.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"

#define DONE (HOST_DISKS * HOST_DISK_TAGS)

struct disk {
	struct disks *all;
	int fd, number;
	bool read_only;
	bool discards;
	uint64_t size;		/* bytes, a multiple of HOST_DISK_BLOCK */
	pthread_t thread;
	bool started;
	/* under all->lock: */
	pthread_cond_t due;
	struct disk_request requests[HOST_DISK_TAGS];	/* by tag */
	bool busy[HOST_DISK_TAGS];
	uint8_t queue[HOST_DISK_TAGS];	/* a ring of tags: none is in it twice */
	unsigned int queue_begin, queued;
};

struct disks {
	struct muslin *m;
	struct disk *d[HOST_DISKS];
	int n;
	int wake;		/* eventfd */
	bool (*confine)(void);
	pthread_mutex_t lock;	/* of all below, and what a disk has of it */
	pthread_cond_t ready;
	int running;		/* threads that have confined themselves */
	bool ends;
	struct host_disk_done done[DONE];	/* a ring: each tag is in it once at most */
	unsigned int done_begin, ndone;
};

/* --- the threads --- */

/* What was asked for first, or -1: it is over. */
static int next_tag(struct disk *d)
{
	int tag = -1;

	pthread_mutex_lock(&d->all->lock);
	while (!d->queued && !d->all->ends)
		pthread_cond_wait(&d->due, &d->all->lock);
	if (d->queued) {
		tag = d->queue[d->queue_begin];
		d->queue_begin = (d->queue_begin + 1) % HOST_DISK_TAGS;
		d->queued--;
	}
	pthread_mutex_unlock(&d->all->lock);
	return tag;
}

static void finish(struct disk *d, int tag, int error)
{
	static const uint64_t one = 1;
	struct disks *all = d->all;

	pthread_mutex_lock(&all->lock);
	all->done[(all->done_begin + all->ndone++) % DONE] = (struct host_disk_done){
		.disk = d->number, .tag = tag, .error = error,
	};
	pthread_mutex_unlock(&all->lock);
	irq_raise(all->m, HOST_IRQ_DISK);
	/* it may have looked at irq_pending before, and be about to sleep */
	(void)!write(all->wake, &one, sizeof(one));
}

static void *serve(void *arg)
{
	struct disk *d = arg;
	struct disks *all = d->all;
	int tag;

	if (all->confine)
		all->confine();
	pthread_mutex_lock(&all->lock);
	all->running++;
	pthread_cond_signal(&all->ready);
	pthread_mutex_unlock(&all->lock);
	while ((tag = next_tag(d)) >= 0)
		finish(d, tag, disk_do(d->fd, &d->requests[tag]));
	return NULL;
}

static int start_thread(struct disk *d)
{
	int r = thread_start(&d->thread, serve, d);

	d->started = !r;
	return r;
}

int disks_start(struct muslin *m, bool (*confine)(void))
{
	struct disks *all = m->disks;
	int i, r = 0;

	if (!all)
		return 0;
	all->confine = confine;
	for (i = 0; i < all->n && !r; i++)
		r = start_thread(all->d[i]);
	if (r)
		return r;
	pthread_mutex_lock(&all->lock);
	while (all->running < all->n)
		pthread_cond_wait(&all->ready, &all->lock);
	pthread_mutex_unlock(&all->lock);
	return 0;
}

void disks_exit(struct muslin *m)
{
	struct disks *all = m->disks;
	int i;

	if (!all)
		return;
	pthread_mutex_lock(&all->lock);
	all->ends = true;
	for (i = 0; i < all->n; i++)
		pthread_cond_signal(&all->d[i]->due);
	pthread_mutex_unlock(&all->lock);
	for (i = 0; i < all->n; i++) {
		if (all->d[i]->started)
			pthread_join(all->d[i]->thread, NULL);
		close(all->d[i]->fd);
		free(all->d[i]);
	}
	close(all->wake);
	free(all);
	m->disks = NULL;
}

/* --- the embedder's side --- */

static struct disks *make_disks(struct muslin *m)
{
	struct disks *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->m = m;
	all->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (all->wake < 0) {
		free(all);
		return NULL;
	}
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->ready, NULL);
	return all;
}

/* Two machines that write to one file system destroy it. */
static int open_file(const char *path, bool read_only)
{
	struct stat st;
	int fd, r;

	fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) ? -errno :
		!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode) ? -ENOTBLK :
		flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) ? -errno : 0;
	if (!r)
		return fd;
	close(fd);
	return r;
}

/* Nothing is there to lose behind the end. */
static bool can_discard(int fd, off_t end)
{
	return !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, end, HOST_DISK_BLOCK);
}

int disk_attach(struct muslin *m, const char *path, bool read_only)
{
	struct disks *all = m->disks ? m->disks : make_disks(m);
	struct disk *d;
	off_t end;
	int fd;

	if (!all)
		return -ENOMEM;
	m->disks = all;
	if (all->n == HOST_DISKS)
		return -EMFILE;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	fd = open_file(path, read_only);
	end = fd < 0 ? fd : lseek(fd, 0, SEEK_END);
	if (end < 0) {
		free(d);
		if (fd >= 0)
			close(fd);
		return fd < 0 ? fd : -EIO;
	}
	d->all = all;
	d->fd = fd;
	d->number = all->n;
	d->read_only = read_only;
	d->discards = !read_only && can_discard(fd, end);
	d->size = ((uint64_t)end + HOST_DISK_BLOCK - 1) / HOST_DISK_BLOCK * HOST_DISK_BLOCK;
	pthread_cond_init(&d->due, NULL);
	all->d[all->n] = d;
	return all->n++;
}

const char *disk_type(struct muslin *m, int n)
{
	return m->disks && n >= 0 && n < m->disks->n ? disk_type_of(m->disks->d[n]->fd) : NULL;
}

int disks_wake_fd(const struct muslin *m)
{
	return m->disks ? m->disks->wake : -1;
}

void disks_woken(struct muslin *m)
{
	uint64_t times;

	(void)!read(m->disks->wake, &times, sizeof(times));
}

/* --- what the kernel asks for --- */

static struct disk *disk(struct muslin *m, u32 n)
{
	if (!m->disks || n >= (u32)m->disks->n)
		return NULL;
	return m->disks->d[n];
}

u32 w2c_host_disk_info(struct w2c_host *h, u32 n, u32 info)
{
	struct muslin *m = machine(h);
	struct host_disk *i = kmem_struct(m, info, struct host_disk);
	struct disk *d = disk(m, n);

	if (!d)
		return -ENODEV;
	i->blocks = d->size / HOST_DISK_BLOCK;
	i->blocks_high = d->size / HOST_DISK_BLOCK >> 32;
	i->flags = (d->read_only ? HOST_DISK_READ_ONLY : 0) |
		(d->discards ? HOST_DISK_DISCARD : 0);
	return 0;
}

/*
 * Copies the memory of a request: it stays where it is, so it is all physical
 * memory.  False: the lengths are not the request's.
 */
static bool take_segments(struct muslin *m, const volatile struct host_disk_request *r,
			  struct disk_request *to)
{
	uint32_t left = to->length, i;

	for (i = 0; i < to->nsegments; i++) {
		struct host_disk_segment s = { r->segments[i].address, r->segments[i].length };

		if (!s.length || s.length > left)
			return false;
		if (s.address < m->memory_lowest ||
		    (uint64_t)s.address + s.length > m->memory_size)
			machine_refuse(m, "passed a disk wild memory, %#x, of %u bytes",
				       s.address, s.length);
		left -= s.length;
		to->segments[i] = (struct iovec){ m->memory + s.address, s.length };
	}
	return !left;
}

/* Each word is read once: another one may be there the next time. */
static int take_request(struct muslin *m, const struct disk *d,
			const volatile struct host_disk_request *r, struct disk_request *to)
{
	uint64_t block = r->block | (uint64_t)r->block_high << 32;
	bool moves;

	to->op = r->op;
	to->length = r->length;
	to->nsegments = r->nsegments;
	if (to->op >= HOST_DISK_OPS)
		return -EOPNOTSUPP;
	if (to->op == HOST_DISK_FLUSH)
		return to->length || to->nsegments ? -EINVAL : 0;
	if (d->read_only && to->op != HOST_DISK_READ)
		return -EROFS;
	if (!to->length || to->length % HOST_DISK_BLOCK || block > d->size / HOST_DISK_BLOCK ||
	    to->length > d->size - block * HOST_DISK_BLOCK)
		return -EINVAL;
	to->offset = block * HOST_DISK_BLOCK;
	moves = to->op <= HOST_DISK_WRITE_FUA;
	if (to->nsegments > HOST_DISK_SEGMENTS || (moves && to->length > HOST_DISK_MOST) ||
	    (!moves && to->nsegments))
		return -EINVAL;
	return moves && !take_segments(m, r, to) ? -EINVAL : 0;
}

u32 w2c_host_disk_start(struct w2c_host *h, u32 n, u32 request)
{
	struct muslin *m = machine(h);
	const volatile struct host_disk_request *r =
		kmem_struct(m, request, struct host_disk_request);
	struct disk *d = disk(m, n);
	uint32_t tag = r->tag;
	int error;

	if (!d)
		return -ENODEV;
	if (tag >= HOST_DISK_TAGS || d->busy[tag])
		machine_refuse(m, "passed a disk a wrong tag, %u", tag);
	error = take_request(m, d, r, &d->requests[tag]);
	if (error)
		return error;
	d->busy[tag] = true;
	pthread_mutex_lock(&d->all->lock);
	d->queue[(d->queue_begin + d->queued++) % HOST_DISK_TAGS] = tag;
	pthread_cond_signal(&d->due);
	pthread_mutex_unlock(&d->all->lock);
	return 0;
}

u32 w2c_host_disk_done(struct w2c_host *h, u32 done, u32 n)
{
	struct muslin *m = machine(h);
	struct host_disk_done *to = kmem_array(m, done, n, struct host_disk_done);
	struct disks *all = m->disks;
	u32 i;

	if (!all)
		return 0;
	pthread_mutex_lock(&all->lock);
	for (i = 0; i < n && all->ndone; i++, all->ndone--) {
		to[i] = all->done[all->done_begin];
		all->d[all->done[all->done_begin].disk]->busy[all->done[all->done_begin].tag] = false;
		all->done_begin = (all->done_begin + 1) % DONE;
	}
	pthread_mutex_unlock(&all->lock);
	return i;
}
