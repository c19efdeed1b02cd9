#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// SPDX-License-Identifier: MIT
// muslin-node: runs a program on Linux in Node.
import fs from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { isatty } from 'node:tty';
import { Machine, connectTerminal, hostDirectory } from './node-api.js';

const FAILED = 125, NOT_EXECUTABLE = 126, NOT_FOUND = 127;
const PROGRAM_DIR = '/run/muslin';
const HELP = `usage: muslin-node [OPTION]... [--] PROG [ARG]...
       muslin-node [--mem SIZE] [--cmdline TEXT] --snapshot FILE

Runs PROG, a file of the host, on Linux in Node, and exits with its status; 128 + N
if signal N killed it.

  --dir HOST[:GUEST][:ro]  make a directory of the host visible.  Without any --dir
                           it is the current directory.
  --env NAME[=VALUE]       set a variable of the program's environment
  --env-all                set all that we have
  --cwd DIR                start in the guest's directory DIR
  --mem SIZE               memory of the machine, in bytes or with K, M or G
                           (default 256M)
  --cmdline TEXT           add kernel parameters
  --snapshot FILE          write a machine that has booted to FILE, and exit
  --image FILE             go on from there, with its memory, and do not boot
  --no-shared              share no memory between threads, as in a page without the
                           headers for that: programs count loops, and are slower
  --help                   show this
`;

class Usage extends Error {}

function fail(status, text) {
  fs.writeSync(2, `muslin-node: ${text}\n`);
  process.exit(status);
}

function size(text) {
  const m = /^(\d+)([KMG]?)$/i.exec(text);
  if (!m) throw new Usage(`--mem ${text}: not a size`);
  return Number(m[1]) * { '': 1, K: 1 << 10, M: 1 << 20, G: 1 << 30 }[m[2].toUpperCase()];
}

function dir(text) {
  const parts = text.split(':'), readOnly = parts.length > 1 && parts.at(-1) === 'ro';
  if (readOnly) parts.pop();
  if (parts.length > 2 || !parts[0]) throw new Usage(`--dir ${text}: not HOST[:GUEST][:ro]`);
  const host = fs.realpathSync(parts[0]);
  return { host, guest: parts[1] ?? host, readOnly };
}

function parse(args) {
  const o = { dirs: [], env: new Map(), memory: 256 << 20, cwd: null, cmdline: '', image: null, snapshot: null, shared: true };
  const { HOME = '/', USER = 'user', TERM = 'dumb' } = process.env;
  for (const [k, v] of Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', HOME, USER, TERM })) o.env.set(k, v);
  const set = text => {
    const i = text.indexOf('=');
    const [name, value] = i < 0 ? [text, process.env[text]] : [text.slice(0, i), text.slice(i + 1)];
    if (value !== undefined) o.env.set(name, value);
  };
  while (args[0]?.startsWith('-')) {
    const arg = args.shift();
    if (arg === '--') break;
    const [, name, , given] = /^(--[^=]*)(=(.*))?$/s.exec(arg) ?? [null, arg];
    const value = () => given ?? args.shift() ?? (() => { throw new Usage(`${name} wants a value`); })();
    switch (name) {
    case '--dir': o.dirs.push(dir(value())); break;
    case '--env': set(value()); break;
    case '--env-all': for (const k of Object.keys(process.env)) set(k); break;
    case '--cwd': o.cwd = value(); break;
    case '--mem': o.memory = size(value()); o.fixed ??= name; break;
    case '--cmdline': o.cmdline = value(); o.fixed ??= name; break;
    case '--image': o.image = value(); break;
    case '--snapshot': o.snapshot = value(); break;
    case '--no-shared': o.shared = false; break;
    case '--help': process.stdout.write(HELP); process.exit(0);
    default: throw new Usage(`${arg}: no such option`);
    }
  }
  if (o.image && (o.snapshot || o.fixed)) throw new Usage(`--image and ${o.fixed ?? '--snapshot'}: the machine in it is as it is`);
  if (o.snapshot && args.length) throw new Usage('--snapshot runs no program');
  if (!o.snapshot && !args.length) throw new Usage('which program?');
  return { ...o, argv: args };
}

// The guest's path of the program: below a directory that is there, or alone in one.
function place(o) {
  let host;
  try {
    host = fs.realpathSync(o.argv[0]);
    if (!fs.statSync(host).isFile()) fail(NOT_EXECUTABLE, `${o.argv[0]}: not a regular file`);
    fs.accessSync(host, fs.constants.R_OK);
  } catch (e) {
    fail(e.code === 'ENOENT' || e.code === 'ENOTDIR' ? NOT_FOUND : NOT_EXECUTABLE, `${o.argv[0]}: ${e.message}`);
  }
  const cwd = process.cwd();
  const own = ['/', '/dev', '/etc', '/proc', '/root', '/run', '/sys'].some(p => cwd === p || p !== '/' && cwd.startsWith(`${p}/`));
  if (!o.dirs.length && !own) o.dirs.push({ host: cwd, guest: cwd, readOnly: false });
  const seen = o.dirs.findLast(d => host.startsWith(d.host === '/' ? '/' : `${d.host}/`));
  o.cwd ??= o.dirs.some(d => d.guest === d.host && (cwd === d.host || cwd.startsWith(`${d.host}/`))) ? cwd : '/';
  const executable = () => {
    try { fs.accessSync(host, fs.constants.X_OK); } catch { return false; }
    return true;
  };
  if (seen && executable()) return path.join(seen.guest, path.relative(seen.host, host));
  const name = path.basename(host);
  o.dirs.push({ host: path.dirname(host), guest: PROGRAM_DIR, readOnly: true, only: name });
  return `${PROGRAM_DIR}/${name}`;
}

// Signals that we get go to the program; those of a terminal to its whole group.
function forward(program) {
  for (const name of ['SIGINT', 'SIGQUIT', 'SIGHUP']) process.on(name, () => program.kill(name, { group: true }));
  for (const name of ['SIGTERM', 'SIGUSR2']) process.on(name, () => program.kill(name));
}

async function run(o) {
  const { memory, cmdline, shared } = o, say = why => fs.writeSync(2, `${why}\n`);
  let quiet = true;
  const options = { memory, cmdline, shared, terminal: [0, 1, 2].findIndex(isatty), refused: why => quiet || say(why) };
  const machine = o.image ? await Machine.restore(fs.readFileSync(o.image), options) : await Machine.boot(options);
  const disconnect = connectTerminal(machine);
  process.on('exit', disconnect);
  for (const d of o.dirs) await machine.mount(hostDirectory(d.host, d), d.guest, d);
  const program = machine.spawn(o.path, o.argv.slice(1), {
    argv0: o.argv[0], env: o.env, cwd: o.cwd, umask: o.umask, uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(),
    stdin: 'inherit', stdout: 'inherit', stderr: 'inherit',
  });
  let started;
  try {
    started = await program;
  } catch (e) {
    if (e.code === 'ESHUTDOWN') throw e;
    fail(e.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE, e.message);
  }
  quiet = false;
  forward(started);
  const { code, signal } = await started.wait();
  await machine.close();
  return signal ? 128 + (constants.signals[signal] ?? Number(signal.slice(3))) : code;
}

async function main(args) {
  if (!WebAssembly.promising) fail(FAILED, `Node ${process.version} has no JSPI; 24 or newer has`);
  try {
    const o = parse(args);
    if (o.snapshot) {
      fs.writeFileSync(o.snapshot, await Machine.snapshot(o));
      process.exit(0);
    }
    o.path = place(o);
    o.umask = process.umask(0);	// the guest applies its own to what it makes
    o.env = [...o.env].map(([k, v]) => `${k}=${v}`);
    process.exit(await run(o));
  } catch (e) {
    fail(FAILED, e.message);
  }
}

main(process.argv.slice(2));
