/* SPDX-License-Identifier: MIT */
/* muslin-oci state, list, ps, kill, delete, pause, resume, features */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "oci/oci.h"
#include "oci/start.h"

static void print(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int cmd_state(int argc, char **argv)
{
	struct container c;

	if (argc != 2)
		return complain("state: one ID; see muslin-oci --help");
	if (container_open(&c, argv[1]))
		return 1;
	print(container_state(&c));
	container_close(&c);
	return 0;
}

int cmd_list(int argc, char **argv)
{
	bool quiet = argc > 1 && (!strcmp(argv[1], "--quiet") || !strcmp(argv[1], "-q"));
	DIR *d = opendir(oci_root);
	struct container c;
	struct dirent *e;

	if (!quiet)
		printf("%-24s %-8s %-10s %s\n", "ID", "PID", "STATUS", "BUNDLE");
	while (d && (e = readdir(d))) {
		if (!id_is_valid(e->d_name) || container_open(&c, e->d_name))
			continue;
		if (quiet)
			puts(e->d_name);
		else
			printf("%-24s %-8d %-10s %s\n", c.id, c.status == STOPPED ? 0 : c.pid,
			       status_names[c.status],
			       c.state ? json_string(c.state, "bundle") : "");
		container_close(&c);
	}
	if (d)
		closedir(d);
	return 0;
}

/* Of the host's processes it is one. */
int cmd_ps(int argc, char **argv)
{
	static const struct option options[] = { { "format", required_argument, NULL, 'f' }, { 0 } };
	struct json_object *list;
	struct container c;
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "+f:", options, NULL)) >= 0)
		if (opt == 'f')
			json = !strcmp(optarg, "json");
	if (optind >= argc)
		return complain("ps: one ID; see muslin-oci --help");
	if (container_open(&c, argv[optind]))
		return 1;
	if (json) {
		list = json_object_new_array();
		if (c.status != STOPPED)
			json_object_array_add(list, json_object_new_int(c.pid));
		print(list);
	} else {
		puts("PID");
		if (c.status != STOPPED)
			printf("%d\n", c.pid);
	}
	container_close(&c);
	return 0;
}

int cmd_kill(int argc, char **argv)
{
	static const struct option options[] = { { "all", no_argument, NULL, 'a' }, { 0 } };
	struct container c;
	bool all = false;
	int opt, sig, r;

	while ((opt = getopt_long(argc, argv, "+a", options, NULL)) >= 0)
		all |= opt == 'a';
	if (optind + 1 != argc && optind + 2 != argc)
		return complain("kill: one ID, and a signal; see muslin-oci --help");
	sig = optind + 2 == argc ? signal_number(argv[optind + 1]) : SIGTERM;
	if (!sig)
		return complain("kill: %s: no such signal", argv[optind + 1]);
	if (container_open(&c, argv[optind]))
		return 1;
	if (c.status == CREATING || c.status == STOPPED)
		r = all && c.status == STOPPED ? 0 :
			complain("container %s is not running, but %s", c.id, status_names[c.status]);
	else
		r = container_kill(&c, sig, all);
	/* it may have ended meanwhile */
	if (r < 0)
		r = container_ended(&c, 1000) && all ? 0 :
			complain("container %s: kill: %s", c.id, strerror(-r));
	container_close(&c);
	return r;
}

static int delete(struct container *c, bool force)
{
	if (c->status != STOPPED && c->status != CREATING && !force)
		return complain("container %s is not stopped, but %s", c->id, status_names[c->status]);
	if (c->pidfd >= 0) {
		container_signal(c, SIGKILL);
		if (!container_ended(c, 10000))
			return complain("container %s: its process does not end", c->id);
	}
	container_remove(c);
	hooks_run(c, "poststop", STOPPED);
	return 0;
}

int delete_container(const char *id, bool force)
{
	struct container c;
	char *path;
	bool none;
	int r;

	if (!id_is_valid(id))
		return complain("%s: not an ID of a container", id);
	path = xasprintf("%s/%s", oci_root, id);
	none = access(path, F_OK);
	if (force && none)
		return 0;
	if (container_open(&c, id))
		return 1;
	r = delete(&c, force);
	container_close(&c);
	return r;
}

int cmd_delete(int argc, char **argv)
{
	static const struct option options[] = { { "force", no_argument, NULL, 'f' }, { 0 } };
	bool force = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "+f", options, NULL)) >= 0)
		force |= opt == 'f';
	if (optind + 1 != argc)
		return complain("delete: one ID; see muslin-oci --help");
	return delete_container(argv[optind], force);
}

/* All that there is of a machine stands still with its process. */
static int stand(int argc, char **argv, enum status from, enum status to)
{
	struct container c;
	int r;

	if (argc != 2)
		return complain("%s: one ID; see muslin-oci --help", argv[0]);
	if (container_open(&c, argv[1]))
		return 1;
	if (c.status != from && !(from == RUNNING && c.status == CREATED))
		r = complain("container %s is not %s, but %s", c.id, status_names[from],
			     status_names[c.status]);
	else if (container_signal(&c, to == PAUSED ? SIGSTOP : SIGCONT) ||
		 (to == PAUSED && !container_mark(&c, "paused", "")))
		r = complain("container %s: %s", c.id, strerror(errno));
	else
		r = 0;
	if (!r && to == RUNNING)
		container_unmark(&c, "paused");
	container_close(&c);
	return r;
}

int cmd_pause(int argc, char **argv)
{
	return stand(argc, argv, RUNNING, PAUSED);
}

int cmd_resume(int argc, char **argv)
{
	return stand(argc, argv, PAUSED, RUNNING);
}

int cmd_features(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	print(json_tokener_parse(
		"{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"1.0.2\","
		"\"hooks\":[\"prestart\",\"createRuntime\",\"createContainer\",\"startContainer\","
		"\"poststart\",\"poststop\"],"
		"\"mountOptions\":[\"bind\",\"rbind\",\"ro\",\"rw\"],"
		"\"linux\":{\"namespaces\":[\"network\"]}}"));
	return 0;
}
