/* SPDX-License-Identifier: MIT */
/* muslin.h, with real machines. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "muslin.h"

/* One program does everything, by the name of its first argument. */
static const char source[] =
	"#include <fcntl.h>\n"
	"#include <signal.h>\n"
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"#include <string.h>\n"
	"#include <sys/ioctl.h>\n"
	"#include <sys/resource.h>\n"
	"#include <unistd.h>\n"
	"static void winch(int s) { write(1, \"winch\\n\", 6); }\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	char line[256];\n"
	"	struct winsize ws;\n"
	"	if (!strcmp(argv[1], \"exit\"))\n"
	"		return atoi(argv[2]);\n"
	"	if (!strcmp(argv[1], \"say\"))\n"
	"		return puts(argv[2]) < 0;\n"
	"	if (!strcmp(argv[1], \"cat\"))\n"
	"		while (fgets(line, sizeof(line), stdin))\n"
	"			printf(\"<%s\", line), fflush(stdout);\n"
	"	if (!strcmp(argv[1], \"pause\"))\n"
	"		for (;;)\n"
	"			pause();\n"
	"	if (!strcmp(argv[1], \"limits\")) {\n"
	"		struct rlimit r;\n"
	"		char name[99];\n"
	"		getrlimit(RLIMIT_NOFILE, &r);\n"
	"		gethostname(name, sizeof(name));\n"
	"		printf(\"%llu %llu %s\\n\", r.rlim_cur, r.rlim_max, name);\n"
	"	}\n"
	"	if (!strcmp(argv[1], \"spin\"))\n"
	"		for (;;)\n"
	"			;\n"
	"	if (!strcmp(argv[1], \"forge\")) {\n"
	"		static const int ids[] = { 0, 1, 2, 3, 4, -1, 0x7fffffff };\n"
	"		int fd = open(\"/dev/stream0\", O_RDWR | O_NONBLOCK);\n"
	"		for (unsigned i = 0; fd >= 0; i++) {\n"
	"			int r[] = { 20, i % 10, ids[i / 10 % 7], i / 70 % 3 * 100000 + 2, i / 210 % 3 * 100000 };\n"
	"			write(fd, r, i % 7 ? sizeof(r) : i % 20);\n"
	"			if (i % 1000 == 0)\n"
	"				puts(\"forged\"), fflush(stdout), usleep(1000);\n"
	"		}\n"
	"	}\n"
	"	if (!strcmp(argv[1], \"winsize\")) {\n"
	"		sigset_t set, old;\n"
	"		sigemptyset(&set);\n"
	"		sigaddset(&set, SIGWINCH);\n"
	"		sigprocmask(SIG_BLOCK, &set, &old);\n"
	"		signal(SIGWINCH, winch);\n"
	"		ioctl(0, TIOCGWINSZ, &ws);\n"
	"		printf(\"%d %dx%d\\n\", isatty(0) && isatty(1), ws.ws_row, ws.ws_col);\n"
	"		fflush(stdout);\n"
	"		sigsuspend(&old);\n"
	"		ioctl(0, TIOCGWINSZ, &ws);\n"
	"		printf(\"%dx%d\\n\", ws.ws_row, ws.ws_col);\n"
	"	}\n"
	"	return 0;\n"
	"}\n";

#include "embedder.h"

static struct muslin *booted(void)
{
	struct muslin *m;

	ck_assert_int_eq(muslin_new(NULL, &m), 0);
	ok(m, muslin_boot(m));
	ok(m, muslin_mount(m, dir, "/here", MUSLIN_READ_ONLY));
	return m;
}

static void finish(struct muslin *m)
{
	ok(m, muslin_shutdown(m));
	muslin_free(m);
}

static int start(struct muslin *m, char *what, char *arg, int in, int out,
		 int flags)
{
	char *argv[] = { "p", what, arg, NULL };
	struct muslin_program p = {
		.path = "/here/p",
		.argv = argv,
		.uid = getuid(),
		.gid = getgid(),
		.umask = 022,
		.fd = { in, out, 2 },
		.flags = flags,
	};
	int id = muslin_spawn(m, &p);

	ok(m, id);
	ck_assert_int_gt(id, 0);
	return id;
}

static int wait_for(struct muslin *m, int id)
{
	int status = -1;

	ok(m, muslin_wait(m, id, &status));
	return status;
}

static void expect(int fd, const char *text)
{
	char buf[256] = "";
	size_t n = strlen(text), got = 0;
	ssize_t r;

	while (got < n && (r = read(fd, buf + got, n - got)) > 0)
		got += r;
	ck_assert_str_eq(buf, text);
}

START_TEST(status_is_the_programs)
{
	struct muslin *m = booted();
	int id = start(m, "exit", "42", -1, -1, 0), status;

	ck_assert_int_eq(wait_for(m, id), 42 << 8);
	ck_assert_int_eq(muslin_wait(m, id, &status), -ECHILD);
	ck_assert_str_ne(muslin_error(m), "");
	finish(m);
}
END_TEST

START_TEST(programs_can_share_a_pipe)
{
	struct muslin *m = booted();
	int a, b, p[2], out[2];

	ck_assert_int_eq(pipe(p) | pipe(out), 0);
	b = start(m, "cat", NULL, p[0], out[1], 0);
	a = start(m, "say", "through", -1, p[1], 0);
	close(p[0]);
	close(p[1]);
	close(out[1]);
	ck_assert_int_eq(wait_for(m, b), 0);
	ck_assert_int_eq(wait_for(m, a), 0);
	expect(out[0], "<through\n");
	finish(m);
}
END_TEST

START_TEST(any_program_is_waited_for)
{
	struct muslin *m = booted();
	int ids[2], id, status, i, seen = 0;

	ck_assert_int_eq(muslin_wait_any(m, &id, &status), -ECHILD);
	ids[0] = start(m, "exit", "1", -1, -1, 0);
	ids[1] = start(m, "exit", "2", -1, -1, 0);
	for (i = 0; i < 2; i++) {
		ok(m, muslin_wait_any(m, &id, &status));
		ck_assert_int_eq(status, (id == ids[0] ? 1 : 2) << 8);
		seen |= id == ids[0] ? 1 : 2;
	}
	ck_assert_int_eq(seen, 3);
	finish(m);
}
END_TEST

/* Writes a byte in a moment, from another process. */
static pid_t byte_soon(int fd)
{
	pid_t pid = fork();

	if (!pid) {
		usleep(50000);
		_exit(write(fd, "x", 1) != 1);
	}
	return pid;
}

START_TEST(a_descriptor_ends_the_wait)
{
	static char *const what[] = { NULL, "pause", "spin" };
	struct muslin *m = booted();
	int p[2], id, status, program = 0;
	char byte;

	ck_assert_int_eq(pipe(p), 0);
	muslin_watch(m, p[0]);
	for (int i = 0; i < 3; i++) {
		pid_t pid;

		if (what[i])
			program = start(m, what[i], NULL, -1, -1, 0);
		pid = byte_soon(p[1]);
		ck_assert_int_eq(muslin_wait_any(m, &id, &status), -EINTR);
		/* as long as it can be read */
		ck_assert_int_eq(muslin_wait_any(m, &id, &status), -EINTR);
		ck_assert_int_eq(read(p[0], &byte, 1), 1);
		waitpid(pid, NULL, 0);
		/* the machine goes on, and so do its programs */
		if (!program)
			continue;
		muslin_kill(m, program, SIGKILL);
		ok(m, muslin_wait_any(m, &id, &status));
		ck_assert(id == program && status == SIGKILL);
	}
	muslin_watch(m, -1);
	ck_assert_int_eq(muslin_wait_any(m, &id, &status), -ECHILD);
	finish(m);
}
END_TEST

START_TEST(limits_and_the_name_are_as_asked_for)
{
	static const struct muslin_rlimit limits[] = { { 7, 33, 44 } };
	struct muslin *m = booted();
	char *argv[] = { "p", "limits", NULL };
	struct muslin_program p = {
		.path = "/here/p", .argv = argv, .limits = limits, .nlimits = 1,
	};
	struct muslin_rlimit many[17] = { 0 };
	int out[2], id;

	ck_assert_int_eq(pipe(out), 0);
	p.fd[0] = -1;
	p.fd[1] = out[1];
	p.fd[2] = 2;
	ok(m, muslin_hostname(m, "somebody"));
	id = muslin_spawn(m, &p);
	ok(m, id);
	ck_assert_int_eq(wait_for(m, id), 0);
	expect(out[0], "33 44 somebody\n");
	/* they are that program's alone */
	p.nlimits = 0;
	id = muslin_spawn(m, &p);
	ok(m, id);
	ck_assert_int_eq(wait_for(m, id), 0);
	expect(out[0], "1024 4096 somebody\n");
	p.limits = (struct muslin_rlimit[]){ { 7, 9, 8 } };
	p.nlimits = 1;
	ck_assert_int_eq(muslin_spawn(m, &p), -EINVAL);
	ck_assert_str_eq(muslin_error(m), "limits of the program: Invalid argument");
	p.limits = many;
	p.nlimits = 17;
	ck_assert_int_eq(muslin_spawn(m, &p), -E2BIG);
	ck_assert_int_eq(muslin_hostname(m, "1234567890123456789012345678901234567890"
					 "12345678901234567890123456789"), -ENAMETOOLONG);
	finish(m);
}
END_TEST

/* muslin-copy, and a file over another */
static int copy(struct muslin *m, char *what, char *path, char *mode, int in, int out)
{
	char *argv[] = { "muslin-copy", what, path, mode, NULL };
	struct muslin_program p = { .path = MUSLIN_COPY, .argv = argv, .fd = { in, out, -1 } };
	int id = muslin_spawn(m, &p);

	ok(m, id);
	return wait_for(m, id) >> 8;
}

START_TEST(files_of_the_guest_are_copied)
{
	struct muslin *m = booted();
	char text[PATH_MAX];
	int in[2], out[2];

	ck_assert_int_eq(pipe(in) | pipe(out), 0);
	ck_assert_int_eq(write(in[1], "contents", 8), 8);
	close(in[1]);
	ck_assert_int_eq(copy(m, "write", "/tmp/f", "600", in[0], -1), 0);
	ck_assert_int_eq(copy(m, "read", "/tmp/f", NULL, -1, out[1]), 0);
	expect(out[0], "contents");
	ck_assert_int_eq(copy(m, "read", "/tmp/g", NULL, -1, out[1]), ENOENT);
	ck_assert_int_eq(copy(m, "read", "/tmp", NULL, -1, out[1]), EISDIR);
	ck_assert_int_eq(copy(m, "read", "/dev/zero", NULL, -1, out[1]), EINVAL);
	ck_assert_int_eq(copy(m, "write", "/here/new", "600", in[0], -1), EROFS);
	ck_assert_int_eq(copy(m, "touch", "/tmp/f", NULL, -1, -1), EINVAL);

	snprintf(text, sizeof(text), "%s/p.c", dir);
	ok(m, muslin_mount_over(m, text, "/tmp/f"));
	ok(m, muslin_mount_over(m, text, "/a/b/c"));
	ck_assert_int_eq(muslin_mount_over(m, text, "/here/new"), -ENOENT);
	ck_assert_int_eq(muslin_mount_over(m, text, "/tmp"), -EISDIR);
	ck_assert_int_eq(muslin_mount_over(m, text, "relative"), -EINVAL);
	ck_assert_int_eq(copy(m, "read", "/tmp/f", NULL, -1, out[1]), 0);
	expect(out[0], "#include <fcntl.h>\n");
	ck_assert_int_eq(copy(m, "write", "/a/b/c", "600", in[0], -1), EROFS);
	finish(m);
}
END_TEST

/* They have no state in common. */
START_TEST(two_machines_take_turns)
{
	struct muslin *a = booted(), *b = booted();
	int pa[2], pb[2], ida, idb;

	ck_assert_int_eq(pipe(pa) | pipe(pb), 0);
	ida = start(a, "say", "in a", -1, pa[1], 0);
	idb = start(b, "say", "in b", -1, pb[1], 0);
	ck_assert_int_eq(wait_for(a, ida), 0);
	ck_assert_int_eq(wait_for(b, idb), 0);
	expect(pa[0], "in a\n");
	expect(pb[0], "in b\n");
	ida = start(a, "exit", "1", -1, -1, 0);
	finish(b);
	ck_assert_int_eq(wait_for(a, ida), 1 << 8);
	finish(a);
}
END_TEST

/*
 * Root says what init would: perhaps that a program has started, or has not; but
 * nothing that is no answer.
 */
START_TEST(answers_are_not_trusted)
{
	struct muslin *m = booted();
	struct muslin_program q = {
		.path = "/here/p", .argv = (char *[]){ "p", "exit", "3", NULL },
		.fd = { -1, -1, -1 },
	};
	int out[2], i, id, status;
	char *argv[] = { "p", "forge", NULL };
	struct muslin_program root = {
		.path = "/here/p", .argv = argv, .fd = { -1, -1, 2 },
	};

	ck_assert_int_eq(pipe(out), 0);
	ck_assert_int_ge(fcntl(out[1], F_SETFL, O_NONBLOCK), 0);
	root.fd[1] = out[1];
	if (muslin_spawn(m, &root) > 0) {
		for (i = 0; i < 20; i++) {
			id = muslin_spawn(m, &q);
			ck_assert_int_ge(id, -4095);
			if (id > 0 && !muslin_wait(m, id, &status))
				ck_assert_int_eq(status & ~0xffff, 0);
			muslin_mount(m, dir, "/there", 0);
		}
	}
	muslin_free(m);
}
END_TEST

static int count_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

START_TEST(nothing_is_left_behind)
{
	int i, files = 0;

	for (i = 0; i < 5; i++) {
		struct muslin *m = booted();

		ck_assert_int_eq(wait_for(m, start(m, "exit", "0", 0, 1, 0)), 0);
		if (i % 2)
			muslin_free(m);		/* without shutdown */
		else
			finish(m);
		if (i == 1)
			files = count_files();
	}
	ck_assert_int_eq(count_files(), files);
}
END_TEST

static struct muslin *target;
static int target_id;

static void kill_target(int sig)
{
	(void)sig;
	muslin_kill(target, target_id, SIGTERM);
}

static void killed_by_alarm(char *what)
{
	struct itimerval it = { .it_value = { .tv_usec = 300000 } };

	target = booted();
	target_id = start(target, what, NULL, -1, -1, 0);
	signal(SIGALRM, kill_target);
	setitimer(ITIMER_REAL, &it, NULL);
	ck_assert_int_eq(wait_for(target, target_id), SIGTERM);
	finish(target);
}

START_TEST(kill_works_in_a_signal_handler)
{
	killed_by_alarm("pause");
}
END_TEST

START_TEST(kill_stops_a_busy_program)
{
	killed_by_alarm("spin");
}
END_TEST

START_TEST(stop_is_reported)
{
	struct muslin *m = booted();
	int id = start(m, "pause", NULL, -1, -1, 0);

	ok(m, muslin_kill(m, id, SIGSTOP));
	ck_assert_int_eq(wait_for(m, id), SIGSTOP << 8 | 0x7f);
	ok(m, muslin_kill(m, -id, SIGKILL));
	ck_assert_int_eq(wait_for(m, id), SIGKILL);
	finish(m);
}
END_TEST

START_TEST(many_programs_at_once)
{
	struct muslin *m = booted();
	int id[40], i;

	for (i = 0; i < 40; i++)
		id[i] = start(m, "pause", NULL, 0, 1, 0);
	for (i = 39; i >= 0; i--) {
		ok(m, muslin_kill(m, id[i], SIGUSR1));
		ck_assert_int_eq(wait_for(m, id[i]), SIGUSR1);
	}
	finish(m);
}
END_TEST

START_TEST(errors_are_returned)
{
	struct muslin_program p = { .path = "/here/nothing" };
	struct muslin *m;
	int status;

	ck_assert_int_eq(muslin_new(NULL, &m), 0);
	ck_assert_str_eq(muslin_error(m), "");
	ck_assert_int_eq(muslin_spawn(m, &p), -ESHUTDOWN);
	ck_assert_int_eq(muslin_mount(m, dir, "/x", 0), -ESHUTDOWN);
	ck_assert_int_eq(muslin_shutdown(m), -ESHUTDOWN);
	ck_assert_int_eq(muslin_kill(m, 1, SIGTERM), -ECHILD);
	muslin_free(m);
	muslin_free(NULL);

	m = booted();
	ck_assert_int_eq(muslin_boot(m), -EBUSY);
	ck_assert_int_eq(muslin_spawn(m, &p), -ENOENT);
	p.path = "/here";
	ck_assert_int_eq(muslin_spawn(m, &p), -EACCES);
	p.path = "/here/p.c";
	ck_assert_int_eq(muslin_spawn(m, &p), -EACCES);
	p.cwd = "/nothing";
	ck_assert_int_eq(muslin_spawn(m, &p), -ENOENT);
	p.fd[0] = 9999;
	ck_assert_int_eq(muslin_spawn(m, &p), -EBADF);
	ck_assert_int_eq(muslin_mount(m, "/nothing", "/x", 0), -ENOENT);
	ck_assert_int_eq(muslin_mount(m, dir, "x", 0), -EINVAL);
	ck_assert_int_eq(muslin_wait(m, 17, &status), -ECHILD);
	ck_assert_int_eq(muslin_kill(m, 17, SIGTERM), -ECHILD);
	ok(m, muslin_shutdown(m));
	ck_assert_int_eq(muslin_spawn(m, &p), -ESHUTDOWN);
	muslin_free(m);
}
END_TEST

START_TEST(disks_are_there_before_the_machine)
{
	char file[] = "/tmp/muslin-disk.XXXXXX", empty[] = "/tmp/muslin-disk.XXXXXX";
	int fd = mkstemp(file), other = mkstemp(empty);
	struct muslin *m, *second;

	ck_assert(fd >= 0 && other >= 0 && !ftruncate(fd, 1 << 20));
	ck_assert_int_eq(muslin_new(NULL, &m), 0);
	ck_assert_int_eq(muslin_new(NULL, &second), 0);
	ck_assert_int_eq(muslin_disk(m, "/tmp/none/at/all", 0), -ENOENT);
	ck_assert_int_eq(muslin_disk(m, "/dev/null", 0), -ENOTBLK);
	ck_assert_int_eq(muslin_disk(m, file, MUSLIN_SUID), -EINVAL);
	ck_assert_int_eq(muslin_disk(m, file, 0), 0);
	ck_assert_int_eq(muslin_disk(m, empty, MUSLIN_READ_ONLY), 1);
	ck_assert_int_eq(muslin_disk(second, file, MUSLIN_READ_ONLY), -EWOULDBLOCK);
	ck_assert_str_ne(muslin_error(second), "");
	ck_assert_int_eq(muslin_disk(second, empty, MUSLIN_READ_ONLY), 0);
	ck_assert_msg(!muslin_boot(m), "%s", muslin_error(m));
	ck_assert_int_eq(muslin_disk(m, file, 0), -EBUSY);
	ck_assert_int_eq(muslin_mount_disk(m, 0, "/mnt", 0), -EINVAL);
	ck_assert_int_eq(muslin_mount_disk(m, 7, "/mnt", 0), -EINVAL);
	ck_assert_int_eq(muslin_mount_disk(m, 0, "mnt", 0), -EINVAL);
	ck_assert_int_eq(muslin_snapshot(m, "/tmp/muslin-no-image"), -EBUSY);
	ck_assert_int_eq(muslin_shutdown(m), 0);
	muslin_free(m);
	/* never booted */
	ck_assert_int_eq(muslin_disk(second, file, 0), 1);
	muslin_free(second);
	close(fd);
	close(other);
	unlink(file);
	unlink(empty);
}
END_TEST

START_TEST(memory_has_limits)
{
	struct muslin_config config = { .memory = 1 << 20 };
	struct muslin *m;

	ck_assert_int_eq(muslin_new(&config, &m), 0);
	ck_assert_int_eq(muslin_boot(m), -EINVAL);
	muslin_free(m);
	config.memory = 1ull << 40;
	ck_assert_int_eq(muslin_new(&config, &m), 0);
	ck_assert_int_eq(muslin_boot(m), -EINVAL);
	muslin_free(m);
}
END_TEST

/* --- boot images --- */

/* A program that repeats a line, and what it repeats. */
static int repeats(struct muslin *m, int id, int to[2], int from[2], const char *line)
{
	char answer[100];

	ck_assert_int_eq(write(to[1], line, strlen(line)), strlen(line));
	close(to[1]);
	ck_assert_int_eq(wait_for(m, id), 0);
	snprintf(answer, sizeof(answer), "<%s", line);
	expect(from[0], answer);
	close(to[0]);
	close(from[0]);
	return close(from[1]);
}

static void two_pipes(int to[2], int from[2])
{
	ck_assert_int_eq(pipe2(to, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
}

static void make_image(void)
{
	struct muslin_config config = { .keep = 1, .tier = MUSLIN_TIER_OPTIMIZED };
	int to[2], from[2], id, other;
	struct muslin *m;

	ck_assert_int_eq(muslin_new(&config, &m), 0);
	ok(m, muslin_boot(m));
	ok(m, muslin_mount(m, dir, "/here", MUSLIN_READ_ONLY));
	ck_assert_int_eq(muslin_snapshot(m, "image"), -ECHILD);
	two_pipes(to, from);
	id = start(m, "cat", NULL, to[0], from[1], 0);
	ck_assert_int_eq(muslin_snapshot(m, NULL), -EINVAL);
	other = start(m, "exit", "3", -1, -1, 0);
	ck_assert_int_eq(muslin_snapshot(m, "image"), -EBUSY);
	ck_assert_int_eq(wait_for(m, other), 3 << 8);
	ok(m, muslin_snapshot(m, "image"));
	/* it goes on here, too */
	repeats(m, id, to, from, "first\n");
	ck_assert_int_eq(muslin_snapshot(m, "image2"), -ECHILD);
	finish(m);
}

START_TEST(a_waiting_program_is_kept)
{
	int to[2], from[2], id, i;
	struct muslin *m;

	make_image();
	for (i = 0; i < 3; i++) {
		two_pipes(to, from);
		ck_assert_int_eq(muslin_new(NULL, &m), 0);
		id = muslin_resume(m, "image", (int[]){ to[0], from[1], 2 });
		ok(m, id);
		ck_assert_int_eq(muslin_boot(m), -EBUSY);
		repeats(m, id, to, from, "again\n");
		if (i == 1)
			ok(m, start(m, "say", "x", -1, -1, 0));
		if (i < 2)
			finish(m);
		else
			muslin_free(m);
	}
	unlink("image");
}
END_TEST

#define CLONES 20

/* Beside one another, from one image; in the end from the last, which has no others. */
START_TEST(clones_go_on_beside_each_other)
{
	struct muslin_config config = { 0 };
	struct muslin *m[CLONES];
	int to[CLONES][2], from[CLONES][2], id[CLONES], i, round;
	char line[20];

	make_image();
	for (round = 0; round < 2; round++) {
		for (i = 0; i < CLONES; i++) {
			two_pipes(to[i], from[i]);
			id[i] = muslin_clone(&config, "image",
					     (int []){ to[i][0], from[i][1], -1 }, &m[i]);
			ok(m[i], id[i]);
		}
		/* also when others have ended, the first of them among those */
		for (i = round ? CLONES - 1 : 0; i >= 0 && i < CLONES; i += round ? -1 : 1) {
			snprintf(line, sizeof(line), "clone %d\n", i);
			repeats(m[i], id[i], to[i], from[i], line);
			ck_assert_int_eq(muslin_snapshot_now(m[i], "image2") < 0, 1);
			if (i % 2)
				ok(m[i], muslin_shutdown(m[i]));
			muslin_free(m[i]);
		}
	}
	ck_assert_int_eq(muslin_clone(&config, "nothing", (int []){ -1, -1, -1 }, &m[0]), -ENOENT);
	muslin_free(m[0]);
	unlink("image");
}
END_TEST

START_TEST(a_busy_program_is_interrupted)
{
	struct muslin_config config = { .keep = MUSLIN_KEEP_RUNNING };
	struct muslin *m;
	int p[2], to[2], from[2], id, status, copy;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(muslin_new(&config, &m), 0);
	ok(m, muslin_boot(m));
	ok(m, muslin_mount(m, dir, "/here", MUSLIN_READ_ONLY));
	ck_assert_int_eq(muslin_snapshot_now(m, "image"), -ECHILD);
	two_pipes(to, from);
	id = start(m, "cat", NULL, to[0], from[1], 0);
	/* before, and while, it waits */
	ok(m, muslin_interrupt(m));
	ck_assert_int_eq(muslin_wait(m, id, &status), -EINTR);
	ok(m, muslin_snapshot_now(m, "image"));
	repeats(m, id, to, from, "original\n");
	finish(m);
	two_pipes(to, from);
	copy = muslin_clone(NULL, "image", (int []){ to[0], from[1], -1 }, &m);
	ck_assert_int_eq(copy, id);
	repeats(m, copy, to, from, "copy\n");
	finish(m);
	unlink("image");
	close(p[0]);
	close(p[1]);
}
END_TEST

START_TEST(only_a_machine_that_was_to_be_kept_is)
{
	struct muslin *m = booted();
	int id = start(m, "pause", NULL, -1, -1, 0);

	ck_assert_int_eq(muslin_snapshot(m, "image"), -EBUSY);
	ok(m, muslin_kill(m, id, SIGKILL));
	ck_assert_int_eq(wait_for(m, id), SIGKILL);
	ck_assert_int_eq(access("image", F_OK), -1);
	finish(m);
}
END_TEST

/* --- with a terminal --- */

static int master, slave;

static struct muslin *with_pty(void)
{
	struct winsize ws = { .ws_row = 33, .ws_col = 99 };

	master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &ws), 0);
	return booted();
}

/* A child, which types when it has seen the program's answer. */
static pid_t type_after(const char *answer, const char *text)
{
	pid_t pid = fork();
	char buf[1000] = "";
	size_t got = 0;

	if (pid)
		return pid;
	alarm(20);
	while (!strstr(buf, answer) && got < sizeof(buf) - 1)
		if (read(master, buf + got++, 1) != 1)
			_exit(1);
	_exit(write(master, text, strlen(text)) < 0);
}

/* The same when the terminal is the guest's; the host would eat a Ctrl-C. */
static pid_t type_when_raw(const char *text)
{
	struct termios t;
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(20);
	do
		usleep(1000);
	while (tcgetattr(slave, &t) || t.c_lflag & ISIG);
	_exit(write(master, text, strlen(text)) < 0);
}

static void joined(pid_t pid)
{
	int status = -1;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(line_discipline_is_the_guests)
{
	struct muslin *m = with_pty();
	int id = start(m, "cat", NULL, slave, slave, MUSLIN_TTY);
	struct termios t;
	pid_t pid;

	ck_assert_int_eq(tcgetattr(slave, &t), 0);
	ck_assert_uint_eq(t.c_lflag & (ICANON | ECHO), 0);
	ck_assert_int_eq(write(master, "lost\177\177\177\177got\r", 12), 12);
	pid = type_after("<got\r\n", "\004");
	ck_assert_int_eq(wait_for(m, id), 0);
	joined(pid);
	ck_assert_int_eq(tcgetattr(slave, &t), 0);
	ck_assert_uint_eq(t.c_lflag & (ICANON | ECHO), ICANON | ECHO);
	finish(m);
}
END_TEST

static void key(char *what, const char *keys, int status)
{
	struct muslin *m = with_pty();
	int id = start(m, what, NULL, slave, slave, MUSLIN_TTY);

	ck_assert_int_eq(write(master, keys, strlen(keys)), strlen(keys));
	ck_assert_int_eq(wait_for(m, id), status);
	finish(m);
}

START_TEST(interrupt_key_kills)
{
	key("pause", "\003", SIGINT);
}
END_TEST

START_TEST(interrupt_key_kills_a_busy_program)
{
	key("spin", "\003", SIGINT);
}
END_TEST

START_TEST(suspend_key_stops)
{
	struct muslin *m = with_pty();
	int id = start(m, "pause", NULL, slave, slave, MUSLIN_TTY);
	struct termios t;
	pid_t pid;

	ck_assert_int_eq(write(master, "\032", 1), 1);
	ck_assert_int_eq(wait_for(m, id), SIGTSTP << 8 | 0x7f);
	ck_assert_int_eq(tcgetattr(slave, &t), 0);
	ck_assert_uint_eq(t.c_lflag & ISIG, ISIG);
	ok(m, muslin_kill(m, -id, SIGCONT));
	pid = type_when_raw("\003");
	ck_assert_int_eq(wait_for(m, id), SIGINT);
	joined(pid);
	finish(m);
}
END_TEST

START_TEST(size_is_the_hosts)
{
	struct winsize ws = { .ws_row = 11, .ws_col = 22 };
	struct muslin *m = with_pty();
	int id = start(m, "winsize", NULL, slave, slave, MUSLIN_TTY);
	pid_t pid = fork();

	if (!pid) {
		expect(master, "1 33x99\r\n");
		ioctl(master, TIOCSWINSZ, &ws);
		/* the host does not: it is not our controlling terminal */
		_exit(kill(getppid(), SIGWINCH));
	}
	ck_assert_int_eq(wait_for(m, id), 0);
	joined(pid);
	expect(master, "winch\r\n11x22\r\n");
	finish(m);
}
END_TEST

START_TEST(only_one_program_has_the_terminal)
{
	struct muslin *m = with_pty();
	int id = start(m, "pause", NULL, slave, slave, MUSLIN_TTY);
	struct muslin_program p = {
		.path = "/here/p", .fd = { slave, slave, slave },
		.flags = MUSLIN_TTY,
	};

	ck_assert_int_eq(muslin_spawn(m, &p), -EBUSY);
	ok(m, muslin_kill(m, id, SIGKILL));
	ck_assert_int_eq(wait_for(m, id), SIGKILL);
	/* it is free again */
	key("pause", "\003", SIGINT);
	finish(m);
}
END_TEST

struct call {
	const char *name;
	uint64_t calls, time;
};

static int find_call(void *arg, const char *name, uint64_t calls, uint64_t time)
{
	struct call *c = arg;

	if (strcmp(name, c->name))
		return 0;
	c->calls = calls;
	c->time = time;
	return 42;
}

START_TEST(statistics_are_of_one_machine)
{
	struct muslin_config config = { .count_calls = 1 };
	struct call call = { "writev" };
	struct muslin *m, *other;
	struct muslin_stats s;
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(muslin_new(&config, &m), 0);
	muslin_stats(m, &s);
	ck_assert_uint_eq(s.boot | s.memory | s.page_faults | s.switches, 0);
	ok(m, muslin_boot(m));
	ok(m, muslin_mount(m, dir, "/here", MUSLIN_READ_ONLY));
	/* init's are not counted */
	ck_assert_int_eq(muslin_stats_calls(m, find_call, &call), 0);
	ck_assert_int_eq(wait_for(m, start(m, "say", "hello", -1, p[1], 0)), 0);
	expect(p[0], "hello\n");
	muslin_stats(m, &s);
	ck_assert_uint_gt(s.boot, 0);
	ck_assert_uint_ge(s.memory, 1 << 20);
	ck_assert_uint_lt(s.memory, 1 << 30);
	ck_assert_uint_gt(s.page_faults, 0);
	ck_assert_uint_gt(s.switches, 0);
	ck_assert_uint_eq(s.compiled + s.cached, 1);
	ck_assert_int_eq(muslin_stats_calls(m, find_call, &call), 42);
	ck_assert_uint_eq(call.calls, 1);
	ck_assert_uint_gt(call.time, 0);
	other = booted();
	ck_assert_int_eq(wait_for(other, start(other, "say", "again", -1, p[1], 0)), 0);
	ck_assert_int_eq(muslin_stats_calls(other, find_call, &call), 0);
	muslin_stats_calls(m, find_call, &call);
	ck_assert_uint_eq(call.calls, 1);
	finish(other);
	finish(m);
	close(p[0]);
	close(p[1]);
}
END_TEST

Suite *api_suite(void);
Suite *api_suite(void)
{
	Suite *suite = suite_create("api");
	TCase *tc = tcase_create("api");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, make_program, remove_program);
	tcase_add_test(tc, status_is_the_programs);
	tcase_add_test(tc, programs_can_share_a_pipe);
	tcase_add_test(tc, any_program_is_waited_for);
	tcase_add_test(tc, a_descriptor_ends_the_wait);
	tcase_add_test(tc, limits_and_the_name_are_as_asked_for);
	tcase_add_test(tc, files_of_the_guest_are_copied);
	tcase_add_test(tc, two_machines_take_turns);
	tcase_add_test(tc, answers_are_not_trusted);
	tcase_add_test(tc, nothing_is_left_behind);
	tcase_add_test(tc, kill_works_in_a_signal_handler);
	tcase_add_test(tc, kill_stops_a_busy_program);
	tcase_add_test(tc, stop_is_reported);
	tcase_add_test(tc, many_programs_at_once);
	tcase_add_test(tc, errors_are_returned);
	tcase_add_test(tc, disks_are_there_before_the_machine);
	tcase_add_test(tc, memory_has_limits);
	tcase_add_test(tc, a_waiting_program_is_kept);
	tcase_add_test(tc, clones_go_on_beside_each_other);
	tcase_add_test(tc, a_busy_program_is_interrupted);
	tcase_add_test(tc, only_a_machine_that_was_to_be_kept_is);
	tcase_add_test(tc, line_discipline_is_the_guests);
	tcase_add_test(tc, interrupt_key_kills);
	tcase_add_test(tc, interrupt_key_kills_a_busy_program);
	tcase_add_test(tc, suspend_key_stops);
	tcase_add_test(tc, size_is_the_hosts);
	tcase_add_test(tc, only_one_program_has_the_terminal);
	tcase_add_test(tc, statistics_are_of_one_machine);
	suite_add_tcase(suite, tc);
	return suite;
}
