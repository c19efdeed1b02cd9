// SPDX-License-Identifier: MIT
// A directory (files.js) that lies in memory, of the machine's thread.
import { Errno, WRITE, toName, toText } from './files.js';

const S_IFMT = 0o170000, S_IFDIR = 0o040000, S_IFREG = 0o100000, S_IFLNK = 0o120000, S_IFIFO = 0o010000, S_IFSOCK = 0o140000;
const MAY_WRITE = 2, RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2, PAGE = 4096;
const DEVICE = 0x57n;	// 0:0x57

const utf8 = s => toText(new TextEncoder().encode(s)), fromUtf8 = s => new TextDecoder().decode(toName(s));
const nanoseconds = ms => BigInt(Math.round(ms * 1000)) * 1000n;
const isDirectory = node => (node.mode & S_IFMT) === S_IFDIR;

class File {
  constructor(directory, node) { Object.assign(this, { directory, node }); node.users++; }

  stat() { return this.directory.describe(this.node); }
  read(n, offset) {
    const { data, size } = this.node;
    return data.subarray(Math.min(offset, size), Math.min(offset + n, size));
  }
  write(b, offset) {
    const { directory, node } = this;
    directory.writable();
    directory.resize(node, Math.max(node.size, offset + b.length));
    node.data.set(b, offset);
    directory.touch(node);
    this.changed = true;
    return b.length;
  }
  sync() { this.keep(); }
  keep() {
    if (this.changed) this.directory.keep(this.node);
    this.changed = false;
  }
  names() {
    const { node } = this;
    if (!isDirectory(node)) throw new Errno('ENOTDIR');
    return [['.', node], ['..', node.parent], ...node.names].map(([name, n]) => ({ name, ino: BigInt(n.ino), mode: n.mode }));
  }
  setattr(attr) { this.directory.setNode(this.node, attr); }
  close() {
    this.keep();
    this.node.users--;
    this.directory.drop(this.node);
  }
}

export class MemoryDirectory {
  // entries: as tree.js makes them.  changed({ path, ... }): an entry is so, or is gone if it has no
  // type; for who keeps it elsewhere.  most: bytes of all files
  constructor(entries, { readOnly = false, changed = null, most = 1 << 30 } = {}) {
    Object.assign(this, { readOnly, most, used: 0, count: 0, ino: 1, changed: null });
    this.top = this.make(S_IFDIR | 0o755, 0, 0);
    this.top.parent = this.top;
    for (const e of entries) this.put(e);
    this.changed = changed;
  }

  // --- nodes ---

  make(mode, uid, gid) {
    const now = Date.now(), node = { ino: this.ino++, mode, uid, gid, links: 0, users: 0, places: [], atime: now, mtime: now, ctime: now, btime: now, size: 0 };
    if ((mode & S_IFMT) === S_IFDIR) node.names = new Map();
    else node.data = new Uint8Array(0);
    this.count++;
    return node;
  }
  put({ path, type, mode, uid = 0, gid = 0, mtime, data, target }) {
    const names = utf8(path).split('/'), last = names.pop();
    let dir = this.top;
    for (const name of names) {
      if (!dir.names.has(name)) this.enter(dir, name, this.make(S_IFDIR | 0o755, 0, 0));
      dir = dir.names.get(name);
      if (!isDirectory(dir)) throw new Error(`${path}: ${name} is not a directory`);
    }
    const bits = { directory: S_IFDIR, file: S_IFREG, link: S_IFLNK }[type], old = dir.names.get(last);
    let node = old;
    if (!old || !(isDirectory(old) && type === 'directory')) {
      if (old) this.leave(dir, last);
      node = this.make(bits, uid, gid);
      this.enter(dir, last, node);
    }
    Object.assign(node, { mode: bits | mode, uid, gid });
    if (type === 'file') this.fill(node, data);
    if (type === 'link') node.target = utf8(target);
    if (mtime !== undefined) node.mtime = mtime;
  }
  fill(node, data) {
    this.resize(node, data.length);
    node.data.set(data);
  }
  enter(dir, name, node) {
    dir.names.set(name, node);
    node.links++;
    if (isDirectory(node)) node.parent = dir;
    node.places.push([dir, name]);
    this.touch(dir);
  }
  leave(dir, name) {
    const node = dir.names.get(name);
    dir.names.delete(name);
    node.links--;
    node.places = node.places.filter(([d, n]) => d !== dir || n !== name);
    this.touch(dir);
    node.ctime = Date.now();
    this.drop(node);
  }
  drop(node) {
    if (node.links || node.users || node.gone) return;
    node.gone = true;
    this.count--;
    if (node.data) this.used -= node.data.length;
  }
  touch(node) { node.mtime = node.ctime = Date.now(); }

  // data has room to grow; what lies behind size is zero.
  resize(node, size) {
    if (!node.data || (node.mode & S_IFMT) !== S_IFREG) throw new Errno('EINVAL');
    if (size > node.data.length) {
      const room = Math.max(size, Math.min(2 * node.data.length, node.data.length + (1 << 22)));
      if (this.used + room - node.data.length > this.most) throw new Errno('ENOSPC');
      this.used += room - node.data.length;
      const data = new Uint8Array(room);
      data.set(node.data.subarray(0, node.size));
      node.data = data;
    } else if (size < node.size) {
      node.data.fill(0, size, node.size);
    }
    node.size = size;
  }

  describe(n) {
    const size = n.names ? PAGE : n.target !== undefined ? n.target.length : n.size;
    let links = n.links;
    if (n.names) links = 2 + [...n.names.values()].filter(isDirectory).length;
    return {
      ino: BigInt(n.ino), size: BigInt(size), blocks: BigInt(Math.ceil((n.data?.length ?? 0) / 512)), blksize: PAGE, mode: n.mode, nlink: links, uid: n.uid, gid: n.gid,
      dev: DEVICE, rdev: 0n, atimeNs: nanoseconds(n.atime), mtimeNs: nanoseconds(n.mtime), ctimeNs: nanoseconds(n.ctime), birthtimeNs: nanoseconds(n.btime),
    };
  }

  // --- paths ---

  find(path) {
    let node = this.top;
    for (const name of path) {
      if (!node.names) throw new Errno('ENOTDIR');
      node = node.names.get(name);
      if (!node) throw new Errno('ENOENT');
    }
    return node;
  }
  parent(path) {
    const dir = this.find(path.slice(0, -1));
    if (!dir.names) throw new Errno('ENOTDIR');
    return [dir, path.at(-1)];
  }
  writable() { if (this.readOnly) throw new Errno('EROFS'); }
  add(path, mode, uid, gid) {
    this.writable();
    const [dir, name] = this.parent(path);
    if (dir.names.has(name)) throw new Errno('EEXIST');
    const node = this.make(mode, uid, gid);
    this.enter(dir, name, node);
    return node;
  }

  // --- who keeps it elsewhere ---

  pathOf(dir, name) {
    const names = [fromUtf8(name)];
    while (dir !== this.top) {
      [[dir, name]] = dir.places;
      names.unshift(fromUtf8(name));
    }
    return names.join('/');
  }
  entry(n, path) {
    const common = { path, mode: n.mode & 0o7777, uid: n.uid, gid: n.gid, mtime: n.mtime };
    if (n.names) return { ...common, type: 'directory' };
    if (n.target !== undefined) return { ...common, type: 'link', target: fromUtf8(n.target) };
    return (n.mode & S_IFMT) === S_IFREG ? { ...common, type: 'file', data: n.data.slice(0, n.size) } : null;
  }
  keep(node) {
    if (!this.changed) return;
    for (const place of node.places) {
      const e = this.entry(node, this.pathOf(...place));
      if (e) this.changed(e);
    }
  }
  keepAll(node) {
    this.keep(node);
    for (const n of node.names?.values() ?? []) this.keepAll(n);
  }
  forget(dir, name) {
    this.changed?.({ path: this.pathOf(dir, name) });
  }

  // --- files.js ---

  stat(path) { return this.describe(this.find(path)); }
  access(path, mode) {
    if (mode & MAY_WRITE) this.writable();
    this.find(path);
  }
  open(path, flags) {
    const node = this.find(path);
    if (flags & WRITE) this.writable();
    if (flags && !node.names && (node.mode & S_IFMT) !== S_IFREG) throw new Errno(node.target !== undefined ? 'ELOOP' : 'EINVAL');
    if (flags & WRITE && node.names) throw new Errno('EISDIR');
    return new File(this, node);
  }
  create(path, mode, uid, gid) {
    this.writable();
    const [dir, name] = this.parent(path), old = dir.names.get(name);
    if (old && (old.mode & S_IFMT) !== S_IFREG) throw new Errno('EINVAL');
    const node = old ?? this.add(path, S_IFREG | mode, uid, gid);
    if (!old) this.keep(node);
    return new File(this, node);
  }
  symlink(path, target, uid, gid) {
    const node = this.add(path, S_IFLNK | 0o777, uid, gid);
    node.target = target;
    this.keep(node);
  }
  readlink(path) {
    const { target } = this.find(path);
    if (target === undefined) throw new Errno('EINVAL');
    return target;
  }
  unlink(path) {
    this.writable();
    const [dir, name] = this.parent(path), node = this.find(path);
    if (node.names) throw new Errno('EISDIR');
    this.leave(dir, name);
    this.forget(dir, name);
  }
  mkdir(path, mode, uid, gid) { this.keep(this.add(path, S_IFDIR | mode, uid, gid)); }
  rmdir(path) {
    this.writable();
    const [dir, name] = this.parent(path), node = this.find(path);
    if (!node.names) throw new Errno('ENOTDIR');
    if (node.names.size) throw new Errno('ENOTEMPTY');
    this.leave(dir, name);
    this.forget(dir, name);
  }
  mknod(path, mode, uid, gid) {
    const type = mode & S_IFMT || S_IFREG;
    if (![S_IFREG, S_IFIFO, S_IFSOCK].includes(type)) throw new Errno('EPERM');
    this.keep(this.add(path, type | mode & 0o7777, uid, gid));
  }
  link(path, to) {
    this.writable();
    const node = this.find(path), [dir, name] = this.parent(to);
    if (node.names) throw new Errno('EPERM');
    if (dir.names.has(name)) throw new Errno('EEXIST');
    this.enter(dir, name, node);
    node.ctime = Date.now();
    this.keep(node);
  }
  inside(node, dir) {
    for (let n = dir; n !== this.top; n = n.parent) if (n === node) return true;
    return false;
  }
  rename(path, to, flags) {
    this.writable();
    const node = this.find(path), [a, from] = this.parent(path), [b, name] = this.parent(to), old = b.names.get(name);
    if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) throw new Errno('EINVAL');
    if (flags & RENAME_NOREPLACE && old) throw new Errno('EEXIST');
    if (flags & RENAME_EXCHANGE && !old) throw new Errno('ENOENT');
    if (old === node) return;
    if (node.names && this.inside(node, b) || flags & RENAME_EXCHANGE && old.names && this.inside(old, a)) throw new Errno('EINVAL');
    if (old && !(flags & RENAME_EXCHANGE)) {
      if (old.names && !node.names) throw new Errno('EISDIR');
      if (!old.names && node.names) throw new Errno('ENOTDIR');
      if (old.names?.size) throw new Errno('ENOTEMPTY');
    }
    const exchange = flags & RENAME_EXCHANGE, kept = exchange ? [node, old] : [node];
    for (const n of kept) n.users++;	// neither is dropped on the way
    if (old) this.leave(b, name);
    this.leave(a, from);
    this.enter(b, name, node);
    if (exchange) this.enter(a, from, old);
    for (const n of kept) n.users--;
    this.forget(a, from);
    for (const n of kept) this.keepAll(n);
  }
  setNode(node, { mode, uid, gid, size, atime, mtime }) {
    this.writable();
    if (size !== undefined) {
      this.resize(node, size);
      this.touch(node);
    }
    if (mode !== undefined) node.mode = node.mode & S_IFMT | mode & 0o7777;
    node.uid = uid ?? node.uid;
    node.gid = gid ?? node.gid;
    if (atime !== undefined) node.atime = atime * 1000;
    if (mtime !== undefined) node.mtime = mtime * 1000;
    node.ctime = Date.now();
    this.keep(node);
  }
  setattr(path, attr) { this.setNode(this.find(path), attr); }
  statfs() {
    const blocks = BigInt(this.most / PAGE), free = BigInt(Math.floor((this.most - this.used) / PAGE));
    return { bsize: PAGE, blocks, bfree: free, bavail: free, files: 1n << 20n, ffree: (1n << 20n) - BigInt(this.count) };
  }
}
