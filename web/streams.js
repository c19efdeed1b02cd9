// SPDX-License-Identifier: MIT
// What a machine has as streams and as its terminal, in its own thread.  A pipe's
// other end is in the thread that owns the machine.
import { E } from './errno.js';

export const POLLIN = 1, POLLOUT = 4, POLLERR = 8, POLLHUP = 16, TERMINAL = 0;
const MOST = 1 << 18;	// bytes on the way that nobody has read

export class Pipe {
  // post(message): to the other thread
  constructor(n, post, raise) {
    Object.assign(this, { n, post, raise, chunks: [], ended: false, asked: false, unread: 0, broken: false });
  }

  // --- the other thread's messages ---

  data(b) { this.asked = false; this.chunks.push(b); }
  end() { this.ended = true; }
  break() { this.broken = true; }
  ack(n) { this.unread = Math.max(0, this.unread - n); }

  // --- the kernel's calls ---

  request() {
    if (this.asked || this.ended || this.chunks.length) return;
    this.asked = true;
    this.post({ want: this.n });
  }
  read(length) {
    const [first] = this.chunks, part = first?.subarray(0, length);
    if (!first) {
      this.request();
      return this.ended ? new Uint8Array(0) : -E.EAGAIN;
    }
    if (part.length === first.length) this.chunks.shift(); else this.chunks[0] = first.subarray(length);
    return part;
  }
  write(b) {
    if (this.broken) return -E.EPIPE;
    const part = b.slice(0, MOST - this.unread), done = part.length;
    if (b.length && !done) return -E.EAGAIN;
    this.unread += done;
    this.post({ out: this.n, bytes: part }, [part.buffer]);
    return done;
  }
  poll() {
    const input = this.chunks.length || this.ended ? POLLIN : 0;
    return input | (this.ended ? POLLHUP : 0) | (this.broken ? POLLOUT | POLLERR : this.unread < MOST ? POLLOUT : 0);
  }
  watch(events) {
    if (this.poll() & (events | POLLHUP | POLLERR)) this.raise();
    else if (events & POLLIN) this.request();
  }
  close() { this.post({ closed: this.n }); }
}

// attend(): takes what the other thread has sent
export class Streams {
  constructor(attend) { this.attend = attend; this.open = new Map(); }

  // What says how input, output or state of one is.
  ask(n, fn) {
    this.attend();
    const s = this.open.get(n);
    return s ? fn(s) : -E.ENODEV;
  }
  read(n, length) { return this.ask(n, s => s.read(length)); }
  write(n, b) { return this.ask(n, s => s.write(b)); }
  poll(n) { return this.ask(n, s => s.poll()); }
  watch(n, events) { this.ask(n, s => s.watch(events)); }
  seek() { return BigInt(-E.ESPIPE); }
  close(n) {
    this.ask(n, s => s.close());
    this.open.delete(n);
  }
}

// input: a Pipe; output: another, or what has its write()
export class Terminal {
  constructor(attend, input, output) { Object.assign(this, { attend, input, output, rows: 24, columns: 80 }); }

  read(n) { this.attend(); return this.input.read(n); }
  write(b) { this.attend(); return this.output.write(b); }
  size() { this.attend(); return this.rows << 16 | this.columns; }
}
