// SPDX-License-Identifier: MIT
// Places in memory for what the rewritten programs, or processes with libraries, know of their tables: see adapt.c.

const SLOTS = 0xd8000000, SLOTS_END = 0xe0000000, SIZE = 4 * 65536;	// layout.h

export class Slots {
  constructor() { this.used = new Set(); }

  // 0 if there is none
  reserve() {
    for (let at = SLOTS; at < SLOTS_END; at += SIZE) {
      if (this.used.has(at)) continue;
      this.used.add(at);
      return at;
    }
    return 0;
  }
  take(at) { this.used.add(at); }
  release(at) { this.used.delete(at); }
}
