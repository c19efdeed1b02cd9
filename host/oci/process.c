/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "muslin.h"
#include "oci/oci.h"

static const struct {
	const char *name;
	int number;
} limits[] = {
	{ "RLIMIT_CPU", 0 }, { "RLIMIT_FSIZE", 1 }, { "RLIMIT_DATA", 2 }, { "RLIMIT_STACK", 3 },
	{ "RLIMIT_CORE", 4 }, { "RLIMIT_RSS", 5 }, { "RLIMIT_NPROC", 6 }, { "RLIMIT_NOFILE", 7 },
	{ "RLIMIT_MEMLOCK", 8 }, { "RLIMIT_AS", 9 }, { "RLIMIT_LOCKS", 10 },
	{ "RLIMIT_SIGPENDING", 11 }, { "RLIMIT_MSGQUEUE", 12 }, { "RLIMIT_NICE", 13 },
	{ "RLIMIT_RTPRIO", 14 }, { "RLIMIT_RTTIME", 15 },
};

static bool number(struct json_object *o, const char *path, int64_t most, int64_t *value)
{
	struct json_object *n = json_get(o, path, json_type_int);

	if (json_is_wrong(o, path, json_type_int))
		return false;
	if (n)
		*value = json_object_get_int64(n);
	if (!n || (*value >= 0 && *value <= most))
		return true;
	complain("%s: not a number from 0 to %lld", path, (long long)most);
	return false;
}

static int take_user(struct process *p, struct json_object *o)
{
	struct json_object *list = json_get(o, "user.additionalGids", json_type_array);
	int64_t uid = 0, gid = 0, mask = 022;
	size_t i;

	if (json_is_wrong(o, "user", json_type_object) ||
	    json_is_wrong(o, "user.additionalGids", json_type_array) ||
	    !number(o, "user.uid", 0xfffffffe, &uid) || !number(o, "user.gid", 0xfffffffe, &gid) ||
	    !number(o, "user.umask", 0777, &mask))
		return 1;
	p->uid = uid;
	p->gid = gid;
	p->umask = mask;
	p->ngroups = json_length(list);
	if (p->ngroups > 65536)
		return complain("user.additionalGids: more than 65536");
	p->groups = xmalloc(p->ngroups * sizeof(*p->groups));
	for (i = 0; i < p->ngroups; i++)
		p->groups[i] = json_object_get_int64(json_object_array_get_idx(list, i));
	return 0;
}

static int limit_number(const char *name)
{
	size_t i;

	for (i = 0; name && i < sizeof(limits) / sizeof(*limits); i++)
		if (!strcmp(limits[i].name, name))
			return limits[i].number;
	return -1;
}

static int take_limits(struct process *p, struct json_object *o)
{
	struct json_object *list = json_get(o, "rlimits", json_type_array), *l;
	size_t i, n = json_length(list);
	int seen = 0;

	if (json_is_wrong(o, "rlimits", json_type_array))
		return 1;
	p->limits = xmalloc(n * sizeof(*p->limits));
	for (i = 0; i < n; i++) {
		l = json_object_array_get_idx(list, i);
		struct muslin_rlimit *to = &p->limits[i];
		const char *name = json_string(l, "type");

		to->resource = limit_number(name);
		if (to->resource < 0)
			return complain("rlimits: %s: no such limit", name ? name : "no type");
		if (seen >> to->resource & 1)
			return complain("rlimits: %s: twice", name);
		seen |= 1 << to->resource;
		if (!json_get(l, "soft", json_type_int) || !json_get(l, "hard", json_type_int))
			return complain("rlimits: %s: no soft, or no hard limit", name);
		to->soft = json_object_get_uint64(json_get(l, "soft", json_type_int));
		to->hard = json_object_get_uint64(json_get(l, "hard", json_type_int));
	}
	p->nlimits = n;
	return 0;
}

int process_parse(struct process *p, struct json_object *o)
{
	struct json_object *args = json_get(o, "args", json_type_array);
	int64_t rows = 0, columns = 0;

	memset(p, 0, sizeof(*p));
	if (json_is_wrong(o, "args", json_type_array) || json_is_wrong(o, "env", json_type_array) ||
	    json_is_wrong(o, "cwd", json_type_string) ||
	    json_is_wrong(o, "terminal", json_type_boolean))
		return 1;
	p->argv = json_strings(args, NULL);
	if (!p->argv || !p->argv[0] || !p->argv[0][0])
		return complain("process.args: no program");
	p->envp = json_strings(json_get(o, "env", json_type_array), NULL);
	if (!p->envp)
		return complain("process.env: not strings");
	p->cwd = json_string(o, "cwd");
	if (!p->cwd || *p->cwd != '/')
		return complain("process.cwd: not an absolute path");
	p->terminal = json_true(o, "terminal");
	if (!number(o, "consoleSize.height", 65535, &rows) ||
	    !number(o, "consoleSize.width", 65535, &columns))
		return 1;
	p->rows = rows;
	p->columns = columns;
	return take_user(p, o) || take_limits(p, o);
}

void process_free(struct process *p)
{
	free(p->argv);
	free(p->envp);
	free(p->groups);
	free(p->limits);
}

struct muslin_program process_program(const struct process *p, const char *path)
{
	return (struct muslin_program) {
		.path = path, .argv = p->argv, .envp = p->envp, .cwd = p->cwd,
		.uid = p->uid, .gid = p->gid, .umask = p->umask,
		.groups = p->groups, .ngroups = p->ngroups,
		.limits = p->limits, .nlimits = p->nlimits,
		.fd = { 0, 1, 2 },
	};
}
