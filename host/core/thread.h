/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_THREAD_H
#define MUSLIN_THREAD_H

#include <pthread.h>
#include <signal.h>

/* Makes a thread whose no signal is: they go to those that there are.  0 or -errno. */
static inline int thread_start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	sigset_t every, old;
	int r;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &old);
	r = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

#endif
