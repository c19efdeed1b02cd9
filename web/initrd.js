// SPDX-License-Identifier: MIT
// The initramfs, as host/api/initrd.c makes it: a cpio archive with /init.
const entries = init => [
  ['dev', 0o40755], ['dev/console', 0o20600, null, 5, 1], ['etc', 0o40755], ['proc', 0o40555], ['root', 0o40700],
  ['run', 0o40755], ['sys', 0o40555], ['tmp', 0o41777], ['init', 0o100755, init], ['TRAILER!!!', 0],
];
const hex = v => v.toString(16).toUpperCase().padStart(8, '0');
const padding = n => -n & 3;

export function makeInitrd(init) {
  const parts = [];
  let size = 0;
  const put = b => {
    const pad = padding(b.length);
    parts.push([size, b]);
    size += b.length + pad;
  };
  entries(init).forEach(([name, mode, data, major = 0, minor = 0], i) => {
    const fields = [i + 1, mode, 0, 0, 1, 0, data?.length ?? 0, 0, 0, major, minor, name.length + 1, 0];
    put(new TextEncoder().encode(`070701${fields.map(hex).join('')}${name}\0`));
    if (data) put(data);
  });
  const out = new Uint8Array(size);
  for (const [at, b] of parts) out.set(b, at);
  return out;
}
