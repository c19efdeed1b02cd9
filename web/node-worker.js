// SPDX-License-Identifier: MIT
// worker.js in Node.
import fs from 'node:fs';
import v8 from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { Descriptor } from './node-descriptor.js';
import { NodeDirectory } from './node-files.js';
import { parts } from './parts.js';
import { serve } from './worker.js';

// V8 never compiles anew a function that is called once and loops: programs are
// compiled by its optimizing compiler, all at once, and the kernel is not.
function compile(bytes) {
  v8.setFlagsFromString('--no-liftoff');
  v8.setFlagsFromString('--no-wasm-lazy-compilation');
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    v8.setFlagsFromString('--liftoff');
    v8.setFlagsFromString('--wasm-lazy-compilation');
  }
}

// A program's stack, in KiB: V8 would give it what it gives JavaScript, 984.  The second flag
// is its limit; that of this thread's own stack has been set before.
v8.setFlagsFromString('--wasm-stack-switching-stack-size=16384');
v8.setFlagsFromString('--stack-size=16384');

parentPort.on('message', serve({
  post: (m, transfer) => parentPort.postMessage(m, transfer),
  read: part => new Uint8Array(fs.readFileSync(parts[part])),
  compile,
  descriptor: (fd, raise) => new Descriptor(fd, raise),
  hostDirectory: (path, options) => new NodeDirectory(path, options),
}));
