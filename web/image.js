// SPDX-License-Identifier: MIT
// A machine as a file, from which others go on: it has booted, and its /init is about to run.
// The stacks of its tasks, which no engine gives away, are in it as frames that kernel.c's kernel
// takes again.
import { pack, unpack } from './channel.js';
import { withoutData } from './module.js';

const STATE = 9, TOP = 10, NONE = 0, UNWINDING = 1, REWINDING = 2;	// layout.h: indices in struct shared
const FRAMES = 0xd4100000, FORMAT = 1, PAGE = 4096, WORDS = PAGE / 4, VMALLOC = 0xe0000000, VMALLOC_END = 0xfff00000;
const MAGIC = 'muslin machine\n';
const MOST_FUNCTIONS = 200;

// Its message says why there is no image.
export class NoImage extends Error {}
// Thrown where /init would run.
export class AtInit extends Error {}

// The kernel's functions that the stack has which this is called from, below its last
// one, stub.wasm's: null if another module's are among them.
export function functionsBelow() {
  Error.stackTraceLimit = MOST_FUNCTIONS;	// which is 10 otherwise
  const found = [...new Error().stack.matchAll(/wasm:\/\/wasm\/(.*?):wasm-function\[(\d+)\]/g)].slice(1);
  return found.every(([, module]) => module === found[0][1]) ? found.map(([, , n]) => Number(n)) : null;
}

const isRewinding = m => m.u32[m.words + STATE] === REWINDING;
// taskSwitch() has been reached again.
export function arrived(m) {
  if (!isRewinding(m)) return false;
  m.u32[m.words + STATE] = NONE;
  return true;
}
export const isLeft = m => m.u32[m.words + STATE] === UNWINDING;

const sleepers = m => [...m.tasks.values()].filter(t => t.resume);

// Those that the kernel is to be made for, or null if it is.
export function functionsToAdd(m, known) {
  const all = new Set(known);
  for (const t of sleepers(m)) {
    if (!t.below) throw new NoImage(`task ${t.id} has a program on its stack`);
    for (const f of t.below) all.add(f);
  }
  if (all.size > MOST_FUNCTIONS) throw new NoImage('too many functions of the kernel are on stacks');
  return all.size > known.length ? [...all] : null;
}

async function leave(m, t) {
  const { resume } = t;
  m.u32[m.words + STATE] = UNWINDING;
  m.u32[m.words + TOP] = FRAMES;
  t.resume = null;
  m.task = t;
  resume(0);
  await t.ran;
  m.u32[m.words + STATE] = NONE;
  return m.u8.slice(FRAMES, m.u32[m.words + TOP]);
}

// [first page, how many] of what is not zero.
function runsOf(m) {
  const runs = [];
  for (const [from, to] of [[PAGE, m.size], [VMALLOC, VMALLOC_END]])
    for (let page = from / PAGE; page < to / PAGE; page++) {
      const words = m.u32.subarray(page * WORDS, (page + 1) * WORDS), last = runs.at(-1);
      if (words.every(w => w === 0)) continue;
      if (last && last[0] + last[1] === page) last[1]++; else runs.push([page, 1]);
    }
  return runs;
}

// The bytes of a machine that has thrown AtInit; version: of the parts that it needs.
export async function freeze(m, kernel, version) {
  const now = m.now(), running = m.task, tasks = [], blobs = [...withoutData(kernel)], sizes = {};
  sizes.kernel = blobs.reduce((n, b) => n + b.length, 0);
  for (const t of m.tasks.values()) {
    const frames = t.resume ? await leave(m, t) : new Uint8Array(0);
    tasks.push({ id: t.id, struct: t.struct, kernelSp: t.kernelSp, fenv: t.fenv, frames: frames.length });
    blobs.push(frames);
  }
  const modules = [...m.modules.values()].map(p => {
    blobs.push(p.code, p.data, p.slots);
    return { id: p.id, slotsAt: p.slotsAt, dataStart: p.dataStart, dataEnd: p.dataEnd, end: p.end, sizes: [p.code, p.data, p.slots].map(b => b.length) };
  });
  const mms = [...m.mms].map(([id, mm]) => ({ id, module: mm.module?.id ?? null, table: [...mm.table].map(([page, [r, w]]) => [page, r, w]) }));
  const runs = runsOf(m);
  for (const [page, n] of runs) blobs.push(m.u8.slice(page * PAGE, (page + n) * PAGE));
  const head = { format: FORMAT, version, size: m.size, page: m.page, ids: m.ids, now: `${now}`, timer: `${m.timer}`, running: running.id, kernel: sizes.kernel, tasks, modules, mms, runs };
  return pack([MAGIC, head], ...blobs);
}

export function read(bytes, version) {
  let parts;
  try {
    parts = unpack(bytes);
  } catch {
    throw new NoImage('not an image of a machine');
  }
  const [[magic, head], blob] = parts;
  if (magic !== MAGIC || head.format !== FORMAT) throw new NoImage('not an image of a machine');
  if (head.version !== version) throw new NoImage('the image is of another Muslin');
  let at = 0;
  const take = n => {
    at += n;
    if (!(n >= 0) || at > blob.length) throw new NoImage('the image is too short');
    return blob.subarray(at - n, at);
  };
  return { head, kernel: take(head.kernel), take };
}

// Before any task runs: memory, programs and address spaces.
function restoreState(m, { head, take }, frames) {
  Object.assign(m, { ids: head.ids, page: head.page, timer: BigInt(head.timer), start: performance.now() - Number(BigInt(head.now)) / 1e6 });
  for (const { frames: n, ...t } of head.tasks) {
    m.tasks.set(t.id, { ...t });
    frames.set(t.id, take(n));
  }
  for (const { sizes, ...p } of head.modules) {
    const [code, data, slots] = sizes.map(take);
    m.slots.take(p.slotsAt);
    m.u8.set(slots, p.slotsAt);
    m.modules.set(p.id, { ...p, data: data.slice(), refs: 0, wasm: m.compile(code) });
  }
  for (const [page, n] of head.runs) m.u8.set(take(n * PAGE), page * PAGE);
  for (const { id, module, table } of head.mms) {
    const mm = { table: new Map(table.map(([page, ...entry]) => [page, entry])) };
    m.mms.set(id, mm);
    if (module === null) continue;
    mm.module = m.modules.get(module);
    mm.module.refs++;
    mm.instance = m.instantiate(mm.module);
  }
}

// m has a kernel, and none of its memory.
export function thaw(m, image) {
  const { head } = image, frames = new Map();
  restoreState(m, image, frames);
  for (const t of m.tasks.values()) {
    const saved = frames.get(t.id);
    if (!saved.length) continue;
    m.u8.set(saved, FRAMES);
    m.u32[m.words + STATE] = REWINDING;
    m.u32[m.words + TOP] = FRAMES + saved.length;
    m.task = t;
    t.ran = t.id ? m.run(t, m.kernel.task_entry, t.struct, t.kernelSp) : m.run(t, m.kernel.boot);
    if (!t.resume) throw new NoImage(`task ${t.id} of the image does not go on`);
  }
  m.task = m.aTask(head.running);
}
