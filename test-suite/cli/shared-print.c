// SPDX-License-Identifier: MIT
/* Prints what is in a module's dylink.0, and its imports and exports, a line each. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "leb.h"

static uint8_t buf[1 << 24];

static void name(const char *before)
{
	int n = leb();

	printf("%s%.*s", before, n, (char *)at);
	at += n;
}

static void dylink(const uint8_t *end)
{
	while (at < end) {
		uint8_t type = *at++;

		leb();

		if (type == 1) {
			uint32_t size = leb(), align = leb(), table = leb();

			printf("memory %u align %u table %u\n", size, align, table);
			leb();
			continue;
		}
		for (uint32_t n = leb(); n; n--) {
			name(type == 2 ? "needed " : type == 3 ? "flags " : type == 4 ? "import-flags " : "rpath ");
			if (type == 4)
				name(".");
			if (type == 3 || type == 4)
				printf(" %x", leb());
			puts("");
		}
	}
}

static void limits(void)
{
	uint8_t flags = *at++;

	leb();
	if (flags & 1)
		leb();
}

static void imports(void)
{
	for (uint32_t n = leb(); n; n--) {
		name("import ");
		name(".");
		puts("");
		switch (*at++) {
		case 0:
			leb();
			break;
		case 1:
			at++;
			limits();
			break;
		case 2:
			limits();
			break;
		case 3:
			at += 2;
			break;
		default:
			at++;
			leb();
		}
	}
}

static void exports(void)
{
	for (uint32_t n = leb(); n; n--) {
		name("export ");
		printf(" %d\n", *at++);
		leb();
	}
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
	const uint8_t *end = f ? buf + fread(buf, 1, sizeof(buf), f) : buf;

	for (at = buf + 8; at < end;) {
		uint8_t id = *at++;
		const uint8_t *next;
		uint32_t n = leb();

		next = at + n;
		if (!id && n > 9 && !__builtin_memcmp(at, "\10dylink.0", 9)) {
			at += 9;
			dylink(next);
		} else if (id == 2) {
			imports();
		} else if (id == 7) {
			exports();
		}
		at = next;
	}
	return 0;
}
