// SPDX-License-Identifier: MIT
// rewrite.wasm: an instance for each program, so that a hostile one leaves nothing behind.

const ERROR = 24, SLOTS = 272, ABOUT = 280;	// of struct rewritten

export const HOW = { COUNTS: 1, REENTERS: 2, LIBRARY: 4 };	// enum rewrite_how

export class Refused extends Error {}

const linux = { __syscall_futex_time64() { throw new Error('the rewriter waits'); } };

function put(x, bytes) {
  const at = x.malloc(bytes.length);
  if (!at) throw new Refused('out of memory');
  new Uint8Array(x.memory.buffer).set(bytes, at);
  return at;
}

// of the kernel; functions: numbers of those that are on stacks
export function rewriteKernel(bytes, image, tlb, functions) {
  const x = new WebAssembly.Instance(new WebAssembly.Module(bytes), { linux }).exports;
  const at = put(x, image), list = put(x, new Uint8Array(new Uint32Array(functions).buffer));
  const err = x.rewrite_kernel(at, image.length, tlb, list, functions.length), result = x.result() >>> 0;
  const error = new Uint8Array(x.memory.buffer, result + ERROR, 248), [code, size] = new Uint32Array(x.memory.buffer, result, 2);
  if (err) throw new Refused(`the kernel ${new TextDecoder().decode(error.subarray(0, error.indexOf(0)))}`);
  return new Uint8Array(x.memory.buffer).slice(code, code + size);
}

export function makeRewriter(bytes) {
  const module = new WebAssembly.Module(bytes);
  return (image, tlb, poll, how, slotsAt) => {
    // the rewriter may then believe that it is WebAssembly
    if (!WebAssembly.validate(image)) throw new Refused('not a valid WebAssembly module');
    const x = new WebAssembly.Instance(module, { linux }).exports, at = put(x, image);
    let err;
    try {
      err = x.rewrite(at, image.length, tlb, poll, how, slotsAt);
    } catch (e) {
      throw new Refused(`the rewriter failed: ${e.message}`);
    }
    const memory = new Uint8Array(x.memory.buffer), result = x.result() >>> 0;
    const words = new Uint32Array(x.memory.buffer, result, 6);
    const error = memory.subarray(result + ERROR, result + ERROR + 248);
    if (err) throw new Refused(new TextDecoder().decode(error.subarray(0, error.indexOf(0))));
    const [code, size, data, dataStart, dataEnd, end] = words;
    const [slots, n] = new Uint32Array(x.memory.buffer, result + SLOTS, 2), [about, length] = new Uint32Array(x.memory.buffer, result + ABOUT, 2);
    return { about: about ? memory.slice(about, about + length) : null, slots: memory.slice(slots, slots + 2 * n), image: memory.slice(code, code + size), data: memory.slice(data, data + dataEnd - 65536), dataStart, dataEnd, end };
  };
}
