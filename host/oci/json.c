/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci/oci.h"

#define FILE_MAX	(16 << 20)
#define DEPTH_MAX	32

static char *read_all(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	struct stat st;
	ssize_t r;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	if (S_ISREG(st.st_mode) && st.st_size <= FILE_MAX) {
		text = xmalloc(st.st_size + 1);
		r = read(fd, text, st.st_size);
		*n = r < 0 ? 0 : r;
	}
	close(fd);
	return text;
}

struct json_object *json_file(const char *path)
{
	size_t n = 0;
	char *text = read_all(path, &n);
	struct json_tokener *t;
	struct json_object *o;

	if (!text) {
		complain("%s: %s", path, strerror(errno));
		return NULL;
	}
	t = json_tokener_new_ex(DEPTH_MAX);
	o = n ? json_tokener_parse_ex(t, text, n) : NULL;
	if (!json_object_is_type(o, json_type_object)) {
		complain("%s: not a JSON object", path);
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	free(text);
	return o;
}

static struct json_object *member(struct json_object *o, const char *path)
{
	char name[64];
	size_t n;

	for (;;) {
		n = strcspn(path, ".");
		memcpy(name, path, n);
		name[n] = 0;
		if (!json_object_is_type(o, json_type_object) ||
		    !json_object_object_get_ex(o, name, &o))
			return NULL;
		if (!path[n])
			return o;
		path += n + 1;
	}
}

struct json_object *json_get(struct json_object *o, const char *path, enum json_type type)
{
	o = member(o, path);
	return json_object_is_type(o, type) && o ? o : NULL;
}

bool json_is_wrong(struct json_object *o, const char *path, enum json_type type)
{
	o = member(o, path);
	if (!o || json_object_is_type(o, type))
		return false;
	complain("%s: not of type %s", path, json_type_to_name(type));
	return true;
}

/* What has a NUL in it is none. */
const char *json_string(struct json_object *o, const char *path)
{
	struct json_object *s = *path ? json_get(o, path, json_type_string) : o;
	const char *text;

	if (!json_object_is_type(s, json_type_string))
		return NULL;
	text = json_object_get_string(s);
	return strlen(text) == (size_t)json_object_get_string_len(s) ? text : NULL;
}

bool json_true(struct json_object *o, const char *path)
{
	struct json_object *b = json_get(o, path, json_type_boolean);

	return b && json_object_get_boolean(b);
}

char **json_strings(struct json_object *list, const char *other)
{
	size_t i, n = json_length(list);
	char **v = xmalloc((n + 1) * sizeof(*v));

	for (i = 0; i < n; i++) {
		v[i] = (char *)json_string(json_object_array_get_idx(list, i), "");
		if (!v[i] && !other) {
			free(v);
			return NULL;
		}
		if (!v[i])
			v[i] = (char *)other;
	}
	return v;
}

size_t json_length(struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}
