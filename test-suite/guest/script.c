/* SPDX-License-Identifier: MIT */
/* #! scripts: the interpreter gets its argument, the file and the rest. */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

extern char **environ;

/* Exit status of the file with one argument; -errno if it cannot be run. */
static int run(const char *file)
{
	char *argv[] = { (char *)"renamed", (char *)"last", NULL };
	int status, r;
	pid_t pid;

	r = posix_spawn(&pid, file, NULL, NULL, argv, environ);
	if (r)
		return -r;
	t_check(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void write_script(const char *file, const char *text, const char *rest)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	t_check(fd >= 0);
	dprintf(fd, "%s%s", text, rest);
	close(fd);
}

int main(int argc, char **argv)
{
	char self[500], dir[] = "/tmp/script-XXXXXX";
	ssize_t n;

	if (argc > 1) {
		t_check(argc == 4 && strcmp(argv[1], "one argument") == 0);
		t_check(strcmp(argv[2], "./script") == 0 && strcmp(argv[3], "last") == 0);
		return t_status ? 1 : 42;
	}
	n = readlink("/proc/self/exe", self, sizeof self - 30);
	t_check(n > 0);
	self[n] = '\0';
	t_check(mkdtemp(dir) && chdir(dir) == 0);

	write_script("script", "#! ", strcat(self, " one argument \nrest\n"));
	t_check(run("./script") == 42);
	t_check(chmod("script", 0644) == 0 && run("./script") == -EACCES);
	write_script("missing", "#!", "/no/such/interpreter\n");
	t_check(chmod("missing", 0755) == 0 && run("./missing") == -ENOENT);
	write_script("text", "just text\n", "");
	t_check(run("./text") == -ENOEXEC);
	write_script("empty", "", "");
	t_check(run("./empty") == -ENOEXEC);
	t_check(unlink("script") == 0 && unlink("missing") == 0);
	t_check(unlink("text") == 0 && unlink("empty") == 0);
	t_check(chdir("/") == 0 && rmdir(dir) == 0);
	return t_status;
}
