/* SPDX-License-Identifier: MIT */
/* Host signals: whose they are, on a thread that may run a vCPU. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "machine/fault.h"
#include "machine/hooks.h"
#include "machine/signals.h"
#include "machine/vcpu.h"

#define ALT_STACK_SIZE 65536

/* of the thread, while it runs a vCPU */
struct host_signals {
	stack_t alt_stack;
	sigset_t mask;
	uint8_t *memory;
};

static _Thread_local struct vcpu *current_vcpu;

struct vcpu *signals_vcpu(void)
{
	return current_vcpu;
}

/*
 * Handlers are the process's: the first machine that runs on any thread
 * installs ours, the last takes them away.  What they are not for goes to
 * those that the embedder had.
 */
enum { SEGV, BUS, IRQ, SIGNALS };

static struct {
	pthread_mutex_t lock;
	int machines;
	struct sigaction others[SIGNALS];
} process = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int signal_number(int i)
{
	return i == SEGV ? SIGSEGV : i == BUS ? SIGBUS : signals_irq();
}

/* As the kernel does it: the process may leave a core, and is seen to be killed. */
static void take_default(int sig, const siginfo_t *si)
{
	if (sig == signals_irq())
		return;
	machine_hooks.dying();
	signal(sig, SIG_DFL);
	/* an instruction comes back to its fault; what was sent does not */
	if (si->si_code <= 0)
		raise(sig);
}

/* Not the machine's: as if our handler were not there. */
static void pass_on(int i, int sig, siginfo_t *si, void *context)
{
	struct sigaction sa = process.others[i];
	sigset_t mask;

	if (sa.sa_handler == SIG_IGN && si->si_code <= 0)
		return;
	if (sa.sa_handler == SIG_DFL || sa.sa_handler == SIG_IGN) {
		take_default(sig, si);
		return;
	}
	if (sa.sa_flags & SA_RESETHAND)
		process.others[i].sa_handler = SIG_DFL;
	/* that of the interrupted code; 64 signals are all that a frame has */
	sigemptyset(&mask);
	memcpy(&mask, &((ucontext_t *)context)->uc_sigmask, NSIG / 8);
	sigorset(&mask, &mask, &sa.sa_mask);
	if (!(sa.sa_flags & SA_NODEFER))
		sigaddset(&mask, sig);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (sa.sa_flags & SA_SIGINFO)
		sa.sa_sigaction(sig, si, context);
	else
		sa.sa_handler(sig);
}

bool signals_stack_has(const struct vcpu *v, const void *sp)
{
	return (uintptr_t)sp - (uintptr_t)v->signals->memory < ALT_STACK_SIZE;
}

static void on_fault(int sig, siginfo_t *si, void *context)
{
	struct vcpu *v = current_vcpu;

	/* what was sent by somebody has no address */
	if (!v || !v->task || si->si_code <= 0 ||
	    !fault_handle(v, sig, si->si_addr, context))
		pass_on(sig == SIGBUS ? BUS : SEGV, sig, si, context);
}

/* Not on the task's stack, which may have no room for a host's frame. */
static void on_irq(int sig, siginfo_t *si, void *context)
{
	struct vcpu *v = current_vcpu;
	int saved_errno = errno;

	if ((si->si_code != SI_TIMER && si->si_code != SI_QUEUE) ||
	    si->si_ptr != signals_irq_tag()) {
		pass_on(IRQ, sig, si, context);
		errno = saved_errno;
		return;
	}
	if (!v)
		return;
	fault_interrupt(v, context);
	errno = saved_errno;
}

int signals_irq(void)
{
	return SIGURG;	/* ignored by default, should one come late */
}

void *signals_irq_tag(void)
{
	return &process;
}

static bool is_ours(const struct sigaction *sa)
{
	return sa->sa_flags & SA_SIGINFO &&
		(sa->sa_sigaction == on_fault || sa->sa_sigaction == on_irq);
}

/* Also if the embedder has put others there meanwhile: then those are it. */
static void install_handlers(void)
{
	struct sigaction sa[SIGNALS], now;
	int i;

	sa[SEGV] = (struct sigaction){ .sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	sigaddset(&sa[SEGV].sa_mask, signals_irq());
	sa[BUS] = sa[SEGV];
	sa[IRQ] = (struct sigaction){ .sa_sigaction = on_irq,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	pthread_mutex_lock(&process.lock);
	process.machines++;
	for (i = 0; i < SIGNALS; i++) {
		sigaction(signal_number(i), NULL, &now);
		if (is_ours(&now))
			continue;
		process.others[i] = now;
		sigaction(signal_number(i), &sa[i], NULL);
	}
	pthread_mutex_unlock(&process.lock);
}

static void remove_handlers(void)
{
	struct sigaction now;
	int i;

	pthread_mutex_lock(&process.lock);
	process.machines--;
	for (i = 0; i < SIGNALS && !process.machines; i++) {
		sigaction(signal_number(i), NULL, &now);
		if (is_ours(&now))
			sigaction(signal_number(i), &process.others[i], NULL);
	}
	pthread_mutex_unlock(&process.lock);
}

/* An embedder may have blocked them, or have left them blocked. */
static void unblock_signals(sigset_t *old)
{
	sigset_t set;
	int i;

	sigemptyset(&set);
	for (i = 0; i < SIGNALS; i++)
		sigaddset(&set, signal_number(i));
	pthread_sigmask(SIG_UNBLOCK, &set, old);
}

int signals_start(struct vcpu *v)
{
	struct host_signals *s = calloc(1, sizeof(*s));
	stack_t alt = { .ss_size = ALT_STACK_SIZE };
	int err = -ENOMEM;

	if (!s)
		return -ENOMEM;
	s->memory = mmap(NULL, ALT_STACK_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->memory == MAP_FAILED)
		goto out_free;
	alt.ss_sp = s->memory;
	/* not in a handler that has another one */
	if (sigaltstack(&alt, &s->alt_stack)) {
		err = -errno;
		goto out_unmap;
	}
	current_vcpu = v;
	v->signals = s;
	install_handlers();
	unblock_signals(&s->mask);
	return 0;
out_unmap:
	munmap(s->memory, ALT_STACK_SIZE);
out_free:
	free(s);
	return err;
}

void signals_stop(struct vcpu *v)
{
	struct host_signals *s = v->signals;

	if (!s)
		return;
	v->signals = NULL;
	current_vcpu = NULL;
	pthread_sigmask(SIG_SETMASK, &s->mask, NULL);
	remove_handlers();
	sigaltstack(&s->alt_stack, NULL);
	munmap(s->memory, ALT_STACK_SIZE);
	free(s);
}
