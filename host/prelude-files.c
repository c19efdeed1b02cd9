/* SPDX-License-Identifier: MIT */
/* The headers that generated C includes, as they are at build time. */
#include "translate.h"

#define TEXT(symbol, file) \
	__asm__(".section .rodata\n" \
		#symbol ": .incbin \"host/" file "\"\n" \
		#symbol "_end: .byte 0\n" \
		".text"); \
	__attribute__((visibility("hidden"))) \
	extern const char symbol[], symbol##_end[]

TEXT(muslin_text_abi, "abi.h");
TEXT(muslin_text_rt, "wasm-rt.h");
TEXT(muslin_text_exceptions, "wasm-rt-exceptions.h");
TEXT(muslin_text_prelude, "prelude.h");

static const struct prelude_file files[] = {
	{ "abi.h", muslin_text_abi, muslin_text_abi_end },
	{ "wasm-rt.h", muslin_text_rt, muslin_text_rt_end },
	{ "wasm-rt-exceptions.h", muslin_text_exceptions,
	  muslin_text_exceptions_end },
	{ "prelude.h", muslin_text_prelude, muslin_text_prelude_end },
	{ NULL, NULL, NULL },
};

const struct prelude_file *prelude_files(void)
{
	return files;
}
