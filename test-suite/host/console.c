/* SPDX-License-Identifier: MIT */
/* The guest's text for the embedder's log. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "devices/console.h"
#include "machine/machine.h"

#include <check.h>

static void check_printable(const char *from, const char *to, bool lines)
{
	char text[100];
	size_t n;

	strcpy(text, from);
	n = printable(text, text, strlen(text), lines);
	text[n] = 0;
	ck_assert_str_eq(text, to);
}

START_TEST(characters_are_printed)
{
	check_printable("", "", true);
	check_printable("plain ~", "plain ~", true);
	check_printable("\u00a0é\u07ff\u0800€\uffff\U00010000\U0010ffff",
			"\u00a0é\u07ff\u0800€\uffff\U00010000\U0010ffff", true);
}
END_TEST

START_TEST(what_is_no_character_is_a_question_mark)
{
	check_printable("\033[2J\a\177\001", "?[2J???", true);
	check_printable("\302\233m \302\200\302\237", "??m ????", true);	/* C1 */
	check_printable("\233m\200\277", "?m??", true);
	check_printable("\300\233 \301\277 \340\202\233 \360\200\202\233", "?? ?? ??? ????", true);
	check_printable("\365\200\200\200 \377\376", "???? ??", true);
	/* cut off, by the end or by something else */
	check_printable("a\342\202", "a??", true);
	check_printable("\342\202\033[m", "???[m", true);
	check_printable("\302", "?", true);
}
END_TEST

START_TEST(lines_are_kept_or_not)
{
	check_printable("a\tb\r\nc\rd\r", "a\tb\ncd", true);
	check_printable("a\tb\r\nc", "a?b??c", false);
}
END_TEST

static char logged[4000];

static void keep(void *arg, const char *text, size_t n)
{
	strncat(logged, text, n);
}

START_TEST(long_text_is_not_cut_in_characters)
{
	struct muslin *m = calloc(1, sizeof(*m));
	char text[3001];
	size_t i, shift;

	m->log = keep;
	for (shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		for (i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\U0001f427", 4);
		text[i] = 0;
		logged[0] = 0;
		console_write(m, text, i);
		ck_assert_str_eq(logged, text);
	}
	/* nothing but what only goes on */
	memset(text, 0x9b, 3000);
	logged[0] = 0;
	console_write(m, text, 3000);
	ck_assert_uint_eq(strspn(logged, "?"), 3000);
	free(m);
}
END_TEST

Suite *console_suite(void);
Suite *console_suite(void)
{
	Suite *suite = suite_create("console");
	TCase *tc = tcase_create("console");

	tcase_add_test(tc, characters_are_printed);
	tcase_add_test(tc, what_is_no_character_is_a_question_mark);
	tcase_add_test(tc, lines_are_kept_or_not);
	tcase_add_test(tc, long_text_is_not_cut_in_characters);
	suite_add_tcase(suite, tc);
	return suite;
}
