# SPDX-License-Identifier: MIT
# Sourced by the scripts of cli/, abi/ and programs/.

status=0

error() { status=1; echo "$*"; }

# want STATUS OUTPUT COMMAND...: OUTPUT is all of stdout and stderr, without
# the last newline; a shell pattern, so quote * ? [ ] and \.
want() {
	want_status=$1 want_output=$2
	shift 2
	got_output=$("$@" 2>&1) && got_status=0 || got_status=$?
	[ $got_status = $want_status ] ||
		error "$*: want status $want_status, not $got_status"
	case $got_output in
	$want_output) ;;
	*) error "$*: want \"$want_output\", not \"$got_output\"" ;;
	esac
}

# killer FILE: makes a compiler whose builder, the parent of its worker, is killed, in
# the background, until $! is.  It may not do that itself; it needs MUSLIN_CC_DIRS=$PWD.
killer() {
	printf '#!/bin/sh\necho $PPID >'%s'/doomed\nwhile [ -e /proc/$PPID ]; do sleep .1; done\n' \
		"$PWD" >$1
	chmod +x $1
	mkfifo doomed
	while :; do read -r doomed <doomed && kill -9 $(builder $doomed); done 2>/dev/null &
}

# builder PID: of that worker
builder() { ps -o ppid= -p $1 | tr -d ' '; }

trap 'exit $status' EXIT
