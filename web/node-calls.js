// SPDX-License-Identifier: MIT
// System calls that Node has no function for: perl makes them, which Debian always has.  A call
// takes some ms; they are rare.
import { spawnSync } from 'node:child_process';
import { Errno } from './files.js';
import { E } from './errno.js';

const NUMBERS = { x64: { mknodat: 259, renameat2: 316 }, arm64: { mknodat: 33, renameat2: 276 } };
// Names come as bytes in hexadecimal; its status is the error's number.
const SCRIPT = 'my @a = map { /^s(.*)/ ? pack("H*", $1) : 0 + $_ } @ARGV; my $n = shift @a; exit(syscall($n, @a) == -1 ? 0 + $! : 0)';
const FIRST = 3;	// descriptor of the child's that is not a standard one

const nameOf = error => Object.keys(E).find(k => E[k] === error) ?? 'EIO';

// A name in the directory that is open as that descriptor.
export class Place {
  constructor(directory, name) { Object.assign(this, { directory, name }); }
}

// args: numbers and Places
export function call(name, ...args) {
  const number = NUMBERS[process.arch]?.[name], directories = [];
  const texts = args.flatMap(a => {
    if (!(a instanceof Place)) return [`${a}`];
    directories.push(a.directory);
    return [`${FIRST + directories.length - 1}`, `s${Buffer.from(a.name, 'latin1').toString('hex')}`];
  });
  if (number === undefined) throw new Errno('ENOSYS');
  const { status, error } = spawnSync('perl', ['-e', SCRIPT, `${number}`, ...texts], { stdio: ['ignore', 'ignore', 'ignore', ...directories] });
  if (error || status === null) throw new Errno('EOPNOTSUPP');	// there is no perl
  if (status) throw new Errno(nameOf(status));
}
