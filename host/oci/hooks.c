/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oci/oci.h"

/* Its standard input has the state. */
static pid_t start(const char *path, struct json_object *hook, const char *state)
{
	char **argv = json_strings(json_get(hook, "args", json_type_array), "");
	char **envp = json_strings(json_get(hook, "env", json_type_array), "");
	char *just_path[] = { (char *)path, NULL };
	int p[2] = { -1, -1 };
	pid_t pid = pipe(p) ? -1 : fork();

	if (!pid) {
		dup2(p[0], 0);
		close_range(3, ~0U, 0);
		execve(path, argv[0] ? argv : just_path, envp);
		_exit(127);
	}
	free(argv);
	free(envp);
	close(p[0]);
	if (pid > 0)
		(void)!write(p[1], state, strlen(state));
	close(p[1]);
	return pid;
}

static int wait_for(pid_t pid, int timeout, int *status)
{
	int fd = syscall(SYS_pidfd_open, pid, 0), late;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	late = fd >= 0 && !TEMP_FAILURE_RETRY(poll(&p, 1, timeout));
	if (late)
		kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	close(fd);
	return late;
}

static int run(const char *name, struct json_object *hook, const char *state)
{
	const char *path = json_string(hook, "path");
	struct json_object *timeout = json_get(hook, "timeout", json_type_int);
	int status, seconds = timeout ? json_object_get_int(timeout) : 0;
	pid_t pid;

	if (!path || *path != '/')
		return complain("hooks.%s: a path that is not absolute", name);
	if (timeout && seconds <= 0)
		return complain("hooks.%s: %s: timeout: not greater than 0", name, path);
	pid = start(path, hook, state);
	if (pid < 0)
		return complain("hooks.%s: %s: %s", name, path, strerror(errno));
	if (wait_for(pid, seconds > 0 && seconds < 1000000 ? seconds * 1000 : -1, &status))
		return complain("hooks.%s: %s: not done within %d s", name, path, seconds);
	if (!status)
		return 0;
	return complain("hooks.%s: %s: %s %d", name, path,
			WIFSIGNALED(status) ? "killed by signal" : "exit status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int hooks_run(struct container *c, const char *name, enum status status)
{
	char *path = xasprintf("hooks.%s", name);
	struct json_object *list = json_get(c->config, path, json_type_array), *state;
	struct container as = *c;
	size_t i, n = json_length(list);
	int r = 0;

	free(path);
	if (!n)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	as.status = status;
	state = container_state(&as);
	for (i = 0; i < n && !r; i++)
		r = run(name, json_object_array_get_idx(list, i),
			json_object_to_json_string_ext(state, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(state);
	return r;
}
