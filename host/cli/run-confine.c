/* SPDX-License-Identifier: MIT */
/* What this process keeps of its rights while it runs a guest. */
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "muslin.h"

struct list {
	struct muslin_reach *p;
	size_t n;
};

static void add(struct list *l, const char *path, int flags)
{
	l->p = grown(l->p, l->n + 1, sizeof(*l->p));
	l->p[l->n++] = (struct muslin_reach){ path, flags };
}

/* What --no-confine means. */
static void tell(void)
{
	struct passwd *pw = getpwuid(geteuid());

	complain(0, "not confined: who breaks out of the guest can do what user %s can",
		 pw ? pw->pw_name : "it");
}

int confine(struct muslin *m, const struct run_options *o, const char *program,
	    bool makes_image)
{
	char *image = makes_image && o->image ? xstrdup(o->image) : NULL;
	const char *dir = image ? dirname(image) : NULL;
	struct list l = { 0 };
	int r;

	if (o->no_confine) {
		free(image);
		tell();
		return 0;
	}
	for (size_t i = 0; i < o->ndirs; i++) {
		const struct dir *d = &o->dirs[i];

		add(&l, d->host, d->cow ? MUSLIN_READ_ONLY : d->flags & MUSLIN_READ_ONLY);
		if (d->layer)
			add(&l, d->layer, MUSLIN_REACH_LAYER);
	}
	for (size_t i = 0; i < o->nfiles; i++)
		add(&l, o->files[i].host, MUSLIN_READ_ONLY);
	if (program)
		add(&l, program, MUSLIN_READ_ONLY);
	/* if there is no such directory, whoever makes the file will say so */
	if (dir && !access(dir, F_OK))
		add(&l, dir, 0);
	if (makes_image)
		add(&l, NULL, MUSLIN_REACH_CACHE);
	r = muslin_confine(m, l.p, l.n);
	free(l.p);
	free(image);
	return r ? complain(STATUS_FAILED, "%s", muslin_error(m)) : 0;
}
