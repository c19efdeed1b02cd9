/* SPDX-License-Identifier: MIT */
/*
 * Build tool: makes DIR/NAME.c and DIR/NAME.h of a program or library that becomes part
 * of libmuslin, see builtin.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include "cgen/abi.h"
#include "process/workdir.h"
#include "translate/translate.h"
#include "wasm/wasm.h"

int main(int argc, char **argv)
{
	char error[256];
	struct wasm w;
	struct workdir dir;
	struct translation t = {
		.w = &w, .dir = &dir, .parts = 1, .error = error, .n = sizeof(error),
	};
	size_t size;
	char *image;
	int r;

	if (argc != 5) {
		fprintf(stderr, "usage: muslin-translate WASM2C IMAGE NAME DIR\n");
		return 2;
	}
	/* it is run in DIR */
	t.wasm2c = realpath(argv[1], NULL);
	t.name = argv[3];
	snprintf(dir.path, sizeof(dir.path), "%s", argv[4]);
	if (workdir_open(&dir)) {
		perror(argv[4]);
		return 1;
	}
	image = read_file(argv[2], &size);
	if (!t.wasm2c || !image) {
		perror(image ? argv[1] : argv[2]);
		return 1;
	}
	r = wasm_read(image, size, &w, error, sizeof(error));
	/* library.c leaves this place to it */
	if (!r && wasm_is_library(&w))
		t.place = MUSLIN_MODULES;
	if (!r)
		r = translate(&t, image, size);
	if (r)
		fprintf(stderr, "muslin-translate: %s: %s\n", argv[2], error);
	return r ? 1 : 0;
}
