// SPDX-License-Identifier: MIT
// System calls as text, for who looks at them.  It runs on stacks of programs, and suspends nothing.
const MOST = 200, STRING = 64, PAGE = 4096, ERRNO_MAX = 4095, TRACES = 11;	// layout.h: the index in struct shared
// Those with names of files: which argument; and those that do not return.
const PATHS = { open: 0, openat: 1, execve: 0, execveat: 1, stat64: 0, lstat64: 0, statx: 1, fstatat64: 1, access: 0, faccessat: 1, faccessat2: 1,
  chdir: 0, mkdir: 0, mkdirat: 1, unlink: 0, unlinkat: 1, rmdir: 0, readlink: 0, readlinkat: 1, chmod: 0, fchmodat: 1, rename: 0, renameat2: 1 };
const NEVER_BACK = new Set(['execve', 'exit', 'exit_group']);

const escape = c => (c === '\\' || c === '"' ? `\\${c}` : c < ' ' || c > '~' ? '.' : c);

export class Trace {
  // post(message): to the other thread, which answers when it has taken it
  constructor(machine, names, types, post) {
    Object.assign(this, { machine, post, lines: [], left: 0, waits: false });
    this.calls = names.map((n, i) => ({ name: n.slice('__syscall_'.length), n: types[i] }));
  }

  set(on) {
    this.machine.u32[this.machine.words + TRACES] = on ? 1 : 0;
    this.lines = [];
    this.waits = false;
  }

  // A program's memory, by the table of what it may read.
  string(at) {
    const { machine } = this, { table } = machine.task.mm;
    let text = '';
    for (; text.length < STRING; at++) {
      const [delta] = table.get(Math.floor((at >>> 0) / PAGE)) ?? [0];
      if (!delta) return `0x${(at >>> 0).toString(16)}`;
      const c = machine.u8[(at + delta) >>> 0];
      if (!c) return `"${text}"`;
      text += escape(String.fromCharCode(c));
    }
    return `"${text}"...`;
  }

  argument(name, k, v) {
    if (PATHS[name] === k) return this.string(v);
    return v > -PAGE && v < 1 << 16 ? `${v}` : `0x${(v >>> 0).toString(16)}`;
  }

  imports() {
    return {
      enter: (i, ...args) => {
        const { machine } = this, t = machine.task, call = this.calls[i];
        t.pid ??= machine.kernel.__syscall_getpid();
        t.call = { ...call, args: args.slice(0, call.n) };
        if (NEVER_BACK.has(call.name)) this.put(t, '?');
      },
      // What the kernel has read of the program's memory is there now.
      leave: r => {
        const t = this.machine.task;
        if (t.call) this.put(t, r >= -ERRNO_MAX && r < 1 << 16 ? `${r}` : `0x${(r >>> 0).toString(16)}`);
        t.call = null;
      },
    };
  }

  put({ pid, call: { name, args } }, result) {
    if (this.lines.length < MOST) {
      const text = `${name}(${args.map((v, k) => this.argument(name, k, v)).join(', ')}) = ${result}`;
      this.lines.push({ pid, text });
    } else {
      this.left++;
    }
    this.flush();
  }

  // What comes while the other thread has not answered is kept, up to a point.
  flush() {
    if (this.waits || !this.lines.length) return;
    this.post({ calls: this.lines, left: this.left });
    Object.assign(this, { lines: [], left: 0, waits: true });
  }
  taken() { this.waits = false; this.flush(); }
}
