#ifndef WASM_LDSO_SELF_H
#define WASM_LDSO_SELF_H

#include <stdint.h>
#include "module.h"
#include "wasm_program.h"

/* <asm/wasm_link.h> */
struct wasm_module {
	uint32_t text, memory_base, table_base, tls, nvalues, values, error, error_size;
};

/* libc.so is there, the program's libraries are not. */
hidden _Noreturn void __dls2(const struct wasm_program *, const struct wasm_file *, unsigned char *memory);

#endif
