// SPDX-License-Identifier: MIT
// WebAssembly modules, as far as JavaScript's interface does not show them.

const MEMORY_SHARED = 2;

class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 8; }
  byte() { return this.bytes[this.at++]; }
  u32() {
    let v = 0, scale = 1, b;
    do {
      b = this.byte();
      v += (b & 127) * scale;
      scale *= 128;
    } while (b & 128);
    return v;
  }
  name() {
    const n = this.u32();
    this.at += n;
    return new TextDecoder().decode(this.bytes.subarray(this.at - n, this.at));
  }
  types() { const n = this.u32(); this.at += n; return [...this.bytes.subarray(this.at - n, this.at)]; }
  limits() { const flags = this.u32(); this.u32(); if (flags & 1) this.u32(); }
  *each() { for (let n = this.u32(); n > 0; n--) yield n; }
}

// Types of the kernel's exported functions, and where its memory's flags are.
// The kernel is ours, and the engine has validated it.
export function readKernel(bytes) {
  const r = new Reader(bytes), types = [], funcs = [], exports = new Map();
  while (r.at < bytes.length) {
    const id = r.byte(), size = r.u32(), end = r.at + size;
    if (id === 1) for (const _ of r.each()) { r.byte(); types.push([r.types(), r.types()]); }
    if (id === 2) for (const _ of r.each()) {
      r.name(); r.name();
      if (r.byte() !== 0) throw new Error('vmlinux.wasm imports what is no function');
      funcs.push(r.u32());
    }
    if (id === 3) for (const _ of r.each()) funcs.push(r.u32());
    if (id === 7) for (const _ of r.each()) {
      const name = r.name(), kind = r.byte(), index = r.u32();
      if (kind === 0) exports.set(name, types[funcs[index]]);
    }
    r.at = end;
  }
  return { exports };
}

// Where the flags of a module's only memory are, which it has or imports.
function flagsAt(bytes) {
  for (const r = new Reader(bytes); r.at < bytes.length;) {
    const id = r.byte(), size = r.u32(), end = r.at + size;
    if (id === 5 && r.u32()) return r.at;
    if (id === 2) for (const _ of r.each()) {
      r.name(); r.name();
      const kind = r.byte(), at = r.at + (kind === 1);
      if (kind === 2) return at;
      if (kind === 0) r.u32();
      else if (kind === 1) { r.byte(); r.limits(); }
      else if (kind === 3) r.at += 2;
      else { r.byte(); r.u32(); }
    }
    r.at = end;
  }
  throw new Error('a module has no memory');
}

// The same module, whose memory another thread can see, or not.
export function withMemory(bytes, shared) {
  const at = flagsAt(bytes);
  if (Boolean(bytes[at] & MEMORY_SHARED) === shared) return bytes;
  const copy = bytes.slice();
  copy[at] ^= MEMORY_SHARED;
  return copy;
}

const DATA = 11, DATA_COUNT = 12;

// The same without data, which is in a memory that is kept.
export function withoutData(bytes) {
  const r = new Reader(bytes), parts = [bytes.subarray(0, 8)];
  while (r.at < bytes.length) {
    const begin = r.at, id = r.byte(), size = r.u32();
    r.at += size;
    if (id !== DATA && id !== DATA_COUNT) parts.push(bytes.subarray(begin, r.at));
  }
  return parts;
}

const leb = v => { const out = []; do { out.push(v & 127 | (v > 127 ? 128 : 0)); v >>>= 7; } while (v); return out; };
const sleb = v => {
  for (const out = []; ;) {
    const low = v & 127;
    v >>= 7;
    if (v === (low & 64 ? -1 : 0)) return [...out, low];
    out.push(low | 128);
  }
};
const text = s => { const b = new TextEncoder().encode(s); return [...leb(b.length), ...b]; };
// Lists of bytes as one: large ones are not for `...', which takes ms before it is compiled.
function join(parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
}
const sized = parts => { const b = join(parts); return [leb(b.length), b]; };
const section = (id, items) => join([[id], ...sized([leb(items.length), ...items])]);
const moduleOf = (...sections) => join([[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], ...sections]);
const I32 = 0x7f, CONST = 0x41, LOAD = 0x28, STORE = 0x36, GET = 0x20, SET = 0x21, CALL = 0x10;

const OURS = 5, PASSED = 6, CALL_COUNTS = 1024, SUB = 0x6b, LESS = 0x48, IF = 0x04, END = 0x0b;
export const systemCalls = kernel => [...kernel.exports.keys()].filter(n => n.startsWith('__syscall_'));

// What programs import as linux.__syscall_NAME: calls the kernel's export, and
// then glue.after() if there is something to do before user code goes on; and trace.js's
// before and after it, if that wants to know.  If programs count, a call is as many loops.
export function makeThunks(kernel, page, shared, counts) {
  const names = systemCalls(kernel);
  const types = [[0x60, 1, I32, 1, I32], [0x60, 0, 0], [0x60, 1 + PASSED, ...Array(1 + PASSED).fill(I32), 0], [0x60, 1, I32, 0]], funcs = [], exports = [], code = [];
  const imports = [[...text('glue'), ...text('after'), 0, 0], [...text('glue'), ...text('room'), 0, 1],
    [...text('trace'), ...text('enter'), 0, 2], [...text('trace'), ...text('leave'), 0, 3], [...text('glue'), ...text('breathe'), 0, 1]];
  const load = at => [CONST, ...sleb(at | 0), LOAD, 2, 0];
  const store = (at, v) => [CONST, ...sleb(at | 0), CONST, v, STORE, 2, 0];
  const traced = code => [...load(shared + 44), IF, 0x40, ...code, END], left = shared + 48;
  const counted = counts ? [CONST, ...sleb(left | 0), ...load(left), CONST, ...sleb(CALL_COUNTS), SUB, STORE, 2, 0,
    ...load(left), CONST, 0, LESS, IF, 0x40, CALL, 4, END] : [];
  const before = [1, 1, I32, CALL, 1, ...store(shared + 8, 0)], pending = [...load(page), ...load(page + 4), 0x72, 0x45, 0x0d, 2, 0x0b];
  // fork has unwound it: it was in after()
  const unwound = [0x02, 0x40, 0x03, 0x40, 0x02, 0x40, ...load(shared + 12), 0x0d, 0];
  const result = [...load(shared + 4), SET], user = store(shared + 8, 1);
  names.forEach((name, i) => {
    const [params, results] = kernel.exports.get(name), r = params.length;
    imports.push([...text('kernel'), ...text(name), 0, ...leb(types.length)]);
    funcs.push(leb(types.length));
    types.push([0x60, ...leb(r), ...params, ...leb(results.length), ...results]);
    exports.push([...text(name), 0, ...leb(names.length + OURS + i)]);
    const args = Array.from({ length: PASSED }, (_, k) => (params[k] === I32 ? [GET, k] : [CONST, 0])).flat();
    code.push(join(sized([before, traced([CONST, ...sleb(i), ...args, CALL, 2]), unwound,
      params.flatMap((_, k) => [GET, k]), [CALL, ...leb(OURS + i), SET, r], counted, pending,
      [GET, r, CALL, 0, CONST, 1, 0x46, 0x0d, 0], result, [r, 0x0b, 0x0b], traced([GET, r, CALL, 3]), user, [GET, r, 0x0b]])));
  });
  imports.push([...text('env'), ...text('memory'), 2, counts ? 1 : 3, 1, ...leb(65536)]);
  return moduleOf(section(1, types), section(2, imports), section(3, funcs), section(7, exports), section(10, code));
}

// probe(n): throws a RangeError unless about 16 n KiB of the stack are left.  It
// has a frame of that size, for values that live across a call which is never
// made; the engine compares the frame with the stack's limit at each entry.
export function makeProbe() {
  const VALUES = 2048, I64 = 0x7e, value = i => 1 + i;
  const cold = [];
  for (let i = 0; i < VALUES; i++) cold.push(CONST, ...sleb(8 * i), 0x29, 3, 0, SET, ...leb(value(i)));
  cold.push(CONST, 0, CALL, 0);
  for (let i = VALUES - 1; i >= 0; i--) cold.push(CONST, ...sleb(8 * i), GET, ...leb(value(i)), 0x37, 3, 0);
  const body = sized([[1, ...leb(VALUES), I64, GET, 0, CONST, 0x7f, 0x46, 0x04, 0x40], cold, [0x0b,
    GET, 0, 0x04, 0x40, GET, 0, CONST, 1, 0x6b, CALL, 0, 0x0b, 0x0b]]);
  return moduleOf(section(1, [[0x60, 1, I32, 0]]), section(3, [[0]]),
    section(5, [[0, 1]]), section(7, [[...text('probe'), 0, 0]]), section(10, [join(body)]));
}
