# SPDX-License-Identifier: MIT
# Sourced by cli/oci and its like: containers of a root with one program, /bin/prog.

. "$TOP/test-suite/lib.sh"

state=$PWD/state
oci() { muslin-oci --root "$state" "$@"; }

# bundle DIR ARGS [MEMBERS [PROCESS-MEMBERS [ROOT-MEMBERS]]]: a new one, of JSON.
bundle() {
	mkdir -p "$1/rootfs/bin"
	cp prog "$1/rootfs/bin/prog"
	printf '{"ociVersion":"1.0.2","root":{"path":"rootfs"%s},"process":{"args":[%s],"cwd":"/","env":["PATH=/sbin:/bin"]%s}%s}' \
		"${5:+,$5}" "$2" "${4:+,$4}" "${3:+,$3}" >"$1/config.json"
}

# status ID
status() { oci state "$1" | sed -n 's/.*"status":"\(.*\)".*/\1/p'; }

# until WANTED ID: that status
until_status() {
	for i in $(seq 200); do
		[ "$(status "$2")" != "$1" ] || return 0
		sleep .05
	done
	error "$2: want $1, not $(status "$2")"
}

# until_line FILE TEXT: it has that line
until_line() {
	for i in $(seq 200); do
		! grep -q "$2" "$1" 2>/dev/null || return 0
		sleep .05
	done
	error "$1: no $2, but $(cat "$1")"
}

wasm32-linux-musl-cc -O1 -o prog "$TOP/test-suite/cli/serve-guest.c" || exit
muslin compile prog
