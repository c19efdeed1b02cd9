// SPDX-License-Identifier: MIT
// asm/host.h's "host files", for directories of whatever kind: what the kernel
// passes is checked and taken apart here.
//
// A directory has stat(path), access(path, mode), open(path, flags), create(path, mode, uid, gid),
// symlink(path, target, uid, gid), readlink(path), unlink(path), mkdir(path, mode, uid, gid), rmdir(path),
// mknod(path, mode, uid, gid), link(path, to), rename(path, to, flags), setattr(path, attr), statfs();
// a file of it stat(), read(n, offset), write(bytes, offset), sync(data), names(), setattr(attr), close().
// A path is a list of names.  stat()'s result has node:fs's fields, of BigInt.
import { E, negative } from './errno.js';

export const READ = 1, WRITE = 2, NOATIME = 4;
const MODE = 1, UID = 2, GID = 4, SIZE = 8, ATIME = 16, MTIME = 32, ATIME_NOW = 64, MTIME_NOW = 128;
const STAT_SIZE = 128, ATTR_SIZE = 56, STATFS_SIZE = 56, NAME_MAX = 255, KEEP = 64;

export class Errno extends Error { constructor(name) { super(name); this.code = name; } }

// Names are bytes: in strings here, one character for each.
export const toName = s => Uint8Array.from(s, c => c.charCodeAt(0));
export const toText = b => {
  let s = '';
  for (let i = 0; i < b.length; i += 4096) s += String.fromCharCode(...b.subarray(i, i + 4096));
  return s;
};

// What the kernel passes as a name is one: no "..", no NUL.
export function components(path) {
  if (path.length === 0) return [];
  const out = path.split('/');
  for (const c of out) if (c === '' || c === '.' || c === '..' || c.includes('\0')) throw new Errno('EINVAL');
  return out;
}

function putStat(view, st) {
  const time = (at, ns) => {
    const s = ns / 1000000000n - (ns % 1000000000n < 0n ? 1n : 0n);	// rounds down
    view.setBigInt64(at, s, true);
    view.setUint32(at + 8, Number(ns - s * 1000000000n), true);
    view.setUint32(at + 12, 0, true);
  };
  const device = d => [Number(d >> 8n & 0xfffn), Number(d & 0xffn | d >> 12n & 0xfff00n)];
  [st.ino, st.size, st.blocks].forEach((v, i) => view.setBigUint64(8 * i, v, true));
  const words = [st.blksize, st.mode, st.nlink, st.uid, st.gid].map(Number);
  const recent = BigInt(Date.now()) * 1000000n - st.ctimeNs < 20000000n ? 1 : 0;
  [...words, ...device(st.dev), ...device(st.rdev), recent].forEach((v, i) => view.setUint32(24 + 4 * i, v, true));
  [st.atimeNs, st.mtimeNs, st.ctimeNs, st.birthtimeNs].forEach((v, i) => time(64 + 16 * i, v));
}

// { mode, uid, gid, size, atime, mtime }: those that change; times in seconds.
function getAttr(view) {
  const valid = view.getUint32(0, true), now = Date.now() / 1000;
  const time = (set, setNow, at) => {
    if (valid & set) return Number(view.getBigInt64(at, true)) + view.getUint32(at + 8, true) / 1e9;
    return valid & setNow ? now : undefined;
  };
  const word = (bit, at) => (valid & bit ? view.getUint32(at, true) : undefined);
  return {
    mode: word(MODE, 4), uid: word(UID, 8), gid: word(GID, 12),
    size: valid & SIZE ? Number(view.getBigUint64(16, true)) : undefined,
    atime: time(ATIME, ATIME_NOW, 24), mtime: time(MTIME, MTIME_NOW, 40),
  };
}

export class Files {
  constructor() { this.roots = []; this.files = new Map(); this.next = 0; }

  addRoot(directory) { return this.roots.push(directory) - 1; }
  root(n) {
    if (!this.roots[n]) throw new Errno('ENODEV');
    return this.roots[n];
  }
  file(n) {
    const f = this.files.get(n);
    if (!f) throw new Errno('EBADF');
    return f;
  }
  add(file) {
    this.files.set(this.next, file);
    return this.next++;
  }

  readdir(file, pos, length) {
    if (pos === 0n || !file.listed) file.listed = file.names();
    const out = new Uint8Array(length), view = new DataView(out.buffer);
    let at = 0;
    for (let i = Number(pos); i < file.listed.length; i++) {
      const entry = file.listed[i], name = toName(entry.name), size = 19 + name.length + 1 + 7 & ~7;
      if (at + size > length) break;
      view.setBigUint64(at, entry.ino, true);
      view.setBigUint64(at + 8, BigInt(i + 1), true);
      view.setUint16(at + 16, size, true);
      view.setUint8(at + 18, entry.mode >> 12 & 15);
      out.set(name, at + 19);
      at += size;
    }
    return at || Number(pos) >= file.listed.length ? out.subarray(0, at) : -E.EINVAL;
  }

  // The kernel's imports.  m checks what it passes, give() fills its buffer.
  imports(m, give) {
    const guard = fn => (...args) => {
      try {
        return fn(...args) ?? 0;
      } catch (e) {
        if (e instanceof Errno) return -(E[e.code] ?? E.EIO);
        return negative(e);
      }
    };
    const text = (at, n) => toText(m.bytes(at, n)), path = (at, n) => components(text(at, n));
    const name = (at, n) => {
      const p = path(at, n);
      if (!p.length) throw new Errno('EBUSY');	// the directory itself
      if (p.at(-1).length > NAME_MAX) throw new Errno('ENAMETOOLONG');
      return p;
    };
    const view = (at, size) => new DataView(m.memory.buffer, m.structure(at, size), size);
    const offset = v => Number(BigInt.asUintN(63, v));
    const all = {
      file_stat: (root, p, n, st) => putStat(view(st, STAT_SIZE), this.root(root).stat(path(p, n))),
      file_fstat: (f, st) => putStat(view(st, STAT_SIZE), this.file(f).stat()),
      file_access: (root, p, n, mode) => this.root(root).access(path(p, n), mode),
      file_open: (root, p, n, flags) => this.add(this.root(root).open(path(p, n), flags)),
      file_create: (root, p, n, mode, uid, gid) => this.add(this.root(root).create(name(p, n), mode & 0o7777, uid >>> 0, gid >>> 0)),
      file_close: f => { this.file(f).close(); this.files.delete(f); },
      file_keep: () => KEEP,
      file_exchange: (a, b) => {
        const [x, y] = [this.file(a), this.file(b)];
        this.files.set(a, y).set(b, x);
      },
      file_read: (f, at, n, from) => give(at, n, this.file(f).read(n >>> 0, offset(from))),
      file_write: (f, at, n, from) => this.file(f).write(m.bytes(at, n), offset(from)),
      file_sync: (f, data) => this.file(f).sync(data),
      file_allocate: () => -E.EOPNOTSUPP,
      file_seek: (f, hole, at) => {	// nothing tells of holes but the one at the end
        const v = view(at, 8), { size } = this.file(f).stat();
        if (v.getBigUint64(0, true) >= size) throw new Errno('ENXIO');
        if (hole) v.setBigUint64(0, size, true);
      },
      file_readdir: (f, pos, at, n) => give(at, n, this.readdir(this.file(f), BigInt.asUintN(64, pos), n >>> 0)),
      file_setattr: (f, root, p, n, attr) => {
        const change = getAttr(view(attr, ATTR_SIZE));
        if (f >= 0) this.file(f).setattr(change); else this.root(root).setattr(path(p, n), change);
      },
      file_symlink: (root, p, n, t, tn, uid, gid) => this.root(root).symlink(name(p, n), text(t, tn), uid >>> 0, gid >>> 0),
      file_readlink: (root, p, n, at, length) => give(at, length, toName(this.root(root).readlink(path(p, n)))),
      file_unlink: (root, p, n) => this.root(root).unlink(name(p, n)),
      file_mkdir: (root, p, n, mode, uid, gid) => this.root(root).mkdir(name(p, n), mode & 0o7777, uid >>> 0, gid >>> 0),
      file_rmdir: (root, p, n) => this.root(root).rmdir(name(p, n)),
      file_mknod: (root, p, n, mode, uid, gid) => this.root(root).mknod(name(p, n), mode, uid >>> 0, gid >>> 0),
      file_link: (root, a, an, b, bn) => this.root(root).link(name(a, an), name(b, bn)),
      file_rename: (root, a, an, b, bn, flags) => this.root(root).rename(name(a, an), name(b, bn), flags),
      file_getxattr: () => -E.EOPNOTSUPP,
      file_setxattr: () => -E.EOPNOTSUPP,
      file_removexattr: () => -E.EOPNOTSUPP,
      file_listxattr: () => -E.EOPNOTSUPP,
      file_statfs: (root, at) => {
        const v = view(at, STATFS_SIZE), st = this.root(root).statfs();
        [st.blocks, st.bfree, st.bavail, st.files, st.ffree].forEach((x, i) => v.setBigUint64(8 * i, x, true));
        [Number(st.bsize), NAME_MAX, 0, 0].forEach((x, i) => v.setUint32(40 + 4 * i, x, true));
      },
      // nobody else changes a directory of memory; of the host's, Node does not say enough
      file_watch: () => -E.ENOSYS,
      file_unwatch: () => {},
      file_heard: () => 0,
    };
    return Object.fromEntries(Object.entries(all).map(([key, fn]) => [key, guard(fn)]));
  }
}
