/* SPDX-License-Identifier: MIT */
/* What a program says of its source, .debug_line, for libFuzzer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wasm/wasm.h"

static uint8_t *put_section(uint8_t *p, const char *name, const void *data, size_t n)
{
	size_t length = strlen(name), size = n + 1 + length;

	*p++ = 0;
	for (int i = 0; i < 5; i++, size >>= 7)
		*p++ = (size & 127) | (i < 4) << 7;
	*p++ = length;
	memcpy(p, name, length);
	memcpy(p + length, data, n);
	return p + length + n;
}

/* The first two bytes say where strings end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t strings = size < 2 ? 0 : data[0] % (size - 1);
	uint8_t *image = malloc(size + 100), *p = image;
	char text[100];

	if (size < 2 || !image)
		goto out;
	memcpy(p, "\0asm\1\0\0\0", 8);
	p = put_section(p + 8, ".debug_line_str", data + 2, strings);
	p = put_section(p, ".debug_line", data + 2 + strings, size - 2 - strings);
	/* as large as it is, so that nothing behind it is read unseen */
	size = p - image;
	image = realloc(image, size);
	if (!wasm_source(image, size, data[1], 1u << 20, text, sizeof(text)) &&
	    !memchr(text, 0, sizeof(text)))
		abort();
out:
	free(image);
	return 0;
}
