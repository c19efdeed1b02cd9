/* SPDX-License-Identifier: MIT */
/* The command muslin; it uses nothing of the library but muslin.h. */
#ifndef MUSLIN_CLI_H
#define MUSLIN_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct muslin;

/* exit statuses of our own, as env(1) has them */
#define STATUS_USAGE		2
#define STATUS_LIMIT		124	/* time was over, as timeout(1) has it */
#define STATUS_FAILED		125	/* muslin itself */
#define STATUS_NOT_EXECUTABLE	126
#define STATUS_NOT_FOUND	127

/* argv[0] is the command's name; the result is the exit status. */
int cmd_run(int argc, char **argv);
int cmd_boot(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_imports(int argc, char **argv);
int cmd_cache(int argc, char **argv);
int cmd_snapshot(int argc, char **argv);
int cmd_binfmt(int argc, char **argv);
int cmd_shell(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_attend(int argc, char **argv);
int cmd_serve(int argc, char **argv);

/* The kernel started us for a program, as cmd_binfmt() asked it to. */
bool is_interpreter(void);
int run_as_interpreter(int argc, char **argv);

/* One line on standard error, "muslin: " first; returns status. */
int complain(int status, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* standard files that were closed when we started; they are /dev/null now */
extern bool was_closed[3];

struct dir {
	char *host;		/* as realpath has it */
	char *guest;
	int flags;		/* of muslin_mount */
	bool cow;		/* changes are kept in layer */
	char *layer;		/* a directory, once that is made */
};

/* One that is mounted over another. */
struct file {
	char *host;		/* as realpath has it */
	const char *guest;	/* in the option's text: */
	char *text;
};

struct disk {
	char *path;
	int flags;		/* of muslin_disk */
};

/* --- run-net.c --- */

enum net_option {
	NET_BACKEND, NET_ADDRESS, NET_MTU, NET_ALLOW, NET_NAMESERVER, NET_LOG, NET_PUBLISH,
	NET_OPTIONS
};

struct run_net {
	const char *backend;	/* NULL: no network */
	const char *address, *nameserver, *log;
	unsigned int mtu;
	/* end with NULL, or are NULL */
	const char **allow, **publish;
	size_t nallow, npublish;
};

enum limit_option { LIMIT_TIME, LIMIT_CPU, LIMIT_CPU_QUOTA, LIMIT_OUTPUT, LIMIT_QUOTA, LIMIT_PROCESSES, LIMIT_OPTIONS };

/* 0: none */
struct run_limits {
	double time, cpu;	/* seconds */
	double cpu_quota;	/* less than 1 */
	uint64_t output, quota;
	unsigned int processes;
};

struct run_options {
	struct dir *dirs;
	size_t ndirs;
	struct file *files;
	size_t nfiles;
	const char *hostname;
	char **env;
	size_t nenv;
	const char *cwd, *cmdline, *image;
	const char *cow_dir;	/* where layers are; NULL: as state_dir() says */
	const char *program;	/* its file; NULL: argv[0] */
	uint64_t memory;
	unsigned int cpus;
	int tier;		/* of muslin.h */
	struct run_net net;
	struct run_limits limits;
	struct disk *disks;
	size_t ndisks;
	int attend;		/* a socket on which it is asked; 0: none */
	bool as_native;		/* as if it ran without us */
	bool boot;		/* all kernel messages, on standard output */
	bool keep;		/* the program when it waits, in image */
	bool resume;		/* the program that image has */
	bool stats;
	bool tty;		/* of a program that is kept */
	int pid;		/* of muslin snapshot: whose machine that is; 0: ours */
	bool end;		/* which ends then */
	bool no_confine;
	const char *root;	/* a directory or an image; PROG is in it */
	bool on_disk;		/* the root is the last of disks: */
	int root_flags;		/* of muslin_mount_disk */
	/* of muslin shell, the only one that takes them */
	bool of_shell;
	const char *shell, *command;
	bool make_image;	/* if there is none in the cache */
};

extern const char run_options_help[];

/*
 * Index of the first argument that is no option.  A negative one means that
 * there is nothing left to do but to exit, with status -1 - index.
 */
int run_options_parse(struct run_options *o, int argc, char **argv,
		      const char *help);
/* One more directory, as --dir has it; 0, or an exit status. */
int run_options_dir(struct run_options *o, const char *arg);
/* The kernel parameters, to be freed. */
char *run_options_cmdline(const struct run_options *o);
void run_options_free(struct run_options *o);

/* Adds a variable, or replaces it; takes the string. */
void env_add(struct run_options *o, char *var);
/* The guest's name of a host path, which is as realpath has it; or NULL. */
char *guest_path(const struct run_options *o, const char *host);

/* The path is below a directory that the guest has of its own. */
bool is_guests_own(const char *path);

/*
 * Confines this process, as o wants it, to o's directories, the file program
 * and, if an image is made, its directory; program may be NULL.  0, or an exit
 * status.
 */
int confine(struct muslin *m, const struct run_options *o, const char *program,
	    bool makes_image);

/* What --net and its like say; 0, or an exit status. */
int run_net_option(struct run_options *o, enum net_option opt, const char *arg);
/* Makes it, before m is confined. */
int run_net(struct muslin *m, const struct run_options *o);
void run_net_free(struct run_options *o);

/* --- cli/run-limits.c --- */

/* --time and its like; 0, or an exit status. */
int run_limit_option(struct run_options *o, enum limit_option opt, const char *arg);
/* "512M", as the value of option; 0, or an exit status. */
int run_size(const char *option, const char *arg, uint64_t *size);

/* --root of muslin run and muslin boot. */
int run_root(struct run_options *o);
/* An image that root names, of that flags, is a disk. */
void root_on_disk(struct run_options *o, const char *path, int flags);
/* --disk; 0, or an exit status. */
int run_disk_option(struct run_options *o, const char *arg);
int run_disks(struct muslin *m, const struct run_options *o);
void run_disks_free(struct run_options *o);
/* Takes a suffix off, which is not all of it. */
bool ends_with(char *text, const char *suffix);

/* Boots, or resumes, runs argv if there is one, shuts down. */
int run_machine(struct run_options *o, char **argv);

/* --- cli/layer.c: where --dir HOST:cow keeps what has changed --- */

/* Makes those of o's directories, and locks them until this process ends. */
int layers_make(struct run_options *o);
/*
 * Opens that of host, which is as realpath has it, and locks it: its "upper", or
 * negative if it was told why not.  base: as cow_dir.
 */
int layer_open(const char *base, const char *host);
/* All in the directory dir is removed. */
bool remove_below(int dir);
bool remove_any(int dir, const char *name);

/* --- cli/changes.c --- */

enum change_kind {
	ADDED = 'A', MODIFIED = 'M', DELETED = 'D',
	REFUSED = '!',		/* nobody makes that of a guest's */
};

struct change {
	enum change_kind kind;
	const char *path;	/* below the host's directory */
	const char *name;	/* in both: */
	int upper, lower;	/* the layer's directory, and the host's or -1 */
	struct stat st;		/* what the layer has, unless it is DELETED */
};

/*
 * Calls fn for what the layer changes, directories before what is in them.  A
 * result that is not 0 ends it; negative: it was told why.  After an ADDED
 * directory fn sets lower to the new one, if there is one.
 */
int changes_each(int upper, int lower, int (*fn)(void *arg, struct change *c), void *arg);
/* Made printable, to be freed. */
char *printable_path(const char *path);

/* --- cli/shell.c --- */

/*
 * $XDG_STATE_HOME/muslin/NAME, made if need be, to be freed.  NULL: it was told why, and
 * without, what follows from that.
 */
char *state_dir(const char *name, const char *without);

/* One in the cache, for the machine of o, by another process. */
void make_image(const struct run_options *o);

/* --- run-stats.c --- */

struct run_times {
	uint64_t run, shutdown;	/* nanoseconds */
};

void print_stats(const struct muslin *m, const struct run_times *t);
uint64_t now_ns(void);

/* Index of the one argument that a command takes, or negative as above. */
int one_argument(int argc, char **argv, const char *help);

/* A muslin_config's progress; NULL if standard error shows none. */
typedef void progress_fn(void *arg, const char *line);
progress_fn *progress_for_terminal(void);

/* malloc, and its users, that cannot fail: a command has nobody to tell. */
void *xmalloc(size_t n);
void *grown(void *array, size_t n, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
