/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "devices/ctl.h"
#include "host_page.h"
#include "machine/machine.h"
#include "devices/stream.h"
#include "devices/tty.h"

/* It has a macro called fail. */
#include <check.h>

static struct muslin m;
static struct host_page page;
static char buf[1 << 17];

static void setup(void)
{
	memset(&m, 0, sizeof(m));
	boot_vcpu(&m)->page = &page;
	ck_assert_int_eq(ctl_init(&m), 0);
	ck_assert_int_eq(streams_init(&m), 0);
	ck_assert_int_eq(tty_init(&m), 0);
	signal(SIGPIPE, SIG_IGN);
	alarm(20);
}

static void teardown(void)
{
	tty_exit(&m);
	streams_exit(&m);
	ctl_exit(&m);
}

static struct stream *attach(int fd)
{
	int n = stream_attach(&m, fd);

	ck_assert_int_gt(n, HOST_STREAM_CTL);
	return &m.streams->s[n];
}

static void make_pipe(int p[2])
{
	ck_assert_int_eq(pipe(p), 0);
}

START_TEST(empty_pipe_is_eagain)
{
	struct stream *s;
	int p[2];

	make_pipe(p);
	s = attach(p[0]);
	ck_assert_int_eq(stream_read(s, buf, 10), -EAGAIN);
	ck_assert_int_eq(stream_poll(s, POLLIN), 0);
	ck_assert_int_eq(write(p[1], "a\0b", 3), 3);
	ck_assert_int_eq(stream_poll(s, POLLIN), POLLIN);
	ck_assert_int_eq(stream_read(s, buf, 10), 3);
	ck_assert_mem_eq(buf, "a\0b", 3);
	ck_assert_int_eq(stream_read(s, buf, 10), -EAGAIN);
	close(p[1]);
	ck_assert_int_eq(stream_read(s, buf, 10), 0);
}
END_TEST

START_TEST(shared_description_stays_blocking)
{
	int p[2];

	make_pipe(p);
	attach(p[0]);
	attach(p[1]);
	ck_assert_int_eq(fcntl(p[0], F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(p[1], F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

/* Every byte arrives once, in order, however small the pieces it takes. */
static void pour(struct stream *s, int out, size_t total)
{
	size_t sent = 0, got = 0;
	ssize_t r, i;

	while (got < total) {
		while (sent < total) {
			for (i = 0; i < 5000; i++)
				buf[i] = (sent + i) % 251;
			r = stream_write(s, buf, total - sent < 5000 ?
						 total - sent : 5000);
			if (r < 0) {
				ck_assert_int_eq(r, -EAGAIN);
				break;
			}
			sent += r;
		}
		r = read(out, buf, 3000);
		ck_assert_int_gt(r, 0);
		for (i = 0; i < r; i++)
			ck_assert_int_eq((unsigned char)buf[i], (got + i) % 251);
		got += r;
	}
}

START_TEST(full_pipe_is_eagain)
{
	int p[2];

	make_pipe(p);
	pour(attach(p[1]), p[0], 300000);
}
END_TEST

START_TEST(full_socket_is_eagain)
{
	struct stream *s;
	int p[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	s = attach(p[1]);
	ck_assert_int_eq(s->kind, STREAM_SOCKET);
	pour(s, p[0], 1000000);
	ck_assert_int_eq(stream_read(s, buf, 1), -EAGAIN);
	close(p[0]);
	ck_assert_int_eq(stream_write(s, "x", 1), -EPIPE);
}
END_TEST

/* A description that cannot be opened again: poll, then a small piece. */
START_TEST(full_shared_pipe_is_eagain)
{
	struct stream s = { .kind = STREAM_SHARED };
	int p[2];

	make_pipe(p);
	s.fd = p[1];
	pour(&s, p[0], 300000);
}
END_TEST

START_TEST(pipe_without_reader_is_epipe)
{
	struct stream *s;
	int p[2];

	make_pipe(p);
	s = attach(p[1]);
	close(p[0]);
	ck_assert_int_eq(stream_write(s, "x", 1), -EPIPE);
	ck_assert_int_ne(stream_poll(s, POLLOUT) & POLLERR, 0);
}
END_TEST

START_TEST(other_descriptors_are_polled_first)
{
	int fd = eventfd(0, 0);
	struct stream *s = attach(fd);
	uint64_t one = 1;

	ck_assert_int_eq(s->kind, STREAM_SHARED);
	ck_assert_int_eq(stream_read(s, buf, 8), -EAGAIN);
	ck_assert_int_eq(stream_write(s, &one, 8), 8);
	ck_assert_int_eq(stream_read(s, buf, 8), 8);
}
END_TEST

START_TEST(file_position_is_shared)
{
	FILE *f = tmpfile();
	int fd = fileno(f);
	struct stream *s = attach(fd);

	ck_assert_int_eq(s->kind, STREAM_FILE);
	ck_assert_int_eq(write(fd, "ab", 2), 2);
	ck_assert_int_eq(stream_write(s, "cd", 2), 2);
	ck_assert_int_eq(pread(fd, buf, 4, 0), 4);
	ck_assert_mem_eq(buf, "abcd", 4);
	ck_assert_int_eq(stream_read(s, buf, 4), 0);
}
END_TEST

START_TEST(closed_descriptor_is_refused)
{
	ck_assert_int_eq(stream_attach(&m, 9999), -EBADF);
}
END_TEST

START_TEST(numbers_are_used_again)
{
	int p[2], n;

	make_pipe(p);
	n = stream_attach(&m, p[0]);
	stream_detach(&m, n);
	ck_assert_int_eq(stream_attach(&m, p[1]), n);
}
END_TEST

START_TEST(streams_run_out)
{
	int p[2], n;

	make_pipe(p);
	for (n = HOST_STREAM_CTL + 1; n < HOST_STREAMS; n++)
		ck_assert_int_eq(stream_attach(&m, p[0]), n);
	ck_assert_int_eq(stream_attach(&m, p[0]), -EMFILE);
}
END_TEST

START_TEST(a_watch_is_one_interrupt)
{
	struct stream *s, *other;
	int p[2];

	make_pipe(p);
	other = attach(p[1]);
	s = attach(p[0]);
	s->watch = POLLIN;
	ck_assert_uint_eq(stream_check(&m), 0);
	ck_assert_int_eq(write(p[1], "x", 1), 1);
	ck_assert_uint_eq(stream_check(&m), HOST_IRQ_STREAM);
	ck_assert_uint_eq(stream_check(&m), 0);
	other->watch = POLLOUT;
	ck_assert_uint_eq(stream_check(&m), HOST_IRQ_STREAM);
	s->watch = POLLIN;
	ck_assert_uint_eq(stream_check(&m), HOST_IRQ_STREAM);
}
END_TEST

/* --- the terminal --- */

static int master, slave;

static void open_pty(void)
{
	struct winsize ws = { .ws_row = 33, .ws_col = 99 };

	master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &ws), 0);
}

START_TEST(terminal_is_raw_while_a_program_runs)
{
	struct termios before, during, after;

	open_pty();
	tcgetattr(slave, &before);
	ck_assert_int_eq(tty_attach(&m, slave, true), 0);
	tcgetattr(slave, &during);
	ck_assert_uint_eq(during.c_lflag, before.c_lflag);
	tty_resume(&m);
	tcgetattr(slave, &during);
	ck_assert_uint_eq(during.c_lflag & (ICANON | ECHO | ISIG), 0);
	ck_assert_uint_eq(during.c_oflag & OPOST, 0);
	tty_suspend(&m);
	tcgetattr(slave, &after);
	ck_assert_uint_eq(after.c_lflag, before.c_lflag);
	tty_resume(&m);
	tcgetattr(slave, &during);
	ck_assert_uint_eq(during.c_lflag & ICANON, 0);
	tty_detach(&m);
	tcgetattr(slave, &after);
	ck_assert_uint_eq(after.c_lflag, before.c_lflag);
	ck_assert_uint_eq(after.c_iflag, before.c_iflag);
	ck_assert_uint_eq(after.c_oflag, before.c_oflag);
	ck_assert_int_eq(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
}
END_TEST

START_TEST(output_only_terminal_stays_as_it_is)
{
	struct termios before, during;

	open_pty();
	tcgetattr(slave, &before);
	ck_assert_int_eq(tty_attach(&m, slave, false), 0);
	tty_resume(&m);
	tcgetattr(slave, &during);
	ck_assert_uint_eq(during.c_lflag, before.c_lflag);
	ck_assert_uint_eq(during.c_oflag, before.c_oflag);
}
END_TEST

START_TEST(typing_is_an_interrupt)
{
	open_pty();
	ck_assert_int_eq(tty_attach(&m, slave, true), 0);
	tty_resume(&m);
	ck_assert_uint_eq(stream_check(&m), 0);
	ck_assert_int_eq(write(master, "\003x", 2), 2);
	ck_assert_uint_eq(stream_check(&m), HOST_IRQ_TTY);
	ck_assert_int_eq(stream_read(&m.tty->s, buf, 10), 2);
	ck_assert_mem_eq(buf, "\003x", 2);
}
END_TEST

START_TEST(winch_is_an_interrupt)
{
	open_pty();
	ck_assert_int_eq(tty_attach(&m, slave, true), 0);
	ck_assert_uint_eq(stream_check(&m), 0);
	raise(SIGWINCH);
	ck_assert_uint_eq(stream_check(&m), HOST_IRQ_WINCH);
	ck_assert_uint_eq(stream_check(&m), 0);
}
END_TEST

START_TEST(one_machine_has_the_terminal)
{
	open_pty();
	ck_assert_int_eq(tty_attach(&m, slave, true), 0);
	ck_assert_int_eq(tty_attach(&m, slave, true), -EBUSY);
}
END_TEST

/* --- the channel to init --- */

START_TEST(messages_survive_being_cut)
{
	struct { struct ctl_mount m; char path[8]; } in = {
		{ { sizeof(in), CTL_MOUNT, 7 }, 3, 1 }, "/where"
	}, out;
	char *p = (char *)&out;
	size_t i;

	ck_assert_int_eq(ctl_read(&m, p, 1), -EAGAIN);
	ck_assert_int_eq(ctl_send(&m, &in.m.head), 0);
	ck_assert_uint_eq(page.irq_pending & HOST_IRQ_STREAM, HOST_IRQ_STREAM);
	for (i = 0; i < sizeof(in); i++)
		ck_assert_int_eq(ctl_read(&m, p + i, 1), 1);
	ck_assert_mem_eq(&in, &out, sizeof(in));
	ck_assert_int_eq(ctl_read(&m, p, 1), -EAGAIN);
}
END_TEST

START_TEST(long_queues_keep_their_order)
{
	struct ctl_kill k = { { sizeof(k), CTL_KILL, 0 }, 0, 0 }, r;
	int sent = 0, got = 0;

	while (got < 5000) {
		for (k.sig = sent; sent < 5000 && k.sig < got + 700; k.sig = ++sent)
			ck_assert_int_eq(ctl_send(&m, &k.head), 0);
		ck_assert_int_eq(ctl_read(&m, &r, sizeof(r)), sizeof(r));
		ck_assert_int_eq(r.sig, got++);
	}
}
END_TEST

START_TEST(kill_is_a_message)
{
	struct program *p = program_new(&m);
	struct ctl_kill k;

	p->started = true;
	atomic_fetch_or(&p->kill_one, 1ull << (SIGTERM - 1));
	ctl_wake(&m);
	ck_assert_uint_eq(stream_check(&m), HOST_IRQ_STREAM);
	ck_assert_int_eq(ctl_read(&m, &k, sizeof(k)), sizeof(k));
	ck_assert_int_eq(k.head.id, p->id);
	ck_assert_int_eq(k.sig, SIGTERM);
	ck_assert_int_eq(k.group, 0);
}
END_TEST

Suite *stream_suite(void);
Suite *stream_suite(void)
{
	Suite *suite = suite_create("stream");
	TCase *tc = tcase_create("stream");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, empty_pipe_is_eagain);
	tcase_add_test(tc, shared_description_stays_blocking);
	tcase_add_test(tc, full_pipe_is_eagain);
	tcase_add_test(tc, full_socket_is_eagain);
	tcase_add_test(tc, full_shared_pipe_is_eagain);
	tcase_add_test(tc, pipe_without_reader_is_epipe);
	tcase_add_test(tc, other_descriptors_are_polled_first);
	tcase_add_test(tc, file_position_is_shared);
	tcase_add_test(tc, closed_descriptor_is_refused);
	tcase_add_test(tc, numbers_are_used_again);
	tcase_add_test(tc, streams_run_out);
	tcase_add_test(tc, a_watch_is_one_interrupt);
	tcase_add_test(tc, terminal_is_raw_while_a_program_runs);
	tcase_add_test(tc, output_only_terminal_stays_as_it_is);
	tcase_add_test(tc, typing_is_an_interrupt);
	tcase_add_test(tc, winch_is_an_interrupt);
	tcase_add_test(tc, one_machine_has_the_terminal);
	tcase_add_test(tc, messages_survive_being_cut);
	tcase_add_test(tc, long_queues_keep_their_order);
	tcase_add_test(tc, kill_is_a_message);
	suite_add_tcase(suite, tc);
	return suite;
}
