/* SPDX-License-Identifier: MIT */
/* What the files of muslin run share. */
#ifndef MUSLIN_CLI_RUN_H
#define MUSLIN_CLI_RUN_H

#include "cli/cli.h"

extern const char run_help[];

/* --- cli/run-target.c --- */

struct target {
	char *host;		/* real path */
	char *guest;		/* as the guest sees it; NULL: in no --dir */
};

/* What we can see of prog without a machine; 0, or an exit status. */
int target_find(const char *prog, struct target *t);
/* A program that is the guest's, which finds out whether it is there. */
int target_in_root(const struct run_options *o, struct target *t);
void add_current_dir(struct run_options *o, const char *cwd);
/* Is that directory of the host one of the guest's? */
bool is_visible(const struct run_options *o, const char *host);
/* All directories of o, and the program; 0, or an exit status. */
int mount_all(struct muslin *m, const struct run_options *o, struct target *t);
void default_env(struct run_options *o);

/* --- cli/run.c --- */

/* The program has the standard files, and may close them: we do not keep them. */
void run_release_files(bool keep_output);
/* Goes on from an image with a program, which o names; the exit status. */
int run_resume(struct run_options *o);
/* The exit status for a program that did not start. */
int run_start_status(int err);

/* --- cli/attend.c --- */

/* Does what is asked there, until the machine is to end; the exit status. */
int run_attend(struct muslin *m, int control);

/* --- cli/run-signals.c --- */

/* Signals that we get are for this program, from now on; 0: there is none. */
void run_signals(struct muslin *m, int id);
/* Async-signal-safe: that program, and its job, are killed. */
void run_signals_kill(void);
/* A signal ended the program: run_signals_die() is to die as it did. */
void run_signals_killed(int sig);
void run_signals_die(void);

/* --- cli/run-limits.c --- */

/* The clocks begin, before a machine is confined; 0, or an exit status. */
int run_limits_start(const struct run_options *o);
/* The clocks end the program of run_signals(), from now on; false: us alone. */
void run_limits_kill(bool yes);
/* What becomes of a program's exit status: another one if a clock has ended it. */
int run_limits_status(int status);

#endif
