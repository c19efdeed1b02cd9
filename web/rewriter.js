// SPDX-License-Identifier: MIT
// rewrite.wasm: an instance for each program, so that a hostile one leaves nothing behind.

const ERROR = 24, SLOTS = 272;	// of struct rewritten

export class Refused extends Error {}

export function makeRewriter(bytes) {
  const module = new WebAssembly.Module(bytes);
  return (image, tlb, poll, slotsAt) => {
    // the rewriter may then believe that it is WebAssembly
    if (!WebAssembly.validate(image)) throw new Refused('not a valid WebAssembly module');
    const linux = { __syscall_futex_time64() { throw new Error('the rewriter waits'); } };
    const x = new WebAssembly.Instance(module, { linux }).exports;
    const at = x.malloc(image.length);
    if (!at) throw new Refused('out of memory');
    new Uint8Array(x.memory.buffer).set(image, at);
    let err;
    try {
      err = x.rewrite(at, image.length, tlb, poll, slotsAt);
    } catch (e) {
      throw new Refused(`the rewriter failed: ${e.message}`);
    }
    const memory = new Uint8Array(x.memory.buffer), result = x.result() >>> 0;
    const words = new Uint32Array(x.memory.buffer, result, 6);
    const error = memory.subarray(result + ERROR, result + ERROR + 248);
    if (err) throw new Refused(new TextDecoder().decode(error.subarray(0, error.indexOf(0))));
    const [code, size, data, dataStart, dataEnd, end] = words;
    const [slots, n] = new Uint32Array(x.memory.buffer, result + SLOTS, 2);
    return { slots: memory.slice(slots, slots + 2 * n), image: memory.slice(code, code + size), data: memory.slice(data, data + dataEnd - 65536), dataStart, dataEnd, end };
  };
}
