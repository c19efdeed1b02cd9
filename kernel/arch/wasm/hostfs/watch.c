// SPDX-License-Identifier: GPL-2.0
/* Which directories the host watches. */
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <asm/host.h>
#include <moment.h>
#include <watch.h>

#define MOST 128
#define OFTEN 4			/* what is used so many times is watched */
#define LATER (-10000)		/* as asks: the next try is so far away */

/*
 * No change is trusted to be heard of for longer than this: the host does not
 * tell when it mounts a file system in the middle of a tree.
 */
#define TRUST HZ

/* Of all that is here, and of what is in each watch; nothing here sleeps. */
static DEFINE_SPINLOCK(watch_lock);

static LIST_HEAD(watches);
static unsigned int n_watches;
static u64 heard;		/* the moment when all was heard */

void hostfs_watch_init(struct hostfs_watch *w)
{
	*w = (struct hostfs_watch){ };
	INIT_LIST_HEAD(&w->list);
}

static void changed(struct hostfs_watch *w)
{
	static unsigned long names;

	if (!++names)
		names++;
	w->names = names;
	w->since = jiffies;
	w->itself = false;
}

static void forget(struct hostfs_watch *w)
{
	changed(w);
	list_del_init(&w->list);
	n_watches--;
	w->number = 0;
}

/* Two mounts of one directory share a watch. */
static struct hostfs_watch *by_number(int number)
{
	struct hostfs_watch *w;

	list_for_each_entry(w, &watches, list)
		if (w->number == number)
			return w;
	return NULL;
}

static void unwatch(struct hostfs_watch *w)
{
	int number = w->number;

	if (!number)
		return;
	forget(w);
	if (!by_number(number))
		host_file_unwatch(number);
}

void hostfs_unwatch(struct hostfs_watch *w)
{
	spin_lock(&watch_lock);
	unwatch(w);
	spin_unlock(&watch_lock);
}

void hostfs_unwatch_all(void)
{
	spin_lock(&watch_lock);
	while (!list_empty(&watches))
		unwatch(list_first_entry(&watches, struct hostfs_watch, list));
	spin_unlock(&watch_lock);
}

static bool make_room(void)
{
	struct hostfs_watch *w, *oldest = NULL;

	if (n_watches < MOST)
		return true;
	list_for_each_entry(w, &watches, list)
		if (!oldest || time_before(w->used, oldest->used))
			oldest = w;
	if (time_before(jiffies, oldest->used + TRUST))
		return false;
	unwatch(oldest);
	return true;
}

bool hostfs_watch_wanted(struct hostfs_watch *w)
{
	bool wanted;

	if (++w->asks < OFTEN)
		return false;
	w->asks = LATER;
	spin_lock(&watch_lock);
	wanted = make_room();
	spin_unlock(&watch_lock);
	return wanted;
}

void hostfs_watch(struct hostfs_watch *w, int number)
{
	if (number <= 0)
		return;
	spin_lock(&watch_lock);
	/* unless another CPU was first: the host gives a directory one number */
	if (!w->number) {
		w->asks = 0;
		w->number = number;
		list_add(&w->list, &watches);
		n_watches++;
		changed(w);
	}
	spin_unlock(&watch_lock);
}

static void hear_of(int number)
{
	struct hostfs_watch *w, *next;

	list_for_each_entry_safe(w, next, &watches, list) {
		if (w->number == number)
			changed(w);
		else if (w->number == -number)
			forget(w);
	}
}

static void hear(void)
{
	static int numbers[64];
	u64 now = hostfs_moment();
	struct hostfs_watch *w;
	int i, n;

	if (heard == now)
		return;
	n = host_file_heard(numbers, ARRAY_SIZE(numbers));
	for (i = 0; i < n; i++)
		hear_of(numbers[i]);
	if (n < 0)
		list_for_each_entry(w, &watches, list)
			changed(w);
	heard = now;
}

void hostfs_hear(struct hostfs_watch *w)
{
	spin_lock(&watch_lock);
	hear();
	if (time_after(jiffies, w->since + TRUST))
		changed(w);
	w->used = jiffies;
	spin_unlock(&watch_lock);
}
