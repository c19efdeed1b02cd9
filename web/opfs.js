// SPDX-License-Identifier: MIT
// A directory of the browser's own file system (navigator.storage.getDirectory()), of which
// the machine has a copy: what changes there is written here, one after the other.  What such a
// directory cannot say, modes, owners, times and symbolic links, is in a file of its own.

const NOTES = '.muslin', NOTES_MS = 200;

async function read(directory, prefix, out) {
  for await (const [name, handle] of directory.entries()) {
    const path = prefix + name;
    if (path === NOTES) continue;
    if (handle.kind === 'directory') {
      out.push({ path, type: 'directory', mode: 0o755 });
      await read(handle, `${path}/`, out);
    } else {
      const file = await handle.getFile();
      out.push({ path, type: 'file', mode: 0o644, mtime: file.lastModified, data: new Uint8Array(await file.arrayBuffer()) });
    }
  }
  return out;
}

async function notesOf(directory) {
  try {
    return JSON.parse(await (await (await directory.getFileHandle(NOTES)).getFile()).text());
  } catch {
    return {};	// none yet, or not whole
  }
}

export class OpfsStore {
  static async open(directory) {
    const notes = await notesOf(directory), entries = await read(directory, '', []), found = new Map(entries.map(e => [e.path, e]));
    for (const [path, note] of Object.entries(notes)) {
      const e = found.get(path);
      if (e) Object.assign(e, note, { type: e.type });
      else if (note.type === 'link') entries.push({ ...note, path });
      else delete notes[path];
    }
    return new OpfsStore(directory, entries, notes);
  }

  constructor(directory, entries, notes) { Object.assign(this, { directory, entries, notes, waiting: new Map(), works: null }); }

  // The last word about a path is enough; but what is below it goes with it.
  changed(entry) {
    const { path } = entry;
    if (!entry.type) for (const p of this.waiting.keys()) if (p.startsWith(`${path}/`)) this.waiting.delete(p);
    this.waiting.delete(path);
    this.waiting.set(path, entry);
    this.works ??= this.work();
  }
  async idle() { while (this.works) await this.works; }

  async work() {
    while (this.waiting.size) {
      const [[path, entry]] = this.waiting;
      this.waiting.delete(path);
      try {
        await this.write(path, entry);
      } catch (e) {
        this.failed = e;
        console.warn(`muslin: ${path} is not kept: ${e.message}`);
      }
      if (!this.waiting.size) {
        await new Promise(resolve => { setTimeout(resolve, NOTES_MS); });
        if (!this.waiting.size) await this.put(this.directory, NOTES, new TextEncoder().encode(JSON.stringify(this.notes)));
      }
    }
    this.works = null;
  }

  async put(directory, name, data) {
    const file = await (await directory.getFileHandle(name, { create: true })).createWritable();
    await file.write(data);
    await file.close();
  }
  async parent(path) {
    const names = path.split('/'), name = names.pop();
    let d = this.directory;
    for (const n of names) d = await d.getDirectoryHandle(n, { create: true });
    return [d, name];
  }
  async remove(path) {
    for (const p of Object.keys(this.notes)) if (p === path || p.startsWith(`${path}/`)) delete this.notes[p];
    try {
      const [d, name] = await this.parent(path);
      await d.removeEntry(name, { recursive: true });
    } catch (e) {
      if (e.name !== 'NotFoundError') throw e;
    }
  }
  async write(path, { type, mode, uid, gid, mtime, target, data }) {
    if (!type || type === 'link') await this.remove(path);
    if (!type) return;
    this.notes[path] = { type, mode, uid, gid, mtime, target };
    if (type === 'link') return;
    const [d, name] = await this.parent(path);
    if (type === 'directory') await d.getDirectoryHandle(name, { create: true });
    else await this.put(d, name, data);
  }
}
