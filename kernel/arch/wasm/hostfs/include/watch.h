/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Directories that the host watches for hostfs.  While nothing is heard of
 * one, the names in it are the same files', and its own mode stays.
 */
#ifndef _HOSTFS_WATCH_H
#define _HOSTFS_WATCH_H

#include <linux/list.h>
#include <asm/hostfs.h>

struct hostfs_watch {
	int number;		/* the host's, 0 for none */
	bool itself;		/* asked about itself since it was heard of */
	unsigned long names;	/* another value after a change, never 0 */
	unsigned long since;	/* the last change or check, in jiffies */
	unsigned long used;
	int asks;
	struct list_head list;
};

void hostfs_watch_init(struct hostfs_watch *w);
/* Is the directory used often enough?  Each call counts. */
bool hostfs_watch_wanted(struct hostfs_watch *w);
/* number is the host's answer. */
void hostfs_watch(struct hostfs_watch *w, int number);
void hostfs_unwatch(struct hostfs_watch *w);
void hostfs_unwatch_all(void);
/* w->names is true at this moment then, if w->number is not 0. */
void hostfs_hear(struct hostfs_watch *w);

/* The host was asked about the directory itself. */
static inline void hostfs_watch_asked(struct hostfs_watch *w)
{
	w->itself = w->number;
}

#endif
