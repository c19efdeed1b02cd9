// SPDX-License-Identifier: MIT
// In a browser, the machine's clock tick: a thread of its own, since a page's timers
// are slow where nobody looks.
const TICK_MS = 4, IRQ_TIMER = 1;

addEventListener('message', ({ data: { memory, page } }) => {
  const words = new Int32Array(memory.buffer), never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    Atomics.wait(never, 0, 0, TICK_MS);
    Atomics.or(words, page >>> 2, IRQ_TIMER);
  }
});
