/* SPDX-License-Identifier: MIT */
/* muslin.h: the life of a machine. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "host_page.h"
#include "loader/build.h"
#include "api/confine.h"
#include "core/stats.h"
#include "devices/ctl.h"
#include "disk/disk.h"
#include "hostfs/hostfs.h"
#include "image/image.h"
#include "api/initrd.h"
#include "machine/cpus.h"
#include "machine/signals.h"
#include "machine/frames.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/syscalls.h"
#include "machine/user.h"
#include "loader/jobs.h"
#include "loader/module.h"
#include "net/net.h"
#include "muslin.h"
#include "devices/stream.h"
#include "devices/tty.h"

#define DEFAULT_MEMORY (1ull << 30)
/* host/variant.mk */
#ifndef KERNEL_CPUS
#define KERNEL_CPUS 1
#endif

int api_new(const struct muslin_config *config, bool compiles, struct muslin **out)
{
	static const struct muslin_config none;
	struct muslin *m;
	int r;

	*out = NULL;
	if (!config)
		config = &none;
	if (config->cpus > muslin_cpus_most())
		return -ENOTSUP;
	m = arena_new();
	if (!m)
		return -ENOMEM;
	m->memory_fd = m->wake_fd = -1;
	m->cpus = config->cpus ? config->cpus : 1;
	pthread_mutex_init(&m->lock, NULL);
	m->log = config->log;
	m->callback_arg = config->arg;
	m->loader = (struct loader) {
		.tier = config->tier, .exports = kernel_exports,
		.nexports = kernel_exports_count, .counting = config->count_calls,
		.stats = &m->stats, .files = &m->files,
		.progress = config->progress, .progress_arg = config->arg,
		.loaded = user_loaded, .loaded_arg = m,
	};
	m->keep = config->keep;
	m->arena.keep = config->keep;
	m->limits = (struct limits) {
		.output_limited = config->output, .output = config->output,
		.tasks = config->tasks,
	};
	if (config->count_calls) {
		m->calls = calloc(kernel_exports_count, sizeof(*m->calls));
		if (!m->calls) {
			arena_delete(m);
			return -ENOMEM;
		}
	}

	frames_open();
	/* while there is little for it to inherit */
	r = compiles ? builder_start(&m->loader) : 0;
	if (r)
		goto out_free;
	if ((r = ctl_init(m)) || (r = streams_init(m)) || (r = tty_init(m)))
		goto out_free;
	m->ctl->memory = config->memory ? config->memory : DEFAULT_MEMORY;
	r = -ENOMEM;
	m->hostfs = hostfs_create();
	if (!m->hostfs)
		goto out_free;
	hostfs_count(m->hostfs, &m->files);
	hostfs_limit(m->hostfs, config->files);
	if (asprintf((char **)&m->cmdline, "console=ttyW0 quiet %s",
		     config->cmdline ? config->cmdline : "") < 0) {
		m->cmdline = NULL;
		goto out_free;
	}
	if (config->image && !(m->image = strdup(config->image)))
		goto out_free;
	*out = m;
	return 0;
out_free:
	muslin_free(m);
	return r;
}

int muslin_new(const struct muslin_config *config, struct muslin **m)
{
	return api_new(config, true, m);
}

void muslin_free(struct muslin *m)
{
	/* it runs: this is a callback of it */
	if (!m || boot_vcpu(m)->running)
		return;
	/* their threads use its memory */
	disks_exit(m);
	jobs_stop(&m->loader);
	machine_exit(m);
	image_exit(m);
	module_exit(&m->loader);
	builder_stop(&m->loader);
	tty_exit(m);
	streams_exit(m);
	ctl_exit(m);
	net_exit(m);
	if (m->hostfs)
		hostfs_destroy(m->hostfs);
	free((void *)m->initrd);
	free((void *)m->cmdline);
	free(m->calls);
	free(m->image);
	confine_exit(m);
	arena_delete(m);
}

static const char *down(const struct muslin *m)
{
	switch (m->halted) {
	case HALTED + HOST_POWER_OFF:
		return "the guest has switched the machine off";
	case HALTED + HOST_RESTART_MACHINE:
		return "the guest has restarted the machine";
	case HALTED + HOST_PANIC:
		return "the kernel panicked";
	case HALTED + HOST_NO_MEMORY:
		return "the host has no room for what the machine needs";
	default:
		return "the machine is not up";
	}
}

static const int errors[] = { SIGPIPE, SIGXFSZ };

void api_hold(struct api_held *h)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		sigaddset(&set, errors[i]);
	pthread_sigmask(SIG_BLOCK, &set, &h->old);
	sigpending(&h->pending);
}

/* Takes those of the signals that were not there before. */
void api_release(const struct api_held *h)
{
	const struct timespec now = { 0 };
	sigset_t set;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		sigemptyset(&set);
		sigaddset(&set, errors[i]);
		if (!sigismember(&h->pending, errors[i]))
			sigtimedwait(&set, NULL, &now);
	}
	pthread_sigmask(SIG_SETMASK, &h->old, NULL);
}

int api_run(struct muslin *m, bool (*until)(struct muslin *, void *), void *arg)
{
	struct api_held held;
	int r;

	if (until(m, arg))
		return 0;
	/* the guest's writes */
	api_hold(&held);
	r = machine_run(m, until, arg);
	api_release(&held);

	if (r && !m->error[0])
		return fail(m, r, "%s", down(m));
	return r;
}

bool api_busy(const struct muslin *m)
{
	return signals_vcpu() || boot_vcpu(m)->running;
}

int api_check(struct muslin *m)
{
	if (api_busy(m))
		return -EBUSY;
	m->error[0] = 0;
	if (m->ctl->ready && !m->halted)
		return 0;
	return fail(m, -ESHUTDOWN, "%s", down(m));
}

static bool until_ready(struct muslin *m, void *arg)
{
	(void)arg;
	return m->ctl->ready;
}

static int boot(struct muslin *m, void *arg)
{
	int r = api_resume(m);

	(void)arg;
	if (r)
		return r < 0 ? r : confine_enter(m);
	if (!m->initrd)
		m->initrd = initrd_make(&m->initrd_size);
	if (!m->initrd)
		return fail(m, -ENOMEM, "out of memory");
	r = machine_init(m, m->ctl->memory);
	if (!r)
		r = confine_enter(m);
	return r ? r : api_run(m, until_ready, NULL);
}

int api_start(struct muslin *m, int (*how)(struct muslin *m, void *arg), void *arg)
{
	uint64_t start = stats_now();
	struct api_held held;
	int r;

	if (api_busy(m))
		return -EBUSY;
	m->error[0] = 0;
	if (m->kernel)
		return fail(m, -EBUSY, "the machine was booted before");
	api_hold(&held);
	r = how(m, arg);
	api_release(&held);
	m->stats.boot = stats_now() - start;
	return r;
}

int muslin_boot(struct muslin *m)
{
	return api_start(m, boot, NULL);
}

static bool until_halted(struct muslin *m, void *arg)
{
	(void)m;
	(void)arg;
	return false;
}

int muslin_shutdown(struct muslin *m)
{
	struct ctl_head msg = { sizeof(msg), CTL_POWER_OFF, 0 };
	int r = api_check(m);

	if (!r)
		r = ctl_send(m, &msg);
	if (r)
		return r;
	r = api_run(m, until_halted, NULL);
	tty_detach(m);
	return m->halted == HALTED + HOST_POWER_OFF ? 0 : r;
}

const char *muslin_error(const struct muslin *m)
{
	/* what it says of the running call is not to change */
	if (api_busy(m))
		return "a machine is running: this is one of its callbacks";
	return m->error;
}

unsigned int muslin_cpus_most(void)
{
	return KERNEL_CPUS;
}

const char *muslin_version(void)
{
	return VERSION;
}
