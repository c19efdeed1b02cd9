#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: syscall-list.sh LINUX
#
# Prints "number name types function" for every system call of this port in
# the kernel tree LINUX, with an i or l (32 or 64 bits) in types for every
# argument, - if there are none, x if nothing in the tree defines the call.
# Names, numbers and functions are those of scripts/syscall.tbl, types those of
# the function's SYSCALL_DEFINE.  musl's list is made from this one, too.
set -e
cd "$1"

# as scripts/Makefile.asm-headers does
abis="common 32 $(sed -n 's/^syscall_abis_32 *+= *//p' arch/wasm/kernel/Makefile.syscalls)"

grep -rhEA8 --include='*.c' '^SYSCALL_DEFINE[0-6]\(' arch/wasm/ block \
	drivers/char drivers/pci fs io_uring ipc kernel mm net security |
awk -v abis="$abis" '
BEGIN {
	n = split(abis, a, " ")
	for (i = 1; i <= n; i++)
		wanted[a[i]] = 1
}

# "name, type, arg, type, arg"; the first definition counts: where there are
# more they differ in the order of arguments only (clone).
function define(s,	n, a, i, types) {
	n = split(s, a, /[ \t]*,[ \t]*/)
	for (i = 2; i < n; i += 2)
		types = types (a[i] ~ /^(loff_t|u64|__u64|(unsigned )?long long)$/ ? "l" : "i")
	if (!(a[1] in sig))
		sig[a[1]] = n > 1 ? types : "-"
}

FILENAME == "-" {
	if (/^SYSCALL_DEFINE/) {
		text = $0
		sub(/^SYSCALL_DEFINE[0-6]\(/, "", text)
	} else if (text != "") {
		text = text " " $0
	}
	if (text ~ /\)/) {
		sub(/\).*/, "", text)
		gsub(/[ \t]+/, " ", text)
		define(text)
		text = ""
	}
	next
}

$2 in wanted && sub(/^sys_/, "", $4) { print $1, $3, $4 in sig ? sig[$4] : "x", $4 }
' - scripts/syscall.tbl
