// SPDX-License-Identifier: MIT
// A program, public/program.wasm, on Linux in a page that vite has built: what it says is shown.
// `npm install muslin-0.1.0.tgz`, `npm install`, `npm run build`, `npm run preview`.
import { Machine, missing } from 'muslin';

const out = document.getElementById('out');

async function main() {
  const lacks = missing();
  if (lacks.length) throw new Error(lacks.map(({ what, why }) => `there is no ${what}: ${why}`).join('\n'));
  const program = await (await fetch('program.wasm')).arrayBuffer();
  const machine = await Machine.boot({ root: { 'bin/program': program }, memory: 128 << 20 });
  const p = await machine.spawn('/bin/program', [], { stdin: 'ignore' });
  out.textContent = await new Response(p.stdout).text();
  const { code, signal } = await p.wait();
  out.textContent += `ended: ${signal ?? code}\n`;
}

main().catch(e => { out.textContent = e.message; });
