/* SPDX-License-Identifier: MIT */
/* linux.sysctl: settings of the guest's kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attend/client.h"
#include "muslin.h"
#include "oci/oci.h"
#include "oci/start.h"

#define WRITE_MS 30000

/* "net.ipv4.x" */
static char *path_of(const char *name)
{
	char *path;

	if (strchr(name, '/') || !*name)
		return NULL;
	path = xasprintf("/proc/sys/%s", name);
	for (char *p = path + strlen("/proc/sys/"); *p; p++)
		if (*p == '.')
			*p = '/';
	return path;
}

/* An errno, of the guest's. */
static int write_file(int control, char *path, const char *text)
{
	char *argv[] = { "muslin-copy", "write", path, "644", NULL };
	struct muslin_program p = { .path = MUSLIN_COPY, .argv = argv, .fd = { -1, -1, -1 } };
	struct attend_reply a;
	int answers, err = EIO;

	p.fd[0] = memfd_create("sysctl", MFD_CLOEXEC);
	(void)!write(p.fd[0], text, strlen(text));
	lseek(p.fd[0], 0, SEEK_SET);
	answers = attend_spawn(control, &p, 0);
	if (answers >= 0 && attend_answer(answers, &a, WRITE_MS) == 1 && a.value > 0 &&
	    attend_answer(answers, &a, WRITE_MS) == 1 && WIFEXITED(a.value))
		err = WEXITSTATUS(a.value);
	if (answers >= 0)
		close(answers);
	close(p.fd[0]);
	return err;
}

int sysctl_set(struct json_object *config, int control)
{
	struct json_object *all = json_get(config, "linux.sysctl", json_type_object);
	const char *text;
	char *path;
	int err;

	if (json_is_wrong(config, "linux.sysctl", json_type_object))
		return 1;
	if (!all)
		return 0;
	json_object_object_foreach(all, name, value) {
		text = json_string(value, "");
		path = path_of(name);
		if (!text || !path) {
			free(path);
			return complain("linux.sysctl: %s: not a name, or its value no string", name);
		}
		err = write_file(control, path, text);
		free(path);
		if (err)
			return complain("linux.sysctl: %s: %s", name, strerror(err));
	}
	return 0;
}
