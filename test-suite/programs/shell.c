/* SPDX-License-Identifier: MIT */
/*
 * What calls /bin/sh: popen, system, wordexp; and what runs scripts and finds
 * programs: execlp, posix_spawnp; daemon.  programs/shell makes the directory
 * that this is run in, and /path/{greet,plain,text}.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>
#include "test.h"

extern char **environ;

/* What the command prints, and its status. */
static int output_of(const char *command, char *buf, size_t size)
{
	FILE *f = popen(command, "re");
	size_t n;

	if (!f) {
		t_error("popen %s: %s\n", command, strerror(errno));
		return -1;
	}
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	return pclose(f);
}

static void popen_reads(void)
{
	char buf[5000];
	FILE *f;
	int status;

	t_check(output_of("echo one; echo two", buf, sizeof(buf)) == 0);
	t_check(!strcmp(buf, "one\ntwo\n"));
	status = output_of("exit 3", buf, sizeof(buf));
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 3 && !*buf);
	status = output_of("kill -TERM $$", buf, sizeof(buf));
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = output_of("/no/such/program 2>&1", buf, sizeof(buf));
	t_check(WEXITSTATUS(status) == 127 && strstr(buf, "not found"));
	/* it is told that nobody reads */
	f = popen("trap - PIPE; while :; do echo y; done", "r");
	t_check(f && fgets(buf, sizeof(buf), f) && !strcmp(buf, "y\n"));
	status = pclose(f);
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	errno = 0;
	t_check(!popen("exit", "x") && errno == EINVAL);
}

static void popen_writes(void)
{
	char buf[100] = "";
	FILE *f = popen("n=0; while read -r x; do n=$((n + x)); done; echo $n >sum; exit 9", "w");
	int i, fd, status;

	t_check(f != NULL);
	for (i = 1; i <= 20000; i++)
		fprintf(f, "%d\n", i);
	status = pclose(f);
	t_check(WEXITSTATUS(status) == 9);
	fd = open("sum", O_RDONLY);
	t_check(read(fd, buf, sizeof(buf) - 1) == 10 && !strcmp(buf, "200010000\n"));
	close(fd);
}

/* A later child does not keep an earlier one's pipe open. */
static void popen_many(void)
{
	FILE *f[8];
	char name[20], c;
	int i, fd;

	for (i = 0; i < 8; i++) {
		f[i] = popen("read x; read y || echo $x >out$x", "w");
		t_check(f[i] != NULL);
	}
	for (i = 0; i < 8; i++) {
		fprintf(f[i], "%d\n", i);
		t_check(pclose(f[i]) == 0);
		snprintf(name, sizeof(name), "out%d", i);
		fd = open(name, O_RDONLY);
		t_check(read(fd, &c, 1) == 1 && c == '0' + i);
		close(fd);
	}
}

static volatile sig_atomic_t interrupted;

static void on_int(int sig)
{
	interrupted++;
}

static void system_statuses(void)
{
	int status;

	t_check(system(NULL) == 1);
	t_check(system("exit 0") == 0);
	status = system("exit 200");
	t_check(WIFEXITED(status) && WEXITSTATUS(status) == 200);
	status = system("kill -9 $$");
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	status = system("nothing 2>/dev/null");
	t_check(WEXITSTATUS(status) == 127);
	t_check(setenv("VALUE", "two  words", 1) == 0);
	t_check(system("[ \"$VALUE\" = 'two  words' ]") == 0);
}

static void on_child(int sig)
{
	t_check(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

/* SIGINT and SIGQUIT are ignored by the caller only; nobody else can reap. */
static void system_signals(void)
{
	int status;

	signal(SIGINT, on_int);
	signal(SIGCHLD, on_child);
	t_check(system("kill -INT $PPID; kill -QUIT $PPID") == 0);
	t_check(interrupted == 0);
	status = system("kill -INT $$; exit 1");
	t_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	raise(SIGINT);
	t_check(interrupted == 1);
	/* ignored before: ignored in the shell, too */
	signal(SIGINT, SIG_IGN);
	t_check(system("kill -INT $$") == 0);
	t_check(signal(SIGINT, SIG_DFL) == SIG_IGN);
	t_check(signal(SIGCHLD, SIG_DFL) == on_child);
	t_check(wait(NULL) == -1 && errno == ECHILD);
}

static void *in_thread(void *number)
{
	char command[100];
	int i = (int)(intptr_t)number;

	snprintf(command, sizeof(command), "for x in 1 2 3 4 5; do (exit $x); done; exit %d", i);
	return (void *)(intptr_t)WEXITSTATUS(system(command));
}

static void system_in_threads(void)
{
	pthread_t t[6];
	void *r;
	int i;

	for (i = 0; i < 6; i++)
		t_check(!pthread_create(&t[i], NULL, in_thread, (void *)(intptr_t)(i + 10)));
	for (i = 0; i < 6; i++)
		t_check(!pthread_join(t[i], &r) && (intptr_t)r == i + 10);
}

static void words(void)
{
	wordexp_t w;

	setenv("NAME", "a b", 1);
	t_check(wordexp("x \"$NAME\" $NAME $((6 * 7)) 'q  q' /path/pl*", &w, 0) == 0);
	t_check(w.we_wordc == 7);
	t_check(!strcmp(w.we_wordv[1], "a b") && !strcmp(w.we_wordv[2], "a"));
	t_check(!strcmp(w.we_wordv[4], "42") && !strcmp(w.we_wordv[5], "q  q"));
	t_check(!strcmp(w.we_wordv[6], "/path/plain") && !w.we_wordv[7]);
	t_check(wordexp("$(echo of command)", &w, WRDE_REUSE) == 0);
	t_check(w.we_wordc == 2 && !strcmp(w.we_wordv[1], "command"));
	wordfree(&w);
	t_check(wordexp("$(echo x)", &w, WRDE_NOCMD) == WRDE_CMDSUB);
	t_check(wordexp("a | b", &w, WRDE_NOCMD) == WRDE_BADCHAR);
}

static int status_of(pid_t pid)
{
	int status = -1;

	t_check(waitpid(pid, &status, 0) == pid);
	return status;
}

static void found_in_path(void)
{
	char *argv[] = { (char *)"greet", (char *)"2", NULL };
	char buf[100] = "";
	pid_t pid;
	int p[2];

	setenv("PATH", "/no/such:/path", 1);
	t_check(posix_spawnp(&pid, "greet", NULL, NULL, argv, environ) == 0);
	t_check(status_of(pid) == 2 << 8);
	t_check(posix_spawnp(&pid, "missing", NULL, NULL, argv, environ) == ENOENT);
	t_check(posix_spawnp(&pid, "plain", NULL, NULL, argv, environ) == EACCES);

	t_check(!pipe(p));
	pid = fork();
	if (!pid) {
		dup2(p[1], 1);
		execlp("greet", "zero", "7", (char *)NULL);
		_exit(99);
	}
	close(p[1]);
	t_check(status_of(pid) == 7 << 8);
	t_check(read(p[0], buf, sizeof(buf) - 1) > 0);
	t_check(!strcmp(buf, "/path/greet says 7\n"));
	close(p[0]);

	pid = fork();
	if (!pid) {
		t_status = 0;
		t_check(execlp("missing", "x", (char *)NULL) == -1 && errno == ENOENT);
		t_check(execlp("plain", "x", (char *)NULL) == -1 && errno == EACCES);
		t_check(execlp("text", "x", (char *)NULL) == -1 && errno == ENOEXEC);
		_exit(t_status);
	}
	t_check(status_of(pid) == 0);
}

struct report {
	pid_t pid, sid, parent;
	int null, root;
};

static void daemon_is_alone(void)
{
	struct stat null, st;
	struct report r = { 0 };
	char cwd[100];
	pid_t pid;
	int p[2], i;

	t_check(!pipe(p));
	pid = fork();
	if (!pid) {
		if (daemon(0, 0))
			_exit(98);
		stat("/dev/null", &null);
		for (i = 0; i < 3; i++)
			r.null += !fstat(i, &st) && st.st_rdev == null.st_rdev;
		r.root = getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/");
		/* the one that called daemon() may still be ending */
		while (getppid() != 1)
			usleep(1000);
		r.pid = getpid();
		r.sid = getsid(0);
		r.parent = getppid();
		_exit(write(p[1], &r, sizeof(r)) != sizeof(r));
	}
	close(p[1]);
	t_check(status_of(pid) == 0);
	t_check(read(p[0], &r, sizeof(r)) == sizeof(r));
	t_check(r.pid != pid && r.sid != getsid(0) && r.parent == 1);
	t_check(r.null == 3 && r.root);
	t_check(read(p[0], &r, 1) == 0);
	close(p[0]);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	popen_writes();
	signal(SIGPIPE, SIG_DFL);
	popen_reads();
	popen_many();
	system_statuses();
	system_signals();
	system_in_threads();
	words();
	found_in_path();
	daemon_is_alone();
	return t_status;
}
