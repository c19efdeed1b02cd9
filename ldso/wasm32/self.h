#ifndef WASM_LDSO_SELF_H
#define WASM_LDSO_SELF_H

#include "module.h"
#include "wasm_program.h"

/* libc.so is there, the program's libraries are not. */
hidden _Noreturn void __dls2(const struct wasm_program *, const struct wasm_file *, unsigned char *memory);

#endif
