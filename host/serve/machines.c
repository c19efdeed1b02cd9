/* SPDX-License-Identifier: MIT */
/* Machines: a process each, which is all that one could harm. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attend/client.h"
#include "serve/serve.h"

#define BOOT_MS	30000

struct machine {
	struct machine *next;
	char id[16];
	pid_t pid;
	int control;
	time_t made;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct machine *machines;	/* lock */
static unsigned int count, last;	/* lock; those that are being made count */
static unsigned int most;
static char *const *options;

void machines_init(char *const *o, unsigned int n)
{
	options = o;
	most = n;
}

static struct machine *find(const char *id)
{
	struct machine *x;

	for (x = machines; x && strcmp(x->id, id); x = x->next)
		;
	return x;
}

static void unlink_machine(struct machine *gone)
{
	struct machine **x;

	for (x = &machines; *x != gone; x = &(*x)->next)
		;
	*x = gone->next;
	count--;
	close(gone->control);
	free(gone);
}

static bool start(struct machine *x)
{
	int pair[2], null;
	struct attend_start s = { .options = options };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return false;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	s.control = pair[1];
	s.fd[0] = s.fd[1] = null;
	s.fd[2] = 2;
	x->control = pair[0];
	x->pid = attend_start(&s);
	close(null);
	close(pair[1]);
	if (x->pid > 0)
		return true;
	close(pair[0]);
	return false;
}

static bool take_place(void)
{
	bool free;

	pthread_mutex_lock(&lock);
	free = count < most;
	count += free;
	pthread_mutex_unlock(&lock);
	return free;
}

static void leave_place(void)
{
	pthread_mutex_lock(&lock);
	count--;
	pthread_mutex_unlock(&lock);
}

int machine_create(char id[16], const char **why)
{
	struct attend_reply reply;
	struct machine *x;

	*why = "there are as many machines as there may be";
	if (!take_place())
		return 503;
	x = calloc(1, sizeof(*x));
	*why = "no process for it";
	if (!x || !start(x)) {
		leave_place();
		free(x);
		return 500;
	}
	x->made = time(NULL);
	*why = "it did not come up; the server's standard error has more";
	if (attend_do(x->control, ATTEND_READY, 0, 0, &reply, BOOT_MS)) {
		kill(x->pid, SIGKILL);
		waitpid(x->pid, NULL, 0);
		close(x->control);
		leave_place();
		free(x);
		return 500;
	}
	pthread_mutex_lock(&lock);
	snprintf(x->id, sizeof(x->id), "m%u", ++last);
	strcpy(id, x->id);
	x->next = machines;
	machines = x;
	pthread_mutex_unlock(&lock);
	return 201;
}

int machine_connect(const char *id)
{
	struct machine *x;
	int fd = -1;

	pthread_mutex_lock(&lock);
	x = find(id);
	if (x)
		fd = fcntl(x->control, F_DUPFD_CLOEXEC, 3);
	pthread_mutex_unlock(&lock);
	return fd;
}

/* Nobody else waits for a machine that is listed, so its process is still that. */
bool machine_delete(const char *id)
{
	struct machine *x;

	pthread_mutex_lock(&lock);
	x = find(id);
	if (x) {
		kill(x->pid, SIGKILL);
		waitpid(x->pid, NULL, 0);
		unlink_machine(x);
	}
	pthread_mutex_unlock(&lock);
	return x;
}

struct json_object *machines_list(void)
{
	struct json_object *list = json_object_new_array(), *o;
	struct machine *x;

	pthread_mutex_lock(&lock);
	for (x = machines; x; x = x->next) {
		o = json_object_new_object();
		json_object_object_add(o, "id", json_object_new_string(x->id));
		json_object_object_add(o, "pid", json_object_new_int(x->pid));
		json_object_object_add(o, "age", json_object_new_int64(time(NULL) - x->made));
		json_object_array_add(list, o);
	}
	pthread_mutex_unlock(&lock);
	return list;
}

void machines_reap(void)
{
	struct machine *x, *next;

	pthread_mutex_lock(&lock);
	for (x = machines; x; x = next) {
		next = x->next;
		if (waitpid(x->pid, NULL, WNOHANG) == x->pid)
			unlink_machine(x);
	}
	pthread_mutex_unlock(&lock);
}

void machines_kill_all(void)
{
	struct machine *x;

	pthread_mutex_lock(&lock);
	for (x = machines; x; x = x->next)
		kill(x->pid, SIGKILL);
	pthread_mutex_unlock(&lock);
}
