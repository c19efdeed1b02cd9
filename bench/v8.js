// SPDX-License-Identifier: MIT
// usage: node v8.js PROGRAM [ARGUMENT]...
//
// Runs a program that computes in V8: one process, no signals, and as many
// system calls as such a program makes.  Others fail with ENOSYS.
'use strict';
const fs = require('fs');

const [ENOENT, EBADF, ENOMEM, ENOTTY, ENOSYS] = [2, 9, 12, 25, 38];
const STACK_TOP = 0xffff0000, MMAP_BASE = 0x40000000, PAGE = 65536;

class Exit { constructor(status) { this.status = status; } }

// as in muslin, all of it is there: 4 GiB, which the system makes as it is used
const memory = new WebAssembly.Memory({ initial: 65536, maximum: 65536, shared: true });
const bytes = new Uint8Array(memory.buffer);
const words = new DataView(memory.buffer);
const get = p => words.getUint32(p >>> 0, true);
const set = (p, v) => words.setUint32(p >>> 0, v, true);

const at = p => p >>> 0;
const text = p => Buffer.from(bytes.slice(at(p), bytes.indexOf(0, at(p)))).toString();

let mapped = MMAP_BASE;
const positions = new Map();		// of open files

function transfer(fd, p, n, write) {
	const buf = bytes.subarray(at(p), at(p) + n);
	try {
		// what is shared, fs does not take
		if (write)
			return fs.writeSync(fd, Buffer.from(buf));
		const copy = Buffer.alloc(n), got = fs.readSync(fd, copy, 0, n, positions.get(fd) ?? null);
		buf.set(copy.subarray(0, got));
		if (positions.has(fd))
			positions.set(fd, positions.get(fd) + got);
		return got;
	} catch (e) {
		return e.errno ?? -EBADF;
	}
}

function vector(fd, iov, count, write) {
	let done = 0;
	for (let i = 0; i < count; i++) {
		const n = get(iov + 8 * i + 4);
		const r = n ? transfer(fd, get(iov + 8 * i), n, write) : 0;
		if (r < 0)
			return done || r;
		done += r;
		if (r < n)
			break;
	}
	return done;
}

const calls = {
	exit: status => { throw new Exit(status); },
	exit_group: status => { throw new Exit(status); },
	read: (fd, p, n) => transfer(fd, p, n, false),
	write: (fd, p, n) => transfer(fd, p, n, true),
	readv: (fd, iov, n) => vector(fd, iov, n, false),
	writev: (fd, iov, n) => vector(fd, iov, n, true),
	openat: (dir, path) => {
		try {
			const fd = fs.openSync(text(path), 'r');
			positions.set(fd, 0);
			return fd;
		} catch (e) {
			return e.errno ?? -ENOENT;
		}
	},
	close: fd => { fs.closeSync(fd); positions.delete(fd); return 0; },
	llseek: (fd, high, low, result, whence) => {
		if (!positions.has(fd))
			return -29;
		const from = [0, positions.get(fd), fs.fstatSync(fd).size][whence];
		const to = from + high * 2 ** 32 + (low >>> 0);
		positions.set(fd, to);
		words.setBigUint64(at(result), BigInt(to), true);
		return 0;
	},
	clock_gettime64: (clock, p) => {
		const { user, system } = process.cpuUsage();
		const t = clock === 2 || clock === 3 ? BigInt(user + system) * 1000n :
			clock ? process.hrtime.bigint() : BigInt(Date.now()) * 1000000n;
		words.setBigUint64(at(p), t / 1000000000n, true);
		words.setBigUint64(at(p) + 8, t % 1000000000n, true);
		return 0;
	},
	mmap2: (addr, n) => {
		const p = mapped;
		n = Math.ceil((n >>> 0) / PAGE) * PAGE;
		if (p + n > STACK_TOP - 64 * PAGE)
			return -ENOMEM;
		mapped += n;
		return p | 0;
	},
	munmap: () => 0,
	madvise: () => 0,
	mprotect: () => 0,
	brk: () => 0,
	set_tid_address: () => 1,
	gettid: () => 1,
	getpid: () => 1,
	ioctl: () => -ENOTTY,
	rt_sigprocmask: () => 0,
	rt_sigaction: () => 0,
};
calls.mmap = calls.mmap2;

function initialStack(args) {
	let p = STACK_TOP - PAGE;
	const strings = args.map(a => {
		const s = Buffer.from(a + '\0');
		p -= s.length;
		bytes.set(s, p);
		return p;
	});
	const vector = [args.length, ...strings, 0, 0, 6, PAGE, 0, 0];
	p = (p - 4 * vector.length) & ~15;
	vector.forEach((v, i) => set(p + 4 * i, v));
	return p | 0;
}

function main(args) {
	const module = new WebAssembly.Module(fs.readFileSync(args[0]));
	const linux = {};
	for (const { module: from, name } of WebAssembly.Module.imports(module))
		if (from === 'linux')
			linux[name] = calls[name.replace('__syscall_', '')] ?? (() => -ENOSYS);
	try {
		const instance = new WebAssembly.Instance(module, { linux, env: { memory } });
		instance.exports._start(initialStack(args));
	} catch (e) {
		if (!(e instanceof Exit))
			throw e;
		process.exitCode = e.status;
	}
}

main(process.argv.slice(2));
