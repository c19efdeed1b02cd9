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

// What programs with shared libraries need, if root's directories are no links to others.
const libc = 'lib/libc.so', loader = 'lib/ld-musl-wasm32.so.1';
const libraries = (data, root) => (root.some(e => e.path === 'lib' && e.type !== 'directory' || e.path === loader) ? [] :
  [{ path: libc, type: 'file', mode: 0o755, data }, { path: loader, type: 'link', mode: 0o777, target: 'libc.so' }]);

export function makeInitrd(init, libcSo, root = []) {
  const ours = own(init), names = new Set(['init', 'dev/console']);
  return toCpio([...ours, ...libraries(libcSo, root), ...root.filter(e => !names.has(e.path))]);
}
