/* SPDX-License-Identifier: MIT */
/* Bytes of programs as JSON, which has text alone. */
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "serve/serve.h"

void buffer_add(struct buffer *b, const void *data, size_t n, size_t most)
{
	char *p;

	if (n > most - b->n) {
		n = most - b->n;
		b->truncated = true;
	}
	p = n ? realloc(b->p, b->n + n) : NULL;
	if (!p)
		return;
	b->p = p;
	memcpy(b->p + b->n, data, n);
	b->n += n;
}

/* How long the character is that p begins with; 0: it is none. */
static size_t character(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, len = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
	uint32_t c = *p & (0xff >> (len + 1));

	if (len == 1)
		return 1;
	if (!len || len > n)
		return 0;
	for (i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c >= least[len] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? len : 0;
}

static bool is_text(const char *p, size_t n)
{
	size_t len;

	for (; n; p += len, n -= len) {
		len = character((const unsigned char *)p, n);
		if (!len)
			return false;
	}
	return true;
}

static char *base64(const unsigned char *p, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc(n / 3 * 4 + 5), *q = text;

	if (!text)
		return NULL;
	for (; n; p += 3, n -= n < 3 ? n : 3) {
		uint32_t v = p[0] << 16 | (n > 1 ? p[1] << 8 : 0) | (n > 2 ? p[2] : 0);

		*q++ = digits[v >> 18];
		*q++ = digits[v >> 12 & 63];
		*q++ = n > 1 ? digits[v >> 6 & 63] : '=';
		*q++ = n > 2 ? digits[v & 63] : '=';
	}
	*q = 0;
	return text;
}

void json_add_output(struct json_object *o, const char *name, const char *p, size_t n)
{
	char key[32], *text;

	if (is_text(p, n)) {
		json_object_object_add(o, name, json_object_new_string_len(p ? p : "", n));
		return;
	}
	text = base64((const unsigned char *)p, n);
	snprintf(key, sizeof(key), "%s_base64", name);
	json_object_object_add(o, key, json_object_new_string(text ? text : ""));
	free(text);
}

void json_add_end(struct json_object *o, const struct running *r)
{
	if (r->late)
		json_object_object_add(o, "timeout", json_object_new_boolean(1));
	if (r->lost)
		json_object_object_add(o, "lost", json_object_new_boolean(1));
	else if (WIFSIGNALED(r->status))
		json_object_object_add(o, "signal", json_object_new_int(WTERMSIG(r->status)));
	else
		json_object_object_add(o, "exit", json_object_new_int(WEXITSTATUS(r->status)));
}
