/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oci/oci.h"

#define MEMORY_LEAST	(64ll << 20)
#define MEMORY_MOST	(3584ll << 20)

void arguments_add(struct arguments *a, char *arg)
{
	a->v = realloc(a->v, (a->n + 2) * sizeof(*a->v));
	if (!a->v)
		exit(complain("out of memory"));
	a->v[a->n++] = arg;
	a->v[a->n] = NULL;
}

void arguments_free(struct arguments *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
}

static void add(struct arguments *a, const char *option, char *value)
{
	arguments_add(a, xstrdup(option));
	arguments_add(a, value);
}

/* So many microseconds of each period. */
static int add_share(struct arguments *a, struct json_object *config)
{
	struct json_object *quota = json_get(config, "linux.resources.cpu.quota", json_type_int);
	struct json_object *period = json_get(config, "linux.resources.cpu.period", json_type_int);
	double q = quota ? json_object_get_int64(quota) : 0, p = 100000;

	if (json_is_wrong(config, "linux.resources.cpu.quota", json_type_int) ||
	    json_is_wrong(config, "linux.resources.cpu.period", json_type_int))
		return 1;
	if (period && json_object_get_int64(period) > 0)
		p = json_object_get_int64(period);
	if (q > 0 && q < p)
		add(a, "--cpu-quota", xasprintf("%.2f", q / p < .01 ? .01 : q / p));
	return 0;
}

static int add_limits(struct arguments *a, struct json_object *config)
{
	struct json_object *memory = json_get(config, "linux.resources.memory.limit", json_type_int);
	struct json_object *pids = json_get(config, "linux.resources.pids.limit", json_type_int);
	int64_t n = memory ? json_object_get_int64(memory) : 0;

	if (json_is_wrong(config, "linux.resources.memory.limit", json_type_int) ||
	    json_is_wrong(config, "linux.resources.pids.limit", json_type_int))
		return 1;
	if (n > 0 && n < MEMORY_LEAST)
		return complain("linux.resources.memory.limit: a machine needs 64 MiB");
	if (n > MEMORY_MOST)
		n = MEMORY_MOST;
	if (n > 0)
		add(a, "--mem", xasprintf("%lld", (long long)n));
	if (add_share(a, config))
		return 1;
	n = pids ? json_object_get_int64(pids) : 0;
	if (n > 0 && n <= 1000000)
		add(a, "--processes", xasprintf("%lld", (long long)n));
	return 0;
}

/* Options of the network, which the specification has no words for. */
static void add_annotations(struct arguments *a, struct json_object *config)
{
	static const struct {
		const char *name, *option;
	} known[] = {
		{ "org.muslin.net", "--net" },
		{ "org.muslin.net-allow", "--net-allow" },
		{ "org.muslin.publish", "--publish" },
		{ "org.muslin.time", "--time" },
		{ "org.muslin.cpu", "--cpu" },
		{ "org.muslin.output", "--output" },
		{ "org.muslin.quota", "--quota" },
	};
	struct json_object *all = json_get(config, "annotations", json_type_object), *o;
	const char *value;
	char *list, *item, *state;
	size_t i;

	for (i = 0; all && i < sizeof(known) / sizeof(*known); i++) {
		if (!json_object_object_get_ex(all, known[i].name, &o) ||
		    !(value = json_string(o, "")))
			continue;
		list = xstrdup(value);
		for (item = strtok_r(list, ",", &state); item; item = strtok_r(NULL, ",", &state))
			add(a, known[i].option, xstrdup(item));
		free(list);
	}
}

/* What would be another container if it were left out. */
static int refuse(struct json_object *config)
{
	static const char *const own[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
		"/dev/console", "/dev/ptmx", "/dev/fuse", NULL
	};
	struct json_object *devices = json_get(config, "linux.devices", json_type_array);
	size_t i, j, n = json_length(devices);

	if (json_length(json_get(config, "linux.uidMappings", json_type_array)) ||
	    json_length(json_get(config, "linux.gidMappings", json_type_array)))
		return complain("linux.uidMappings: not supported");
	for (i = 0; i < n; i++) {
		const char *path = json_string(json_object_array_get_idx(devices, i), "path");

		for (j = 0; path && own[j] && strcmp(path, own[j]); j++)
			;
		if (!path || !own[j])
			return complain("linux.devices: %s: the guest has no devices of the host",
					path ? path : "no path");
	}
	return 0;
}

int options_make(struct arguments *a, struct json_object *config, const char *bundle,
		 const char *rootfs, const char *dir)
{
	const char *hostname = json_string(config, "hostname");

	if (json_is_wrong(config, "hostname", json_type_string) ||
	    json_is_wrong(config, "annotations", json_type_object) ||
	    json_is_wrong(config, "linux", json_type_object) || refuse(config))
		return 1;
	if (strchr(rootfs, ':'))
		return complain("%s: a colon in its name", rootfs);
	add(a, "--dir", xasprintf("%s:/%s", rootfs, json_true(config, "root.readonly") ? ":ro" : ""));
	if (hostname && *hostname)
		add(a, "--hostname", xstrdup(hostname));
	add_annotations(a, config);
	return add_limits(a, config) || mounts_add(a, config, bundle, rootfs, dir);
}
