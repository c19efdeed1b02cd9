// SPDX-License-Identifier: MIT
// A hostile kernel at user_library() and user_link(): node links.mjs WEB PROGRAM LIBRARY.
// What is wild stops the machine, what is wrong is an error, and changes nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';

const [web, program, library] = process.argv.slice(2);
const { Machine, TLB } = await import(`${web}/machine.js`);
const { makeRewriter } = await import(`${web}/rewriter.js`);
const { withMemory } = await import(`${web}/module.js`);
const read = path => new Uint8Array(fs.readFileSync(path));

const SIZE = 64 << 20, INFO = 0x20000, NAME = 0x21000, ERROR = 0x22000, LINKS = 0x23000, VALUES = 0x30000, IMAGE = 0x100000;
const ENOENT = -2, E2BIG = -7, ENOEXEC = -8, EBUSY = -16, EINVAL = -22;
const nothing = new Proxy({}, { get: () => () => 0 });

// Without a kernel, whose system calls are never made.
const m = new Machine({ memory: SIZE, alone: true, log() {}, attend() {}, streams: {}, tty: {}, files: { imports: () => ({}) }, rewrite: makeRewriter(read(`${web}/rewrite.wasm`)) });
m.memory = new WebAssembly.Memory({ initial: 65536, maximum: 65536 });
Object.assign(m, { size: SIZE, tlb: TLB, words: 0xd4000000 >>> 2, page: 0x10000, u8: new Uint8Array(m.memory.buffer), u32: new Uint32Array(m.memory.buffer), i32: new Int32Array(m.memory.buffer) });
m.forPrograms = () => ({ linux: nothing, env: { memory: m.memory }, mmu: nothing });
m.links.checkCalls = () => {};
const host = m.imports();

const put = (at, bytes) => { m.u8.set(bytes, at); return bytes.length; };
const text = () => m.string(ERROR);
function stops(fn) {
  assert.throws(fn);
  assert.notEqual(m.halted, null);
  m.halted = null;
}

put(NAME, new TextEncoder().encode('name\0'));
const spaces = [1, 2].map(() => host.mm_create());
const bytes = read(program), n = put(IMAGE, bytes);
assert.equal(host.user_load(spaces[0], NAME, IMAGE, n, INFO), 0, m.string(INFO + 20));
m.task.mm = m.mms.get(spaces[0]);
const load = () => host.user_library(spaces[0], NAME, IMAGE, put(IMAGE, read(library)), INFO);

// --- user_library() ---
for (const wild of [1, 0xfffffff0, SIZE - 8, 0xd0000000]) {
  stops(() => host.user_library(spaces[0], NAME, wild, 1 << 20, INFO));
  stops(() => host.user_library(spaces[0], NAME, IMAGE, n, wild));
}
for (const id of [0, -1, 99, spaces[1]]) stops(() => host.user_library(id, NAME, IMAGE, n, INFO));
assert.equal(host.user_library(spaces[0], NAME, IMAGE, put(IMAGE, bytes), INFO), ENOEXEC);	// a program
assert.match(m.string(INFO + 20), /^name: is not a shared library$/);
for (const size of [0, 7, 100]) assert.equal(host.user_library(spaces[0], NAME, IMAGE, size, INFO), ENOEXEC);
m.u32[INFO >>> 2] = 1 << 30;
assert.equal(host.user_library(spaces[0], NAME, 0, 0, INFO), ENOENT);
m.u32[INFO >>> 2] = m.mms.get(spaces[0]).module.id;
assert.equal(host.user_library(spaces[0], NAME, 0, 0, INFO), ENOENT);	// no library's number
assert.equal(load(), 0);
const id = m.u32[INFO >>> 2];
assert.equal(load(), 0);
assert.equal(m.u32[INFO >>> 2], id);	// the same contents are there once
assert.equal(host.user_reload(spaces[1], id, INFO), ENOENT);
assert.equal(host.user_data(id, 0, IMAGE, 100), ENOENT);

// --- user_link() ---
const { about } = m.modules.get(id), nvalues = about.imports.length, { links, instance } = m.task.mm;
const table = instance.exports.__indirect_function_table, FREE = 20000, before = table.length;
const link = (...parts) => {
  parts.forEach((p, i) => m.u32.set([p.module ?? id, p.memory ?? IMAGE, p.table ?? FREE, 0, p.n ?? nvalues, p.values ?? VALUES], (LINKS >>> 2) + 6 * i));
  return host.user_link(spaces[0], LINKS, parts.length, ERROR);
};
const refused = (errno, ...parts) => {
  assert.equal(link(...parts), errno, text());
  assert.equal(table.length, before);
  assert.equal(links.types.of[FREE], undefined);
};

m.u8.fill(0, VALUES, VALUES + 4 * nvalues);
for (const space of [0, -1, 99, spaces[1]]) stops(() => host.user_link(space, LINKS, 1, ERROR));
for (const wild of [1, 0xfffffff0, SIZE - 8, 0xd0000000]) {
  stops(() => host.user_link(spaces[0], wild, 1, ERROR));
  stops(() => host.user_link(spaces[0], LINKS, 1, wild));
  stops(() => link({ values: wild }));
}
for (const count of [0, 257, -1]) assert.equal(host.user_link(spaces[0], LINKS, count, ERROR), E2BIG);
refused(ENOENT, { module: 1 << 30 });
for (const k of [0, nvalues - 1, nvalues + 1, 0x40000000 + nvalues, 0xffffffff]) refused(EINVAL, { n: k });
for (const slot of [0, 15, 4096, 65536, 65537, 1 << 20, 0xffffffff]) refused(EINVAL, { table: slot });
refused(EBUSY, {}, {});
const k = about.imports.findIndex(im => im.module === 'env' && im.kind === 0);
for (const slot of [1, 15, FREE - 1, 65536, 0x7fffffff, 0xfffffffe]) {
  m.u32[(VALUES >>> 2) + k] = slot;
  refused(EINVAL, {});
}
m.u32[(VALUES >>> 2) + k] = 0xffffffff;
refused(EINVAL, {});	// it exports none of that name
m.u32[(VALUES >>> 2) + k] = FREE + about.slots.findIndex(type => type !== about.imports[k].type);
refused(ENOEXEC, {});
assert.match(text(), /^name: imports .* with type \(.*\) -> .*, its type is \(.*\) -> /);
m.u32[(VALUES >>> 2) + k] = 0;
assert.equal(link({}), 0, text());
assert.equal(links.types.of[FREE], about.slots[0]);
assert.equal(link({}), 0);
assert.equal(link({ table: FREE + 1000 }), EBUSY);

// The memory's flags are found behind an exception whose type has a number of two bytes: they were
// looked for in its name, and whatever a library had there was changed after it had been rewritten.
const types = 200, section = (kind, ...items) => [kind, ...leb(items.flat().length), ...items.flat()];
const leb = v => (v < 128 ? [v] : [v & 127 | 128, v >> 7]);
const tagged = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  ...section(1, leb(types), Array(types).fill([0x60, 0, 0]).flat()),
  ...section(2, [2], [1, 0x74, 1, 0x74, 4, 0, ...leb(types - 1)], [1, 0x65, 1, 0x6d, 2, 3, 1, 1])]);
const [changed] = WebAssembly.Module.imports(new WebAssembly.Module(withMemory(tagged, false))).slice(1);
assert.equal(changed.kind, 'memory');
new WebAssembly.Instance(new WebAssembly.Module(withMemory(tagged, false)), {
  t: { t: new WebAssembly.Tag({ parameters: [] }) }, e: { m: new WebAssembly.Memory({ initial: 1, maximum: 1 }) } });

// a process that is gone gives back all that it had
const { used } = m.slots;
assert.equal(used.size, 1);
m.task.mm = null;
host.mm_destroy(spaces[0]);
assert.equal(used.size, 0);
assert.equal(m.modules.get(id).refs, 0);
