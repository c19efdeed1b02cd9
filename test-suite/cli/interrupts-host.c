/* SPDX-License-Identifier: MIT */
/*
 * An embedder that raises an interrupt from another thread, again and again, as
 * soon as the one before was taken: the guest counts them.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host_page.h"
#include "machine/irq.h"
#include "machine/machine.h"
#include "muslin.h"

#define COUNT 20000

static struct muslin *m;

static bool is_pending(void)
{
	return __atomic_load_n(&boot_vcpu(m)->page->irq_pending, __ATOMIC_SEQ_CST) & HOST_IRQ_WINCH;
}

static void *raise_all(void *arg)
{
	volatile int delay;
	unsigned int i, seed = 1;

	while (access("start", F_OK))
		usleep(1000);
	for (i = 0; i < COUNT; i++) {
		irq_raise(m, HOST_IRQ_WINCH);
		while (is_pending())
			;
		/* at another moment each time */
		for (delay = rand_r(&seed) % 500; delay; delay--)
			;
	}
	close(open("stop", O_WRONLY | O_CREAT, 0600));
	return arg;
}

int main(void)
{
	struct muslin_program program = { .path = "/mnt/count", .cwd = "/mnt", .uid = getuid() };
	char text[20] = "";
	pthread_t thread;
	int out[2], status;

	if (pipe(out) || muslin_new(NULL, &m) || muslin_boot(m) ||
	    muslin_mount(m, ".", "/mnt", 0)) {
		printf("cannot boot\n");
		return 1;
	}
	program.fd[0] = -1;
	program.fd[1] = out[1];
	program.fd[2] = 2;
	pthread_create(&thread, NULL, raise_all, NULL);
	if (muslin_wait(m, muslin_spawn(m, &program), &status) || status)
		printf("%s\n", muslin_error(m));
	pthread_join(thread, NULL);
	if (read(out[0], text, sizeof(text) - 1) < 0 || atoi(text) != COUNT)
		printf("%d were raised, %d came\n", COUNT, atoi(text));
	muslin_shutdown(m);
	muslin_free(m);
	return 0;
}
