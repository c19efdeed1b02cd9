// SPDX-License-Identifier: MIT
// What is WebAssembly, where bundlers see that it belongs to us.
export const parts = {
  vmlinux: new URL('./vmlinux.wasm', import.meta.url),
  init: new URL('./init.wasm', import.meta.url),
  libc: new URL('./libc.so', import.meta.url),
  helper: new URL('./helper.wasm', import.meta.url),
  glue: new URL('./glue.wasm', import.meta.url),
  stub: new URL('./stub.wasm', import.meta.url),
  rewrite: new URL('./rewrite.wasm', import.meta.url),
};
