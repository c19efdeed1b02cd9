/* SPDX-License-Identifier: MIT */
/* zlib: compresses 4 MiB of text and data, and back. */
#include <string.h>
#include <zlib.h>
#include "bench.h"

enum { SIZE = 4 << 20 };

static uint64_t work(void)
{
	static unsigned char in[SIZE], packed[SIZE + SIZE / 8], out[SIZE];
	uLongf npacked = sizeof packed, nout = sizeof out;
	size_t n = 0;

	while (n < SIZE - 64)
		n += sprintf((char *)in + n, "%u: item %u of %c\n", random32() % 100000,
			     random32() % 100, (int)('a' + random32() % 26));
	if (compress2(packed, &npacked, in, SIZE, 6) != Z_OK ||
	    uncompress(out, &nout, packed, npacked) != Z_OK ||
	    nout != SIZE || memcmp(in, out, SIZE) != 0)
		return 0;
	return npacked;
}
