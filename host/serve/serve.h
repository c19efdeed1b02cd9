/* SPDX-License-Identifier: MIT */
/* muslin-serve: machines for whoever may connect to a socket of the host.  doc/serve.md */
#ifndef MUSLIN_SERVE_H
#define MUSLIN_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct json_object;
struct muslin_program;

/* --- machines.c: those that there are; all can be called by any thread --- */

/* options: of `muslin attend', for each of them; kept */
void machines_init(char *const *options, unsigned int most);
/* A new one that is up; or an HTTP status, and why. */
int machine_create(char id[16], const char **why);
/* A connection to it, to be closed; -1: there is none. */
int machine_connect(const char *id);
/* It is gone when this returns; false: there was none. */
bool machine_delete(const char *id);
struct json_object *machines_list(void);
/* Those that have ended are no more. */
void machines_reap(void);
void machines_kill_all(void);

/* --- program.c: one that runs in a machine --- */

struct running {
	int control;		/* its machine; closed in the end */
	int answers;
	int in, out[2];		/* our ends of its files; or -1 */
	const char *input;	/* what is yet to be written to in */
	size_t input_size;
	int id;
	bool ended;
	int status;		/* as waitpid(2) has it, when it has ended */
	bool lost;		/* the machine was gone before */
	bool late;		/* it was killed for its time */
	int64_t deadline;	/* of now_ms() */
};

/*
 * Starts it; input stays the caller's until running_stop().  0, or a negative errno: then
 * why, of n bytes, tells more.
 */
int running_start(struct running *r, int control, struct muslin_program *p,
		  const char *input, size_t size, double seconds, char *why, size_t n);
/*
 * The next output: its size, and which of out it was; 0: it has ended, and there is no
 * more.
 */
ssize_t running_read(struct running *r, void *buf, size_t n, int *which);
/* Kills what still runs. */
void running_stop(struct running *r);

/* --- output.c: what a program wrote, in JSON --- */

struct buffer {
	char *p;
	size_t n;
	bool truncated;		/* there was more than its most */
};

void buffer_add(struct buffer *b, const void *data, size_t n, size_t most);
/* "name": a string; or "name_base64", if it is no text. */
void json_add_output(struct json_object *o, const char *name, const char *p, size_t n);
void json_add_end(struct json_object *o, const struct running *r);

/* --- requests.c --- */

/* JSON of an exec request as a program; false: why says what is wrong with it. */
struct exec_request {
	struct json_object *json;
	char **argv, **envp;
	const char *cwd, *input;
	int uid, gid;
	size_t input_size;
	double seconds;
	bool stream;
};
bool exec_parse(struct exec_request *e, const char *text, size_t n, const char **why);
void exec_free(struct exec_request *e);

/* --- http.c --- */

bool http_start(int listening);
void http_stop(void);

#endif
