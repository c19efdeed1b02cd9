# SPDX-License-Identifier: MIT
# From the records of bench/run: a table, and the file json.

function quoted(s) { gsub(/["\\]/, "\\\\&", s); return "\"" s "\"" }
function number(v) { return v == "-" ? "null" : v + 0 }
function ratio(a, b) { return a + 0 == 0 || b + 0 == 0 ? "-" : a / b }
function shown(v, format) { return v == "-" ? "" : sprintf(format, v) }

# 1, 0, or "" if there is no goal or nothing to compare
function met(goal, native, muslin,	limit) {
	if (goal == "-" || muslin == "-")
		return ""
	limit = substr(goal, 3)
	if (limit ~ /x$/) {
		if (native == "-")
			return ""
		limit = substr(limit, 1, length(limit) - 1) * native
	}
	return goal ~ /^</ ? muslin + 0 <= limit + 0 : muslin + 0 >= limit + 0
}

function verdict(m) { return m == "" ? "" : m ? "met" : "MISSED" }

function geomean(i) { return n[i] ? exp(logs[i] / n[i]) : "-" }

function cpu_end() {
	printf "%-30s %39s   %6s %6s %6s   <=1.15x %s\n", "geometric mean of " programs, "",
		shown(geomean(6), "%.2f"), shown(geomean(7), "%.2f"), shown(geomean(8), "%.2f"),
		verdict(geomean(6) <= 1.15)
}

BEGIN {
	printf "%s\ncommit %s, %s, load %s\n", machine, commit, date, load
	if (notes)
		print notes
	printf "{\n  \"machine\": %s,\n  \"commit\": %s,\n  \"date\": %s,\n  \"load\": %s,\n  \"notes\": %s,\n  \"results\": [", \
		quoted(machine), quoted(commit), quoted(date), quoted(load), quoted(notes) >json
}

$1 != section {
	if (section == "cpu")
		cpu_end()
	section = $1
	if (section == "cpu")
		printf "\n%-30s %9s %9s %9s %9s   %s\n", "programs, ms", "native", "muslin", "V8",
			"wasm2c", "times native: muslin, V8, wasm2c"
	else if (section == "malloc")
		printf "\n%-36s %9s %9s %7s   %-13s %9s\n", "malloc and free", "musl", "muslin",
			"ratio", "goal", "glibc"
	else
		printf "\n%-36s %9s %9s %7s   %s\n", "", "native", "muslin", "ratio", "goal"
}

{
	for (i = 6; i <= 8; i++) {
		r[i] = ratio($i, $5)
		if (section == "cpu" && r[i] != "-") {
			logs[i] += log(r[i])
			n[i]++
		}
	}
	m = met($4, $5, $6)
	if (section == "cpu")
		printf "%-30s %9s %9s %9s %9s   %6s %6s %6s\n", $2, shown($5, "%.1f"), shown($6, "%.1f"),
			shown($7, "%.1f"), shown($8, "%.1f"), shown(r[6], "%.2f"), shown(r[7], "%.2f"),
			shown(r[8], "%.2f")
	else if (section == "malloc")
		printf "%-31s %-4s %9s %9s %7s   %-13s %9s\n", $2, $3, shown($5, "%.4g"), shown($6, "%.4g"),
			shown(r[6], "%.2f"), $4 " " verdict(m), shown($7, "%.4g")
	else
		printf "%-31s %-4s %9s %9s %7s   %s %s\n", $2, $3, shown($5, "%.4g"), shown($6, "%.4g"),
			shown(r[6], "%.2f"), $4 == "-" ? "" : $4, verdict(m)
	printf "%s\n    { \"section\": %s, \"name\": %s, \"unit\": %s, \"native\": %s, \"muslin\": %s, \"%s\": %s, \"stock\": %s, \"ratio\": %s, \"goal\": %s, \"met\": %s }", \
		sep, quoted($1), quoted($2), quoted($3), number($5), number($6), section == "malloc" ? "glibc" : "v8",
		number($7), number($8), number(r[6]), $4 == "-" ? "null" : quoted($4), m == "" ? "null" : m ? "true" : "false" >json
	sep = ","
}

section == "cpu" { programs++ }

END {
	printf "\n  ],\n  \"cpu_geomean\": { \"muslin\": %s, \"v8\": %s, \"stock\": %s, \"goal\": \"<=1.15x\", \"met\": %s }\n}\n", \
		number(geomean(6)), number(geomean(7)), number(geomean(8)), geomean(6) <= 1.15 ? "true" : "false" >json
}
