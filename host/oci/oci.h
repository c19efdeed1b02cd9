/* SPDX-License-Identifier: MIT */
/*
 * muslin-oci, a runtime by the OCI runtime specification: doc/oci.md.  A container is a
 * machine, its process `muslin attend', of which the container's program is the main one.
 */
#ifndef MUSLIN_OCI_H
#define MUSLIN_OCI_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct muslin_program;
struct muslin_rlimit;

/* --- main.c --- */

extern const char *oci_root;	/* --root: where the state of containers is */

/* One line, on standard error and in the log; 1. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void *xmalloc(size_t n);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The commands, argv[0] being their name; the exit status. */
int cmd_create(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_state(int argc, char **argv);
int cmd_kill(int argc, char **argv);
int cmd_delete(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_pause(int argc, char **argv);
int cmd_resume(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_features(int argc, char **argv);

/* --- json.c: members of objects, and what they have to be --- */

/* NULL if it cannot be read, or is no object: it was told why. */
struct json_object *json_file(const char *path);
/* A member of that type, "a.b.c"; NULL if there is none, or null, or any of them is none. */
struct json_object *json_get(struct json_object *o, const char *path, enum json_type type);
/* A member has another type: it was told so. */
bool json_is_wrong(struct json_object *o, const char *path, enum json_type type);
const char *json_string(struct json_object *o, const char *path);	/* or NULL */
bool json_true(struct json_object *o, const char *path);
size_t json_length(struct json_object *list);	/* 0 of NULL, too */
/*
 * What is in it, and NULL, to be freed; they are list's.  other stands for what is no
 * string; NULL: then the result is.
 */
char **json_strings(struct json_object *list, const char *other);

/* --- options.c: a configuration as options of muslin run --- */

struct arguments {
	char **v;
	size_t n;
};

void arguments_add(struct arguments *a, char *arg);
void arguments_free(struct arguments *a);

/* rootfs: a real path; dir: the container's state.  0, or 1: it was told why. */
int options_make(struct arguments *a, struct json_object *config, const char *bundle,
		 const char *rootfs, const char *dir);

/* --- mounts.c --- */

int mounts_add(struct arguments *a, struct json_object *config, const char *bundle,
	       const char *rootfs, const char *dir);

/* --- rootfs.c: names in a directory that is not trusted --- */

/* As chroot(2) would have path: a descriptor (O_PATH), or -1. */
int rootfs_open(int root, const char *path);
/* A directory, or an empty file, so that something can be mounted there; false: errno. */
bool rootfs_point(int root, const char *path, bool directory);
/* name, looked for in the variable PATH of env; NULL: nobody may execute it. */
char *rootfs_find(int root, const char *name, char *const *env);

/* --- process.c: the specification's process --- */

struct process {
	char **argv, **envp;
	const char *cwd;
	gid_t *groups;
	struct muslin_rlimit *limits;
	size_t ngroups, nlimits;
	uid_t uid;
	gid_t gid;
	mode_t umask;
	bool terminal;
	unsigned int rows, columns;
};

/* p refers to o.  0, or 1: it was told why. */
int process_parse(struct process *p, struct json_object *o);
void process_free(struct process *p);
struct muslin_program process_program(const struct process *p, const char *path);

/* --- state.c --- */

enum status { CREATING, CREATED, RUNNING, PAUSED, STOPPED };

struct container {
	const char *id;
	int dir;		/* of its state, O_PATH */
	struct json_object *config, *state;
	pid_t pid, machine;	/* the keeper's, the machine's: its child */
	int pidfd;		/* or -1: it has ended */
	int machine_pidfd;	/* or -1 */
	int program;		/* the main one's id; 0: not started */
	enum status status;
};

bool id_is_valid(const char *id);
/* That there is; 1: there is none, or it was told why not. */
int container_open(struct container *c, const char *id);
void container_close(struct container *c);
/* A new one, whose state is empty; 1: it was told why. */
int container_make(struct container *c, const char *id);
void container_remove(struct container *c);
/* Its state, once it has a process; false: errno. */
bool container_save(struct container *c, const char *bundle, const char *rootfs);
/* As the specification has it, to be freed by json_object_put(). */
struct json_object *container_state(const struct container *c);
extern const char *const status_names[];
/* A small file in the directory of its state; false: errno. */
bool container_mark(struct container *c, const char *name, const char *text);
void container_unmark(struct container *c, const char *name);
/* Whole, or not at all; false: errno. */
bool write_pid(const char *path, pid_t pid);

/* A socket that its process is asked on, or -1; make: a new one that is listened to. */
int control_connect(struct container *c);
int control_make(struct container *c);

/* --- signals.c --- */

int signal_number(const char *name);	/* 0: there is none */
/* The process has ended within so many milliseconds. */
bool container_ended(struct container *c, int timeout);
/* To its machine, as a process of the host; 0 or a negative errno. */
int container_signal(struct container *c, int sig);
int container_kill(struct container *c, int sig, bool all);

/* --- console.c --- */

/* A terminal of that size, whose master goes to the socket at path: its slave, or -1. */
int console_make(const char *path, const struct process *p);

/* --- hooks.c --- */

/* All of hooks.NAME; status is what the state says.  0, or 1: it was told why. */
int hooks_run(struct container *c, const char *name, enum status status);

#endif
