// SPDX-License-Identifier: MIT
// snapshot.mjs API ROOT IMAGE: a machine with that root, as a file for the page.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , api, root, image] = process.argv;
const { Machine } = await import(pathToFileURL(path.resolve(api)).href);
fs.writeFileSync(image, await Machine.snapshot({ root: fs.readFileSync(root) }));
process.exit(0);
