/* SPDX-License-Identifier: MIT */
/* A container's program begins, and the container ends. */
#ifndef MUSLIN_OCI_START_H
#define MUSLIN_OCI_START_H

#include <stdbool.h>

struct json_object;
struct process;

/*
 * The path of p's program in the guest, to be freed: one without a slash is looked for.
 * 0, or 1: it was told why.
 */
int start_find(char **path, const char *rootfs, struct json_object *config,
	       const struct process *p);
/* All that config asks for; 0, or 1: it was told why. */
int sysctl_set(struct json_object *config, int control);
int start_container(const char *id);
int delete_container(const char *id, bool force);

#endif
