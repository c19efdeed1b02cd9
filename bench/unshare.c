/* SPDX-License-Identifier: MIT */
/*
 * usage: unshare FROM TO
 *
 * A program as stock wasm2c 1.0.36 takes it: its memory is not shared, so that
 * there are bulk operations and no atomics, and nothing waits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "process/child.h"
#include "wasm/wasm.h"

int main(int argc, char **argv)
{
	static const char memory[] = "\3env\6memory\2\3";
	char error[200], *image, *at;
	size_t size;
	FILE *out;

	if (argc != 3)
		return 2;
	image = read_file(argv[1], &size);
	if (!image || wasm_fix_code(image, size, NULL, 0, error, sizeof(error)))
		return 1;
	at = memmem(image, size, memory, sizeof(memory) - 1);
	if (!at)
		return 1;
	at[sizeof(memory) - 2] = 1;
	out = fopen(argv[2], "w");
	return !out || fwrite(image, 1, size, out) != size || fclose(out);
}
