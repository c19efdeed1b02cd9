/* SPDX-License-Identifier: MIT */
#include "process/words.h"

static _Thread_local struct muslin_words words;

struct muslin_words *muslin_words(void)
{
	return &words;
}

int64_t words_at(void)
{
	return (char *)&words - (char *)__builtin_thread_pointer();
}
