# SPDX-License-Identifier: MIT
# Sourced by the scripts of cli/, abi/ and programs/.

status=0
public=

error() { status=1; echo "$*"; }

# skip REASON...: of a test that cannot run here; not of a part of one.
skip() { echo "$*"; exit 77; }

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

# unprivileged COMMAND...: as a user for whom files can be closed.
unprivileged() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# in_public: goes on in a directory that unprivileged commands may enter.
in_public() {
	public=$(mktemp -d /tmp/muslin-public.XXXXXX) && chmod 755 "$public" && cd "$public" || exit
	unprivileged test -x "$PWD" -a -x "$BUILD/bin/muslin" 2>/dev/null ||
		skip "there is no user for whom a file is closed, and muslin is not"
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

# What was found before a test is skipped is a failure.
leave() {
	[ $? != 77 ] || [ $status != 0 ] || status=77
	[ -z "$public" ] || rm -rf "$public"
	exit $status
}
trap leave EXIT
