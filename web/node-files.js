// SPDX-License-Identifier: MIT
// Host directories (asm/host.h, "host files") by node:fs, on Linux: each
// component of a path is opened in the directory before it, through
// /proc/self/fd, and no symbolic link is followed.
import fs from 'node:fs';
import { E, negative } from './errno.js';

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK } = fs.constants;
const O_PATH = 0o10000000, O_NOATIME = 0o1000000, NOCTTY = fs.constants.O_NOCTTY;
const READ = 1, WRITE = 2, NOATIME = 4;
const MODE = 1, UID = 2, GID = 4, SIZE = 8, ATIME = 16, MTIME = 32, ATIME_NOW = 64, MTIME_NOW = 128;
const STAT_SIZE = 128, ATTR_SIZE = 56, STATFS_SIZE = 56, S_IFMT = 0o170000, S_IFREG = 0o100000;
const KEEP = 64;

class Errno extends Error { constructor(name) { super(name); this.code = name; } }

// Names are bytes: in strings here, one character for each.
const toName = s => Buffer.from(s, 'latin1');
const toText = b => Buffer.from(b).toString('latin1');

// What the kernel passes as a name is one: no "..", no NUL.
function components(path) {
  if (path.length === 0) return [];
  const out = path.split('/');
  for (const c of out) if (c === '' || c === '.' || c === '..' || c.includes('\0')) throw new Errno('EINVAL');
  return out;
}

function putStat(view, st) {
  const time = (at, ns) => {
    view.setBigInt64(at, ns / 1000000000n, true);
    view.setUint32(at + 8, Number(ns % 1000000000n), true);
    view.setUint32(at + 12, 0, true);
  };
  const device = d => [Number(d >> 8n & 0xfffn), Number(d & 0xffn | d >> 12n & 0xfff00n)];
  [st.ino, st.size, st.blocks].forEach((v, i) => view.setBigUint64(8 * i, v, true));
  const words = [st.blksize, st.mode, st.nlink, st.uid, st.gid].map(Number);
  const recent = BigInt(Date.now()) * 1000000n - st.ctimeNs < 20000000n ? 1 : 0;
  [...words, ...device(st.dev), ...device(st.rdev), recent].forEach((v, i) => view.setUint32(24 + 4 * i, v, true));
  [st.atimeNs, st.mtimeNs, st.ctimeNs, st.birthtimeNs].forEach((v, i) => time(64 + 16 * i, v));
}

export class NodeFiles {
  constructor() { this.roots = []; this.files = new Map(); this.next = 0; }

  // only: the one name in it that there is
  addRoot(path, { readOnly = false, only = null } = {}) {
    this.roots.push({ fd: fs.openSync(path, O_PATH | O_DIRECTORY), readOnly, only: only && toText(Buffer.from(only)) });
    return this.roots.length - 1;
  }

  // Calls fn with a path that leads to it without a symbolic link, but for the last component.
  at(number, path, fn, { change = false } = {}) {
    const root = this.roots[number];
    if (!root) throw new Errno('ENODEV');
    const parts = components(path), last = parts.pop(), dirs = [];
    if (change && root.readOnly) throw new Errno('EROFS');
    if (root.only && (parts.length || last !== undefined && last !== root.only)) throw new Errno('ENOENT');
    let dir = root.fd;
    try {
      for (const part of parts) {
        dir = fs.openSync(toName(`/proc/self/fd/${dir}/${part}`), O_PATH | O_DIRECTORY | O_NOFOLLOW);
        dirs.push(dir);
      }
      return fn(toName(`/proc/self/fd/${dir}/${last ?? '.'}`));
    } finally {
      dirs.forEach(fs.closeSync);
    }
  }

  file(n) {
    const f = this.files.get(n);
    if (!f) throw new Errno('EBADF');
    return f;
  }
  add(fd, root) {
    this.files.set(this.next, { fd, root });
    return this.next++;
  }

  open(root, path, flags) {
    const access = flags & WRITE ? flags & READ ? O_RDWR : O_WRONLY : flags & READ ? O_RDONLY : O_PATH;
    const change = (flags & WRITE) !== 0;
    const how = access | O_NOFOLLOW | (access === O_PATH ? 0 : O_NONBLOCK | NOCTTY) | (flags & NOATIME ? O_NOATIME : 0);
    const fd = this.at(root, path, p => fs.openSync(p, how), { change });
    const st = fs.fstatSync(fd);
    if (access === O_PATH || st.isFile() || st.isDirectory()) return this.add(fd, root);
    fs.closeSync(fd);
    return -E.EINVAL;
  }

  own(path, uid, gid) {
    try { fs.lchownSync(path, uid, gid); } catch { /* "if the host can do that" */ }
  }

  create(root, path, mode, uid, gid) {
    return this.at(root, path, p => {
      const fd = fs.openSync(p, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | NOCTTY, mode & 0o777);
      if (!fs.fstatSync(fd).isFile()) {
        fs.closeSync(fd);
        return -E.EINVAL;
      }
      if (process.getuid() === 0) fs.fchownSync(fd, uid, gid);
      return this.add(fd, root);
    }, { change: true });
  }

  // node:fs takes times as seconds in a double: some 100 ns are lost.
  change(view, p, follow) {
    const valid = view.getUint32(0, true), [stat, chown, utimes] = follow ?
      [fs.statSync, fs.chownSync, fs.utimesSync] : [fs.lstatSync, fs.lchownSync, fs.lutimesSync];
    const st = stat(p), now = Date.now() / 1000;
    const time = (set, setNow, at, old) => {
      if (valid & set) return Number(view.getBigInt64(at, true)) + view.getUint32(at + 8, true) / 1e9;
      return valid & setNow ? now : old;
    };
    if (st.isSymbolicLink() && valid & (MODE | SIZE)) throw new Errno('EOPNOTSUPP');
    if (valid & (UID | GID)) chown(p, valid & UID ? view.getUint32(8, true) : st.uid, valid & GID ? view.getUint32(12, true) : st.gid);
    if (valid & MODE) fs.chmodSync(p, view.getUint32(4, true) & 0o777);
    if (valid & SIZE) fs.truncateSync(p, Number(view.getBigUint64(16, true)));
    if (valid & (ATIME | MTIME | ATIME_NOW | MTIME_NOW))
      utimes(p, time(ATIME, ATIME_NOW, 24, st.atimeMs / 1000), time(MTIME, MTIME_NOW, 40, st.mtimeMs / 1000));
    return 0;
  }

  setattr(number, root, path, view) {
    if (number < 0) return this.at(root, path, p => this.change(view, p, false), { change: true });
    const f = this.file(number);
    if (this.roots[f.root].readOnly) throw new Errno('EROFS');
    return this.change(view, `/proc/self/fd/${f.fd}`, true);
  }

  readdir(number, pos, length) {
    const f = this.file(number), { only } = this.roots[f.root];
    if (pos === 0n || !f.names) {
      const list = fs.readdirSync(`/proc/self/fd/${f.fd}`, 'buffer').map(toText).filter(n => !only || n === only);
      f.names = ['.', '..', ...list];
    }
    const out = new Uint8Array(length), view = new DataView(out.buffer);
    let at = 0;
    for (let i = Number(pos); i < f.names.length; i++) {
      const name = toName(f.names[i]), size = 19 + name.length + 1 + 7 & ~7;
      if (at + size > length) break;
      let st;
      try {
        st = fs.lstatSync(toName(`/proc/self/fd/${f.fd}/${i === 1 ? '.' : f.names[i]}`), { bigint: true });
      } catch {
        continue;	// it has gone
      }
      view.setBigUint64(at, st.ino, true);
      view.setBigUint64(at + 8, BigInt(i + 1), true);
      view.setUint16(at + 16, size, true);
      view.setUint8(at + 18, Number(st.mode) >> 12 & 15);
      out.set(name, at + 19);
      at += size;
    }
    return at || Number(pos) >= f.names.length ? out.subarray(0, at) : -E.EINVAL;
  }

  rename(root, from, to, flags) {
    if (flags) return -E.EINVAL;
    return this.at(root, from, a => this.at(root, to, b => { fs.renameSync(a, b); return 0; }, { change: true }), { change: true });
  }

  // The kernel's imports.  m checks what it passes, give() fills its buffer.
  imports(m, give) {
    const guard = fn => (...args) => {
      try {
        return fn(...args);
      } catch (e) {
        if (e instanceof Errno) return -(E[e.code] ?? E.EIO);
        return negative(e);
      }
    };
    const path = (at, n) => toText(m.bytes(at, n));
    const view = (at, size) => new DataView(m.memory.buffer, m.structure(at, size), size);
    const stat = (at, root, st) => {
      // to run a file by name it is enough that it can be read
      if (this.roots[root].only && st.isFile()) st.mode |= 0o555n;
      putStat(view(at, STAT_SIZE), st);
      return 0;
    };
    const change = { change: true }, big = { bigint: true };
    const all = {
      file_stat: (root, p, n, st) => stat(st, root, this.at(root, path(p, n), q => fs.lstatSync(q, big))),
      file_fstat: (f, st) => stat(st, this.file(f).root, fs.fstatSync(this.file(f).fd, big)),
      file_access: (root, p, n, mode) => {
        this.at(root, path(p, n), q => fs.accessSync(q, (mode & 4 ? 4 : 0) | (mode & 2 ? 2 : 0) | (mode & 1 && !this.roots[root].only ? 1 : 0)), { change: (mode & 2) !== 0 });
        return 0;
      },
      file_open: (root, p, n, flags) => this.open(root, path(p, n), flags),
      file_create: (root, p, n, mode, uid, gid) => this.create(root, path(p, n), mode, uid >>> 0, gid >>> 0),
      file_close: f => { fs.closeSync(this.file(f).fd); this.files.delete(f); },
      file_keep: () => KEEP,
      file_exchange: (a, b) => {
        const [x, y] = [this.file(a), this.file(b)];
        this.files.set(a, y).set(b, x);
        return 0;
      },
      file_read: (f, at, n, offset) => {
        const b = new Uint8Array(n >>> 0);
        let done = 0;
        for (let k; done < b.length; done += k)
          if (!(k = fs.readSync(this.file(f).fd, b, done, b.length - done, BigInt.asUintN(63, offset) + BigInt(done)))) break;
        return give(at, n, b.subarray(0, done));
      },
      file_write: (f, at, n, offset) => {
        const b = m.bytes(at, n);
        let done = 0;
        while (done < b.length) done += fs.writeSync(this.file(f).fd, b, done, b.length - done, Number(BigInt.asUintN(63, offset)) + done);
        return done;
      },
      file_sync: (f, data) => { (data ? fs.fdatasyncSync : fs.fsyncSync)(this.file(f).fd); return 0; },
      file_readdir: (f, pos, at, n) => give(at, n, this.readdir(f, BigInt.asUintN(64, pos), n >>> 0)),
      file_setattr: (f, root, p, n, attr) => this.setattr(f, root, path(p, n), view(attr, ATTR_SIZE)),
      file_symlink: (root, p, n, t, tn, uid, gid) => this.at(root, path(p, n), q => {
        fs.symlinkSync(toName(path(t, tn)), q);
        this.own(q, uid >>> 0, gid >>> 0);
        return 0;
      }, change),
      file_readlink: (root, p, n, at, length) => give(at, length, this.at(root, path(p, n), q => fs.readlinkSync(q, 'buffer'))),
      file_unlink: (root, p, n) => this.at(root, path(p, n), q => { fs.unlinkSync(q); return 0; }, change),
      file_mkdir: (root, p, n, mode, uid, gid) => this.at(root, path(p, n), q => {
        fs.mkdirSync(q, mode & 0o1777);
        this.own(q, uid >>> 0, gid >>> 0);
        return 0;
      }, change),
      file_rmdir: (root, p, n) => this.at(root, path(p, n), q => { fs.rmdirSync(q); return 0; }, change),
      file_mknod: (root, p, n, mode, uid, gid) => {
        if (mode & S_IFMT && (mode & S_IFMT) !== S_IFREG) return -E.EPERM;	// Node has no mknod()
        return this.at(root, path(p, n), q => {
          fs.closeSync(fs.openSync(q, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777));
          this.own(q, uid >>> 0, gid >>> 0);
          return 0;
        }, change);
      },
      file_link: (root, a, an, b, bn) => this.at(root, path(a, an), q => this.at(root, path(b, bn), r => { fs.linkSync(q, r); return 0; }, change), change),
      file_rename: (root, a, an, b, bn, flags) => this.rename(root, path(a, an), path(b, bn), flags),
      file_getxattr: () => -E.EOPNOTSUPP,
      file_setxattr: () => -E.EOPNOTSUPP,
      file_removexattr: () => -E.EOPNOTSUPP,
      file_listxattr: () => -E.EOPNOTSUPP,
      file_statfs: (root, at) => {
        const v = view(at, STATFS_SIZE), st = this.at(root, '', q => fs.statfsSync(q, big));
        [st.blocks, st.bfree, st.bavail, st.files, st.ffree].forEach((x, i) => v.setBigUint64(8 * i, x, true));
        [Number(st.bsize), 255, 0, 0].forEach((x, i) => v.setUint32(40 + 4 * i, x, true));
        return 0;
      },
      file_watch: () => -E.ENOSYS,
      file_unwatch: () => {},
      file_heard: () => 0,
    };
    return Object.fromEntries(Object.entries(all).map(([name, fn]) => [name, guard(fn)]));
  }
}
