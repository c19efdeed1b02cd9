/* SPDX-License-Identifier: MIT */
/* The program that runs, for handlers of signals: those that we get are for it. */
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

#include "cli/cli.h"
#include "muslin.h"

static struct muslin *volatile machine;
static volatile sig_atomic_t program;
/* the signal that ended the last one, or 0 */
static int killed_by;

/* what the terminal's keys send goes to all processes of the job */
static const int group_signals[] = { SIGINT, SIGQUIT, SIGHUP };
static const int single_signals[] = { SIGTERM, SIGUSR1, SIGUSR2 };

static void forward_to_group(int sig)
{
	muslin_kill(machine, -program, sig);
}

static void forward(int sig)
{
	muslin_kill(machine, program, sig);
}

static void set_handler(int sig, void (*handler)(int))
{
	struct sigaction sa = {
		.sa_handler = handler,
		.sa_flags = SA_ONSTACK | SA_RESTART,
	}, old;

	/* the machine's own signals must not take this for its user code */
	sigfillset(&sa.sa_mask);
	/* nohup */
	if (!sigaction(sig, NULL, &old) && old.sa_handler == SIG_IGN)
		return;
	sigaction(sig, &sa, NULL);
}

void run_signals(struct muslin *m, int id)
{
	size_t i;

	machine = m;
	program = id;
	for (i = 0; i < sizeof(group_signals) / sizeof(int); i++)
		set_handler(group_signals[i], id ? forward_to_group : SIG_DFL);
	for (i = 0; i < sizeof(single_signals) / sizeof(int); i++)
		set_handler(single_signals[i], id ? forward : SIG_DFL);
}

void run_signals_kill(void)
{
	muslin_kill(machine, -program, SIGKILL);
	muslin_kill(machine, program, SIGKILL);
}

void run_signals_killed(int sig)
{
	killed_by = sig;
}

/* Our parent sees the program's signal.  We leave no core file, whatever signal that is. */
void run_signals_die(void)
{
	static const struct rlimit none;
	sigset_t set;

	if (!killed_by)
		return;
	setrlimit(RLIMIT_CORE, &none);
	signal(killed_by, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, killed_by);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(killed_by);
}
