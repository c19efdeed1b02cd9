/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "console.h"
#include "ctl.h"
#include "host_page.h"
#include "image.h"
#include "machine.h"
#include "tty.h"

/* --- a queue of bytes --- */

static int queue_put(struct queue *q, const void *data, size_t n)
{
	size_t used = q->end - q->begin, size;
	unsigned char *p;

	if (q->begin && q->end + n > q->size) {
		memmove(q->p, q->p + q->begin, used);
		q->begin = 0;
		q->end = used;
	}
	if (q->end + n > q->size) {
		size = 2 * (q->end + n);
		p = realloc(q->p, size);
		if (!p)
			return -ENOMEM;
		q->p = p;
		q->size = size;
	}
	memcpy(q->p + q->end, data, n);
	q->end += n;
	return 0;
}

static size_t queue_get(struct queue *q, void *data, size_t n)
{
	if (n > q->end - q->begin)
		n = q->end - q->begin;
	memcpy(data, q->p + q->begin, n);
	q->begin += n;
	if (q->begin == q->end)
		q->begin = q->end = 0;
	return n;
}

/* --- programs --- */

struct program *program_get(struct muslin *m, int id)
{
	struct program *p;

	if (id <= 0)
		return NULL;
	for (p = m->ctl->programs; p < m->ctl->programs + PROGRAMS; p++)
		if (atomic_load(&p->id) == id)
			return p;
	return NULL;
}

struct program *program_new(struct muslin *m)
{
	struct program *p;

	for (p = m->ctl->programs; p < m->ctl->programs + PROGRAMS; p++) {
		if (atomic_load(&p->id))
			continue;
		memset(p, 0, sizeof(*p));
		p->stream[0] = p->stream[1] = p->stream[2] = -1;
		atomic_store(&p->id, ++m->ctl->last_id);
		return p;
	}
	return NULL;
}

void program_resumed(struct muslin *m, const struct image_program *kept)
{
	struct program *p = m->ctl->programs;
	int i;

	for (i = 0; i < 3; i++)
		p->stream[i] = kept->stream[i];
	p->tty = kept->tty;
	p->started = true;
	m->ctl->last_id = kept->id;
	atomic_store(&p->id, kept->id);
}

void program_free(struct muslin *m, struct program *p)
{
	if (p->tty)
		tty_detach(m);
	atomic_store(&p->id, 0);
}

/* --- messages --- */

/* From here on it is not the machine that an image is made of. */
int ctl_send(struct muslin *m, const struct ctl_head *msg)
{
	int r;

	m->ctl->used = true;
	if (!m->arena.keep)
		arena_close(m);
	r = queue_put(&m->ctl->to_init, msg, msg->size);

	if (!r && m->page)
		irq_raise(m, HOST_IRQ_STREAM);
	return r;
}

static void received(struct muslin *m, const struct ctl_reply *r)
{
	struct ctl *c = m->ctl;
	struct program *p;

	switch (r->head.type) {
	case CTL_READY:
		c->ready = true;
		return;
	case CTL_MOUNTED:
		c->mounted = true;
		c->mount_error = r->value;
		return;
	}
	p = program_get(m, r->head.id);
	if (!p)
		return;
	if (r->head.type == CTL_STARTED) {
		p->started = true;
		p->error = r->value;
		p->step = r->step;
		/* not before: a first start may compile, and take Ctrl-C */
		if (p->tty && !p->error)
			tty_resume(m);
	} else {
		p->changed = true;
		p->status = r->value;
		p->ended = (r->value & 0xff) != 0x7f;
		if (p->tty)
			tty_suspend(m);
	}
}

void ctl_refused(struct muslin *m, const char *reason)
{
	if (m->ctl->starting) {
		fail(m, -ENOEXEC, "%s", reason);
		return;
	}
	console_write(m, reason, strlen(reason));
	console_write(m, "\n", 1);
}

bool ctl_pending(struct muslin *m)
{
	return m->ctl->to_init.begin != m->ctl->to_init.end;
}

ssize_t ctl_read(struct muslin *m, void *buf, size_t n)
{
	if (!ctl_pending(m))
		return -EAGAIN;
	return queue_get(&m->ctl->to_init, buf, n);
}

ssize_t ctl_write(struct muslin *m, const void *buf, size_t n)
{
	struct queue *q = &m->ctl->from_init;
	struct ctl_reply r;

	if (queue_put(q, buf, n))
		return -ENOMEM;
	while (q->end - q->begin >= sizeof(r)) {
		queue_get(q, &r, sizeof(r));
		received(m, &r);
	}
	machine_poke(m);
	return n;
}

/* --- wake-ups --- */

void ctl_wake(struct muslin *m)
{
	uint64_t one = 1;

	if (write(m->ctl->wake, &one, sizeof(one)) < 0)
		return;	/* it is full, so it wakes anyway */
}

int ctl_wake_fd(struct muslin *m)
{
	return m->ctl->wake;
}

static void send_kills(struct muslin *m, int id, uint64_t set, int group)
{
	int sig;

	for (sig = 1; sig <= 64; sig++) {
		struct ctl_kill k = {
			{ sizeof(k), CTL_KILL, id }, sig, group,
		};

		if (set >> (sig - 1) & 1)
			ctl_send(m, &k.head);
	}
}

uint32_t ctl_woken(struct muslin *m)
{
	struct program *p;
	uint64_t count;

	if (read(m->ctl->wake, &count, sizeof(count)) < 0)
		return 0;
	for (p = m->ctl->programs; p < m->ctl->programs + PROGRAMS; p++) {
		int id = atomic_load(&p->id);

		if (!id || !p->started)
			continue;
		send_kills(m, id, atomic_exchange(&p->kill_one, 0), 0);
		send_kills(m, id, atomic_exchange(&p->kill_group, 0), 1);
	}
	return ctl_pending(m) ? HOST_IRQ_STREAM : 0;
}

int ctl_init(struct muslin *m)
{
	m->ctl = calloc(1, sizeof(*m->ctl));
	if (!m->ctl)
		return -ENOMEM;
	m->ctl->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return m->ctl->wake < 0 ? -errno : 0;
}

void ctl_exit(struct muslin *m)
{
	if (!m->ctl)
		return;
	if (m->ctl->wake >= 0)
		close(m->ctl->wake);
	free(m->ctl->to_init.p);
	free(m->ctl->from_init.p);
	free(m->ctl);
	m->ctl = NULL;
}
