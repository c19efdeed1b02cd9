// SPDX-License-Identifier: MIT
// The initramfs: as host/api/initrd.c makes it, and what the root file system
// shall have besides.
import { toCpio } from './tree.js';

const directory = (path, mode) => ({ path, type: 'directory', mode });
const own = init => [
  directory('dev', 0o755), { path: 'dev/console', type: 'device', mode: 0o600, major: 5, minor: 1 },
  directory('etc', 0o755), directory('proc', 0o555), directory('root', 0o700), directory('run', 0o755),
  directory('sys', 0o555), directory('tmp', 0o1777), { path: 'init', type: 'file', mode: 0o755, data: init },
];

export function makeInitrd(init, root = []) {
  const ours = own(init), names = new Set(['init', 'dev/console']);
  return toCpio([...ours, ...root.filter(e => !names.has(e.path))]);
}
