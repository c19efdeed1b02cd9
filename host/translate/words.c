/* SPDX-License-Identifier: MIT */
/*
 * __stack_pointer and __tls_base are the running thread's: words of the vCPU
 * (struct muslin_vcpu), not members of the instance, which all threads share.
 */
#include <string.h>
#include "translate/lines.h"
#include "translate/translate.h"

static const struct word {
	const char *member, *get, *set;
} words[] = {
	{ "instance->w2c_0x5F_stack_pointer", "MUSLIN_SP", "MUSLIN_SET_SP(" },
	{ "instance->w2c_0x5F_tls_base", "MUSLIN_TLS", "MUSLIN_SET_TLS(" },
};

/* "  instance->w2c_0x5F_stack_pointer = var_i0;", "  var_i0 = instance->..." */
static void put_line(const char *p, const char *end, FILE *out)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const struct word *w = &words[i];
		const char *at = find(p, end, w->member), *next;

		if (!at)
			continue;
		next = at + strlen(w->member);
		fwrite(p, 1, at - p, out);
		if (begins(next, end, " = ") && end[-2] == ';') {
			next += strlen(" = ");
			fprintf(out, "%s%.*s);\n", w->set, (int)(end - 2 - next), next);
		} else {
			fputs(w->get, out);
			fwrite(next, 1, end - next, out);
		}
		return;
	}
	fwrite(p, 1, end - p, out);
}

int words_filter(struct translation *t, const char *text, size_t size, FILE *out)
{
	const char *end = text + size, *p, *next;
	bool code = false;

	(void)t;
	for (p = text; p < end; p = next) {
		next = next_line(p, end);
		code = in_code(code, p, next);
		if (code)
			put_line(p, next, out);
		else
			fwrite(p, 1, next - p, out);
	}
	return 0;
}
