// SPDX-License-Identifier: MIT
// import { Machine } from 'muslin', in Node.
import fs from 'node:fs';
import { isatty } from 'node:tty';
import { Worker } from 'node:worker_threads';
import { Machine as Any } from './api.js';
import { parts } from './parts.js';

export { MachineError, Process, Terminal, missing } from './api.js';

const TICK_MS = 4, IRQ_TIMER = 1;

class HostDirectory {
  constructor(path, only) { this.path = path; if (only) this.only = only; }
}

// For mount().  only: the one name in it that there is
export const hostDirectory = (path, { only = null } = {}) => new HostDirectory(fs.realpathSync(path), only);

function modeOf(fd) {
  try {
    const [, octal] = /^flags:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
    return parseInt(octal, 8) & 3;
  } catch {
    return fd ? 1 : 0;
  }
}

// Whether it can be read at once, always.
const isDirect = st => st.isFile() || st.isBlockDevice() || st.isDirectory() || st.isCharacterDevice();

// What a pipe gives, when it is asked for.
function feed(input, source) {
  let listening = false;
  source.onwant = () => {
    if (source.left.length || source.ended) return;
    if (!listening) {
      listening = true;
      input.on('data', b => { input.pause(); source.give(b).catch(() => {}); });
      input.on('end', () => source.end());
      input.on('error', () => source.end());
    }
    input.resume();
  };
}

const platform = {
  startWorker(heard, failed) {
    const w = new Worker(new URL('./node-worker.js', import.meta.url));
    w.on('message', heard);
    w.on('error', failed);
    return { post: (m, transfer) => w.postMessage(m, transfer), terminate: () => w.terminate() };
  },
  ticker(memory, page) {
    const words = new Int32Array(memory.buffer), tick = setInterval(() => Atomics.or(words, page >>> 2, IRQ_TIMER), TICK_MS);
    return () => clearInterval(tick);
  },
  read: async part => new Uint8Array(await fs.promises.readFile(parts[part])),
  isHost: what => what instanceof HostDirectory,
  descriptor(fd) {
    const mode = modeOf(fd);
    if (isatty(fd)) return { tty: true, mode };
    if (fd !== 0 || isDirect(fs.fstatSync(fd))) return { fd, mode };
    return { mode, feed: source => feed(process.stdin, source) };
  },
  feed,
};

export class Machine extends Any {
  static platform = platform;
}

// A terminal of ours, in raw mode, as the machine's own; returns what undoes it.
export function connectTerminal(machine, input = process.stdin, output = process.stdout) {
  const resize = () => {
    const [columns, rows] = output.getWindowSize?.() ?? [80, 24];
    machine.terminal.resize(columns, rows);
  };
  resize();
  output.on('resize', resize);
  if (!input.isTTY) return () => output.off('resize', resize);
  input.setRawMode(true);
  feed(input, machine.terminal.source);
  return () => {
    output.off('resize', resize);
    input.setRawMode(false);
    input.pause();
  };
}
