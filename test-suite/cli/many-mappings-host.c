/* SPDX-License-Identifier: MIT */
/* One machine has all mappings that it can have; another does not notice. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "muslin.h"

static struct muslin *make(void)
{
	struct muslin *m;

	if (muslin_new(NULL, &m) || muslin_boot(m) || muslin_mount(m, ".", "/mnt", 0))
		printf("cannot boot: %s\n", muslin_error(m));
	return m;
}

static int spawn(struct muslin *m, const char *path, char *arg)
{
	char *argv[] = { (char *)path, arg, NULL };
	struct muslin_program program = { .path = path, .argv = argv, .fd = { 0, 1, 2 } };
	int id = muslin_spawn(m, &program);

	if (id < 0)
		printf("%s: %s\n", path, muslin_error(m));
	return id;
}

static int wait_for(struct muslin *m, int id)
{
	int status = -1;

	if (muslin_wait(m, id, &status))
		printf("wait: %s\n", muslin_error(m));
	return status;
}

int main(void)
{
	struct muslin *many = make(), *other;
	int id = spawn(many, "/mnt/many", "stop"), status = wait_for(many, id);

	if (!WIFSTOPPED(status))
		printf("many: status %#x, not stopped\n", status);
	other = make();
	status = wait_for(other, spawn(other, "/mnt/one", NULL));
	if (status != 7 << 8)
		printf("one, in another machine: status %#x\n", status);
	/* and in its own: it stands still, and has it all */
	status = wait_for(many, spawn(many, "/mnt/one", NULL));
	if (status != 7 << 8)
		printf("one, in the same machine: status %#x\n", status);
	muslin_kill(many, id, 18 /* SIGCONT */);
	status = wait_for(many, id);
	if (status)
		printf("many: status %#x\n", status);
	muslin_free(many);
	status = wait_for(other, spawn(other, "/mnt/one", NULL));
	if (status != 7 << 8)
		printf("one, afterwards: status %#x\n", status);
	muslin_free(other);
	return 0;
}
