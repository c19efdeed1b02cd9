/* SPDX-License-Identifier: MIT */
/* --time, --cpu, --cpu-quota, --output, --quota, --processes: what a program that nobody trusts may take. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/run.h"
#include "muslin.h"

/* From the first signal on: the guest dies within it, or we do without it. */
#define GRACE_SECONDS 1

int run_size(const char *option, const char *arg, uint64_t *size)
{
	static const char units[] = "KMG";
	const char *unit = NULL;
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 10);
	if (*end)
		unit = strchr(units, *end);
	if (errno || arg[0] < '0' || arg[0] > '9' || (*end && (!unit || end[1])))
		return complain(STATUS_USAGE, "%s %s: not a size, as 512M or 1G are", option, arg);
	for (; unit && unit >= units; unit--)
		n = n > UINT64_MAX >> 10 ? UINT64_MAX : n << 10;
	*size = n;
	return 0;
}

/* "1.5" */
static int set_seconds(const char *option, const char *arg, double *seconds)
{
	char *end;
	double s = strtod(arg, &end);

	if (*end || arg[strspn(arg, "0123456789.")] || !(s > 0 && s <= 1e9))
		return complain(STATUS_USAGE, "%s %s: not a number of seconds", option, arg);
	*seconds = s;
	return 0;
}

/* All of the one processor that there is, or a part of it. */
static int set_cpu_quota(const char *arg, double *quota)
{
	char *end;
	double n = strtod(arg, &end);

	if (*end || arg[strspn(arg, "0123456789.")] || !(n >= 0.01 && n <= 1000))
		return complain(STATUS_USAGE, "--cpu-quota %s: not a part of a processor from 0.01", arg);
	*quota = n < 1 ? n : 0;
	return 0;
}

static int set_processes(const char *arg, unsigned int *n)
{
	char *end;
	unsigned long value = strtoul(arg, &end, 10);

	if (*end || arg[0] < '1' || arg[0] > '9' || value > 1000000)
		return complain(STATUS_USAGE, "--processes %s: not a number of processes", arg);
	*n = value;
	return 0;
}

int run_limit_option(struct run_options *o, enum limit_option opt, const char *arg)
{
	int status;

	switch (opt) {
	case LIMIT_TIME:
		return set_seconds("--time", arg, &o->limits.time);
	case LIMIT_CPU:
		return set_seconds("--cpu", arg, &o->limits.cpu);
	case LIMIT_CPU_QUOTA:
		return set_cpu_quota(arg, &o->limits.cpu_quota);
	case LIMIT_QUOTA:
		status = run_size("--quota", arg, &o->limits.quota);
		if (!status && !o->limits.quota)
			status = complain(STATUS_USAGE, "--quota %s: no room; see :ro", arg);
		return status;
	case LIMIT_OUTPUT:
		status = run_size("--output", arg, &o->limits.output);
		if (!status && !o->limits.output)
			status = complain(STATUS_USAGE, "--output %s: no output", arg);
		return status;
	default:
		return set_processes(arg, &o->limits.processes);
	}
}

/* --- when time is over --- */

static volatile sig_atomic_t kills;	/* the program, or us alone */
static const char *volatile why;		/* not NULL: it is over */
static char texts[2][64];

/*
 * The first time all that runs is killed, as Linux does it, and run_limits_status()
 * tells; a guest whose kernel does not even do that has lost its machine.
 */
static void over(int sig, siginfo_t *info, void *context)
{
	const char *text = info->si_value.sival_ptr;

	(void)sig;
	(void)context;
	if (!why) {
		why = text;
		if (kills)
			run_signals_kill();
		return;
	}
	(void)!write(2, text, strlen(text));
	_exit(STATUS_LIMIT);
}

/* Of clock, for the signal that interrupts us and no compiler. */
static int start(clockid_t clock, double seconds, const char *text)
{
	struct sigevent e = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGXCPU,
		.sigev_value.sival_ptr = (void *)text,
	};
	struct itimerspec when = {
		.it_value = { seconds, (seconds - (time_t)seconds) * 1e9 },
		.it_interval.tv_sec = GRACE_SECONDS,
	};
	struct sigaction sa = { .sa_sigaction = over, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	timer_t timer;

	/* the machine's own signals must not take this for its user code */
	sigfillset(&sa.sa_mask);
	if (!when.it_value.tv_sec && !when.it_value.tv_nsec)
		when.it_value.tv_nsec = 1;
	if (sigaction(SIGXCPU, &sa, NULL) || timer_create(clock, &e, &timer) ||
	    timer_settime(timer, 0, &when, NULL))
		return complain(STATUS_FAILED, "a timer: %s", strerror(errno));
	return 0;
}

/* --- a part of the processor --- */

#define SLICE_MS 10

static int rest_ms;

/* A slice was used: it is paid for by doing nothing, whatever the guest thinks of it. */
static void rest(int sig)
{
	int saved_errno = errno;

	(void)sig;
	poll(NULL, 0, rest_ms);
	errno = saved_errno;
}

static int start_resting(double quota)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM };
	struct itimerspec slice = {
		.it_value.tv_nsec = SLICE_MS * 1000000, .it_interval.tv_nsec = SLICE_MS * 1000000,
	};
	struct sigaction sa = { .sa_handler = rest, .sa_flags = SA_ONSTACK | SA_RESTART };
	timer_t timer;

	/* as above; but --time's does not wait */
	sigfillset(&sa.sa_mask);
	sigdelset(&sa.sa_mask, SIGXCPU);
	rest_ms = SLICE_MS / quota - SLICE_MS + .5;
	if (sigaction(SIGVTALRM, &sa, NULL) || timer_create(CLOCK_PROCESS_CPUTIME_ID, &e, &timer) ||
	    timer_settime(timer, 0, &slice, NULL))
		return complain(STATUS_FAILED, "a timer: %s", strerror(errno));
	return 0;
}

int run_limits_start(const struct run_options *o)
{
	int status = 0;

	if (o->limits.time) {
		snprintf(texts[0], sizeof(texts[0]), "muslin: its time is over, %g s\n", o->limits.time);
		status = start(CLOCK_MONOTONIC, o->limits.time, texts[0]);
	}
	if (o->limits.cpu && !status) {
		snprintf(texts[1], sizeof(texts[1]), "muslin: its processor time is over, %g s\n",
			 o->limits.cpu);
		status = start(CLOCK_PROCESS_CPUTIME_ID, o->limits.cpu, texts[1]);
	}
	if (o->limits.cpu_quota && o->cpus > 1 && !status)
		status = complain(STATUS_USAGE, "--cpu-quota is of one processor, not of %u", o->cpus);
	if (o->limits.cpu_quota && !status)
		status = start_resting(o->limits.cpu_quota);
	return status;
}

void run_limits_kill(bool yes)
{
	kills = yes;
}

int run_limits_status(int status)
{
	if (!why)
		return status;
	fputs(why, stderr);
	return STATUS_LIMIT;
}
