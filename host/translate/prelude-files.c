/* SPDX-License-Identifier: MIT */
/* Files of this directory as data, as they are at build time. */
#include "translate/translate.h"

#define TEXT(symbol, file) \
	__asm__(".section .rodata\n" \
		#symbol ": .incbin \"host/" file "\"\n" \
		#symbol "_end: .byte 0\n" \
		".text"); \
	__attribute__((visibility("hidden"))) \
	extern const char symbol[], symbol##_end[]

TEXT(muslin_text_abi, "cgen/abi.h");
TEXT(muslin_text_rt, "cgen/wasm-rt.h");
TEXT(muslin_text_exceptions, "cgen/wasm-rt-exceptions.h");
TEXT(muslin_text_plain, "cgen/prelude-plain.h");
TEXT(muslin_text_prelude, "cgen/prelude.h");
TEXT(muslin_text_jump, "cgen/jump.h");
TEXT(muslin_text_simd, "cgen/simd.h");

TEXT(muslin_text_quick_types, "cgen/quick-types.h");
TEXT(muslin_text_quick_prelude, "cgen/quick-prelude.h");
TEXT(muslin_text_quick_ops, "cgen/quick-ops.h");

TEXT(muslin_text_prelude_c, "translate/prelude.c");
TEXT(muslin_text_translate_c, "translate/translate.c");
TEXT(muslin_text_glue_c, "translate/glue.c");
TEXT(muslin_text_fenv_c, "translate/fenv.c");
TEXT(muslin_text_frames_c, "translate/frames.c");
TEXT(muslin_text_frames_live_c, "translate/frames-live.c");
TEXT(muslin_text_frames_h, "translate/frames.h");
TEXT(muslin_text_lines_h, "translate/lines.h");
TEXT(muslin_text_catches_c, "translate/catches.c");
TEXT(muslin_text_words_c, "translate/words.c");
TEXT(muslin_text_reload_c, "translate/reload.c");
TEXT(muslin_text_link_c, "translate/link.c");
TEXT(muslin_text_wasm_link_c, "wasm/link.c");
TEXT(muslin_text_wasm_c, "wasm/wasm.c");
TEXT(muslin_text_wasm_code_c, "wasm/code.c");
TEXT(muslin_text_wasm_relaxed_c, "wasm/relaxed.c");
TEXT(muslin_text_wasm_data_c, "wasm/data.c");
TEXT(muslin_text_wasm_strip_c, "wasm/strip.c");
TEXT(muslin_text_wasm_plan_h, "wasm/plan.h");
TEXT(muslin_text_wasm_reader_h, "wasm/reader.h");

static const struct prelude_file headers[] = {
	{ "abi.h", muslin_text_abi, muslin_text_abi_end },
	{ "wasm-rt.h", muslin_text_rt, muslin_text_rt_end },
	{ "wasm-rt-exceptions.h", muslin_text_exceptions,
	  muslin_text_exceptions_end },
	{ "prelude-plain.h", muslin_text_plain, muslin_text_plain_end },
	{ "prelude.h", muslin_text_prelude, muslin_text_prelude_end },
	{ "jump.h", muslin_text_jump, muslin_text_jump_end },
	{ "simd.h", muslin_text_simd, muslin_text_simd_end },
	{ NULL, NULL, NULL },
};

static const struct prelude_file quick[] = {
	{ "quick-types.h", muslin_text_quick_types, muslin_text_quick_types_end },
	{ "abi.h", muslin_text_abi, muslin_text_abi_end },
	{ "prelude-plain.h", muslin_text_plain, muslin_text_plain_end },
	{ "quick-prelude.h", muslin_text_quick_prelude,
	  muslin_text_quick_prelude_end },
	{ "quick-ops.h", muslin_text_quick_ops, muslin_text_quick_ops_end },
	{ NULL, NULL, NULL },
};

static const struct prelude_file sources[] = {
	{ "prelude.c", muslin_text_prelude_c, muslin_text_prelude_c_end },
	{ "translate.c", muslin_text_translate_c, muslin_text_translate_c_end },
	{ "glue.c", muslin_text_glue_c, muslin_text_glue_c_end },
	{ "fenv.c", muslin_text_fenv_c, muslin_text_fenv_c_end },
	{ "frames.c", muslin_text_frames_c, muslin_text_frames_c_end },
	{ "frames-live.c", muslin_text_frames_live_c, muslin_text_frames_live_c_end },
	{ "frames.h", muslin_text_frames_h, muslin_text_frames_h_end },
	{ "lines.h", muslin_text_lines_h, muslin_text_lines_h_end },
	{ "catches.c", muslin_text_catches_c, muslin_text_catches_c_end },
	{ "words.c", muslin_text_words_c, muslin_text_words_c_end },
	{ "reload.c", muslin_text_reload_c, muslin_text_reload_c_end },
	{ "link.c", muslin_text_link_c, muslin_text_link_c_end },
	{ "wasm/link.c", muslin_text_wasm_link_c, muslin_text_wasm_link_c_end },
	{ "wasm.c", muslin_text_wasm_c, muslin_text_wasm_c_end },
	{ "wasm/code.c", muslin_text_wasm_code_c, muslin_text_wasm_code_c_end },
	{ "wasm/relaxed.c", muslin_text_wasm_relaxed_c, muslin_text_wasm_relaxed_c_end },
	{ "wasm/data.c", muslin_text_wasm_data_c, muslin_text_wasm_data_c_end },
	{ "wasm/strip.c", muslin_text_wasm_strip_c, muslin_text_wasm_strip_c_end },
	{ "wasm/plan.h", muslin_text_wasm_plan_h, muslin_text_wasm_plan_h_end },
	{ "wasm/reader.h", muslin_text_wasm_reader_h,
	  muslin_text_wasm_reader_h_end },
	{ NULL, NULL, NULL },
};

const struct prelude_file *prelude_headers(void)
{
	return headers;
}

const struct prelude_file *prelude_quick(void)
{
	return quick;
}

const struct prelude_file *prelude_sources(void)
{
	return sources;
}
