// SPDX-License-Identifier: MIT
// The thread of a machine: does what api.js, in the thread that owns it, says.
// What it needs of where it runs is the platform: node-worker.js, browser-worker.js.
import { Inbox, M, Receiver, unpack } from './channel.js';
import { FD_CLOSED, FD_TTY } from './control.js';
import { Files } from './files.js';
import { NoImage, read } from './image.js';
import { makeInitrd } from './initrd.js';
import { IRQ, Machine, TLB } from './machine.js';
import { MemoryDirectory } from './memory-files.js';
import { makeRewriter, rewriteKernel } from './rewriter.js';
import { Pipe, Streams, TERMINAL, Terminal } from './streams.js';
import { attach } from './tree.js';

const LOG_MOST = 16384, FREEZES_MOST = 6;
// What an image needs to be the same.
const versionOf = async (...parts) => {
  const sums = await Promise.all(parts.map(b => crypto.subtle.digest('SHA-256', b)));
  return sums.map(s => [...new Uint8Array(s)].map(b => b.toString(16).padStart(2, '0')).join('')).join(' ');
};

class Served {
  // platform: post(message, transfer), read(part), descriptor(fd, raise), hostDirectory(path, options)
  constructor(platform, options) {
    Object.assign(this, { platform, options, log: '', refused: null, programs: new Map(), mounts: Promise.resolve() });
    this.post = (m, transfer) => platform.post(m, transfer);
    this.inbox = options.channel ? new Receiver(options.channel, () => this.post({ room: true })) : new Inbox();
    const attend = () => this.attend();
    this.streams = new Streams(attend);
    this.files = new Files();
    const input = new Pipe(TERMINAL, this.post, () => this.raise(IRQ.TTY));
    const { terminal } = options;	// a descriptor to write to, if it is not ours to post
    this.terminal = new Terminal(attend, input, terminal >= 0 ? platform.descriptor(terminal, input.raise) : input);
  }

  raise(bits) { this.machine.raise(bits); }

  say(text) {	// of the kernel
    this.log = (this.log + text).slice(-LOG_MOST);
    this.post({ log: text });
  }

  memory() { return this.options.channel ? { shared: (memory, page) => this.post({ memory, page }) } : { alone: true }; }
  // Of the other thread, where there is no channel; bits are those of an interrupt.
  heard({ message, bits }) {
    this.inbox.put(message);
    this.machine?.raise(bits);
  }

  make(options) {
    const m = this.machine = new Machine({
      streams: this.streams, files: this.files, tty: this.terminal,
      log: text => this.say(text), ...this.memory(), traced: this.post, attend: () => this.attend(), ...options,
    });
    m.refused = why => { this.refused = why; this.post({ refused: why }); };
    m.down.then(why => this.post({ down: why, log: this.log }));
    return m;
  }

  async start() {
    const { options } = this;
    if (options.image) await this.thaw();
    else if (options.freeze) return this.freeze();
    else await this.make(await this.parts()).boot();
    this.post({ booted: performance.now() - this.machine.began });
  }

  async parts() {
    const { platform, options } = this, names = ['vmlinux', 'glue', 'stub', 'init', 'rewrite', 'libc'];
    const [vmlinux, glue, stub, init, rewrite, libc] = await Promise.all(names.map(n => platform.read(n)));
    const { cmdline, memory } = options;
    return { vmlinux, glue, stub, rewriter: rewrite, rewrite: makeRewriter(rewrite), initrd: makeInitrd(init, libc, options.root), cmdline, memory };
  }

  // Which functions are on stacks is known when it has booted; then it boots with a kernel that is made for them.
  async freeze() {
    const parts = await this.parts(), version = await versionOf(parts.glue, parts.stub);
    let functions = [], { vmlinux } = parts;
    for (let i = 0; i < FREEZES_MOST; i++) {
      const { add, image } = await this.make({ ...parts, vmlinux, shared: null }).freeze(functions, version);
      if (image) return this.post({ image }, [image.buffer]);
      functions = add;
      vmlinux = rewriteKernel(parts.rewriter, parts.vmlinux, TLB, functions);
    }
    throw new NoImage('the machine never boots in the same way');
  }

  async thaw() {
    const { platform, options } = this;
    const [glue, stub, rewrite] = await Promise.all(['glue', 'stub', 'rewrite'].map(n => platform.read(n)));
    const image = read(options.image, await versionOf(glue, stub));
    await this.make({ glue, stub, rewrite: makeRewriter(rewrite) }).thaw(image);
  }

  // --- what the other thread asks ---

  attend() {
    for (let message; (message = this.inbox.next());) this.does(message);
  }
  does({ type, id, payload }) {
    const s = id === TERMINAL ? this.terminal.input : this.streams.open.get(id);
    switch (type) {
    case M.DATA: s?.data(payload); break;
    case M.END: s?.end(); break;
    case M.BREAK: s?.break(); break;
    case M.ACK: s?.ack(unpack(payload)[0]); break;
    case M.RESIZE: [this.terminal.rows, this.terminal.columns] = unpack(payload)[0]; break;
    case M.SPAWN: this.spawn(id, unpack(payload)[0]); break;
    case M.MOUNT: this.mounts = this.mounts.then(() => this.mount(id, ...unpack(payload))); break;
    case M.KILL: this.machine.control.kill(this.programs.get(id).id, ...unpack(payload)[0]); break;
    case M.TRACE: this.machine.trace.set(unpack(payload)[0]); break;
    case M.TRACED: this.machine.trace.taken(); break;
    case M.CLOSE: this.machine.control.powerOff(); break;
    }
  }

  open({ tty, stream, fd, mode }) {
    if (tty) return [FD_TTY, mode];
    if (stream === undefined) return [FD_CLOSED, mode];
    const raise = () => this.raise(IRQ.STREAM);
    this.streams.open.set(stream, fd === undefined ? new Pipe(stream, this.post, raise) : this.platform.descriptor(fd, raise));
    return [stream, mode];
  }

  spawn(id, { files, ...options }) {
    this.refused = null;
    const p = this.machine.control.spawn({ ...options, files: files.map(f => this.open(f)) });
    this.programs.set(id, p);
    p.start.then(({ error, step }) => this.post({ started: id, error, step, why: error ? this.refused : null }));
    p.end.then(status => this.post({ ended: id, status }));
  }

  async mount(id, { path, readOnly, host, entries, kept, most }, bytes) {
    let directory;
    try {
      const changed = kept ? entry => this.post({ store: id, entry }) : null;
      directory = host ? this.platform.hostDirectory(host.path, { ...host, readOnly }) :
        new MemoryDirectory(attach(entries, bytes), { readOnly, changed, most });
    } catch (e) {
      this.post({ mounted: id, error: e.code ?? 'EINVAL', why: e.message });
      return;
    }
    const error = await this.machine.control.mount(this.files.addRoot(directory), path, readOnly);
    this.post({ mounted: id, error });
  }
}

export function serve(platform) {
  let served = null;
  return m => {
    if (m.message) return served.heard(m);
    if (!m.start) return served?.machine?.poke();
    served = new Served(platform, m.start);
    return served.start().catch(e => platform.post({ down: e.message, log: served.log }));
  };
}
