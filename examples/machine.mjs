// SPDX-License-Identifier: MIT
// node machine.mjs PROGRAM [ARG]...: runs a program twice, with a directory in memory, and shows what
// it wrote there.  `npm install muslin-0.1.0.tgz` first.
import fs from 'node:fs';
import { Machine } from 'muslin';

const [, , path, ...args] = process.argv;
const machine = await Machine.boot({ root: { 'bin/program': fs.readFileSync(path) }, memory: 128 << 20 });
await machine.mount({ 'note.txt': 'from outside\n' }, '/work');

for (const stdin of ['first\n', 'second\n']) {
  const p = await machine.spawn('/bin/program', args, { stdin, cwd: '/work', stderr: 'inherit' });
  process.stdout.write(await new Response(p.stdout).text());
  const { code, signal } = await p.wait();
  console.log(`ended: ${signal ?? code}`);
}
console.log(`note.txt: ${new TextDecoder().decode(await machine.readFile('/work/note.txt')).trim()}`);
await machine.close();
