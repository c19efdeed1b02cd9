// SPDX-License-Identifier: MIT
// worker.js in Node.
import fs from 'node:fs';
import v8 from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { Descriptor } from './node-descriptor.js';
import { NodeDirectory } from './node-files.js';
import { parts } from './parts.js';
import { serve } from './worker.js';

v8.setFlagsFromString('--experimental-wasm-branch-hinting');	// which newer ones have without it

// A program's stack, in KiB: V8 would give it what it gives JavaScript, 984.  The second flag
// is its limit; that of this thread's own stack has been set before.
v8.setFlagsFromString('--wasm-stack-switching-stack-size=16384');
v8.setFlagsFromString('--stack-size=16384');

parentPort.on('message', serve({
  post: (m, transfer) => parentPort.postMessage(m, transfer),
  read: part => new Uint8Array(fs.readFileSync(parts[part])),
  descriptor: (fd, raise) => new Descriptor(fd, raise),
  hostDirectory: (path, options) => new NodeDirectory(path, options),
}));
