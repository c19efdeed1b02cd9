// SPDX-License-Identifier: MIT
// Files 0, 1 and 2 of the process as streams 1, 2 and 3 of a machine.
import fs from 'node:fs';
import { isatty } from 'node:tty';
import { E, negative } from './errno.js';
import { FD_TTY } from './control.js';

const POLLIN = 1, POLLOUT = 4, POLLHUP = 16, AGAIN_MS = 5;

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

export class NodeStreams {
  constructor(inbox, raise) {
    Object.assign(this, { inbox, raise, fds: new Map(), blocked: 0 });
    this.inputIsTty = isatty(0);
    this.spawnFiles = [0, 1, 2].map(fd => this.attach(fd));
    this.tty = this.spawnFiles.findIndex(([n]) => n === FD_TTY);
  }

  attach(fd) {
    const mode = modeOf(fd);
    if (isatty(fd)) return [FD_TTY, mode];
    this.fds.set(fd + 1, { fd, direct: fd !== 0 || isDirect(fs.fstatSync(fd)) });
    return [fd + 1, mode];
  }

  read(n, length) {
    const s = this.fds.get(n);
    if (!s) return -E.ENODEV;
    if (!s.direct) return this.inbox.take(length) ?? -E.EAGAIN;
    const b = new Uint8Array(Math.min(length, 1 << 20));
    try {
      return b.subarray(0, fs.readSync(s.fd, b));
    } catch (e) {
      return negative(e);
    }
  }

  // A pipe that nobody reads stops the machine until somebody does.
  writeTo(fd, b) {
    try {
      return fs.writeSync(fd, b);
    } catch (e) {
      if (e.code === 'EAGAIN') this.blocked = performance.now() + AGAIN_MS;
      return negative(e);
    }
  }
  write(n, b) {
    const s = this.fds.get(n);
    return s ? this.writeTo(s.fd, b) : -E.ENODEV;
  }

  poll(n) {
    const s = this.fds.get(n);
    if (!s) return -E.ENODEV;
    const out = performance.now() < this.blocked ? 0 : POLLOUT;
    if (s.direct) return POLLIN | out;
    return out | (this.inbox.ready() ? POLLIN : 0) | (this.inbox.ended() ? POLLHUP : 0);
  }

  watch(n, events) {
    const s = this.fds.get(n);
    if (!s) return;
    const ready = this.poll(n) & (events | POLLHUP);
    if (ready) {
      this.raise.stream();
      return;
    }
    if (events & POLLIN && !s.direct) this.inbox.request();
    if (events & POLLOUT) setTimeout(() => this.raise.stream(), AGAIN_MS);
  }

  // Node has no lseek().
  seek() { return BigInt(-E.ESPIPE); }
  close(n) { this.fds.delete(n); }

  // --- the terminal ---

  terminal() {
    return {
      read: n => (this.inputIsTty ? this.inbox.take(n) ?? -E.EAGAIN : -E.EAGAIN),
      write: b => {
        if (this.tty < 0) return -E.EIO;
        const r = this.writeTo(this.tty, b);
        if (r === -E.EAGAIN) setTimeout(() => this.raise.tty(), AGAIN_MS);
        return r;
      },
      size: () => this.inbox.size(),
    };
  }
}
