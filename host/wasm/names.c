/* SPDX-License-Identifier: MIT */
/* What a module says of its functions, for people. */
#include "wasm/wasm.h"
#include "wasm/reader.h"

/*
 * Where the body of function i begins, its locals first; 0 if it has none.  Sets *n, its
 * size, and *code, where the code section's contents begin.
 */
static size_t find_body(const struct wasm *w, struct reader *r, const uint8_t *end,
			uint32_t i, uint32_t *n, size_t *code)
{
	int last = 0, id;

	for (uint32_t k = 0; k < w->nimports; k++) {
		if (w->imports[k].kind != WASM_FUNC)
			continue;
		if (!i--)
			return 0;
	}
	read_header(r);
	while ((id = next_section(r, end, &last)) >= 0 && id != 10)
		r->p = r->end;
	*code = where(r);
	if (id < 0 || i >= count(r))
		return 0;
	while (i-- && !r->bad)
		skip(r, count(r));
	*n = count(r);
	return r->bad ? 0 : where(r);
}

/* Enters the names of functions, if this custom section has them. */
static bool enter_names(struct reader *r)
{
	const uint8_t *end = r->end;
	uint32_t n = count(r);

	if (r->bad || n != 4 || memcmp(r->p, "name", 4))
		return false;
	skip(r, n);
	while (r->p < end && !r->bad) {
		uint8_t id = byte(r);

		n = count(r);
		if (id == 1) {
			r->end = r->p + n;
			return !r->bad;
		}
		skip(r, n);
	}
	return false;
}

/* The name of function i, NULL if there is none; *n bytes. */
static const uint8_t *find_name(struct reader *r, const uint8_t *end, uint32_t i,
				uint32_t *n)
{
	int last = 0, id;

	read_header(r);
	while ((id = next_section(r, end, &last)) >= 0) {
		if (id || !enter_names(r)) {
			/* a mistake in a custom section is nobody's concern */
			r->bad = false;
			r->p = r->end;
			continue;
		}
		for (uint32_t k = count(r); k && !r->bad; k--) {
			uint32_t function = u32(r);

			*n = count(r);
			if (function == i)
				return r->bad ? NULL : r->p;
			skip(r, *n);
		}
		return NULL;
	}
	return NULL;
}

size_t wasm_body(const void *image, size_t size, uint32_t i)
{
	const uint8_t *end = (const uint8_t *)image + size;
	char why[32];
	struct reader r = {
		.image = image, .p = image, .end = end, .error = why, .n = sizeof(why),
	};
	uint32_t length;
	size_t body, code;
	struct wasm w;

	if (wasm_read(image, size, &w, why, sizeof(why)))
		return 0;
	body = find_body(&w, &r, end, i, &length, &code);
	wasm_free(&w);
	return body;
}

void wasm_describe(const void *image, size_t size, uint32_t i, char *buf, size_t n)
{
	const uint8_t *end = (const uint8_t *)image + size, *name;
	char why[32], source[100] = "";
	struct reader r = {
		.image = image, .p = image, .end = end, .error = why, .n = sizeof(why),
	};
	struct reader names = r;
	uint32_t len = 0, length = 0;
	size_t body = 0, code = 0;
	struct wasm w;

	if (!wasm_read(image, size, &w, why, sizeof(why))) {
		body = find_body(&w, &r, end, i, &length, &code);
		wasm_free(&w);
	}
	if (body && !wasm_source(image, size, body - code, body - code + length, source + 2,
				 sizeof(source) - 2))
		memcpy(source, ", ", 2);
	name = find_name(&names, end, i, &len);
	if (name)
		snprintf(buf, n, "%.*s (function %u, byte %#zx%s)", len < 80 ? (int)len : 80,
			 (const char *)name, i, body, source);
	else
		snprintf(buf, n, "function %u (byte %#zx%s)", i, body, source);
	/* whatever the module calls it */
	for (char *p = buf; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
}
