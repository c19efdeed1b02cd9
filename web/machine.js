// SPDX-License-Identifier: MIT
// A machine: what asm/host.h declares, for the same vmlinux.wasm and programs
// as the native host.  doc/web.md says how the parts lie together.
import { E } from './errno.js';
import { Control } from './control.js';
import { Forks } from './forks.js';
import * as Image from './image.js';
import { Links, describe } from './link.js';
import { readKernel, makeProbe, makeThunks, systemCalls, withMemory } from './module.js';
import { HOW, Refused } from './rewriter.js';
import { Slots } from './slots.js';
import { Ticks } from './ticks.js';
import { Trace } from './trace.js';

// of programs' memory: what page tables speak of, and WebAssembly
const PAGE_SHIFT = 12, PAGE = 1 << PAGE_SHIFT, WASM_PAGE = 65536, WASM_PAGES = 65536, VMALLOC = 0xe0000000, VMALLOC_END = 0xfff00000;
const MEMORY_MIN = 32 << 20;
const PROT_READ = 1, PROT_WRITE = 2, STREAMS = 256, POLLIN = 1, POLLOUT = 4;
export const IRQ = { TIMER: 1, STREAM: 2, TTY: 4, WINCH: 8, THAW: 32, CLOCK: 64 };
export const TLB = 0xd0000000;	// layout.h
const FENV = 8, LEFT = 12, COUNTS = 13;	// layout.h: indices in struct shared
const SIGILL = 4, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11;

// What V8 says of a trap: the signal and its code.
const traps = [
  [/divide by zero|remainder by zero/, SIGFPE, 1],
  [/divide result unrepresentable/, SIGFPE, 2],
  [/float unrepresentable/, SIGFPE, 7],
  [/unaligned/, SIGBUS, 1],
  [/table index|null function|signature mismatch|out of bounds/, SIGSEGV, 1],
];

function signalOf(e) {
  if (e instanceof RangeError) return [SIGSEGV, 1];	// its stack
  const found = e instanceof WebAssembly.RuntimeError && traps.find(([text]) => text.test(e.message));
  return found ? found.slice(1) : [SIGILL, 1];
}

export class Halted extends Error {}

// o: vmlinux, glue, stub, initrd: bytes; rewrite: makeRewriter()'s; cmdline; memory: bytes;
//    streams, files, tty: devices; log(text); shared(memory, page address): the words that another
//    thread may set bits of; alone: no other thread sees the memory, so programs count; attend(): takes what it has sent
export class Machine {
  constructor(o) {
    Object.assign(this, { o, halted: null, tasks: new Map(), mms: new Map(), modules: new Map() });
    this.ids = { task: 1, mm: 1, module: 1 };
    this.task = { id: 0, fenv: 0 };
    this.tasks.set(0, this.task);
    this.timer = -1n;
    this.start = performance.now();
    this.forks = new Forks(this);
    this.slots = new Slots();
    this.links = new Links(this);
    this.ticks = o.alone ? new Ticks(() => this.checkTimer()) : null;
    this.control = new Control(() => this.raise(IRQ.STREAM), o.log);
    this.down = new Promise(resolve => { this.isDown = resolve; });
  }

  // With a kernel.  No instruction of it has run.
  async prepare(vmlinux) {
    const { o } = this, shared = !o.alone, adapted = bytes => withMemory(bytes, shared);
    if (o.memory < MEMORY_MIN || o.memory > 0xd0000000) throw new Error('memory size: from 32 to 3328 MiB');
    this.size = Math.floor(o.memory / WASM_PAGE) * WASM_PAGE;
    this.kernelTypes = readKernel(vmlinux);
    const late = new WebAssembly.Table({ element: 'anyfunc', initial: 3 });
    this.slot = new WebAssembly.Table({ element: 'anyfunc', initial: 3 });
    const taskSwitch = new WebAssembly.Suspending((p, n) => this.taskSwitch(p, n));
    const scratch = new WebAssembly.Memory({ initial: 1, maximum: WASM_PAGES, shared });
    const stub = await WebAssembly.instantiate(adapted(o.stub), { env: { memory: scratch, __indirect_function_table: late }, js: { task_switch: taskSwitch } });
    const module = await WebAssembly.compile(adapted(vmlinux));
    const calls = systemCalls(this.kernelTypes);
    this.trace = new Trace(this, calls, calls.map(n => this.kernelTypes.exports.get(n)[0].length), o.traced);
    const host = { ...this.imports(), ...stub.instance.exports };
    for (const { name } of WebAssembly.Module.imports(module))
      if (!host[name]) throw new Error(`the kernel imports host.${name}, which this host does not have`);
    this.kernel = (await WebAssembly.instantiate(module, { host })).exports;
    const { memory } = this.kernel;
    this.memory = memory;
    memory.grow(WASM_PAGES - memory.buffer.byteLength / WASM_PAGE);
    this.u8 = new Uint8Array(memory.buffer);
    this.i32 = new Int32Array(memory.buffer);
    this.u32 = new Uint32Array(memory.buffer);
    const probe = new WebAssembly.Instance(new WebAssembly.Module(makeProbe()), {}).exports;
    const glue = await WebAssembly.instantiate(adapted(o.glue), {
      probe, env: { memory, __indirect_function_table: this.slot }, kernel: this.kernel, js: this.glueImports(),
    });
    this.glue = glue.instance.exports;
    this.tlb = this.glue.tlb() >>> 0;
    this.words = this.glue.shared() >>> 2;
    this.u32[this.words + COUNTS] = o.alone ? 1 : 0;
    late.set(1, this.glue.user_run);
    late.set(2, this.glue.user_resume);
    this.began = this.start = performance.now();
  }

  unlessDown(promise) { return Promise.race([promise, this.down.then(why => { throw new Halted(why); })]); }

  // Until init is ready.
  async boot() {
    await this.prepare(this.o.vmlinux);
    this.task.ran = this.run(this.task, this.kernel.boot);
    await this.unlessDown(this.control.ready);
  }

  // As boot(), until /init is about to run: { image }, or { add }, functions that the kernel is to be made for.
  async freeze(functions, version) {
    this.freezes = true;
    const atInit = new Promise(resolve => { this.isAtInit = resolve; });
    await this.prepare(this.o.vmlinux);
    this.task.ran = this.run(this.task, this.kernel.boot);
    await this.unlessDown(atInit);
    const add = Image.functionsToAdd(this, functions);
    return add ? { add } : { image: await Image.freeze(this, this.o.vmlinux, version) };
  }

  async thaw(image) {
    this.o.memory = image.head.size;
    const began = performance.now();
    await this.prepare(image.kernel);
    Image.thaw(this, image);
    this.began = began;
    this.u32[this.words] = this.page;
    this.o.shared?.(this.memory, this.page);
    this.raise(IRQ.THAW);
    this.task.ran = this.run(this.task, this.kernel.task_exec, this.task.kernelSp);
    await this.unlessDown(this.control.ready);
  }

  // --- what others see ---

  raise(bits) {
    if (!this.page) return;
    Atomics.or(this.i32, this.page >>> 2, bits);
    this.poke();
  }
  // Another thread has set bits.
  poke() { const { wake } = this; this.wake = null; wake?.(); }

  halt(why) {
    if (this.halted === null) {
      this.halted = why;
      this.isDown(why);
    }
    return new Halted(why);
  }

  // --- what the kernel passes is checked here ---

  refuse(what) { throw this.halt(`the kernel ${what}`); }

  // A range of its memory.
  span(at, n) {
    at >>>= 0;
    n >>>= 0;
    if (n && !(at >= WASM_PAGE && at + n <= this.size || at >= VMALLOC && at + n <= VMALLOC_END))
      this.refuse(`passed a wild address, 0x${at.toString(16)}, of ${n} bytes`);
    return at;
  }
  bytes(at, n) { at = this.span(at, n); return this.u8.slice(at, at + (n >>> 0)); }
  put(at, n, b) { this.u8.set(b.subarray(0, n >>> 0), this.span(at, n)); }
  text(at, n) { return new TextDecoder().decode(this.bytes(at, n)); }
  string(at) {
    let end = at >>>= 0;
    while (end - at < 4096 && this.u8[this.span(end, 1)]) end++;
    return this.text(at, end - at);
  }
  structure(at, n) {
    if (at & 3) this.refuse(`passed a wild structure, 0x${(at >>> 0).toString(16)}`);
    return this.span(at, n);
  }
  space(id) { return this.mms.get(id) ?? this.refuse(`passed address space ${id}, which is no program's`); }
  program(id) {
    const mm = this.space(id);
    return mm.instance ? mm : this.refuse(`passed address space ${id}, in which there is no program`);
  }
  aTask(id) { return this.tasks.get(id) ?? this.refuse(`passed task ${id}, which there is not`); }
  running() { return this.task.mm?.instance ? this.task.mm : this.refuse('asked for a program that does not run'); }
  stream(n) { return n >= 0 && n < STREAMS ? n : this.refuse(`passed stream ${n}, which there is not`); }
  pages(at, n) {
    at >>>= 0;
    n >>>= 0;
    if ((at | n) % PAGE || at + n > WASM_PAGES * WASM_PAGE) this.refuse(`passed wild pages, 0x${at.toString(16)}, of ${n} bytes`);
    return [at / PAGE, (at + n) / PAGE];
  }

  // --- tasks: each is a stack that can be suspended ---

  async run(task, fn, ...args) {
    for (;;) {
      let error;
      try {
        await WebAssembly.promising(fn)(...args);
        if (Image.isLeft(this)) return;
        error = new Error('a task returned');
      } catch (e) {
        error = e;
      }
      if (error instanceof Image.AtInit) this.isAtInit();
      if (task.gone || this.halted !== null || error instanceof Image.AtInit) return;
      if (task.execs) {
        Object.assign(task, { execs: false, mm: null, fenv: 0 });
        [fn, args] = [this.kernel.task_exec, [task.kernelSp]];
      } else if (this.u32[this.words + 2]) {
        this.u32[this.words + 2] = 0;
        task.trap = `${error.message ?? error}`;
        [fn, args] = [this.glue.trapped, signalOf(error)];
      } else {
        this.o.log(`muslin: ${error.stack}\n`);
        this.halt('the kernel trapped');
        return;
      }
    }
  }

  taskSwitch(prev, next) {
    if (Image.arrived(this)) return new Promise(resolve => { this.task.resume = resolve; });
    const p = this.aTask(prev), n = this.aTask(next);
    if (this.freezes) p.below = Image.functionsBelow();
    if (p !== this.task || p === n) this.refuse(`switched from task ${prev} to ${next}`);
    this.saveUser(p);
    this.task = n;
    this.loadUser(n);
    const wait = new Promise(resolve => { p.resume = resolve; });
    if (n.resume) {
      const { resume } = n;
      n.resume = null;
      resume(0);
    } else {
      queueMicrotask(() => { n.ran = this.run(n, this.kernel.task_entry, n.struct, n.kernelSp); });
    }
    return wait;
  }

  taskFree(id) {
    const t = this.aTask(id);
    if (t === this.task) this.refuse('freed the running task');
    t.gone = true;
    this.tasks.delete(id);
    t.resume?.(1);	// or its stack would stay
  }

  saveUser(t) {
    const x = t.mm?.instance?.exports;
    if (x) [t.sp, t.tls, t.fenv] = [x.__stack_pointer.value, x.__tls_base.value, this.fenv];
  }
  loadUser(t) {
    const x = t.mm?.instance?.exports;
    if (!x) return;
    this.loadTable(t.mm.table);
    x.__stack_pointer.value = t.sp;
    x.__tls_base.value = t.tls;
    this.u32[this.words + FENV] = t.fenv;
  }
  // Of the program that runs.
  get fenv() { return this.u32[this.words + FENV]; }

  // --- address spaces: the table of the one that runs is in memory ---

  setEntry(page, read, write) {
    const at = (this.tlb >>> 2) + 2 * page;
    this.u32[at] = read;
    this.u32[at + 1] = write;
  }
  loadTable(table) {
    if (this.loaded === table) return;
    for (const page of this.loaded?.keys() ?? []) this.setEntry(page, 0, 0);
    for (const [page, [read, write]] of table ?? []) this.setEntry(page, read, write);
    this.loaded = table;
  }

  map(id, va, pa, n, prot) {
    const [first, end] = this.pages(va, n), delta = pa - va | 0;
    this.span(pa, n);
    if (!id) {	// vmalloc: no table lies between the kernel and its memory
      if (first * PAGE < VMALLOC || end * PAGE > VMALLOC_END) this.refuse('mapped a page of its own outside of vmalloc space');
      this.u8.copyWithin(va >>> 0, pa >>> 0, (pa >>> 0) + (n >>> 0));
      return 0;
    }
    const { table } = this.space(id);
    for (let page = first; page < end; page++) {
      const entry = [prot & (PROT_READ | PROT_WRITE) ? delta : 0, prot & PROT_WRITE ? delta : 0];
      table.set(page, entry);
      if (table === this.loaded) this.setEntry(page, ...entry);
    }
    return 0;
  }

  unmap(id, va, n) {
    const [first, end] = this.pages(va, n);
    if (!id) return 0;
    const { table } = this.space(id);
    const drop = page => {
      if (table.delete(page) && table === this.loaded) this.setEntry(page, 0, 0);
    };
    if (end - first > table.size) [...table.keys()].filter(p => p >= first && p < end).forEach(drop);
    else for (let page = first; page < end; page++) drop(page);
    return 0;
  }

  destroy(id) {
    const mm = this.space(id);
    for (const t of this.tasks.values()) if (t.mm === mm) t.mm = null;
    if (this.loaded === mm.table) this.loadTable(null);
    if (mm.links) this.links.exit(mm);
    this.mms.delete(id);
    this.putModule(mm.module);
  }

  // --- programs ---

  load(id, name, image, n, info) {
    const mm = this.space(id), bytes = this.bytes(image, n);
    info = this.structure(info, 268);
    if (mm.instance) return -E.EBUSY;
    const path = this.string(name);
    let slotsAt = this.slots.reserve();
    if (!slotsAt) return -E.ENOMEM;
    try {
      const { image: code, data, dataStart, dataEnd, end, slots, about } = this.rewrite(bytes, slotsAt);
      this.u8.set(slots, slotsAt);
      if (about) {	// its table is a process's
        this.slots.release(slotsAt);
        slotsAt = 0;
      }
      if (end - WASM_PAGE >= this.size) throw new Refused(`needs ${end >>> 20} MiB of memory, the machine has ${this.size >>> 20}`);
      const module = { id: this.ids.module++, name: path, about: about && describe(about), slotsAt, data, dataStart, dataEnd, end, refs: 0, wasm: this.compile(code) };
      if (this.freezes) Object.assign(module, { code, slots });
      this.setUp(mm, module, info);
      this.modules.set(module.id, module);
      return 0;
    } catch (e) {
      if (e instanceof Halted) throw e;	// all else is the program's doing
      this.slots.release(slotsAt);
      const error = new TextEncoder().encode(`${path}: ${e.message}`).subarray(0, 247);
      this.u8.fill(0, info + 20, info + 268);
      this.u8.set(error, info + 20);
      this.refused?.(new TextDecoder().decode(error));
      return -E.ENOEXEC;
    }
  }

  // An image's /init, which computes nothing, is for any machine.
  rewrite(bytes, slotsAt, more = 0) {
    const counts = this.o.alone && !this.freezes, how = more | HOW.REENTERS | (counts ? HOW.COUNTS : 0);
    return this.o.rewrite(bytes, this.tlb, counts ? (this.words + LEFT) * 4 : this.page, how, slotsAt);
  }

  compile(code) { return new WebAssembly.Module(withMemory(code, !this.o.alone)); }

  // What a program imports.
  forPrograms() {
    if (!this.syscalls) {
      this.syscalls = new WebAssembly.Instance(new WebAssembly.Module(makeThunks(this.kernelTypes, this.page, this.words * 4, this.o.alone)),
        { kernel: this.kernel, glue: this.glue, trace: this.trace.imports(), env: { memory: this.memory } }).exports;
      this.slot.set(2, this.syscalls.__syscall_clone);
    }
    return { linux: this.syscalls, env: { memory: this.memory }, mmu: this.glue };
  }

  instantiate(module) { return new WebAssembly.Instance(module.wasm, this.forPrograms()); }

  setUp(mm, module, info) {
    const instance = this.instantiate(module);
    const x = instance.exports, isVariable = g => g instanceof WebAssembly.Global && typeof g.value === 'number';
    if (!isVariable(x.__stack_pointer) || !isVariable(x.__tls_base) || typeof x._start !== 'function' ||
        !(x.__indirect_function_table instanceof WebAssembly.Table))
      throw new Refused('does not export _start, __stack_pointer, __tls_base and __indirect_function_table');
    x.__stack_pointer.value = x.__stack_pointer.value;	// a constant throws
    Object.assign(mm, { links: module.about && this.links.setUp(instance, module), instance, module });
    module.refs++;
    this.u32.set([module.id, WASM_PAGE, module.dataStart, module.dataEnd, module.end], info >>> 2);
  }

  putModule(module) {
    if (!module || --module.refs) return;
    this.modules.delete(module.id);
    this.slots.release(module.slotsAt);
  }

  reload(id, number, info) {
    const mm = this.space(id), module = this.modules.get(number >>> 0);
    info = this.structure(info, 268);
    if (mm.instance) return -E.EBUSY;
    if (!module || module.library) return -E.ENOENT;
    this.setUp(mm, module, info);
    return 0;
  }

  data(number, offset, at, n) {
    const module = this.modules.get(number >>> 0);
    at = this.span(at, n);
    if (!module || module.library) return -E.ENOENT;
    offset >>>= 0;
    n >>>= 0;
    this.u8.fill(0, at, at + n);
    this.u8.set(module.data.subarray(offset, offset + n), at);
    return 0;
  }

  glueImports() {
    const exports = () => this.running().instance.exports;
    const choose = fn => {
      if (typeof fn !== 'function') return 0;
      this.slot.set(1, fn);
      return 1;
    };
    const indirect = index => {
      const table = exports().__indirect_function_table;
      return index >>> 0 < table.length ? choose(table.get(index >>> 0)) : 0;
    };
    return {
      set_up: (id, sp, tls) => {
        const t = this.task;
        if (this.freezes) throw new Image.AtInit();
        if (t.mm) this.refuse('ran a program in a program');
        [t.mm, t.sp, t.tls] = [this.program(id), sp, tls];
        this.loadUser(t);
      },
      start: () => choose(exports()['muslin.start']),
      entry: index => (index ? indirect(index) : choose(exports()._start)),
      dispatcher: indirect,
      adapter: index => {
        const { fn, type } = this.links.adapter(this.running(), index >>> 0);
        return choose(fn) && type;
      },
      get_sp: () => exports().__stack_pointer.value,
      set_sp: v => { exports().__stack_pointer.value = v; },
      leave: () => { this.task.execs = true; },
      tick: () => {
        this.i32[this.words + LEFT] = this.ticks.next();
        return this.ticks.due ? 1 : 0;
      },
      yield: new WebAssembly.Suspending(() => this.ticks.events()),
      ...this.forks.glueImports(),
    };
  }

  // --- the clock ---

  now() { return BigInt(Math.round((performance.now() - this.start) * 1e6)); }
  checkTimer() {
    if (this.timer < 0n || this.now() < this.timer) return;
    this.timer = -1n;
    this.raise(IRQ.TIMER);
  }

  // Suspends: this is when the event loop runs.
  idle() {
    this.o.attend();
    this.checkTimer();
    if (Atomics.load(this.i32, this.page >>> 2)) return undefined;
    return new Promise(resolve => {
      let timeout;
      this.wake = () => { clearTimeout(timeout); resolve(); };
      if (this.timer < 0n) return;
      const ms = Math.max(0, Math.ceil(Number(this.timer - this.now()) / 1e6));
      timeout = setTimeout(() => { this.checkTimer(); this.poke(); }, Math.min(ms, 1 << 30));
    });
  }

  imports() {
    const { o } = this, { streams, files, tty } = o;
    // how much was read, at most n bytes, or an error
    const give = (at, n, b) => {
      if (typeof b === 'number') return b;
      this.put(at, n, b);
      return Math.min(b.length, n >>> 0);
    };
    const isControl = n => this.stream(n) === 0;
    return {
      memory_size: () => this.size,
      cmdline: (at, n) => {
        const b = new TextEncoder().encode(`console=ttyW0 quiet ${o.cmdline ?? ''}\0`);
        if (b.length > n >>> 0) b[(n >>> 0) - 1] = 0;
        this.put(at, n, b);
      },
      initrd: at => {
        if (at) this.put(at, o.initrd.length, o.initrd);
        return o.initrd.length;
      },
      set_page: at => {
        if (this.page || this.structure(at, 32) + 32 > this.size) this.refuse('passed a wild page of shared words');
        this.page = at >>> 0;
        this.u32[this.words] = this.page;
        o.shared?.(this.memory, this.page);
      },
      memory_free: () => {},	// the engine has no way to give memory back
      frozen: () => {},	// nobody asks for an image
      halt: how => { throw this.halt(['', 'the guest has restarted the machine', 'the kernel panicked', 'the host has no room'][how] ?? 'halted'); },
      console_write: (at, n) => o.log(this.text(at, n)),
      clock_ns: () => { this.checkTimer(); return this.now(); },
      realtime_ns: () => BigInt(Date.now()) * 1000000n,
      timer_set: when => { this.timer = when === -1n ? -1n : BigInt.asUintN(63, when); this.checkTimer(); },
      idle: new WebAssembly.Suspending(() => this.idle()),
      random: (at, n) => {
        const b = new Uint8Array(n >>> 0);
        for (let i = 0; i < b.length; i += WASM_PAGE) crypto.getRandomValues(b.subarray(i, i + WASM_PAGE));
        this.put(at, n, b);
      },
      task_create: (struct, kernelSp) => {
        const id = this.ids.task++;
        this.tasks.set(id, { id, struct, kernelSp, fenv: this.task.mm ? this.fenv : 0 });
        return id;
      },
      task_fork: (struct, kernelSp) => this.forks.task(struct, kernelSp),
      task_free: id => this.taskFree(id),
      // a kernel for several CPUs finds one here
      cpus: () => 1,
      cpu_start: cpu => this.refuse(`passed CPU ${cpu >>> 0}, which is not to be started`),
      cpu_kick: cpu => this.refuse(`interrupted CPU ${cpu >>> 0}, where there is one`),
      cpu_yield: () => {},
      mm_create: () => {
        const id = this.ids.mm++;
        this.mms.set(id, { table: new Map() });
        return id;
      },
      mm_fork: (id, parent) => this.forks.space(id, parent),
      mm_destroy: id => this.destroy(id),
      mm_map: (id, va, pa, n, prot) => this.map(id, va, pa, n, prot),
      mm_unmap: (id, va, n) => this.unmap(id, va, n),
      user_load: (id, name, image, n, info) => this.load(id, name, image, n, info),
      // an engine compiles a module at once, so that no ticket was given
      user_load_result: () => -E.ENOENT,
      user_load_cancel: () => -E.ENOENT,
      user_reload: (id, number, info) => this.reload(id, number, info),
      user_library: (id, name, image, n, info) => this.links.library(id, name, image, n, info),
      user_link: (id, at, n, error) => this.links.link(id, at, n, error),
      user_data: (number, offset, at, n) => this.data(number, offset, at, n),
      user_trapped: (at, n) => {
        if (n) this.put(at, n, new TextEncoder().encode(`${(this.task.trap ?? '').slice(0, Math.min(n >>> 0, 200) - 1)}\0`));
      },
      // An engine tells nobody what is on its stacks.
      task_frames: () => -E.ENOSYS,
      task_pc: () => 0,
      symbol: () => -E.ENOENT,
      user_sp: () => this.running().instance.exports.__stack_pointer.value,
      user_tls: () => this.running().instance.exports.__tls_base.value,

      stream_read: (n, at, len) => give(at, len, isControl(n) ? this.control.read(len >>> 0) : streams.read(n, len >>> 0)),
      stream_write: (n, at, len) => {
        const b = this.bytes(at, Math.min(len >>> 0, WASM_PAGE));
        return isControl(n) ? this.control.write(b) : streams.write(n, b);
      },
      stream_poll: n => {
        if (!isControl(n)) return streams.poll(n);
        o.attend();
        return POLLOUT | (this.control.pending() ? POLLIN : 0);
      },
      stream_watch: (n, events) => { if (!isControl(n)) streams.watch(n, events & (POLLIN | POLLOUT)); },
      stream_seek: (n, offset, whence) => (isControl(n) ? BigInt(-E.ESPIPE) : streams.seek(n, offset, whence)),
      stream_close: n => { if (!isControl(n)) streams.close(n); },
      tty_read: (at, n) => give(at, n, tty.read(n >>> 0)),
      tty_write: (at, n) => tty.write(this.bytes(at, Math.min(n >>> 0, WASM_PAGE))),
      tty_size: () => tty.size(),
      // there is no network but the guest's own
      net_link: at => { this.bytes(at, 6); return -E.ENODEV; },
      net_send: () => -E.ENODEV,
      net_next: () => -E.ENODEV,
      net_receive: () => -E.ENODEV,
      // no disks, and no streams that are regular files in the guest
      disk_info: (n, at) => { this.bytes(at, 12); return -E.ENODEV; },
      disk_start: () => -E.ENODEV,
      disk_done: () => 0,
      stream_stat: () => -E.ENODEV,
      stream_pread: () => -E.ENODEV,
      stream_pwrite: () => -E.ENODEV,
      stream_truncate: () => -E.ENODEV,
      stream_sync: () => -E.ENODEV,
      ...files.imports(this, give),
    };
  }
}
