/* SPDX-License-Identifier: MIT */
/*
 * Build tool: replaces the prelude in files that wasm2c has written, in
 * place.
 *
 *	wasm2c -n NAME --num-outputs=8 -o NAME.c IMAGE
 *	muslin-prelude NAME-impl.h NAME_[0-9].c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "process/workdir.h"
#include "translate/translate.h"

static int filter(const char *path)
{
	char tmp[4096];
	size_t size;
	char *text = read_file(path, &size);
	FILE *out = NULL;
	int r = -1;

	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	if (text)
		out = fopen(tmp, "w");
	if (out) {
		r = prelude_filter(text, size, out);
		if (fclose(out) && !r)
			r = -errno;
	}
	free(text);
	if (!r && !rename(tmp, path))
		return 0;
	fprintf(stderr, "muslin-prelude: %s: %s\n", path, r == -EINVAL ?
		"not written by wasm2c 1.0.36 or 1.0.42" : strerror(errno));
	remove(tmp);
	return 1;
}

int main(int argc, char **argv)
{
	int r = argc < 2;

	if (r)
		fprintf(stderr, "usage: muslin-prelude FILE...\n");
	for (int i = 1; i < argc && !r; i++)
		r = filter(argv[i]);
	return r;
}
