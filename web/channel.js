// SPDX-License-Identifier: MIT
// Messages to the machine's thread, which sees no event while a program computes:
// bytes in shared memory, with one who writes and one who reads.  The other way goes by
// postMessage(), which needs nothing of the sort.  Where no memory can be shared, both ways do:
// the machine's thread then looks for events while programs compute, see ticks.js.

export const M = { DATA: 1, END: 2, ACK: 3, BREAK: 4, SPAWN: 5, MOUNT: 6, KILL: 7, RESIZE: 8, CLOSE: 9, TRACE: 10, TRACED: 11 };

const HEAD = 0, TAIL = 1, WAITING = 2, WORDS = 4, ROOM = 65536, HEADER = 12;

export const makeChannel = () => new SharedArrayBuffer(4 * WORDS + ROOM);

class End {
  constructor(buffer) {
    this.words = new Int32Array(buffer, 0, WORDS);
    this.data = new Uint8Array(buffer, 4 * WORDS);
  }
  // HEAD and TAIL count bytes, modulo 2^32
  used() { return Atomics.load(this.words, HEAD) - Atomics.load(this.words, TAIL) >>> 0; }
}

export class Sender extends End {
  constructor(buffer) { super(buffer); this.left = []; }

  send(type, id, payload = new Uint8Array(0)) {
    const frame = new Uint8Array(HEADER + payload.length);
    new Uint32Array(frame.buffer, 0, 3).set([payload.length, type, id]);
    frame.set(payload, HEADER);
    this.left.push(frame);
    this.flush();
  }

  // What does not fit waits until the reader says that it has made room.
  flush() {
    this.fill();
    if (!this.left.length) return;
    Atomics.store(this.words, WAITING, 1);
    this.fill();	// it may have made some just before
  }

  fill() {
    for (let room; this.left.length && (room = ROOM - this.used());) {
      const part = this.left[0].subarray(0, room), head = this.words[HEAD] >>> 0, at = head % ROOM;
      const first = part.subarray(0, ROOM - at);
      this.data.set(first, at);
      this.data.set(part.subarray(first.length), 0);
      if (part.length === this.left[0].length) this.left.shift(); else this.left[0] = this.left[0].subarray(room);
      Atomics.store(this.words, HEAD, head + part.length | 0);
    }
  }
}

export class Receiver extends End {
  // room(): tell the sender that there is some
  constructor(buffer, room) {
    super(buffer);
    this.room = room;
    this.begin(new Uint8Array(HEADER), null);
  }
  begin(part, head) { Object.assign(this, { part, got: 0, head }); }

  take() {
    const n = Math.min(this.used(), this.part.length - this.got), tail = this.words[TAIL] >>> 0, at = tail % ROOM;
    const first = Math.min(n, ROOM - at);
    this.part.set(this.data.subarray(at, at + first), this.got);
    this.part.set(this.data.subarray(0, n - first), this.got + first);
    this.got += n;
    Atomics.store(this.words, TAIL, tail + n | 0);
    return this.got === this.part.length;
  }

  // { type, id, payload }, or null if none is whole yet
  next() {
    for (;;) {
      const whole = this.take();
      if (!this.used() && Atomics.exchange(this.words, WAITING, 0)) this.room();
      if (!whole) return null;
      if (!this.head) {
        const [length, type, id] = new Uint32Array(this.part.buffer);
        this.begin(new Uint8Array(length), { type, id });
      } else {
        const message = { ...this.head, payload: this.part };
        this.begin(new Uint8Array(HEADER), null);
        return message;
      }
    }
  }
}

// The same by postMessage().
export class Inbox {
  constructor() { this.messages = []; }
  put(message) { this.messages.push(message); }
  next() { return this.messages.shift() ?? null; }
}

// A value with bytes behind it.
export function pack(value, ...blobs) {
  const text = new TextEncoder().encode(JSON.stringify(value)), size = blobs.reduce((n, b) => n + b.length, 4 + text.length);
  const out = new Uint8Array(size);
  new DataView(out.buffer).setUint32(0, text.length, true);
  out.set(text, 4);
  let at = 4 + text.length;
  for (const b of blobs) { out.set(b, at); at += b.length; }
  return out;
}
export function unpack(bytes) {
  const n = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return [JSON.parse(new TextDecoder().decode(bytes.subarray(4, n))), bytes.subarray(n)];
}
