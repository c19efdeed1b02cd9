/* SPDX-License-Identifier: MIT */
/* What is asked in JSON: each member is checked here. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/serve.h"

#define STRINGS_MAX	4096
#define SECONDS_MAX	86400

/* No NUL is in it. */
static const char *string(struct json_object *o)
{
	const char *s;

	if (!json_object_is_type(o, json_type_string))
		return NULL;
	s = json_object_get_string(o);
	return strlen(s) == (size_t)json_object_get_string_len(o) ? s : NULL;
}

static char **take_strings(struct json_object *list)
{
	size_t i, n;
	char **v;

	if (!json_object_is_type(list, json_type_array))
		return NULL;
	n = json_object_array_length(list);
	if (n > STRINGS_MAX)
		return NULL;
	v = calloc(n + 1, sizeof(*v));
	for (i = 0; v && i < n; i++) {
		v[i] = (char *)string(json_object_array_get_idx(list, i));
		if (!v[i]) {
			free(v);
			return NULL;
		}
	}
	return v;
}

static bool take_number(struct json_object *o, double least, double most, double *value)
{
	if (!json_object_is_type(o, json_type_int) && !json_object_is_type(o, json_type_double))
		return false;
	*value = json_object_get_double(o);
	return *value >= least && *value <= most;
}

static bool take_id(struct json_object *o, int *id)
{
	double value;

	if (!json_object_is_type(o, json_type_int) || !take_number(o, 0, 0x7fffffff, &value))
		return false;
	*id = value;
	return true;
}

static bool take_member(struct exec_request *e, const char *name, struct json_object *o)
{
	if (!strcmp(name, "argv"))
		return !e->argv && (e->argv = take_strings(o)) && e->argv[0];
	if (!strcmp(name, "env"))
		return !e->envp && (e->envp = take_strings(o));
	if (!strcmp(name, "cwd"))
		return (e->cwd = string(o)) && *e->cwd == '/';
	if (!strcmp(name, "uid"))
		return take_id(o, &e->uid);
	if (!strcmp(name, "gid"))
		return take_id(o, &e->gid);
	if (!strcmp(name, "timeout"))
		return take_number(o, 0.001, SECONDS_MAX, &e->seconds);
	if (!strcmp(name, "stdin") && json_object_is_type(o, json_type_string)) {
		e->input = json_object_get_string(o);
		e->input_size = json_object_get_string_len(o);
		return true;
	}
	if (!strcmp(name, "stream") && json_object_is_type(o, json_type_boolean)) {
		e->stream = json_object_get_boolean(o);
		return true;
	}
	return false;
}

bool exec_parse(struct exec_request *e, const char *text, size_t n, const char **why)
{
	struct json_tokener *t = json_tokener_new_ex(8);

	*e = (struct exec_request){ .uid = getuid(), .gid = getgid(), .seconds = 60 };
	*why = "not a JSON object";
	if (!t)
		return false;
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	e->json = n ? json_tokener_parse_ex(t, text, n) : NULL;
	if (e->json && json_tokener_get_parse_end(t) != n) {
		json_object_put(e->json);
		e->json = NULL;
	}
	json_tokener_free(t);
	if (!json_object_is_type(e->json, json_type_object))
		return false;
	json_object_object_foreach(e->json, name, value)
		if (!take_member(e, name, value)) {
			*why = name;	/* of e->json */
			return false;
		}
	*why = "argv";
	return e->argv;
}

void exec_free(struct exec_request *e)
{
	free(e->argv);
	free(e->envp);
	json_object_put(e->json);
}
