// SPDX-License-Identifier: MIT
// A directory of the host (files.js) by node:fs, on Linux: each component of a
// path is opened in the directory before it, through /proc/self/fd, and no
// symbolic link is followed.
import fs from 'node:fs';
import { Errno, NOATIME, READ, WRITE } from './files.js';
import { Place, call } from './node-calls.js';

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK, O_NOCTTY } = fs.constants;
const O_PATH = 0o10000000, O_NOATIME = 0o1000000;
const S_IFMT = 0o170000, S_IFREG = 0o100000, S_IFIFO = 0o10000, S_IFSOCK = 0o140000, MAY_WRITE = 2, MAY_EXEC = 1;
const RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2;

const bytes = s => Buffer.from(s, 'latin1');
const text = b => b.toString('latin1');
const big = { bigint: true };

function own(path, uid, gid) {
  try { fs.lchownSync(path, uid, gid); } catch { /* "if the host can do that" */ }
}

// node:fs takes times as seconds in a double: some 100 ns are lost.
function change(p, attr, follow) {
  const [stat, chown, utimes] = follow ?
    [fs.statSync, fs.chownSync, fs.utimesSync] : [fs.lstatSync, fs.lchownSync, fs.lutimesSync];
  const st = stat(p), { mode, uid, gid, size, atime, mtime } = attr;
  if (st.isSymbolicLink() && (mode ?? size) !== undefined) throw new Errno('EOPNOTSUPP');
  if ((uid ?? gid) !== undefined) chown(p, uid ?? st.uid, gid ?? st.gid);
  if (mode !== undefined) fs.chmodSync(p, mode & 0o777);
  if (size !== undefined) fs.truncateSync(p, size);
  if ((atime ?? mtime) !== undefined) utimes(p, atime ?? st.atimeMs / 1000, mtime ?? st.mtimeMs / 1000);
}

class File {
  constructor(fd, directory) { Object.assign(this, { fd, directory }); }

  path() { return `/proc/self/fd/${this.fd}`; }
  stat() { return this.directory.shown(fs.fstatSync(this.fd, big)); }
  read(n, offset) {
    const b = new Uint8Array(n);
    let done = 0;
    for (let k; done < n; done += k)
      if (!(k = fs.readSync(this.fd, b, done, n - done, BigInt(offset + done)))) break;
    return b.subarray(0, done);
  }
  write(b, offset) {
    let done = 0;
    while (done < b.length) done += fs.writeSync(this.fd, b, done, b.length - done, offset + done);
    return done;
  }
  sync(data) { (data ? fs.fdatasyncSync : fs.fsyncSync)(this.fd); }
  setattr(attr) {
    if (this.directory.readOnly) throw new Errno('EROFS');
    change(this.path(), attr, true);
  }
  names() {
    const { only } = this.directory, out = [];
    const list = fs.readdirSync(this.path(), 'buffer').map(text).filter(n => !only || n === only);
    for (const name of ['.', '..', ...list]) {
      try {
        const st = fs.lstatSync(bytes(`${this.path()}/${name === '..' ? '.' : name}`), big);
        out.push({ name, ino: st.ino, mode: Number(st.mode) });
      } catch { /* it has gone */ }
    }
    return out;
  }
  close() { fs.closeSync(this.fd); }
}

export class NodeDirectory {
  // only: the one name in it that there is
  constructor(path, { readOnly = false, only = null } = {}) {
    Object.assign(this, { fd: fs.openSync(path, O_PATH | O_DIRECTORY), readOnly, only: only && text(Buffer.from(only)) });
  }

  // Calls fn with the directory that it is in, to which no symbolic link has led, and its name there.
  in(path, fn) {
    const parts = [...path], last = parts.pop(), dirs = [];
    if (this.only && (parts.length || last !== undefined && last !== this.only)) throw new Errno('ENOENT');
    let dir = this.fd;
    try {
      for (const part of parts) {
        dir = fs.openSync(bytes(`/proc/self/fd/${dir}/${part}`), O_PATH | O_DIRECTORY | O_NOFOLLOW);
        dirs.push(dir);
      }
      return fn(dir, last ?? '.');
    } finally {
      dirs.forEach(fs.closeSync);
    }
  }
  // The same, with a path.
  at(path, fn) { return this.in(path, (dir, name) => fn(bytes(`/proc/self/fd/${dir}/${name}`))); }
  change(path, fn) {
    if (this.readOnly) throw new Errno('EROFS');
    return this.at(path, fn);
  }
  // to run a file by name it is enough that it can be read
  shown(st) {
    if (this.only && st.isFile()) st.mode |= 0o555n;
    return st;
  }

  stat(path) { return this.at(path, p => this.shown(fs.lstatSync(p, big))); }
  access(path, mode) {
    if (mode & MAY_WRITE && this.readOnly) throw new Errno('EROFS');
    this.at(path, p => fs.accessSync(p, mode & (this.only ? ~MAY_EXEC : ~0) & 7));
  }
  open(path, flags) {
    const access = flags & WRITE ? flags & READ ? O_RDWR : O_WRONLY : flags & READ ? O_RDONLY : O_PATH;
    const how = access | O_NOFOLLOW | (access === O_PATH ? 0 : O_NONBLOCK | O_NOCTTY) | (flags & NOATIME ? O_NOATIME : 0);
    const fd = this[flags & WRITE ? 'change' : 'at'](path, p => fs.openSync(p, how)), st = fs.fstatSync(fd);
    if (access === O_PATH || st.isFile() || st.isDirectory()) return new File(fd, this);
    fs.closeSync(fd);
    throw new Errno('EINVAL');
  }
  create(path, mode, uid, gid) {
    const fd = this.change(path, p => fs.openSync(p, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode & 0o777));
    if (!fs.fstatSync(fd).isFile()) {
      fs.closeSync(fd);
      throw new Errno('EINVAL');
    }
    if (process.getuid() === 0) fs.fchownSync(fd, uid, gid);
    return new File(fd, this);
  }
  symlink(path, target, uid, gid) { this.change(path, p => { fs.symlinkSync(bytes(target), p); own(p, uid, gid); }); }
  readlink(path) { return this.at(path, p => text(fs.readlinkSync(p, 'buffer'))); }
  unlink(path) { this.change(path, p => fs.unlinkSync(p)); }
  mkdir(path, mode, uid, gid) { this.change(path, p => { fs.mkdirSync(p, mode & 0o1777); own(p, uid, gid); }); }
  rmdir(path) { this.change(path, p => fs.rmdirSync(p)); }
  mknod(path, mode, uid, gid) {
    const type = mode & S_IFMT || S_IFREG, regular = type === S_IFREG;
    if (!regular && type !== S_IFIFO && type !== S_IFSOCK) throw new Errno('EPERM');
    this.change(path, p => {
      if (regular) fs.closeSync(fs.openSync(p, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777));
      else this.in(path, (dir, name) => call('mknodat', new Place(dir, name), type | mode & 0o777, 0));
      own(p, uid, gid);
    });
  }
  link(path, to) { this.change(path, p => this.change(to, q => fs.linkSync(p, q))); }
  rename(path, to, flags) {
    if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) throw new Errno('EINVAL');
    this.change(path, p => this.change(to, q => {
      if (!flags) fs.renameSync(p, q);
      else this.in(path, (a, x) => this.in(to, (b, y) => call('renameat2', new Place(a, x), new Place(b, y), flags)));
    }));
  }
  setattr(path, attr) { this.change(path, p => change(p, attr, false)); }
  statfs() { return this.at([], p => fs.statfsSync(p, big)); }
}
