// SPDX-License-Identifier: MIT
// The channel to the guest's /init: host/init/protocol.h.
import { E } from './errno.js';

const MOUNT = 1, SPAWN = 2, KILL = 3, POWER_OFF = 4, READY = 5, MOUNTED = 6, STARTED = 7, CHANGED = 8;
const MOUNT_RO = 1, REPLY = 20, STEP_EXEC = 4, ERRNO_MAX = 4095, MOST = 1 << 20;
export const FD_CLOSED = -1, FD_TTY = -2;

const bytes = s => new TextEncoder().encode(s);
const strings = list => list.flatMap(s => [...bytes(s), 0]);
const words = (...w) => new Uint8Array(new Int32Array(w).buffer);

function message(type, id, fields, rest = []) {
  const size = 12 + 4 * fields.length + rest.length, out = new Uint8Array(size);
  out.set(words(size, type, id, ...fields));
  out.set(rest, 12 + 4 * fields.length);
  return out;
}

const isSignal = s => s >= 1 && s <= 64;
// One that waitpid() gives init, which asks for ends and stops.
function isStatus(s) {
  const low = s & 0xff, high = s >> 8;
  if (s < 0 || high > 0xff) return false;
  return low === 0x7f ? isSignal(high) : !low || !high && isSignal(low & 0x7f);
}

export class Control {
  // raise(): something is there for init to read
  constructor(raise, log) {
    Object.assign(this, { raise, log, queue: [], queued: 0, programs: new Map(), last: 0, complained: false });
    this.ready = new Promise(resolve => { this.isReady = resolve; });
  }

  send(m) {
    if (this.queued + m.length > MOST) throw new Error('init reads nothing');
    this.queue.push(m);
    this.queued += m.length;
    this.raise();
  }

  pending() { return this.queued > 0; }

  read(n) {
    if (!this.queued) return -E.EAGAIN;
    const m = this.queue[0], part = m.subarray(0, n);
    if (part.length === m.length) this.queue.shift(); else this.queue[0] = m.subarray(n);
    this.queued -= part.length;
    return part;
  }

  mount(root, path, readOnly) {
    return new Promise(resolve => {
      this.mounted = resolve;
      this.send(message(MOUNT, 0, [root, readOnly ? MOUNT_RO : 0, 0], strings([path])));
    });
  }

  // files: [stream or FD_*, O_* mode] three times
  spawn({ path, cwd, argv, env, uid, gid, umask, groups, files }) {
    const id = ++this.last, p = { started: false, ended: false };
    this.programs.set(id, p);
    const start = new Promise(resolve => { p.start = resolve; });
    p.end = new Promise(resolve => { p.changed = resolve; });
    const rest = [...words(...groups), ...strings([path, cwd, ...argv, ...env])];
    this.send(message(SPAWN, id, [uid, gid, umask, ...files.flat(), groups.length, argv.length, env.length], rest));
    return { id, start, end: p.end };
  }

  kill(id, sig, group) { this.send(message(KILL, id, [sig, group ? 1 : 0])); }
  powerOff() { this.send(message(POWER_OFF, 0, [])); }

  // Whoever is root in the guest may have written it: each field is checked
  // here, and nowhere else.
  makesSense(size, type, id, value, step) {
    const p = this.programs.get(id), isError = value >= 0 && value <= ERRNO_MAX;
    if (size !== REPLY) return false;
    switch (type) {
    case READY: return !this.up && !id && !value && !step;
    case MOUNTED: return this.mounted && !id && !step && isError;
    case STARTED: return p && !p.started && step >= 0 && step <= STEP_EXEC && isError;
    case CHANGED: return p && p.started && !p.ended && !step && isStatus(value);
    }
    return false;
  }

  received(size, type, id, value, step) {
    if (!this.makesSense(size, type, id, value, step)) {
      if (!this.complained) this.log(`muslin: not an answer of init: size ${size}, type ${type}, id ${id}, value ${value}, step ${step}\n`);
      this.complained = true;
      return;
    }
    const p = this.programs.get(id);
    if (type === READY) {
      this.up = true;
      this.isReady();
    } else if (type === MOUNTED) {
      const { mounted } = this;
      this.mounted = null;
      mounted(value);
    } else if (type === STARTED) {
      p.started = true;
      p.ended = value !== 0;
      p.start({ error: value, step });
    } else if ((value & 0xff) !== 0x7f) {
      p.ended = true;
      p.changed(value);
    }
  }

  write(b) {
    if (!b.length || b.length % REPLY) return -E.EINVAL;
    const w = new Int32Array(b.slice().buffer);
    for (let i = 0; i < w.length; i += REPLY / 4) this.received(...w.subarray(i, i + REPLY / 4));
    return b.length;
  }
}
