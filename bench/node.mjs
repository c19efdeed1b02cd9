// SPDX-License-Identifier: MIT
// node.mjs API DIR NODE MUSLIN DASH PROGRAM...: what the host in JavaScript costs, beside DIR/native and MUSLIN;
// PROGRAMs, which compute, beside DIR/native and V8 alone (v8.js).  They run one after the other, three
// times, or TIMES; the best of each is shown, and - of what takes a minute: sched_yield() natively, where others
// want the processor.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , api, dir, node, muslin, dash, ...programs] = process.argv;
const { Machine } = await import(pathToFileURL(api).href);
const TIMES = Number(process.env.TIMES ?? 3), LIMIT_MS = 60000;
const root = Object.fromEntries(['getppid', 'calls', 'threads', 'processes', 'hello', ...programs].map(p => [`bin/${p}`, fs.readFileSync(`${dir}/guest/${p}`)]));

root['bin/dash'] = fs.readFileSync(dash);
const machine = await Machine.boot({ root, memory: 2 ** 31 });
async function inNode(name, args = []) {
  const p = await machine.spawn(`/bin/${name}`, args, { stderr: 'ignore' }), text = await new Response(p.stdout).text();
  return (await p.wait()).code === 0 ? Number(text.split(' ')[0]) : NaN;
}
function outside(command, ...args) {
  try {
    return Number(execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: LIMIT_MS, killSignal: 'SIGKILL' }).split(' ')[0]);
  } catch {
    return NaN;
  }
}
const ways = (name, args) => ({ node: () => inNode(name, args), native: () => outside(`${dir}/native/${name}`, ...args) });
const calls = (name, args) => ({
  ...ways(name, args),
  muslin: () => outside(muslin, 'run', '--mem', '2G', `${dir}/guest/${name}`, ...args),
});
async function best(all) {
  const out = {};
  for (let i = 0; i < TIMES; i++)
    for (const [way, fn] of Object.entries(all)) {
      if (!Number.isNaN(out[way])) out[way] = Math.min(out[way] ?? Infinity, await fn());
    }
  return out;
}

const shown = v => (Number.isFinite(v) ? v.toPrecision(3) : '-').padStart(9);
console.log(`${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}, Node ${process.version}\n`);

console.log('ns               native    muslin      node');
for (const [what, name, ...args] of [['getppid', 'getppid'], ['pipe', 'calls', 'pipe'], ['switch', 'threads', 'yield'], ['signal', 'threads', 'signal'], ['fork, exit', 'processes', 'fork']]) {
  const r = await best(calls(name, args));
  console.log(what.padEnd(14) + [r.native, r.muslin, r.node].map(shown).join(' '));
}

async function time(fn) {
  const from = performance.now();
  await fn();
  return performance.now() - from;
}
const least = async fn => {
  const all = [];
  for (let i = 0; i < 2 * TIMES; i++) all.push(await time(fn));
  return Math.min(...all);
};
const run = async (m, name, ...args) => { await (await m.spawn(`/bin/${name}`, args, { stdout: 'ignore' })).wait(); };
const boots = [], whole = await least(async () => {
  const m = await Machine.boot({ root: { 'bin/hello': root['bin/hello'] } });
  boots.push(m.bootTime);
  await run(m, 'hello');
  await m.close();
});
const image = await Machine.snapshot({ root: { 'bin/hello': root['bin/hello'] } });
const restores = [], restored = await least(async () => {
  const m = await Machine.restore(image);
  restores.push(m.bootTime);
  await run(m, 'hello');
  await m.close();
});
const size = Math.round(root['bin/dash'].length / 1000);
console.log(`\nms\nboot, to /init that is ready           ${shown(Math.min(...boots))}`);
console.log(`a machine, hello in it, and off again   ${shown(whole)}`);
console.log(`from an image, to /init that is ready   ${shown(Math.min(...restores))}`);
console.log(`a machine from it, hello, and off again ${shown(restored)}`);
console.log(`hello, from spawn to its end            ${shown(await least(() => run(machine, 'hello')))}`);
console.log(`dash -c :, of ${String(size).padEnd(4)} KB                   ${shown(await least(() => run(machine, 'dash', '-c', ':')))}`);
console.log('\nms               native        V8      node   node/V8 node/native');
const ratios = [];
for (const p of programs) {
  const r = await best({ ...ways(p, []), v8: () => outside(node, '--no-liftoff', path.join(import.meta.dirname, 'v8.js'), `${dir}/guest/${p}`) });
  if (r.node / r.v8) ratios.push(r.node / r.v8);
  console.log(p.padEnd(14) + [r.native / 1e6, r.v8 / 1e6, r.node / 1e6].map(v => shown(v).padStart(10)).join('').slice(1), shown(r.node / r.v8), shown(r.node / r.native));
}
if (ratios.length) console.log(`geometric mean of node/V8: ${(ratios.reduce((a, b) => a * b, 1) ** (1 / ratios.length)).toFixed(2)}`);

await machine.close();
