// SPDX-License-Identifier: MIT
// Serves a directory to this machine's browsers, with the headers that SharedArrayBuffer
// wants.  As a command: serve.js DIRECTORY [PORT]
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', mjs: 'text/javascript', css: 'text/css', wasm: 'application/wasm', png: 'image/png' };
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin', 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff',
};

function find(top, url) {
  const file = path.join(top, decodeURIComponent(new URL(url, 'http://x').pathname));	// normalized, so below it
  const real = fs.realpathSync(fs.statSync(file).isDirectory() ? path.join(file, 'index.html') : file);
  if (!real.startsWith(top + path.sep)) throw new Error('outside');
  return real;
}

// port 0: any; resolves with the server
export function serve(directory, port = 0, { headers = HEADERS } = {}) {
  const top = fs.realpathSync(directory);
  const server = http.createServer((request, response) => {
    let file;
    try {
      file = find(top, request.url);
    } catch {
      response.writeHead(404, headers).end('not found\n');
      return;
    }
    response.writeHead(200, { ...headers, 'Content-Type': TYPES[path.extname(file).slice(1)] ?? 'application/octet-stream', 'Content-Length': fs.statSync(file).size });
    if (request.method === 'HEAD') response.end();
    else fs.createReadStream(file).on('error', () => response.destroy()).pipe(response);
  });
  return new Promise((resolve, reject) => server.on('error', reject).listen(port, '127.0.0.1', () => resolve(server)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , directory, port = '8080'] = process.argv;
  if (!directory) {
    console.error('usage: serve.js DIRECTORY [PORT]');
    process.exit(1);
  }
  const server = await serve(directory, Number(port));
  console.log(`http://localhost:${server.address().port}/`);
}
