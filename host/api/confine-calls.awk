# SPDX-License-Identifier: MIT
# From confine-calls.txt and, after it, `nm -A -P` of all objects to the list of
# calls that confine-calls.c allows.

FNR == NR {
	sub(/#.*/, "")
	if (!NF)
		next
	split($0, half, ":")
	n = split(half[2], names, " ")
	for (i = 1; i <= n; i++)
		if (half[1] == "@")
			elsewhere["/host/" names[i] (names[i] ~ /\/$/ ? "" : ".o")] = 1
		else
			known[names[i]] = 1
	if (half[1] !~ /^[-@]/) {
		calls[++lines] = half[1]
		functions[lines] = half[2]
	}
	next
}
# OBJECT: NAME TYPE
$3 != "U" && $3 != "w" { defined[$2] = 1; next }
{
	sub(/:$/, "", $1)
	sub(/.*\/host\//, "/host/", $1)
	# what <features.h> makes of a name
	if ($2 ~ /^__.*_chk$/ && $2 != "__stack_chk_fail")
		gsub(/^__|_chk$/, "", $2)
	sub(/^__isoc(99|23)_/, "", $2)
	room = $1
	sub(/[^\/]*$/, "", room)
	if (!($1 in elsewhere) && !(room in elsewhere) && $2 !~ /_(asan|lsan|ubsan|sanitizer|sancov)_/)
		wanted[$2] = 1
}

END {
	for (name in wanted)
		if (!(name in defined) && !(name in known)) {
			print "host/api/confine-calls.txt: which system calls does " name "() make?" >"/dev/stderr"
			bad = 1
		}
	if (bad || !lines)
		exit 1
	for (i = 1; i <= lines; i++) {
		used = functions[i] ~ /\*/
		n = split(functions[i], names, " ")
		for (j = 1; j <= n; j++)
			used = used || (names[j] in wanted && !(names[j] in defined))
		n = used ? split(calls[i], names, " ") : 0
		for (j = 1; j <= n; j++)
			if (names[j] !~ /!$/)
				print "#ifdef SYS_" names[j] "\n\tSYS_" names[j] ",\n#endif"
	}
}
