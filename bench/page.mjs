// SPDX-License-Identifier: MIT
// page.mjs SITE: how soon the page has a shell's prompt, from its image and when it boots, in a browser
// that has not seen it before and in one that has; the processor time that its process takes until then, which
// minds others on the machine less; and its memory.  TIMES times; the best is shown.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { serve } from '../web/serve.js';
import { Browser } from '../test-suite/web/browser.mjs';

const TIMES = Number(process.env.TIMES ?? 3), server = await serve(process.argv[2]);
let visit = 0;

const PROMPT = `(() => {
  const screen = globalThis.muslin?.tabs.get(1)?.screen.buffer.active;
  for (let i = 0; i < screen?.length; i++) if (screen.getLine(i).translateToString(true).startsWith('/home $')) return true;
  return false;
})()`;
// ms since the page began to load
const SOON = `new Promise(resolve => { (function look() { if (${PROMPT}) resolve(performance.now()); else setTimeout(look, 2); })(); })`;

const TICK_MS = 10;

const renderers = b => execFileSync('ps', ['-e', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  .filter(l => l.includes('--type=renderer') && l.includes(b.profile)).map(l => Number.parseInt(l, 10));
const ticks = pid => {
  const f = fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return (Number(f[11]) + Number(f[12])) * TICK_MS;
};

const best = new Map();
function least(name, value) { best.set(name, Math.min(best.get(name) ?? Infinity, value)); }

// [ms, of processor time]; the page may get another process
async function prompt(b, name, query) {
  const before = new Map(renderers(b).map(pid => [pid, ticks(pid)]));
  await b.open(`http://localhost:${server.address().port}/?run=/bin/sh,-l&visit=${++visit}&${query}`);
  await b.until(`location.search.includes('visit=${visit}&')`);
  least(name, await b.run(SOON));
  least(`${name}, processor`, Math.max(...renderers(b).map(pid => ticks(pid) - (before.get(pid) ?? 0))));
}

// MiB: what is its own, and its part of what is not
const memory = b => Math.max(...renderers(b).map(pid => Number(/^Pss:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))[1]))) / 1024;

for (let i = 0; i < TIMES; i++) {
  const b = await Browser.start();
  await prompt(b, 'from an image', '');
  await prompt(b, 'again', '');
  least('memory, MiB', memory(b));
  await prompt(b, 'booted', 'memory=256');
  await b.end();
}
console.log("\nms from the page's address to a shell's prompt");
for (const [name, value] of best) console.log(`${name.padEnd(38)} ${value.toFixed(0).padStart(9)}`);
server.close();
process.exit(0);
