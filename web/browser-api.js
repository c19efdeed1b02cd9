// SPDX-License-Identifier: MIT
// import { Machine } from 'muslin', in a page.
import { Machine as Any } from './api.js';
import { OpfsStore } from './opfs.js';
import { parts } from './parts.js';

export { MachineError, Process, Terminal, missing } from './api.js';

const platform = {
  startWorker(heard, failed) {
    const w = new Worker(new URL('./browser-worker.js', import.meta.url), { type: 'module' });
    w.addEventListener('message', e => heard(e.data));
    w.addEventListener('error', failed);
    return { post: (m, transfer) => w.postMessage(m, transfer), terminate: () => w.terminate() };
  },
  ticker(memory, page) {
    const w = new Worker(new URL('./ticker.js', import.meta.url), { type: 'module' });
    w.postMessage({ memory, page });
    return () => w.terminate();
  },
  read: async part => new Uint8Array(await (await fetch(parts[part])).arrayBuffer()),
  store: what => (what instanceof FileSystemDirectoryHandle ? OpfsStore.open(what) : null),
  descriptor: () => { throw new Error('a page has no file descriptors'); },
};

export class Machine extends Any {
  static platform = platform;
}
