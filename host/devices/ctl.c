/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "devices/console.h"
#include "devices/ctl.h"
#include "host_page.h"
#include "machine/irq.h"
#include "machine/machine.h"

/* --- a queue of bytes --- */

static size_t queue_used(const struct queue *q)
{
	return q->end - q->begin;
}

static int queue_put(struct queue *q, const void *data, size_t n)
{
	size_t used = queue_used(q), size;
	unsigned char *p;

	/* a guest that reads nothing is not to take the host's memory */
	if (n > QUEUE_MAX || used > QUEUE_MAX - n)
		return -ENOBUFS;
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
	if (n > queue_used(q))
		n = queue_used(q);
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
		/* positive: muslin_kill() takes -id for the group */
		m->ctl->last_id = m->ctl->last_id % INT_MAX + 1;
		atomic_store(&p->id, m->ctl->last_id);
		return p;
	}
	return NULL;
}

static void program_resumed(struct muslin *m, struct program *p,
			    const struct kept_program *kept)
{
	int i;

	for (i = 0; i < 3; i++)
		p->stream[i] = kept->stream[i];
	p->regular = kept->regular;
	p->tty = kept->tty;
	p->started = true;
	if (m->ctl->last_id < kept->id)
		m->ctl->last_id = kept->id;
	atomic_store(&p->id, kept->id);
}

void programs_resumed(struct muslin *m, const struct kept_program *kept)
{
	int i;

	for (i = 0; i < PROGRAMS && kept[i].id; i++)
		program_resumed(m, &m->ctl->programs[i], &kept[i]);
}

void program_free(struct muslin *m, struct program *p)
{
	if (p->tty)
		ctl_hooks.gone(m);
	atomic_store(&p->id, 0);
}

/* --- messages --- */

/* Which answer is due now. */
static void asked(struct ctl *c, const struct ctl_head *msg, struct program *p)
{
	if (msg->type == CTL_MOUNT) {
		c->mounting = true;
		c->mounted = false;
	} else if (msg->type == CTL_SPAWN && p) {
		p->starting = true;
	}
}

/* From here on it is not the machine that an image is made of. */
int ctl_send(struct muslin *m, const struct ctl_head *msg)
{
	int r;

	m->ctl->used = true;
	if (!m->arena.keep)
		arena_close(m);
	r = queue_put(&m->ctl->to_init, msg, msg->size);
	if (r)
		return r;
	asked(m->ctl, msg, program_get(m, msg->id));
	if (boot_vcpu(m)->page)
		irq_raise(m, HOST_IRQ_STREAM);
	return 0;
}

static bool is_signal(int sig)
{
	return sig >= 1 && sig <= 64;
}

/* One that waitpid() gives init, which asks for ends and stops. */
static bool is_status(int status)
{
	int low = status & 0xff, high = status >> 8;

	if (status < 0 || high > 0xff)
		return false;
	if (low == 0x7f)
		return is_signal(high);
	return !low || (!high && is_signal(low & 0x7f));
}

/*
 * Whoever is root in the guest may have written it: each field is checked
 * here, and nowhere else.  p is the program that it is about, if there is one.
 */
static bool makes_sense(const struct ctl *c, const struct program *p,
			const struct ctl_reply *r)
{
	if (r->head.size != sizeof(*r))
		return false;
	switch (r->head.type) {
	case CTL_READY:
		return !c->ready && !r->head.id && !r->value && !r->step;
	case CTL_MOUNTED:
		return c->mounting && !r->head.id && !r->step &&
			r->value >= 0 && r->value <= CTL_ERRNO_MAX;
	case CTL_STARTED:
		return p && p->starting && r->step <= CTL_STEP_LIMITS &&
			r->value >= 0 && r->value <= CTL_ERRNO_MAX;
	case CTL_CHANGED:
		return p && p->started && !p->error && !p->ended && !r->step &&
			is_status(r->value);
	default:
		return false;
	}
}

/* Once: a guest could fill the log with it. */
static void complain(struct muslin *m, const struct ctl_reply *r)
{
	char line[128];

	if (m->ctl->complained)
		return;
	m->ctl->complained = true;
	snprintf(line, sizeof(line),
		 "muslin: not an answer of init: size %u, type %u, id %d, value %d, step %u\n",
		 r->head.size, r->head.type, r->head.id, r->value, r->step);
	console_write(m, line, strlen(line));
}

static void tell_refused(struct muslin *m, const char *reason)
{
	console_write(m, reason, strlen(reason));
	console_write(m, "\n", 1);
}

/* What was refused meanwhile was not the program, if that has started. */
static void started(struct muslin *m, bool it_has)
{
	struct ctl *c = m->ctl;

	if (it_has && *c->refused)
		tell_refused(m, c->refused);
	c->starting = false;
	*c->refused = 0;
}

static void received(struct muslin *m, const struct ctl_reply *r)
{
	struct program *p = program_get(m, r->head.id);
	struct ctl *c = m->ctl;

	if (!makes_sense(c, p, r)) {
		complain(m, r);
		return;
	}
	switch (r->head.type) {
	case CTL_READY:
		c->ready = true;
		break;
	case CTL_MOUNTED:
		c->mounting = false;
		c->mounted = true;
		c->mount_error = r->value;
		break;
	case CTL_STARTED:
		p->starting = false;
		p->started = true;
		p->error = r->value;
		p->step = r->step;
		started(m, !p->error);
		/* not before: a first start may compile, and take Ctrl-C */
		if (p->tty && !p->error)
			ctl_hooks.goes_on(m);
		break;
	case CTL_CHANGED:
		p->changed = true;
		p->status = r->value;
		p->ended = (r->value & 0xff) != 0x7f;
		if (p->tty)
			ctl_hooks.stopped(m);
	}
}

void ctl_refused(struct muslin *m, int err, const char *reason)
{
	struct ctl *c = m->ctl;

	if (!c->starting) {
		tell_refused(m, reason);
		return;
	}
	/* Only the last can be the program's.  For want of memory the kernel tries twice. */
	if (*c->refused && (err != -ENOMEM || strcmp(c->refused, reason)))
		tell_refused(m, c->refused);
	snprintf(c->refused, sizeof(c->refused), "%s", reason);
	fail(m, -ENOEXEC, "%s", reason);
}

bool ctl_pending(struct muslin *m)
{
	return queue_used(&m->ctl->to_init) > 0;
}

static void send_all_kills(struct muslin *m);

ssize_t ctl_read(struct muslin *m, void *buf, size_t n)
{
	ssize_t r;

	if (!ctl_pending(m))
		return -EAGAIN;
	r = queue_get(&m->ctl->to_init, buf, n);
	if (m->ctl->kills_due)
		send_all_kills(m);
	return r;
}

ssize_t ctl_write(struct muslin *m, const void *buf, size_t n)
{
	const char *p = buf, *end = p + n;
	struct ctl_reply r;

	/* init writes each at once: of a part, nothing is to be kept */
	if (!n || n % sizeof(r))
		return -EINVAL;
	for (; p < end; p += sizeof(r)) {
		/* a copy: what is checked does not change */
		memcpy(&r, p, sizeof(r));
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

bool ctl_asked(const struct muslin *m)
{
	return m->ctl->asked || atomic_load(&m->ctl->interrupted);
}

bool ctl_settled(struct muslin *m)
{
	const struct program *p;

	for (p = m->ctl->programs; p < m->ctl->programs + PROGRAMS; p++)
		if (atomic_load(&p->id) && p->starting)
			return false;
	return !ctl_pending(m) && !m->ctl->mounting && !m->ctl->kills_due;
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

/* What init has not read yet may be long: they wait, each only once. */
static void send_all_kills(struct muslin *m)
{
	struct program *p;

	m->ctl->kills_due = queue_used(&m->ctl->to_init) > KILLS_MAX;
	if (m->ctl->kills_due)
		return;
	for (p = m->ctl->programs; p < m->ctl->programs + PROGRAMS; p++) {
		int id = atomic_load(&p->id);

		if (!id || !p->started)
			continue;
		send_kills(m, id, atomic_exchange(&p->kill_one, 0), 0);
		send_kills(m, id, atomic_exchange(&p->kill_group, 0), 1);
	}
}

uint32_t ctl_woken(struct muslin *m)
{
	uint64_t count;

	if (read(m->ctl->wake, &count, sizeof(count)) < 0)
		return 0;
	send_all_kills(m);
	return ctl_pending(m) ? HOST_IRQ_STREAM : 0;
}

int ctl_init(struct muslin *m)
{
	m->ctl = calloc(1, sizeof(*m->ctl));
	if (!m->ctl)
		return -ENOMEM;
	m->ctl->listen = -1;
	m->ctl->watch = -1;
	m->ctl->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return m->ctl->wake < 0 ? -errno : 0;
}

void ctl_exit(struct muslin *m)
{
	if (!m->ctl)
		return;
	if (m->ctl->wake >= 0)
		close(m->ctl->wake);
	if (m->ctl->listen >= 0)
		close(m->ctl->listen);
	free(m->ctl->to_init.p);
	free(m->ctl);
	m->ctl = NULL;
}
