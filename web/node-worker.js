// SPDX-License-Identifier: MIT
// The thread of a machine in Node: see node.js.
import fs from 'node:fs';
import v8 from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { E } from './errno.js';
import { makeInitrd } from './initrd.js';
import { Inside } from './mailbox.js';
import { IRQ, Machine } from './machine.js';
import { NodeFiles } from './node-files.js';
import { NodeStreams } from './node-streams.js';
import { makeRewriter } from './rewriter.js';

const NOT_EXECUTABLE = 126, NOT_FOUND = 127, FAILED = 125;
const { options, mailbox, parts } = workerData;

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

const read = path => new Uint8Array(fs.readFileSync(path));
const say = text => fs.writeSync(2, text);
const LOG_MOST = 16384;

// A program's stack, in KiB: V8 would give it what it gives JavaScript, 984.  The second flag
// is its limit; that of this thread's own stack has been set before.
v8.setFlagsFromString('--wasm-stack-switching-stack-size=4096');
v8.setFlagsFromString('--stack-size=4096');

async function main() {
  const inbox = new Inside(mailbox, () => parentPort.postMessage({ want: true }));
  let machine, program = null;
  const streams = new NodeStreams(inbox, { stream: () => machine.raise(IRQ.STREAM), tty: () => machine.raise(IRQ.TTY) });
  const files = new NodeFiles();
  let log = '';	// of the kernel: only for who asks why it went down
  machine = new Machine({
    vmlinux: read(parts.vmlinux), glue: read(parts.glue), stub: read(parts.stub), initrd: makeInitrd(read(parts.init)),
    rewrite: makeRewriter(read(parts.rewrite)), compile, cmdline: options.cmdline, memory: options.memory,
    streams, files, tty: streams.terminal(), log: text => { log = (log + text).slice(-LOG_MOST); },
    shared: (memory, page) => parentPort.postMessage({ memory, page }),
    kills: () => (program ? inbox.kills().map(([sig, group]) => [program.id, sig, group]) : []),
  });
  parentPort.on('message', () => machine.poke());
  await machine.boot();

  for (const d of options.dirs) {
    const error = await machine.control.mount(files.addRoot(d.host, d), d.guest, d.readOnly);
    if (error) return fail(FAILED, `${d.host}: mount: error ${error}`);
  }
  let refused = null;
  machine.refused = why => { refused = why; };
  program = machine.control.spawn({
    path: options.path, cwd: options.cwd, argv: options.argv, env: options.env, files: streams.spawnFiles,
    uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), umask: options.umask,
  });
  const { error } = await Promise.race([program.start, machine.down.then(why => { throw new Error(`${why}\n${log}`); })]);
  if (error) return fail(error === E.ENOENT ? NOT_FOUND : NOT_EXECUTABLE, refused ?? `${options.path}: error ${error}`);
  machine.refused = why => say(`${why}\n`);
  const status = await Promise.race([program.end, machine.down.then(why => { throw new Error(why ? `${why}\n${log}` : 'the guest has switched the machine off'); })]);
  machine.control.powerOff();	// which writes what is not yet in files
  await machine.down;
  return status & 0x7f ? 128 + (status & 0x7f) : status >> 8;
}

function fail(status, why) {
  say(`muslin-node: ${why}\n`);
  return status;
}

main().catch(e => fail(FAILED, e.message)).then(status => parentPort.postMessage({ exit: status }));
