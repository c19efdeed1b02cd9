// SPDX-License-Identifier: MIT
// A machine, for who has one: index.d.ts says what there is.  What it needs of
// where it runs is Machine.platform: node-api.js, browser-api.js.
import { M, Sender, makeChannel, pack } from './channel.js';
import { E } from './errno.js';
import { detach, entriesOf } from './tree.js';

const IRQ_STREAM = 2, IRQ_TTY = 4, IRQ_WINCH = 8, TERMINAL = 0, STREAMS = 256, PIECE = 65536, FRAME = 32768;
const O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2;
const HELPERS = '/run/muslin', HELPER = `${HELPERS}/helper`;
const STEPS = ['make a process', 'open its files', 'set its user and groups', 'change to its working directory', 'execute it'];
const SIGNALS = ('HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT ' +
  'CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS').split(' ').map(s => `SIG${s}`);

const bytesOf = data => (typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data));
const nameOf = error => Object.keys(E).find(k => E[k] === error) ?? `error ${error}`;

export class MachineError extends Error {
  constructor(text, code) { super(text); this.name = 'MachineError'; this.code = code; }
}

// Whether threads can see the same memory; else the machine runs without that, and slower.
const canShare = () => typeof SharedArrayBuffer !== 'undefined' && (globalThis.crossOriginIsolated ?? true);

// What a machine needs and is not here: [what, why], for people.
export function missing() {
  const out = [];
  if (typeof WebAssembly === 'undefined') out.push(['WebAssembly', 'nothing runs without it']);
  else if (!('promising' in WebAssembly) || !('Suspending' in WebAssembly))
    out.push(['JSPI (JavaScript Promise Integration)', 'tasks of Linux are stacks that wait; Chromium and Edge have it from 137 on, and Node from 24; in Firefox about:config may have it, as javascript.options.wasm_js_promise_integration; Safari, if at all, behind a flag']);
  return out.map(([what, why]) => ({ what, why }));
}

// To a program: given when it asks.
class Source {
  constructor(machine, id) { Object.assign(this, { machine, id, left: [], wanted: false, ended: false, onwant: null }); }

  // Resolves when the machine has it.
  give(data) {
    const b = bytesOf(data);
    if (!b.length) return Promise.resolve();
    return new Promise((taken, lost) => { this.left.push({ b, taken, lost }); this.flush(); });
  }
  end() { this.ended = true; this.flush(); }
  want() { this.wanted = true; this.onwant?.(); this.flush(); }
  flush() {
    if (!this.wanted) return;
    const [first] = this.left;
    if (first) {
      const part = first.b.subarray(0, PIECE);
      this.wanted = false;
      this.machine.tell(M.DATA, this.id, part);
      first.b = first.b.subarray(PIECE);
      if (!first.b.length) this.left.shift().taken();
    } else if (this.ended && !this.told) {
      this.told = true;
      this.machine.tell(M.END, this.id);
    }
  }
  closed() {
    for (const { lost } of this.left) lost(new MachineError('nobody reads it any more', 'EPIPE'));
    this.left = [];
    this.gone = true;
  }
  stream() {
    return new WritableStream({
      write: b => (this.gone ? Promise.reject(new MachineError('nobody reads it any more', 'EPIPE')) : this.give(b)),
      close: () => this.end(),
      abort: () => this.end(),
    }, { highWaterMark: 0 });
  }
}

// From a program: as much is on the way as somebody reads.
class Sink {
  constructor(machine, id) { Object.assign(this, { machine, id, chunks: [], ended: false, waiting: null, discards: false }); }

  put(b) {
    if (this.discards) return this.ack(b);
    this.chunks.push(b);
    this.waiting?.();
  }
  ack(b) { this.machine.tell(M.ACK, this.id, pack(b.length)); }
  closed() { this.ended = true; this.waiting?.(); }
  discard() { this.discards = true; }
  async next() {
    while (!this.chunks.length && !this.ended) await new Promise(resolve => { this.waiting = resolve; });
    this.waiting = null;
    const b = this.chunks.shift() ?? null;
    if (b) this.ack(b);
    return b;
  }
  stream() {
    return new ReadableStream({
      pull: async c => {
        const b = await this.next();
        if (b) c.enqueue(b); else c.close();
      },
      cancel: () => { if (!this.ended) this.machine.tell(M.BREAK, this.id); },
    }, { highWaterMark: 0 });
  }
}

export class Process {
  constructor(machine, id) {
    Object.assign(this, { machine, id, stdin: null, stdout: null, stderr: null });
    this.started = new Promise((resolve, reject) => { this.start = { resolve, reject }; });
    this.ended = new Promise((resolve, reject) => { this.end = { resolve, reject }; });
    for (const p of [this.started, this.ended]) p.catch(() => {});	// who waits for it hears of it
  }
  wait() { return this.ended; }
  kill(signal = 'SIGTERM', { group = false } = {}) {
    const n = typeof signal === 'number' ? signal : SIGNALS.indexOf(signal) + 1;
    if (!(n >= 1 && n <= 64)) throw new MachineError(`${signal}: not a signal`, 'EINVAL');
    this.machine.tell(M.KILL, this.id, pack([n, group ? 1 : 0]));
  }
}

// A terminal that is the machine's own, /dev/ttyW0, or one of many, each /dev/pts/N.
export class Terminal {
  constructor(machine, columns, rows, own) {
    Object.assign(this, { machine, columns, rows, own });
    this.outputs = new TransformStream({}, undefined, { highWaterMark: 1 });
    this.output = this.outputs.readable;
    if (own) this.attach(machine.source(TERMINAL), machine.sink(TERMINAL));
  }
  attach(source, sink) {
    this.source = source;
    this.pump(sink);
    this.resize(this.columns, this.rows);
  }
  async pump(sink) {
    const w = this.outputs.writable.getWriter();
    try {
      for (let b; (b = await sink.next());) await w.write(b);
    } catch {
      sink.discard();	// nobody reads it
    } finally {
      w.releaseLock();
    }
  }
  frame(type, b) {
    const out = new Uint8Array(3 + b.length);
    out.set([type, b.length & 255, b.length >> 8]);
    out.set(b, 3);
    return this.source.give(out);
  }
  async write(data) {
    const b = bytesOf(data);
    if (!this.source || this.source.gone) return;	// no program has it
    if (this.own) {
      await this.source.give(b);
      return;
    }
    for (let at = 0; at < b.length; at += FRAME) await this.frame(0, b.subarray(at, at + FRAME));
  }
  resize(columns, rows) {
    Object.assign(this, { columns, rows });
    if (this.own) this.machine.tell(M.RESIZE, TERMINAL, pack([rows, columns]), IRQ_WINCH);
    else if (this.source && !this.source.gone) this.frame(1, new Uint8Array(new Uint16Array([rows, columns]).buffer)).catch(() => {});
  }
}

export class Machine {
  static async boot(options = {}) { return this.begin(options); }

  // A file of a machine that has booted; what boot() takes of it is in there.
  static async snapshot(options = {}) {
    return new Promise((resolve, reject) => { this.begin({ ...options, freeze: resolve }).catch(reject); });
  }

  static async restore(image, options = {}) { return this.begin({ ...options, root: null, image: bytesOf(image) }); }

  static async begin(options) {
    const lacks = missing();
    if (lacks.length) throw new MachineError(lacks.map(({ what, why }) => `there is no ${what}: ${why}`).join('; '), 'ENOSYS');
    const m = new this(options, options.root ? await entriesOf(options.root) : []);
    try {
      await m.booted;
    } catch (e) {
      m.terminate();
      throw e;
    }
    return m;
  }

  constructor(options, root) {
    const { platform } = this.constructor, channel = (options.shared ?? true) && canShare() ? makeChannel() : null;
    Object.assign(this, { options, platform, sources: new Map(), sinks: new Map(), processes: new Map(), mounting: new Map(), stores: new Map() });
    this.ids = { process: 1, mount: 1, stream: 1 };
    this.sender = channel && new Sender(channel);	// or there is nothing that both threads see
    this.booted = new Promise((resolve, reject) => { this.boots = { resolve, reject }; });
    this.down = new Promise(resolve => { this.isDown = resolve; });
    this.worker = platform.startWorker(m => this.heard(m), e => this.ends(`the machine's thread failed: ${e.message}`));
    const { memory = 256 << 20, cmdline = '', terminal = -1, image = null, freeze = null } = options;
    this.worker.post({ start: { channel, memory, cmdline, root, terminal, image, freeze: Boolean(freeze) } }, image ? [image.buffer] : []);	// it is a copy of ours
    this.own = new Terminal(this, options.columns ?? 80, options.rows ?? 24, true);
  }

  // The terminal that is the machine's own.
  get terminal() { return this.own; }

  // --- to the machine's thread ---

  tell(type, id, payload = new Uint8Array(0), bits = 0) {
    if (this.stopped !== undefined) return;
    if (!this.sender) {
      this.worker.post({ message: { type, id, payload: payload.slice() }, bits: IRQ_STREAM | IRQ_TTY | bits });
      return;
    }
    this.sender.send(type, id, payload);
    this.wake(bits);
  }
  wake(bits) {
    if (this.words) Atomics.or(this.words, this.page, IRQ_STREAM | IRQ_TTY | bits);
    this.worker?.post(0);
  }

  // --- from it ---

  heard(m) {
    if (m.memory) {
      [this.words, this.page] = [new Int32Array(m.memory.buffer), m.page >>> 2];
      this.stopTicker = this.platform.ticker(m.memory, m.page);
    }
    if ('booted' in m) { this.bootTime = m.booted; this.boots.resolve(); }
    if (m.image) { this.options.freeze(m.image); this.terminate(); }
    if (m.room) { this.sender.flush(); this.wake(0); }
    if ('want' in m) this.sources.get(m.want)?.want();
    if ('out' in m) this.sinks.get(m.out)?.put(m.bytes);
    if ('closed' in m) this.closes(m.closed);
    if ('started' in m) this.starts(m);
    if ('ended' in m) this.exits(m);
    if ('mounted' in m) this.mounting.get(m.mounted)(m);
    if ('calls' in m) this.traces(m);
    if ('store' in m) this.stores.get(m.store)?.changed(m.entry);
    if (m.refused) this.options.refused?.(m.refused);
    if (m.log) this.options.log?.(m.log);
    if ('down' in m) this.ends(m.down, m.log);
  }
  closes(n) {
    this.sources.get(n)?.closed();
    this.sinks.get(n)?.closed();
    this.sources.delete(n);
    this.sinks.delete(n);
  }
  starts({ started, error, step, why }) {
    const p = this.processes.get(started);
    if (!error) return p.start.resolve(p);
    this.processes.delete(started);
    const e = new MachineError(why ?? `${p.path}: cannot ${STEPS[step]}: ${nameOf(error)}`, nameOf(error));
    for (const n of p.streams) this.closes(n);
    p.start.reject(e);
    p.end.reject(e);
  }
  exits({ ended, status }) {
    const p = this.processes.get(ended), signal = status & 0x7f;
    this.processes.delete(ended);
    p.end.resolve(signal ? { code: null, signal: SIGNALS[signal - 1] ?? `SIG${signal}` } : { code: status >> 8, signal: null });
  }
  ends(why, log = '') {
    if (this.stopped !== undefined) return;
    this.stopped = why;
    const e = new MachineError(why ? `${why}${log ? `\n${log}` : ''}` : 'the guest has switched the machine off', 'ESHUTDOWN');
    this.boots.reject(e);
    this.booted.catch(() => {});
    for (const p of this.processes.values()) { p.start.reject(e); p.end.reject(e); }
    for (const n of [...this.sources.keys(), ...this.sinks.keys()]) this.closes(n);
    for (const done of this.mounting.values()) done({ error: 'ESHUTDOWN', why });
    this.stopTicker?.();
    this.worker?.terminate();
    this.isDown(why);
  }

  // --- streams ---

  source(n) { const s = new Source(this, n); this.sources.set(n, s); return s; }
  sink(n) { const s = new Sink(this, n); this.sinks.set(n, s); return s; }
  newStream() {
    for (let i = 0; i < STREAMS; i++) {
      const n = this.ids.stream;
      this.ids.stream = n + 1 < STREAMS ? n + 1 : 1;
      if (!this.sources.has(n) && !this.sinks.has(n)) return n;
    }
    throw new MachineError('all streams of the machine are in use', 'EMFILE');
  }

  input(p, what) {
    if (typeof what === 'number' || what === 'inherit') return this.descriptor(p, what === 'inherit' ? 0 : what);
    const n = this.newStream(), s = this.source(n);
    p.streams.push(n);
    if (what === undefined || what === 'pipe') p.stdin = s.stream();
    else if (what === null || what === 'ignore') s.end();
    else if (what instanceof ReadableStream) what.pipeTo(s.stream()).catch(() => {});
    else { s.give(what).catch(() => {}); s.end(); }
    return { stream: n, mode: O_RDONLY };
  }
  output(p, what, name, fd) {
    if (typeof what === 'number' || what === 'inherit') return this.descriptor(p, what === 'inherit' ? fd : what);
    const n = this.newStream(), s = this.sink(n);
    p.streams.push(n);
    if (what === undefined || what === 'pipe') p[name] = s.stream();
    else if (what === null || what === 'ignore') s.discard();
    else if (what instanceof WritableStream) p.piped.push(s.stream().pipeTo(what, { preventClose: true }).catch(() => {}));
    else throw new MachineError(`${name}: not a stream`, 'EINVAL');
    return { stream: n, mode: O_WRONLY };
  }
  // A file of the process that we are in, in Node.
  descriptor(p, fd) {
    const spec = this.platform.descriptor(fd);
    if (spec.tty) return spec;
    const n = this.newStream();
    p.streams.push(n);
    if (spec.fd === undefined) spec.feed(this.source(n)); else this.source(n);
    return { stream: n, mode: spec.mode, fd: spec.fd };
  }

  // --- what there is to do with it ---

  async spawn(path, args = [], options = {}) {
    const { env = {}, cwd = '/', uid = 0, gid = 0, groups = [], umask = 0o022, argv0 = path, terminal } = options;
    const p = new Process(this, this.ids.process++);
    Object.assign(p, { path, streams: [], piped: [] });
    const defaults = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/root', USER: 'root', TERM: terminal ? 'xterm-256color' : 'dumb' };
    const all = Array.isArray(env) ? env : Object.entries({ ...defaults, ...env }).map(([k, v]) => `${k}=${v}`);
    const how = { path, cwd, argv: [argv0, ...args], env: all, uid, gid, umask, groups };
    if (how.argv.concat(all, path, cwd).some(s => s.includes('\0'))) throw new MachineError('a NUL in a string', 'EINVAL');
    if (this.stopped !== undefined) throw new MachineError('the machine is down', 'ESHUTDOWN');
    if (terminal?.own) how.files = Array(3).fill({ tty: true, mode: O_RDWR });
    else if (terminal) await this.inTerminal(p, terminal, how);
    else how.files = [this.input(p, options.stdin), this.output(p, options.stdout, 'stdout', 1), this.output(p, options.stderr, 'stderr', 2)];
    this.processes.set(p.id, p);
    this.tell(M.SPAWN, p.id, pack(how));
    return p.started;
  }

  needHelper() {
    this.helper ??= this.platform.read('helper').then(helper => this.mount({ helper }, HELPERS, { readOnly: true }));
    return this.helper;
  }

  // helper.c has the other end of it.
  async inTerminal(p, terminal, how) {
    await this.needHelper();
    const n = this.newStream(), input = this.source(n), k = this.newStream(), sink = this.sink(k);
    p.streams.push(n, k);
    how.argv = ['helper', 'terminal', how.path, ...how.argv];
    how.path = HELPER;
    how.files = [{ stream: n, mode: O_RDONLY }, { stream: k, mode: O_WRONLY }, this.output(p, 'ignore', 'stderr')];
    terminal.attach(input, sink);
  }

  openTerminal({ columns = 80, rows = 24 } = {}) { return new Terminal(this, columns, rows, false); }

  async help(args, options) {
    await this.needHelper();
    const p = await this.spawn(HELPER, args, { ...options, argv0: 'helper', stderr: 'ignore' });
    const b = new Uint8Array(await new Response(p.stdout).arrayBuffer()), { code } = await p.wait();
    if (code) throw new MachineError(`${args.join(' ')}: ${nameOf(code)}`, nameOf(code));
    return b;
  }
  readFile(path) { return this.help(['read', path], { stdin: 'ignore' }); }
  async writeFile(path, data) { await this.help(['write', path], { stdin: data }); }

  // Of each process: as proc_pid_stat(5) has it.  The helper itself is not among them.
  async tasks() {
    const lines = new TextDecoder().decode(await this.help(['tasks'], { stdin: 'ignore' })).split('\n');
    return lines.map(l => /^(\d+) \((.*)\) (.) (.*)$/s.exec(l)).filter(Boolean).map(([, pid, name, state, rest]) => {
      const f = rest.split(' ').map(Number);
      return { pid: Number(pid), name, state, parent: f[0], group: f[1], session: f[2], ticks: f[10] + f[11], threads: f[16], bytes: f[19] };
    }).filter(t => t.name !== 'helper' || t.parent !== 1 || t.state !== 'R');
  }

  // Calls see({ pid, text }) for each system call of programs; null ends it.
  trace(see) {
    this.sees = see;
    this.tell(M.TRACE, 0, pack(Boolean(see)));
  }
  traces({ calls, left }) {
    if (left) this.sees?.({ pid: 0, text: `${left} calls came too fast to be shown` });
    for (const call of calls) this.sees?.(call);
    this.tell(M.TRACED, 0);
  }

  // what: a tree, the bytes of a tar archive, or what the platform has: a directory.
  async mount(what, path, { readOnly = false, size = 1 << 30 } = {}) {
    if (!path.startsWith('/')) throw new MachineError(`${path}: not an absolute path`, 'EINVAL');
    const id = this.ids.mount++, store = await this.platform.store?.(what), how = { path, readOnly, most: size, kept: Boolean(store) };
    let blobs = [];
    if (this.platform.isHost?.(what)) {
      how.host = what;
    } else {
      [how.entries, blobs] = detach(store ? store.entries : await entriesOf(what));
      if (store) this.stores.set(id, store);
    }
    const { error, why } = await new Promise(resolve => {
      this.mounting.set(id, resolve);
      this.tell(M.MOUNT, id, pack(how, ...blobs));
    });
    this.mounting.delete(id);
    if (error) throw new MachineError(`${path}: mount: ${why ?? nameOf(error)}`, typeof error === 'string' ? error : nameOf(error));
  }

  // Resolves when what has been written so far is kept where it is kept.
  async stored() { await Promise.all([...this.stores.values()].map(s => s.idle())); }

  // Switches it off: programs are killed, files written.
  async close() {
    this.tell(M.CLOSE, 0);
    await this.down;
    await this.stored();
  }
  terminate() { this.ends('terminated'); }
}
