// SPDX-License-Identifier: MIT
// Files of the Node process as streams of a machine, written to and read at once.
import fs from 'node:fs';
import { negative } from './errno.js';
import { POLLHUP, POLLIN, POLLOUT } from './streams.js';

const AGAIN_MS = 5, MOST = 1 << 20;

export class Descriptor {
  constructor(fd, raise) { Object.assign(this, { fd, raise, blocked: 0 }); }

  read(length) {
    const b = new Uint8Array(Math.min(length, MOST));
    try {
      return b.subarray(0, fs.readSync(this.fd, b));
    } catch (e) {
      return negative(e);
    }
  }
  // A pipe that nobody reads stops the machine until somebody does.
  write(b) {
    try {
      return fs.writeSync(this.fd, b);
    } catch (e) {
      if (e.code === 'EAGAIN') {
        this.blocked = performance.now() + AGAIN_MS;
        setTimeout(this.raise, AGAIN_MS);
      }
      return negative(e);
    }
  }
  poll() { return POLLIN | (performance.now() < this.blocked ? 0 : POLLOUT); }
  watch(events) {
    if (this.poll() & (events | POLLHUP)) this.raise();
    else if (events & POLLOUT) setTimeout(this.raise, AGAIN_MS);
  }
  close() {}
}
