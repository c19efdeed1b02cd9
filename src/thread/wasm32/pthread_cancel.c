#define _GNU_SOURCE
#include <string.h>
#include "pthread_impl.h"
#include "syscall.h"

hidden long __cancel(void);

long __cancel(void)
{
	pthread_t self = __pthread_self();
	if (self->canceldisable == PTHREAD_CANCEL_ENABLE || self->cancelasync)
		pthread_exit(PTHREAD_CANCELED);
	self->canceldisable = PTHREAD_CANCEL_DISABLE;
	return -ECANCELED;
}

/* self->cp is nonzero from before the check to after the call. */
long __syscall_cp_begin(int is_close)
{
	pthread_t self = __pthread_self();
	int st = self->canceldisable;

	if (st && (st==PTHREAD_CANCEL_DISABLE || is_close)) return 0;
	self->cp = 1;
	if (!self->cancel) return 0;
	self->cp = 0;
	return __cancel();
}

long __syscall_cp_end(int is_close, long r)
{
	pthread_t self = __pthread_self();

	if (!self->cp) return r;
	self->cp = 0;
	if (!self->cancel) return r;
	if (r==-EINTR && !is_close && self->canceldisable != PTHREAD_CANCEL_DISABLE)
		return __cancel();
	/* takes the EINTR that cancel_handler may have asked for */
	__syscall(SYS_gettid);
	return r;
}

static void _sigaddset(sigset_t *set, int sig)
{
	unsigned s = sig-1;
	set->__bits[s/8/sizeof *set->__bits] |= 1UL<<(s&8*sizeof *set->__bits-1);
}

static void cancel_handler(int sig, siginfo_t *si, void *ctx)
{
	pthread_t self = __pthread_self();
	ucontext_t *uc = ctx;

	a_barrier();
	if (!self->cancel || self->canceldisable == PTHREAD_CANCEL_DISABLE) return;

	_sigaddset(&uc->uc_sigmask, SIGCANCEL);

	if (self->cancelasync) {
		pthread_sigmask(SIG_SETMASK, &uc->uc_sigmask, 0);
		__cancel();
	}

	/* The call that was interrupted returns EINTR; or, if this is between
	 * the check and the call, the next one that would sleep does. */
	if (self->cp) uc->uc_mcontext.__no_restart = 1;

	/* for the code that another signal's handler has interrupted */
	__syscall(SYS_tkill, self->tid, SIGCANCEL);
}

void __testcancel()
{
	pthread_t self = __pthread_self();
	if (self->cancel && !self->canceldisable)
		__cancel();
}

static void init_cancellation()
{
	struct sigaction sa = {
		.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK,
		.sa_sigaction = cancel_handler
	};
	memset(&sa.sa_mask, -1, _NSIG/8);
	__libc_sigaction(SIGCANCEL, &sa, 0);
}

int pthread_cancel(pthread_t t)
{
	static int init;
	if (!init) {
		init_cancellation();
		init = 1;
	}
	a_store(&t->cancel, 1);
	if (t == pthread_self()) {
		if (t->canceldisable == PTHREAD_CANCEL_ENABLE && t->cancelasync)
			pthread_exit(PTHREAD_CANCELED);
		return 0;
	}
	return pthread_kill(t, SIGCANCEL);
}
