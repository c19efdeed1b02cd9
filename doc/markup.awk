# SPDX-License-Identifier: MIT
# A terminal's text with the escape sequences of colours, as Pango's markup.

BEGIN {
	n = split("#2e3436 #ef2929 #8ae234 #fce94f #729fcf #ad7fa8 #34e2e2 #eeeeec", basic, " ")
	for (i = 1; i <= n; i++)
		colour[29 + i] = basic[i]
}

# parameters of one sequence: only what changes a letter's look
function look(list,    n, p, i) {
	n = split(list, p, ";")
	if (!n)
		fg = bold = ""
	for (i = 1; i <= n; i++) {
		if (p[i] + 0 == 0)
			fg = bold = ""
		else if (p[i] == 1)
			bold = " weight='bold'"
		else if (p[i] == 39)
			fg = ""
		else if (p[i] >= 30 && p[i] <= 37)
			fg = " foreground='" colour[p[i] + 0] "'"
		else if (p[i] >= 90 && p[i] <= 97)
			fg = " foreground='" colour[p[i] - 60] "'"
	}
}

function put(text) {
	if (text == "")
		return
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	printf fg bold == "" ? "%s%s" : "<span%s>%s</span>", fg bold, text
}

{
	rest = $0
	while (match(rest, /\033\[[0-9;]*m/)) {
		put(substr(rest, 1, RSTART - 1))
		look(substr(rest, RSTART + 2, RLENGTH - 3))
		rest = substr(rest, RSTART + RLENGTH)
	}
	put(rest)
	print ""
}
