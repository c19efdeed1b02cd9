# SPDX-License-Identifier: MIT
# Run by programs/dash in the guest, with dash, in an empty directory: prints
# what is wrong.  There is no program but /bin/sh; cat is a function.

failed=0

# is WANTED GOT
is() {
	[ "$1" = "$2" ] && return
	failed=1
	printf '%s: want "%s", not "%s"\n' "$part" "$1" "$2"
}

cat() {
	while IFS= read -r line; do
		printf '%s\n' "$line"
	done
}

# lines of its input
count() {
	n=0
	while read -r line; do
		n=$((n + 1))
	done
	echo $n
}

numbers() {
	i=0
	while [ $i -lt $1 ]; do
		i=$((i + 1))
		echo $i
	done
}

pipelines() {
	is 300 "$(numbers 300 | cat | cat | cat | cat | cat | cat | cat | cat | cat | count)"
	is 'a  b' "$(echo 'a  b' | sh -c 'read x; echo "$x"' | sh -c 'read x; echo "$x"' | cat)"
	true | false
	is 1 $?
	false | true
	is 0 $?
	true | sh -c 'exit 5'
	is 5 $?
	! true | false
	is 0 $?
	# more than a pipe holds
	long=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
	long=$long$long$long$long$long$long$long$long
	is 600 "$(numbers 600 | while read -r i; do echo $long$i; done | count)"
	# nobody reads
	is 'y 141' "$( { (while echo y; do :; done); echo $? >status; } |
		{ read -r x; echo $x; } | cat) $(cat <status)"
	set -- $(for i in 1 2 3; do for j in a b; do echo $i$j; done; done | cat)
	is '6 1a 3b' "$# $1 $6"
}

subshells() {
	x=outer
	(x=inner; cd /; exit 3)
	is '3 outer' "$? $x"
	is '1 2 3 4' "$(echo $(echo 1; (echo 2; (echo 3; (echo 4)))))"
	is deep "$(echo $(echo $(echo $(echo $(echo deep)))))"
	x=$(exit 9)
	is 9 $?
	(:) && (: && (exit 4))
	is 4 $?
	(set -e; false; exit 0)
	is 1 $?
	is $$ "$(sh -c 'echo $PPID')"
	is $$ "$(echo $$)"
	depth=0
	is 30 "$(deeper)"
}

deeper() {
	[ $depth -lt 30 ] && (depth=$((depth + 1)); deeper) || echo $depth
}

factorial() {
	[ $1 -le 1 ] && echo 1 || echo $(($1 * $(factorial $(($1 - 1)))))
}

recursion() {
	is 479001600 "$(factorial 12)"
}

here_documents() {
	x=value
	is "a value 3
  b" "$(cat <<-END
		a $x $((1 + 2))
	  b
	END
	)"
	is 'a $x $(echo)' "$(cat <<'END'
a $x $(echo)
END
	)"
	# a process of its own writes what a pipe does not hold
	big=$(numbers 5000)
	is 5000 "$(count <<END
$big
END
	)"
	is '1
2' "$(cat <<A; cat <<B
1
A
2
B
	)"
}

redirections() {
	echo one >file
	echo two >>file
	is 'one
two' "$(cat <file)"
	{ read -r a; read -r b; } <file
	is 'one two' "$a $b"
	exec 7<file 8>copy
	read -r a <&7
	cat <&7 >&8
	exec 7<&- 8>&-
	is 'one two' "$a $(cat <copy)"
	(echo x >&8) 2>/dev/null
	is 2 $?
	is 'both both' "$(echo $({ echo both; echo both >&2; } 2>&1))"
	is 'err' "$( { echo out; echo err >&2; } 2>&1 >/dev/null)"
	(cat </no/such/file) 2>/dev/null
	is 2 $?
	set -C
	(echo three >file) 2>/dev/null
	is 2 $?
	echo three >|file
	set +C
	is three "$(cat <file)"
	echo 4 5 1<>file
	is '4 5
e' "$(cat <file)"
	n=0
	while read -r a; do n=$((n + a)); done <<-END
	1
	2
	3
	END
	is 6 $n
	is '0027 empty' "$(echo $(umask 027; : >new; umask; [ -f new ] && [ ! -s new ] && echo empty))"
}

background() {
	(exit 3) & a=$!
	(exit 4) & b=$!
	sh -c 'exit 5' & c=$!
	wait $b; is 4 $?
	wait $c; is 5 $?
	wait $a; is 3 $?
	wait 99999; is 127 $?
	for i in 1 2 3 4 5 6 7 8; do
		numbers 50 >out$i &
	done
	wait
	is 400 "$(for i in 1 2 3 4 5 6 7 8; do cat <out$i; done | count)"
	# its input is /dev/null
	echo text | { cat & wait; } >file
	is '' "$(cat <file)"
	is 0 "$(jobs | count)"
}

signals() {
	for s in HUP:1 INT:2 QUIT:3 ABRT:6 KILL:9 USR1:10 SEGV:11 TERM:15; do
		sh -c "kill -${s%:*} \$\$" 2>/dev/null
		is $((128 + ${s#*:})) $?
	done
	(while :; do :; done) & pid=$!
	kill $pid
	wait $pid 2>/dev/null
	is 143 $?
	sh -c 'sh -c "kill -USR2 \$PPID"; exit 3' 2>/dev/null
	is 140 $?
	kill -0 $$
	is 0 $?
	kill -0 $pid 2>/dev/null
	is 1 $?
	is 'TERM' "$(kill -l 143)"
}

traps() {
	is 'exit 7' "$(trap 'echo exit $?' EXIT; exit 7)"
	is 'usr1 on' "$(echo $(trap 'echo usr1' USR1; sh -c 'kill -USR1 $PPID'; echo on))"
	trap 'got=usr2' USR2
	got=
	(kill -USR2 $$)
	is usr2 "$got"
	# wait is interrupted, and can be called again
	(while :; do :; done) & pid=$!
	(while :; do kill -USR2 $$; done) & other=$!
	wait $pid
	is 140 $?
	kill -KILL $other
	while wait $other 2>/dev/null; [ $? = 140 ]; do :; done
	kill $pid
	wait $pid 2>/dev/null
	is 143 $?
	trap - USR2
	is 'int 130' "$(echo $(trap : INT
		sh -c 'trap "echo int; trap - INT; kill -INT $$" INT; kill -INT $$'; echo $?))"
	# ignored by the children, too; caught only by the shell itself
	is alive "$(trap '' TERM; sh -c 'kill $$; echo alive')"
	is '' "$(trap ': caught' TERM; sh -c 'kill $$; echo alive' 2>/dev/null)"
}

scripts() {
	printf '#!/bin/sh\necho "$0 $# $2"; exit 6\n' >script
	is 126 "$(./script 2>/dev/null; echo $?)"
	is './script 2 b c
6' "$(sh ./script a 'b c'; echo $?)"
	# /executable is a script of three lines, by another script
	is '/executable one two-words
6' "$(/executable 'one two-words'; echo $?)"
	is 127 "$(no-such-command 2>/dev/null; echo $?)"
	is 'sourced x' "$(echo 'echo sourced $1' >s; set -- x; . ./s)"
	is 'evaluated' "$(eval 'echo evaluated')"
	# execve with a large environment, and large arguments
	is 1000 "$(set -- $(numbers 1000); sh -c 'echo $#' sh "$@")"
	is 20000 "$(x=$(i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); printf 0123456789; done); export x
		sh -c 'echo ${#x}')"
	is 'a
b' "$(x=a sh -c 'echo $x; x=b exec sh -c "echo \$x"')"
}

language() {
	is '6 15 c' "$(set -- a b c; echo $((2 * 3)) $((0x0f)) $3)"
	is 'lib.so /usr/lib usr/lib/lib.so' "$(x=/usr/lib/lib.so; echo ${x##*/} ${x%/*} ${x#/})"
	is 'word2' "$(case abc in x*) echo word1;; [a-b]?c) echo word2;; esac)"
	is 'a:b c' "$(IFS=:; set -- 'a' 'b c'; echo "$*")"
	is 'out1 out2' "$(echo out[12])"
	is '-1 9223372036854775807' "$((~0)) $((9223372036854775807))"
	is '00ff 3.50 A' "$(printf '%04x %.2f \101' 255 3.5)"
	getopts ab: o -b value
	is 'b value' "$o $OPTARG"
	is unset "$( (unset x; : ${x?unset}; echo no) 2>/dev/null)unset"
	is "/ $PWD" "$(cd / && echo $PWD $OLDPWD)"
	ulimit -n 50
	is 50 "$(ulimit -n)"
	is 50 "$(sh -c 'ulimit -n')"
}

# The processes that can be, given by the first argument, are far too few.
tree() {
	[ $1 -eq 0 ] && return
	tree $(($1 - 1)) & tree $(($1 - 1)) & wait
}

bomb() {
	ulimit -p 20
	# orphans may live on: from here this shell itself cannot count on a fork
	tree 8 2>errors &
	wait
	read -r line <errors
	is 'Cannot fork' "${line##*: }"
	ulimit -p >limit
	read -r line <limit
	is 20 "$line"
}

for part in pipelines subshells recursion here_documents redirections \
		background signals traps scripts language; do
	[ $# -eq 0 ] && $part
done
# those that are not for every user
for part; do
	$part
done
exit $failed
