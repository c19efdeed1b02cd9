// SPDX-License-Identifier: MIT
// worker.js in a browser.
import { parts } from './parts.js';
import { serve } from './worker.js';

const take = serve({
  post: (m, transfer) => postMessage(m, transfer),
  read: async part => {
    const r = await fetch(parts[part]);
    if (!r.ok) throw new Error(`${parts[part]}: ${r.status} ${r.statusText}`);
    return new Uint8Array(await r.arrayBuffer());
  },
  descriptor: () => { throw new Error('a page has no file descriptors'); },
  hostDirectory: () => { throw new Error('a page has no directories of the host'); },
});
addEventListener('message', e => take(e.data));
