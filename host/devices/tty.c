/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "devices/console.h"
#include "devices/ctl.h"
#include "host_page.h"
#include "machine/irq.h"
#include "machine/kernel.h"
#include "machine/kmem.h"
#include "machine/machine.h"
#include "devices/tty.h"

/*
 * Whose terminal it is: a process has one, and signal handlers have no other
 * way to find it.
 */
static struct muslin *_Atomic owner;
/* How many handlers may be using it, on any thread. */
static atomic_int handlers;

static const int signals[TTY_SIGNALS] = {
	SIGWINCH, SIGCONT, SIGTSTP,
	/* fatal ones: only if nobody else handles them */
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT,
};

/* A terminal that does not control this process has no background. */
static bool in_background(struct tty *t)
{
	pid_t pgrp = tcgetpgrp(t->s.fd);

	return pgrp >= 0 && pgrp != getpgrp();
}

static bool is_raw(const struct tty *t)
{
	struct termios now;

	return !tcgetattr(t->s.fd, &now) && !(now.c_lflag & (ICANON | ISIG));
}

static void make_raw(struct tty *t)
{
	struct termios raw;

	t->background = in_background(t);
	if (!t->input || t->raw || t->background || tcgetattr(t->s.fd, &t->saved))
		return;
	raw = t->saved;
	cfmakeraw(&raw);
	t->raw = !tcsetattr(t->s.fd, TCSANOW, &raw);
}

/* If it was left to another job, that job has set it as it likes. */
static void make_cooked(struct tty *t)
{
	if (t->raw && !in_background(t))
		tcsetattr(t->s.fd, TCSADRAIN, &t->saved);
	t->raw = false;
}

void tty_restore_now(void)
{
	struct muslin *m = atomic_load(&owner);

	if (m)
		make_cooked(m->tty);
}

/* Does to this process what the signal does by default. */
static void take_default(int sig)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, old;
	sigset_t set, mask;

	sigaction(sig, &dfl, &old);
	raise(sig);
	sigemptyset(&set);
	sigaddset(&set, sig);
	pthread_sigmask(SIG_UNBLOCK, &set, &mask);	/* here */
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigaction(sig, &old, NULL);
}

static void on_signal(int sig)
{
	int saved_errno = errno;
	struct muslin *m;

	atomic_fetch_add(&handlers, 1);
	m = atomic_load(&owner);
	switch (sig) {
	case SIGWINCH:
	case SIGCONT:
		if (!m)
			break;
		if (sig == SIGCONT)
			atomic_store(&m->tty->continued, true);
		atomic_store(&m->tty->resized, true);
		ctl_wake(m);
		break;
	default:
		tty_restore_now();
		take_default(sig);
	}
	atomic_fetch_sub(&handlers, 1);
	errno = saved_errno;
}

static void catch_signals(struct tty *t)
{
	struct sigaction sa = {
		.sa_handler = on_signal,
		.sa_flags = SA_ONSTACK | SA_RESTART,
	};
	int i;

	sigfillset(&sa.sa_mask);
	for (i = 0; i < TTY_SIGNALS; i++) {
		sigaction(signals[i], NULL, &t->old[i]);
		if (t->old[i].sa_handler == SIG_DFL)
			sigaction(signals[i], &sa, NULL);
	}
}

/* Not those that the embedder has given others since. */
static void release_signals(struct tty *t)
{
	struct sigaction now;
	int i;

	for (i = 0; i < TTY_SIGNALS; i++)
		if (!sigaction(signals[i], NULL, &now) && now.sa_handler == on_signal)
			sigaction(signals[i], &t->old[i], NULL);
}

/* Another thread's handler may have found it; ours would have ended. */
static void disown(void)
{
	atomic_store(&owner, NULL);
	while (atomic_load(&handlers))
		sched_yield();
}

int tty_init(struct muslin *m)
{
	m->tty = calloc(1, sizeof(*m->tty));
	return m->tty ? 0 : -ENOMEM;
}

void tty_exit(struct muslin *m)
{
	if (!m->tty)
		return;
	tty_detach(m);
	free(m->tty);
	m->tty = NULL;
}

int tty_attach(struct muslin *m, int fd, bool input)
{
	struct muslin *nobody = NULL;
	struct tty *t = m->tty;
	int r;

	if (!atomic_compare_exchange_strong(&owner, &nobody, m))
		return -EBUSY;
	r = stream_open_fd(&t->s, fd);
	if (r) {
		disown();
		return r;
	}
	t->input = input;
	t->watch = 0;
	t->raw = false;
	catch_signals(t);
	return 0;
}

int tty_find(const int fd[3])
{
	int i;

	for (i = 0; i < 3; i++)
		if (fd[i] >= 0 && isatty(fd[i]))
			return fd[i];
	return -1;
}

void tty_detach(struct muslin *m)
{
	struct tty *t = m->tty;

	if (t->s.kind == STREAM_FREE)
		return;
	make_cooked(t);
	release_signals(t);
	disown();
	stream_close_fd(&t->s);
	t->watch = 0;
}

void tty_suspend(struct muslin *m)
{
	if (m->tty->s.kind == STREAM_FREE)
		return;
	make_cooked(m->tty);
	m->tty->watch &= ~POLLIN;
}

/* The size of a new terminal, or of one that was away, is news. */
void tty_resume(struct muslin *m)
{
	if (m->tty->s.kind == STREAM_FREE)
		return;
	make_raw(m->tty);
	if (m->tty->input && !m->tty->background)
		m->tty->watch |= POLLIN;
	irq_raise(m, HOST_IRQ_WINCH);
}

/* The shell tells nobody when it puts a running job into the foreground. */
bool tty_background(struct muslin *m)
{
	struct tty *t = m->tty;

	if (t->s.kind == STREAM_FREE || !t->input || !t->background)
		return false;
	if (in_background(t))
		return true;
	atomic_store(&t->continued, true);
	ctl_wake(m);
	return false;
}

uint32_t tty_woken(struct muslin *m)
{
	if (atomic_exchange(&m->tty->continued, false)) {
		/* a shell may have made it its own meanwhile */
		if (!is_raw(m->tty))
			m->tty->raw = false;
		tty_resume(m);
	}
	return atomic_exchange(&m->tty->resized, false) ? HOST_IRQ_WINCH : 0;
}

u32 w2c_host_tty_read(struct w2c_host *h, u32 buf, u32 len)
{
	struct muslin *m = machine(h);
	struct tty *t = m->tty;

	if (t->s.kind == STREAM_FREE || !t->input)
		return -EAGAIN;
	/* Reading another job's terminal would stop us. */
	t->background = in_background(t);
	if (t->background)
		return -EAGAIN;
	t->watch |= POLLIN;
	return stream_read(&t->s, kmem(m, buf, len), len);
}

/*
 * The host's terminal makes "\r\n" of a newline itself: it is not ours for
 * input, or another job has it, or init has yet to tell that the program is
 * there, which may already write.
 */
static bool host_adds_returns(const struct tty *t)
{
	struct termios now;

	return !t->raw && !tcgetattr(t->s.fd, &now) &&
	       now.c_oflag & OPOST && now.c_oflag & ONLCR;
}

/*
 * Copies text without the "\r" of "\r\n" to out, at most max bytes; *used is
 * how much of text they were made from.
 */
static size_t strip_returns(const char *text, size_t n, char *out, size_t max,
			    size_t *used)
{
	size_t i, o = 0;

	for (i = 0; i < n && o < max; i++)
		if (text[i] != '\r' || i + 1 == n || text[i + 1] != '\n')
			out[o++] = text[i];
	*used = i;
	return o;
}

static ssize_t write_stripped(struct stream *s, const char *text, size_t n)
{
	char out[1024];
	size_t used, len = strip_returns(text, n, out, sizeof(out), &used);
	ssize_t r = len ? stream_write(s, out, len) : 0;

	if (r < 0)
		return r;
	strip_returns(text, n, out, r, &used);
	return used;
}

#define TTY_MOST 65536

/* Without a terminal it is the console. */
u32 w2c_host_tty_write(struct w2c_host *h, u32 buf, u32 len)
{
	struct muslin *m = machine(h);
	struct tty *t = m->tty;
	ssize_t r, room;

	if (t->s.kind == STREAM_FREE) {
		if (len > TTY_MOST)
			len = TTY_MOST;
		console_copy(m, buf, len);
		return len;
	}
	room = stream_room(m, len);
	/* a terminal that refused would keep it, and try again */
	if (room < 0)
		return kmem(m, buf, len) ? len : 0;
	if (host_adds_returns(t))
		r = write_stripped(&t->s, kmem(m, buf, len), room);
	else
		r = stream_write(&t->s, kmem(m, buf, len), room);
	stream_wrote(m, r);
	if (r == -EAGAIN || (r >= 0 && r < (ssize_t)len))
		t->watch |= POLLOUT;
	return r;
}

u32 w2c_host_tty_size(struct w2c_host *h)
{
	struct muslin *m = machine(h);
	struct winsize ws;

	if (m->tty->s.kind == STREAM_FREE || ioctl(m->tty->s.fd, TIOCGWINSZ, &ws))
		return 0;
	return (u32)ws.ws_row << 16 | ws.ws_col;
}
