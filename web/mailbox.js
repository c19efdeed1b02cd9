// SPDX-License-Identifier: MIT
// What the thread that owns terminal and signals, and the machine's, have
// between them: a piece of input, signals for the program, the window's size.

const STATE = 0, LENGTH = 1, KILLS = 2, SIZE = 6, WORDS = 8, ROOM = 65536;
const EMPTY = 0, WANTED = 1, FULL = 2, END = 3;

export const makeMailbox = () => new SharedArrayBuffer(4 * WORDS + ROOM);

class Box {
  constructor(buffer) {
    this.words = new Int32Array(buffer, 0, WORDS);
    this.data = new Uint8Array(buffer, 4 * WORDS);
  }
}

// The side that has the input.  want is called when there is room for a piece.
export class Outside extends Box {
  constructor(buffer) { super(buffer); this.left = []; this.ended = false; }

  // What did not fit waits.
  give(bytes) {
    if (bytes) this.left.push(bytes);
    if (Atomics.load(this.words, STATE) !== WANTED || !this.left.length) return false;
    const first = this.left[0], part = first.subarray(0, ROOM);
    this.data.set(part);
    if (part.length === first.length) this.left.shift(); else this.left[0] = first.subarray(ROOM);
    Atomics.store(this.words, LENGTH, part.length);
    Atomics.store(this.words, STATE, FULL);
    return true;
  }
  end() {
    this.ended = true;
    // not while a piece lies there that nobody has taken
    if (!this.left.length) Atomics.compareExchange(this.words, STATE, WANTED, END);
  }
  // True if there was something.
  wanted() {
    if (this.give()) return true;
    if (this.ended) this.end();
    return this.ended;
  }
  kill(sig, group) { Atomics.or(this.words, KILLS + (group ? 2 : 0) + (sig > 32 ? 1 : 0), 1 << (sig - 1) % 32); }
  resize(rows, columns) { Atomics.store(this.words, SIZE, rows << 16 | columns); }
}

// The machine's side.
export class Inside extends Box {
  // want(): ask the other side
  constructor(buffer, want) { super(buffer); this.want = want; this.at = 0; }

  ready() { return Atomics.load(this.words, STATE) >= FULL; }
  ended() { return Atomics.load(this.words, STATE) === END; }
  request() {
    if (Atomics.compareExchange(this.words, STATE, EMPTY, WANTED) === EMPTY) this.want();
  }
  // null: nothing yet; no bytes: the end
  take(n) {
    if (this.ended()) return new Uint8Array(0);
    if (!this.ready()) {
      this.request();
      return null;
    }
    const length = Atomics.load(this.words, LENGTH), part = this.data.slice(this.at, Math.min(length, this.at + n));
    this.at += part.length;
    if (this.at < length) return part;
    this.at = 0;
    Atomics.store(this.words, STATE, EMPTY);
    return part;
  }
  // [signal, whether its whole group gets it]
  kills() {
    const out = [];
    for (let w = 0; w < 4; w++) {
      const bits = Atomics.exchange(this.words, KILLS + w, 0);
      for (let b = 0; b < 32; b++) if (bits >>> b & 1) out.push([32 * (w & 1) + b + 1, w > 1]);
    }
    return out;
  }
  size() { return Atomics.load(this.words, SIZE); }
}
