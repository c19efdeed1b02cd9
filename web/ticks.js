// SPDX-License-Identifier: MIT
// What other threads do for a machine whose memory they see, for one whose memory is its own
// thread's: programs count down, and come here.
const LEAST = 64, MOST = 1 << 20, SOON_MS = 0.5, LATE_MS = 2, EVENTS_MS = 4;

// Calls fn when the thread has looked at its events.  A timeout would take some ms; in Node a port
// that is written to while it is read comes before all others, a thousand times.
function turn(fn) {
  if (globalThis.setImmediate) return () => setImmediate(fn);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = fn;
  return () => port2.postMessage(0);
}

export class Ticks {
  // check(): has the kernel's timer run down?
  constructor(check) {
    Object.assign(this, { check, count: LEAST, last: performance.now(), seen: 0 });
    this.turn = turn(() => { this.seen = this.last = performance.now(); this.resolve(); });
  }

  // How far to count until the next time, which should be a ms away.
  next() {
    const now = performance.now(), passed = now - this.last;
    this.last = now;
    if (passed < SOON_MS) this.count = Math.min(2 * this.count, MOST);
    else if (passed > LATE_MS) this.count = Math.max(this.count >> 1, LEAST);
    this.check();
    return this.count;
  }

  get due() { return this.last - this.seen >= EVENTS_MS; }

  // Resolves when the thread has looked at its events.
  events() {
    return new Promise(resolve => {
      this.resolve = resolve;
      this.turn();
    });
  }
}
