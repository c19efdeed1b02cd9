/* SPDX-License-Identifier: MIT */
/* Requests, each on a thread of its own: from HTTP to what it asks for, and back. */
#include <errno.h>
#include <json-c/json.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "muslin.h"
#include "serve/serve.h"

#define BODY_MOST	(64 << 20)	/* of a file */
#define REQUEST_MOST	(8 << 20)	/* of JSON */
#define OUTPUT_MOST	(8 << 20)	/* of each of a program's, in one answer */
#define ALL_BODIES	(256 << 20)	/* at once */
#define CONNECTIONS	128
#define IDLE_SECONDS	60
#define FILE_SECONDS	60

static struct MHD_Daemon *httpd;
static atomic_size_t all_bodies;

struct request {
	struct buffer body;
	bool refused;
};

/* --- answers --- */

static enum MHD_Result answer(struct MHD_Connection *c, int status, const char *type, void *p,
			      size_t n)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(n, p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	if (type)
		MHD_add_response_header(r, "Content-Type", type);
	done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

/* takes o */
static enum MHD_Result answer_json(struct MHD_Connection *c, int status, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	enum MHD_Result done = answer(c, status, "application/json", (void *)text, strlen(text));

	json_object_put(o);
	return done;
}

static enum MHD_Result fail(struct MHD_Connection *c, int status, const char *why)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "error", json_object_new_string(why));
	return answer_json(c, status, o);
}

/* --- exec --- */

/* A program whose output goes out as it comes. */
struct streaming {
	struct running r;
	struct exec_request e;
	struct buffer line;	/* what is yet to be sent, from sent on */
	size_t sent;
	bool told_end;
};

static void put_line(struct streaming *s, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);

	buffer_add(&s->line, text, strlen(text), SIZE_MAX);
	buffer_add(&s->line, "\n", 1, SIZE_MAX);
	json_object_put(o);
}

static const char *const output_names[] = { "stdout", "stderr" };

static void next_line(struct streaming *s)
{
	struct json_object *o = json_object_new_object();
	char buf[16384];
	int which;
	ssize_t n = running_read(&s->r, buf, sizeof(buf), &which);

	s->line.n = s->sent = 0;
	if (n > 0) {
		json_add_output(o, output_names[which], buf, n);
	} else {
		json_add_end(o, &s->r);
		s->told_end = true;
	}
	put_line(s, o);
}

static ssize_t send_lines(void *arg, uint64_t pos, char *buf, size_t max)
{
	struct streaming *s = arg;
	size_t n;

	(void)pos;
	if (s->sent == s->line.n && s->told_end)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (s->sent == s->line.n)
		next_line(s);
	n = s->line.n - s->sent;
	if (n > max)
		n = max;
	memcpy(buf, s->line.p + s->sent, n);
	s->sent += n;
	return n;
}

/* The client may be gone before its program. */
static void end_stream(void *arg)
{
	struct streaming *s = arg;

	running_stop(&s->r);
	exec_free(&s->e);
	free(s->line.p);
	free(s);
}

static enum MHD_Result answer_stream(struct MHD_Connection *c, struct streaming *s)
{
	struct json_object *o = json_object_new_object();
	struct MHD_Response *r;
	enum MHD_Result done;

	json_object_object_add(o, "program", json_object_new_int(s->r.id));
	put_line(s, o);
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, send_lines, s, end_stream);
	if (!r) {
		end_stream(s);
		return MHD_NO;
	}
	MHD_add_response_header(r, "Content-Type", "application/x-ndjson");
	done = MHD_queue_response(c, 200, r);
	MHD_destroy_response(r);
	return done;
}

/* To its end: all output, of which most bytes are kept. */
static void collect(struct running *r, struct buffer out[2], size_t most)
{
	char buf[65536];
	ssize_t n;
	int which;

	while ((n = running_read(r, buf, sizeof(buf), &which)) > 0)
		buffer_add(&out[which], buf, n, most);
}

static enum MHD_Result answer_whole(struct MHD_Connection *c, struct streaming *s)
{
	struct json_object *o = json_object_new_object();
	struct buffer out[2] = { 0 };

	collect(&s->r, out, OUTPUT_MOST);
	json_add_end(o, &s->r);
	for (int i = 0; i < 2; i++) {
		json_add_output(o, output_names[i], out[i].p, out[i].n);
		free(out[i].p);
	}
	if (out[0].truncated || out[1].truncated)
		json_object_object_add(o, "truncated", json_object_new_boolean(1));
	end_stream(s);
	return answer_json(c, 200, o);
}

static enum MHD_Result exec(struct MHD_Connection *c, int machine, const struct request *q)
{
	static char *const no_env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", NULL };
	struct streaming *s = calloc(1, sizeof(*s));
	struct muslin_program p = { .umask = 022 };
	char why[300];
	const char *what;
	int r;

	if (!s || !exec_parse(&s->e, q->body.p, q->body.n, &what)) {
		snprintf(why, sizeof(why), "exec: %s", s ? what : "out of memory");
		close(machine);
		if (s)
			exec_free(&s->e);
		free(s);
		return fail(c, 400, why);
	}
	p.path = s->e.argv[0];
	p.argv = s->e.argv;
	p.envp = s->e.envp ? s->e.envp : no_env;
	p.cwd = s->e.cwd;
	p.uid = s->e.uid;
	p.gid = s->e.gid;
	r = running_start(&s->r, machine, &p, s->e.input, s->e.input_size, s->e.seconds, why,
			  sizeof(why));
	if (!r)
		return s->e.stream ? answer_stream(c, s) : answer_whole(c, s);
	exec_free(&s->e);
	free(s);
	return fail(c, r == -ESHUTDOWN || r == -EPIPE ? 410 : 422, why);
}

/* --- files --- */

static int status_of(int err)
{
	switch (err) {
	case 0:
		return 204;
	case ENOENT: case ENOTDIR:
		return 404;
	case EACCES: case EPERM: case EROFS:
		return 403;
	case ENOSPC: case EFBIG: case EDQUOT:
		return 507;
	default:
		return 422;
	}
}

/* Runs muslin-copy; its exit status is an errno. */
static enum MHD_Result copy(struct MHD_Connection *c, int machine, char **argv,
			    const struct buffer *body)
{
	struct muslin_program p = {
		.path = MUSLIN_COPY, .argv = argv, .umask = 022,
		.uid = getuid(), .gid = getgid(),
	};
	struct buffer out[2] = { 0 };
	struct running r;
	char why[300];
	enum MHD_Result done;
	int err = running_start(&r, machine, &p, body->p, body->n, FILE_SECONDS, why, sizeof(why));

	if (err)
		return fail(c, err == -ESHUTDOWN || err == -EPIPE ? 410 : 422, why);
	collect(&r, out, BODY_MOST);
	err = WIFEXITED(r.status) ? WEXITSTATUS(r.status) : EIO;
	if (r.lost || r.late)
		done = fail(c, 410, "the machine does not answer");
	else if (err)
		done = fail(c, status_of(err), strerror(err));
	else if (out[0].truncated)
		done = fail(c, 413, "a file of more than 64 MiB");
	else if (!strcmp(argv[1], "write"))
		done = answer(c, 204, NULL, "", 0);
	else
		done = answer(c, 200, "application/octet-stream", out[0].p ? out[0].p : "", out[0].n);
	running_stop(&r);
	free(out[0].p);
	free(out[1].p);
	return done;
}

/* path begins with "/" */
static enum MHD_Result file(struct MHD_Connection *c, const char *method, int machine, char *path,
			    const struct request *q)
{
	const char *mode = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "mode");
	char *read[] = { "muslin-copy", "read", path, NULL };
	char *write[] = { "muslin-copy", "write", path, mode ? (char *)mode : "644", NULL };

	if (!strcmp(method, "GET"))
		return copy(c, machine, read, &(struct buffer){ 0 });
	if (!strcmp(method, "PUT"))
		return copy(c, machine, write, &q->body);
	close(machine);
	return fail(c, 405, "a file has GET and PUT");
}

/* --- where a request goes --- */

static enum MHD_Result all_machines(struct MHD_Connection *c, const char *method)
{
	struct json_object *o;
	const char *why;
	char id[16];
	int status;

	if (!strcmp(method, "GET")) {
		o = json_object_new_object();
		json_object_object_add(o, "machines", machines_list());
		return answer_json(c, 200, o);
	}
	if (strcmp(method, "POST"))
		return fail(c, 405, "machines have GET and POST");
	status = machine_create(id, &why);
	if (status != 201)
		return fail(c, status, why);
	o = json_object_new_object();
	json_object_object_add(o, "id", json_object_new_string(id));
	return answer_json(c, status, o);
}

static enum MHD_Result one_machine(struct MHD_Connection *c, const char *method, const char *id,
				   char *rest, const struct request *q)
{
	int machine;

	if (!rest && strcmp(method, "DELETE"))
		return fail(c, 405, "a machine has DELETE");
	if (!rest)
		return machine_delete(id) ? answer(c, 204, NULL, "", 0) :
			fail(c, 404, "no such machine");
	machine = machine_connect(id);
	if (machine < 0)
		return fail(c, 404, "no such machine");
	if (!strncmp(rest, "files/", 6))
		return file(c, method, machine, rest + 5, q);
	if (!strcmp(rest, "exec") && !strcmp(method, "POST"))
		return exec(c, machine, q);
	close(machine);
	return fail(c, strcmp(rest, "exec") ? 404 : 405, "a machine has exec, by POST, and files");
}

static enum MHD_Result route(struct MHD_Connection *c, const char *method, char *path,
			     const struct request *q)
{
	static const char prefix[] = "/machines/";
	struct json_object *o;
	char *rest;

	if (!strcmp(path, "/") && !strcmp(method, "GET")) {
		o = json_object_new_object();
		json_object_object_add(o, "muslin", json_object_new_string(VERSION));
		return answer_json(c, 200, o);
	}
	if (!strcmp(path, "/machines"))
		return all_machines(c, method);
	if (strncmp(path, prefix, sizeof(prefix) - 1))
		return fail(c, 404, "there are / and /machines");
	path += sizeof(prefix) - 1;
	rest = strchr(path, '/');
	if (rest)
		*rest++ = 0;
	return one_machine(c, method, path, rest, q);
}

static void free_body(struct request *q)
{
	atomic_fetch_sub(&all_bodies, q->body.n);
	free(q->body.p);
	q->body = (struct buffer){ 0 };
}

/* Nothing of a body that is too large is kept. */
static void take_body(struct request *q, const char *method, const char *data, size_t n)
{
	size_t most = strcmp(method, "PUT") ? REQUEST_MOST : BODY_MOST;

	if (q->refused)
		return;
	if (atomic_fetch_add(&all_bodies, n) + n > ALL_BODIES) {
		atomic_fetch_sub(&all_bodies, n);
		q->refused = true;
	} else {
		size_t had = q->body.n;

		buffer_add(&q->body, data, n, most);
		atomic_fetch_sub(&all_bodies, n - (q->body.n - had));
		q->refused = q->body.n - had != n;
	}
	if (q->refused)
		free_body(q);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *size, void **state)
{
	struct request *q = *state;
	enum MHD_Result done;
	char *path;

	(void)arg;
	(void)version;
	if (!q) {
		*state = calloc(1, sizeof(*q));
		return *state ? MHD_YES : MHD_NO;
	}
	if (*size) {
		take_body(q, method, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (q->refused)
		return fail(c, 413, "too large a body, or too many of them");
	path = strdup(url);
	if (!path)
		return MHD_NO;
	machines_reap();
	done = route(c, method, path, q);
	free(path);
	return done;
}

static void completed(void *arg, struct MHD_Connection *c, void **state,
		      enum MHD_RequestTerminationCode why)
{
	(void)arg;
	(void)c;
	(void)why;
	if (!*state)
		return;
	free_body(*state);
	free(*state);
	*state = NULL;
}

bool http_start(int listening)
{
	httpd = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
				 MHD_USE_POLL, 0, NULL, NULL, handle, NULL,
				 MHD_OPTION_LISTEN_SOCKET, listening,
				 MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
				 MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
				 MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
				 MHD_OPTION_THREAD_STACK_SIZE, (size_t)1 << 20,
				 MHD_OPTION_END);
	return httpd;
}

void http_stop(void)
{
	MHD_stop_daemon(httpd);
}
