// SPDX-License-Identifier: MIT
// vite.mjs DIRECTORY: examples/vite as it has been built, in a browser.
import assert from 'node:assert/strict';
import { serve } from '../../web/serve.js';
import { Browser } from './browser.mjs';

const server = await serve(process.argv[2]), b = await Browser.start();
try {
  await b.open(`http://localhost:${server.address().port}/`);
  await b.until('document.getElementById("out").textContent', 50000);
  assert.match(await b.run('document.getElementById("out").textContent'), /^Hello from Linux \S+ on wasm, process \d+\n(.*\n)*ended: 0\n$/);
} finally {
  for (const line of b.log) console.error(line);
  await b.end();
  server.close();
}
process.exit(0);
