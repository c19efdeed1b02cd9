/* SPDX-License-Identifier: MIT */
/*
 * --native RUNTIME: containers of native programs are another runtime's, with the same
 * command and the same --root.  A pod has such a one beside ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oci/native.h"
#include "oci/oci.h"

/* --- what is made: its program --- */

static const char *bundle_of(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if ((!strcmp(argv[i], "--bundle") || !strcmp(argv[i], "-b")) && i + 1 < argc)
			return argv[i + 1];
		if (!strncmp(argv[i], "--bundle=", 9))
			return argv[i] + 9;
	}
	return ".";
}

static bool is_elf(int root, const char *path)
{
	int at = rootfs_open(root, path), fd = -1;
	char magic[4] = "", name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", at);
	if (at >= 0)
		fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && read(fd, magic, sizeof(magic)) != sizeof(magic))
		*magic = 0;
	if (fd >= 0)
		close(fd);
	if (at >= 0)
		close(at);
	return !memcmp(magic, "\177ELF", 4);
}

static bool has_native_program(const char *rootfs, struct process *p)
{
	int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *path;
	bool native;

	if (root < 0)
		return false;
	path = strchr(p->argv[0], '/') ? xstrdup(p->argv[0]) : rootfs_find(root, p->argv[0], p->envp);
	native = path && is_elf(root, path);
	free(path);
	close(root);
	return native;
}

/* What is wrong with it is told by whoever takes it. */
static bool is_native_bundle(const char *bundle)
{
	char *file = xasprintf("%s/config.json", bundle), *rootfs;
	struct json_object *config = access(file, R_OK) ? NULL : json_file(file);
	const char *root = json_string(config, "root.path");
	struct process p = { 0 };
	bool native = false;

	if (root && json_get(config, "process", json_type_object) &&
	    !process_parse(&p, json_get(config, "process", json_type_object))) {
		rootfs = *root == '/' ? xstrdup(root) : xasprintf("%s/%s", bundle, root);
		native = has_native_program(rootfs, &p);
		free(rootfs);
	}
	process_free(&p);
	json_object_put(config);
	free(file);
	return native;
}

/* --- what is there: of ours the directory has a configuration --- */

static bool is_native_container(const char *id)
{
	char *dir, *config;
	bool native;

	if (!id_is_valid(id))
		return false;
	dir = xasprintf("%s/%s", oci_root, id);
	config = xasprintf("%s/config.json", dir);
	native = !access(dir, F_OK) && access(config, F_OK);
	free(dir);
	free(config);
	return native;
}

static bool is_native(int argc, char **argv)
{
	if (!strcmp(argv[0], "create") || !strcmp(argv[0], "run"))
		return is_native_bundle(bundle_of(argc, argv));
	for (int i = 1; i < argc; i++)
		if (is_native_container(argv[i]))
			return true;
	return false;
}

int native_run(const char *runtime, int given, char **options, int argc, char **argv)
{
	char **all;
	int n = 0;

	if (!is_native(argc, argv))
		return -1;
	all = xmalloc((given + argc + 4) * sizeof(*all));
	all[n++] = (char *)runtime;
	for (int i = 0; i < given; i++) {
		if (!strncmp(options[i], "--native", 8))
			i += !options[i][8];
		else
			all[n++] = options[i];
	}
	/* its own may be another; the last one counts */
	all[n++] = "--root";
	all[n++] = (char *)oci_root;
	memcpy(all + n, argv, argc * sizeof(*all));
	execvp(runtime, all);
	return complain("--native %s: %s", runtime, strerror(errno));
}
