// SPDX-License-Identifier: MIT
// Files and directories as a value, as a tar archive and as the kernel's cpio.
//
// An entry: { path, type: 'file' | 'directory' | 'link', mode, uid, gid, mtime (ms), data, target }.
const utf8 = s => new TextEncoder().encode(s), text = b => new TextDecoder().decode(b);

// No empty name, no "." and "..", and no leading slash.
function plain(path) {
  const names = path.split('/').filter(n => n && n !== '.');
  if (names.includes('..') || path.includes('\0')) throw new Error(`${path}: not a path`);
  return names.join('/');
}

// The gzip'ed, too.
async function unzipped(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function pax(data) {
  const out = {};
  for (let at = 0; at < data.length;) {
    const n = parseInt(text(data.subarray(at, at + 20)), 10);
    if (!(n > 0)) break;
    const [, key, value] = /^\d+ ([^=]*)=(.*)\n$/s.exec(text(data.subarray(at, at + n))) ?? [];
    if (key) out[key] = value;
    at += n;
  }
  return out;
}

function fromTar(bytes) {
  const out = [], files = new Map();
  let more = {};
  for (let at = 0; at + 512 <= bytes.length;) {
    const field = (from, n) => {
      const b = bytes.subarray(at + from, at + from + n), end = b.indexOf(0);
      return text(end < 0 ? b : b.subarray(0, end));
    };
    const number = (from, n) => parseInt(field(from, n).trim() || '0', 8);
    const header = bytes.subarray(at, at + 512);
    if (header.every(b => !b)) break;
    if (header.reduce((sum, b, i) => sum + (i >= 148 && i < 156 ? 32 : b), 0) !== number(148, 8)) throw new Error('not a tar archive');
    const size = number(124, 12), kind = field(156, 1) || '0', prefix = field(257, 5) === 'ustar' ? field(345, 155) : '';
    if (!(size >= 0) || at + 512 + size > bytes.length) throw new Error('not a tar archive, or cut short');
    const data = bytes.subarray(at + 512, at + 512 + size);
    const name = more.path ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100)), target = more.linkpath ?? field(157, 100);
    const common = { path: plain(name), mode: number(100, 8) & 0o7777, uid: number(108, 8), gid: number(116, 8), mtime: number(136, 12) * 1000 };
    at += 512 + Math.ceil(size / 512) * 512;
    if (kind === 'x') { more = pax(data); continue; }
    if (kind === 'L') { more = { ...more, path: text(data).replace(/\0.*/s, '') }; continue; }
    if (kind === 'K') { more = { ...more, linkpath: text(data).replace(/\0.*/s, '') }; continue; }
    if (kind === 'g') continue;
    more = {};
    if (kind === '0' || kind === '7') {
      out.push({ ...common, type: 'file', data });
      files.set(common.path, data);
    } else if (kind === '1') {
      const linked = files.get(plain(target));
      if (!linked) throw new Error(`${name}: a link to ${target}, which is not before it`);
      out.push({ ...common, type: 'file', data: linked });
    } else if (kind === '2') {
      out.push({ ...common, type: 'link', target });
    } else if (kind === '5') {
      if (common.path) out.push({ ...common, type: 'directory' });
    } else {
      throw new Error(`${name}: neither a file, a directory nor a link`);
    }
  }
  return out;
}

const isNode = v => v instanceof Uint8Array || v instanceof ArrayBuffer || typeof v === 'string';

function fromObject(object, prefix, out) {
  for (const [key, value] of Object.entries(object)) {
    const path = plain(prefix ? `${prefix}/${key}` : key), common = { path, uid: 0, gid: 0, mtime: Date.now() };
    if (!path) throw new Error(`${key}: not a name`);
    const { file, directory, link, mode } = isNode(value) ? { file: value } : value;
    if (file !== undefined) {
      const data = typeof file === 'string' ? utf8(file) : new Uint8Array(file);
      // a program, as its first bytes tell, or a script
      const runs = data[0] === 0 && data[1] === 0x61 && data[2] === 0x73 || data[0] === 0x23 && data[1] === 0x21;
      out.push({ ...common, type: 'file', mode: mode ?? (runs ? 0o755 : 0o644), data });
    } else if (typeof link === 'string') {
      out.push({ ...common, type: 'link', mode: 0o777, target: link });
    } else {
      out.push({ ...common, type: 'directory', mode: mode ?? 0o755 });
      fromObject(directory ?? value, path, out);
    }
  }
  return out;
}

// tree: see Tree in index.d.ts; or the bytes of a tar archive.
export async function entriesOf(tree) {
  if (tree instanceof ArrayBuffer) tree = new Uint8Array(tree);
  if (tree instanceof Blob) tree = new Uint8Array(await tree.arrayBuffer());
  return tree instanceof Uint8Array ? fromTar(await unzipped(tree)) : fromObject(tree, '', []);
}

// With the directories that lead to them, each once.
function withParents(entries) {
  const out = new Map();
  for (const e of entries) {
    const names = e.path.split('/').slice(0, -1);
    names.forEach((_, i) => {
      const path = names.slice(0, i + 1).join('/');
      if (!out.has(path)) out.set(path, { path, type: 'directory', mode: 0o755 });
    });
    out.set(e.path, e);
  }
  return out;
}

const TYPES = { file: 0o100000, directory: 0o040000, link: 0o120000, device: 0o020000 };
const hex = v => v.toString(16).toUpperCase().padStart(8, '0');

// What the kernel unpacks as its root file system.
export function toCpio(entries) {
  const parts = [];
  let size = 0, ino = 1;
  const put = b => { parts.push([size, b]); size += b.length + (-b.length & 3); };
  const all = [...withParents(entries).values(), { path: 'TRAILER!!!', type: null, mode: 0 }];
  for (const { path, type, mode, uid = 0, gid = 0, mtime = 0, data, target, major = 0, minor = 0 } of all) {
    const name = utf8(`${path}\0`), body = type === 'link' ? utf8(target) : data ?? new Uint8Array(0);
    const fields = [ino++, (TYPES[type] ?? 0) | mode, uid, gid, 1, Math.floor(mtime / 1000), body.length, 0, 0, major, minor, name.length, 0];
    const header = utf8(`070701${fields.map(hex).join('')}`), head = new Uint8Array(header.length + name.length);
    head.set(header);
    head.set(name, header.length);
    put(head);
    if (body.length) put(body);
  }
  const out = new Uint8Array(size);
  for (const [at, b] of parts) out.set(b, at);
  return out;
}

// For a message: entries without their data, and all data.
export function detach(entries) {
  const blobs = [];
  let at = 0;
  const heads = entries.map(({ data, ...e }) => {
    if (!data) return e;
    blobs.push(data);
    at += data.length;
    return { ...e, from: at - data.length, to: at };
  });
  return [heads, blobs];
}
export const attach = (heads, bytes) => heads.map(({ from, to, ...e }) => (from === undefined ? e : { ...e, data: bytes.slice(from, to) }));
