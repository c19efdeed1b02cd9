// SPDX-License-Identifier: MIT
// wasm_link(): shared libraries in a process, as host/machine/link.c has them.  Each is an
// instance of its own, with the program's memory, table and stack pointer; linked.c says what of it
// is filled here.  What the guest says is checked here, and in the rewriter.
import { E } from './errno.js';
import { HOW, Refused } from './rewriter.js';

const MAX_LINKS = 256, MAX_LIBRARIES = 4096, FIRST_SLOT = 16, MAX_SLOTS = 65536, OWN = 0xffffffff, HOST_LINK = 24, ERROR = 248;
const FUNCTION = 0, GLOBAL = 3, TAG = 4, I32 = 0x7f, SHARED_TAGS = ['__cpp_exception', '__c_longjmp'];
const KEPT = 32;	// libraries that no process has
const VALUES = 0xd4040000;	// layout.h

const letters = { 0x7f: 'i', 0x7e: 'l', 0x7d: 'f', 0x7c: 'd' };
const names = { i: 'i32', l: 'i64', f: 'f32', d: 'f64', v: 'v128', r: 'ref' };
const signature = type => {
  const [params, results] = type.split(':').map(s => [...s].map(c => names[c]).join(' '));
  return `(${params}) -> ${results || '()'}`;
};

// As linked.c has it.
function typeNumber(type) {
  let h = 2166136261;
  for (let i = 0; i < type.length; i++) h = Math.imul(h ^ type.charCodeAt(i), 16777619);
  return h >>> 0 || 1;
}

const isSetjmp = im => im.kind === FUNCTION && im.module === 'env' && (im.name === 'setjmp' || im.name === '__setjmp');

// What the rewriter says of a module: describe_linked().
export function describe(bytes) {
  const fields = new TextDecoder().decode(bytes).split('\0'), next = () => fields[at++];
  const number = () => Number(next()), list = item => Array.from({ length: number() }, item);
  let at = 0;
  const nvalues = number(), types = number(), tls = number();
  const imports = list(() => ({ kind: number(), type: next(), module: next(), name: next(), value: number() }));
  const slots = list(next), exports = new Map(list(() => [next(), number()]).reverse());
  const known = { nvalues, types, tls, imports, slots, exports, tableSize: number(), elementsAt: number(), elements: list(next) };
  return { ...known, adapters: new Set(fields.slice(at, -1)) };
}

// Types of what is in the table of a process: its relatives share it until one links more.
class Types {
  constructor(machine) {
    this.machine = machine;
    this.at = machine.slots.reserve();
    if (!this.at) throw new Refused('there are too many processes with libraries');
    machine.u8.fill(0, this.at, this.at + 4 * MAX_SLOTS);
    Object.assign(this, { refs: 1, of: [] });
  }
  put() { if (!--this.refs) this.machine.slots.release(this.at); }
  set(slot, type) {
    if (slot >= MAX_SLOTS) throw new Refused(`has a function at slot ${slot}, the last one is ${MAX_SLOTS - 1}`);
    this.of[slot] = type;
    this.machine.u32[(this.at >>> 2) + slot] = type === undefined ? 0 : typeNumber(type);
  }
  copy() {
    const t = new Types(this.machine);
    this.of.forEach((type, slot) => t.set(slot, type));
    return t;
  }
}

class Fault extends Error {
  constructor(errno, message) { super(message); this.errno = errno; }
}
const refuse = (part, errno, why) => { throw new Fault(errno, `${part.entry.module.name.slice(0, 100)}: ${why}`); };

function same(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const overlap = (a, n, b, k) => a < b + k && b < a + n;

export class Links {
  constructor(machine) {
    this.machine = machine;
    this.kept = [];
    this.jump = null;
    this.tags = new Map();
  }

  // --- a program that can have libraries ---

  setUp(instance, { about }) {
    const types = new Types(this.machine);
    try {
      about.elements.forEach((type, i) => types.set(about.elementsAt + i, type));
    } catch (e) {
      types.put();
      throw e;
    }
    this.setValues(instance, about, () => { this.valueAt(about.types, types.at); });
    return { types, entries: new Map() };
  }

  // --- values: they are at VALUES while fn() runs ---

  valueAt(i, v) { this.machine.u32[(VALUES >>> 2) + i] = v; }
  setValues(instance, about, fn) {
    instance.exports['muslin.store'](VALUES);
    fn();
    instance.exports['muslin.load'](VALUES);
  }

  exit(mm) {
    for (const { module, program } of mm.links.entries.values()) if (!program) this.putModule(module);
    mm.links.types.put();
  }

  // Unused ones stay, since what needs them is run again.
  putModule(module) {
    if (--module.refs) return;
    this.kept.push(module);
    if (this.kept.length > KEPT) this.machine.modules.delete(this.kept.shift().id);
  }
  take(module) {
    if (!module.refs++) this.kept.splice(this.kept.indexOf(module), 1);
  }

  // child has a program, the same as parent's.
  fork(child, parent) {
    const { types, entries } = parent.links;
    types.refs++;
    child.links = { types, entries: new Map() };
    this.copyValues(child.instance, parent.instance);
    this.grow(child, parent.instance.exports.__indirect_function_table.length);
    for (const [id, from] of entries) {
      const entry = { ...from };
      if (entry.program) entry.instance = child.instance;
      else this.take(entry.module);
      child.links.entries.set(id, entry);
      if (!entry.linked) continue;
      this.instantiate(child, entry);
      if (!entry.program) this.copyValues(entry.instance, from.instance);
    }
  }

  copyValues(to, from) {
    from.exports['muslin.store'](VALUES);
    to.exports['muslin.load'](VALUES);
  }

  // --- libraries ---

  checkCalls({ imports }) {
    const { machine } = this;
    for (const { kind, type, name, module } of imports) {
      if (kind !== FUNCTION || module !== 'linux') continue;
      const ours = name.startsWith('__syscall_') && machine.kernelTypes.exports.get(name);
      if (!ours) throw new Refused(`imports linux.${name.slice(0, 60)}, which this kernel does not export`);
      const known = ours.map(t => t.map(b => letters[b]).join('')).join(':');
      if (known !== type) throw new Refused(`linux.${name} has type ${signature(type)}, the kernel's is ${signature(known)}`);
    }
  }

  makeModule(path, bytes) {
    const { machine } = this;
    for (const m of machine.modules.values())
      if (m.library && same(m.bytes, bytes)) return m;
    const { image, about } = machine.rewrite(bytes, 0, HOW.LIBRARY), described = describe(about);
    this.checkCalls(described);
    const module = { id: machine.ids.module++, library: true, name: path, bytes, about: described, refs: 0, wasm: machine.compile(image) };
    machine.modules.set(module.id, module);
    this.kept.push(module);
    return module;
  }

  // What is kept as info->module, or image of n bytes.
  library(id, name, image, n, info) {
    const { machine } = this, mm = machine.program(id);
    info = machine.structure(info, 20 + ERROR);
    const number = machine.u32[info >>> 2];
    if (!mm.links) return -E.ENOSYS;
    try {
      const module = image ? this.makeModule(machine.string(name), machine.bytes(image, n)) : machine.modules.get(number);
      if (!module?.library) return -E.ENOENT;
      if (!mm.links.entries.has(module.id)) {
        if (mm.links.entries.size >= MAX_LIBRARIES) return -E.ENFILE;
        this.take(module);
        mm.links.entries.set(module.id, { module });
      }
      machine.u32.set([module.id, 0, 0, 0, 0], info >>> 2);
      return 0;
    } catch (e) {
      if (!(e instanceof Refused || e instanceof WebAssembly.CompileError)) throw e;
      this.tell(info + 20, `${machine.string(name)}: ${e.message}`);
      return -E.ENOEXEC;
    }
  }

  tell(at, text) {
    const b = new TextEncoder().encode(text).subarray(0, ERROR - 1);
    this.machine.put(at, ERROR, new Uint8Array(ERROR));
    this.machine.put(at, ERROR, b);
  }

  // --- checks of what the guest wants ---

  takePart(mm, at, parts) {
    const { machine } = this, [id, memoryBase, tableBase, tls, nvalues, values] = machine.u32.slice(at >>> 2, (at + HOST_LINK) >>> 2);
    let entry = mm.links.entries.get(id || mm.module.id);
    if (!id && !entry) {
      entry = { module: mm.module, instance: mm.instance, program: true };
      mm.links.entries.set(mm.module.id, entry);
    }
    if (!entry) throw new Fault(E.ENOENT, '');
    const { about } = entry.module, part = { entry, memoryBase, tls, base: entry.program ? about.tableSize : tableBase };
    const others = im => im.module !== 'linux' && (im.kind !== 2), none = entry.program && !nvalues && !about.imports.some(others);
    if (nvalues !== about.imports.length && !none) refuse(part, E.EINVAL, `${nvalues} values for ${about.imports.length} imports`);
    part.values = new Uint32Array(machine.bytes(values, nvalues * 4).buffer);
    this.checkPlace(mm, part);
    for (const q of parts) {
      if (q.entry === entry) refuse(part, E.EBUSY, 'is to be linked twice');
      if (overlap(part.base, about.slots.length, q.base, q.entry.module.about.slots.length))
        refuse(part, E.EINVAL, `slot ${part.base} is that of another library`);
    }
    return part;
  }

  checkPlace(mm, part) {
    const { entry, base } = part, n = entry.module.about.slots.length, { of } = mm.links.types;
    if (entry.linked) {	// again: with other values
      if (base !== entry.base) refuse(part, E.EBUSY, `is linked already, at slot ${entry.base}`);
      return;
    }
    let free = base >= FIRST_SLOT && base <= MAX_SLOTS && n <= MAX_SLOTS - base;
    for (let slot = base; free && slot < base + n; slot++) free = of[slot] === undefined;
    if (!free) refuse(part, E.EINVAL, `${n} functions at slot ${base}, where they cannot be`);
    for (const e of mm.links.entries.values())
      if (e.linked && overlap(base, n, e.base, e.module.about.slots.length)) refuse(part, E.EINVAL, `slot ${base} is another library's`);
  }

  // The slot of a function that is imported, or 0; typeAt(slot): of all that there will be.
  slotOf(part, im, value, typeAt) {
    const own = part.entry.module.about.exports.get(im.name);
    if (value === OWN && own === undefined) refuse(part, E.EINVAL, `does not export ${im.name.slice(0, 80)}`);
    const slot = value === OWN ? part.base + own : value, type = slot ? typeAt(slot) : im.type;
    if (type === undefined) refuse(part, E.EINVAL, `${im.name.slice(0, 80)} is said to be at slot ${value}, where no function is`);
    if (type !== im.type)
      refuse(part, E.ENOEXEC, `imports ${im.name.slice(0, 60)} with type ${signature(im.type)}, its type is ${signature(type)}`);
    return slot;
  }

  valuesOf(part, typeAt) {
    return part.entry.module.about.imports.map((im, i) => {
      const value = part.values[i] ?? 0;
      if (im.kind === FUNCTION) return im.module === 'linux' || isSetjmp(im) ? 0 : this.slotOf(part, im, value, typeAt);
      if (im.module !== 'env') return value;
      return im.name === '__memory_base' ? part.memoryBase : im.name === '__table_base' ? part.base : value;
    });
  }

  // --- what it changes ---

  tagOf(mm, part, name) {
    const own = mm.instance.exports[name];
    if (own instanceof WebAssembly.Tag) return own;
    if (!SHARED_TAGS.includes(name)) refuse(part, E.ENOEXEC, `imports the exception ${name.slice(0, 80)}, which the program does not export`);
    if (!this.tags.has(name)) this.tags.set(name, new WebAssembly.Tag({ parameters: ['i32'] }));
    return this.tags.get(name);
  }

  grow(mm, size) {
    const table = mm.instance.exports.__indirect_function_table;
    if (table.length < size) table.grow(size - table.length);
  }

  // Its functions come into the table.
  instantiate(mm, entry) {
    const { machine } = this, x = mm.instance.exports, { about, wasm } = entry.module, part = { entry };
    if (entry.program) {
      about.slots.forEach((_, i) => x.__indirect_function_table.set(entry.base + i, x[`muslin.slot.${i}`]));
    } else {
      const tag = {};
      about.imports.forEach((im, i) => { if (im.kind === TAG) tag[i] = this.tagOf(mm, part, im.name); });
      this.jump ??= new WebAssembly.Tag({ parameters: ['i64', 'i32', 'i32'] });
      const process = { stack_pointer: x.__stack_pointer, tls_base: x.__tls_base, table: x.__indirect_function_table,
        table_base: entry.base, jump: x['muslin.jump'] ?? this.jump };
      entry.instance = new WebAssembly.Instance(wasm, { ...machine.forPrograms(), process, tag });
    }
  }

  ownTypes(mm) {
    const { links } = mm, { types } = links;
    if (types.refs === 1) return types;
    links.types = types.copy();
    types.put();
    const all = new Map([...links.entries.values()].map(e => [e.instance, e.module.about]).filter(([instance]) => instance));
    for (const [instance, about] of all.set(mm.instance, mm.module.about))
      this.setValues(instance, about, () => { this.valueAt(about.types, links.types.at); });
    return links.types;
  }

  takeBack(mm, parts) {
    const table = mm.instance.exports.__indirect_function_table;
    for (const { entry, base } of parts) {
      for (let i = 0; i < entry.module.about.slots.length && base + i < table.length; i++) table.set(base + i, null);
      entry.base = undefined;
      if (!entry.program) entry.instance = undefined;
    }
  }

  change(mm, parts) {
    const added = parts.filter(p => !p.entry.linked), most = Math.max(0, ...added.map(p => p.base + p.entry.module.about.slots.length));
    const typeAt = slot => {
      const p = added.find(q => slot >= q.base && slot < q.base + q.entry.module.about.slots.length);
      return p ? p.entry.module.about.slots[slot - p.base] : mm.links.types.of[slot];
    };
    const values = parts.map(p => this.valuesOf(p, typeAt)), types = this.ownTypes(mm);
    this.grow(mm, most);
    try {
      for (const p of added) {
        p.entry.base = p.base;
        this.instantiate(mm, p.entry);
      }
    } catch (e) {
      this.takeBack(mm, added);
      if (!(e instanceof WebAssembly.LinkError)) throw e;
      throw new Fault(E.ENOEXEC, e.message);
    }
    for (const { entry, base } of added) {
      entry.module.about.slots.forEach((type, i) => types.set(base + i, type));
      entry.linked = true;
    }
    parts.forEach(({ entry, tls }, k) => {
      const { about } = entry.module;
      this.setValues(entry.instance, about, () => {
        about.imports.forEach((im, i) => { if (im.value < about.nvalues) this.valueAt(im.value, values[k][i]); });
        this.valueAt(about.types, types.at);
        this.valueAt(about.tls, tls);
      });
    });
  }

  link(id, links, n, error) {
    const { machine } = this, mm = machine.program(id);
    // another's words may be in that of a program that does not run
    if (mm !== machine.running()) machine.refuse(`linked address space ${id}, which does not run`);
    machine.put(error, 1, new Uint8Array(1));
    n >>>= 0;
    if (!mm.links) return -E.ENOSYS;
    if (!n || n > MAX_LINKS) return -E.E2BIG;
    const at = machine.structure(links, n * HOST_LINK), parts = [];
    try {
      for (let i = 0; i < n; i++) parts.push(this.takePart(mm, at + i * HOST_LINK, parts));
      this.change(mm, parts);
      return 0;
    } catch (e) {
      if (e instanceof RangeError) return -E.ENOMEM;
      if (!(e instanceof Fault || e instanceof Refused)) throw e;
      this.tell(error, e.message.replace(/[\x00-\x1f\x7f]/g, '?'));
      return -(e.errno ?? E.ENOEXEC);
    }
  }

  // --- calls by another type: glue.c's adapt() ---

  adapter(mm, index) {
    const type = mm.links?.types.of[index], all = [{ instance: mm.instance, module: mm.module }, ...mm.links?.entries.values() ?? []];
    const { instance } = all.find(e => e.instance && e.module.about?.adapters.has(type)) ?? {};
    return { fn: instance?.exports['muslin.adapt'], type: type && typeNumber(type) };
  }
}
