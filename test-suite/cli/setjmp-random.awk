# SPDX-License-Identifier: MIT
# usage: awk -v seed=N -f setjmp-random.awk </dev/null
#
# A random program around setjmp: variables that change after it and are
# volatile, or do not and are not; loops, frames in frames, longjmp from deep
# calls, siglongjmp from a handler of SIGSEGV.  Only what C defines: it prints
# the same number wherever it runs.

# from a to b
function random(a, b)
{
	state = state * 16807 % 2147483647
	return a + int(state / 2147483647 * (b - a + 1))
}

function any() { return name[random(0, names - 1)] }
function any_volatile() { return "v" random(0, 2) }
function any_at_all() { return random(0, names + 2) < 3 ? any_volatile() : any() }

function expression(a, b,	form)
{
	form = random(0, 4)
	return form == 0 ? a "+" b : form == 1 ? a "*" b : form == 2 ? a "^(" b ">>3)" : \
		form == 3 ? a "-" b : "(" a "&0xff)|" b
}

function mix_all(tag,	i)
{
	for (i = 0; i < 4; i++)
		print "\t\tmix(" any() ");"
	print "\t\tmix((unsigned)(long long)(d0 * 4)); mix((unsigned)(long long)(d1 * 8));"
	print "\t\tmix(" any_volatile() "); mix(" tag ");"
}

function statement(f,	form, v)
{
	form = random(0, 8)
	v = any_volatile()
	if (form < 2) {
		print "\t\t" v " = " expression(any_at_all(), any_at_all()) "; mix(" v ");"
	} else if (form < 4) {
		print "\t\ttmp = " expression(any_at_all(), any_at_all()) ";"
		print "\t\tfor (int i = 0; i < " random(2, 20) "; i++) tmp = tmp * 33 + (tmp >> 5) + " any() ";"
		print "\t\tmix(tmp);"
	} else if (form == 4) {
		print "\t\tif (((h >> 4) & 3) == 1) deep(" random(0, 5) ", " random(0, f) ", " random(1, 9) ");"
	} else if (form == 5 && f < 3) {
		print "\t\tmix(f" f + 1 "(" expression(any(), any()) ", " v "));"
	} else if (form == 6 && with_signals) {
		print "\t\t{ int old = scur; if (sigsetjmp(sj[" f "], 1) == 0) {"
		print "\t\t\tscur = " f "; " v " = " any() "; tmp = " expression(any(), any()) "; mix(tmp);"
		print "\t\t\tif ((h & 8) && fuel-- > 0) mix(bad[tmp & 63]);"
		print "\t\t\t" any_volatile() " = tmp; scur = old; } else { scur = old;"
		mix_all(2000 + f)
		print "\t\t} }"
	} else if (form == 7) {
		mix_all(3000 + f)
	} else {
		print "\t\t{ char *m = malloc(" random(16, 99) "); memset(m, " any() ", 8); mix(m[3]); free(m); }"
	}
}

function one(f,	i, loop, form, n)
{
	with_signals = random(0, 1)
	n = random(3, 9)
	names = 2
	name[0] = "p"
	name[1] = "q"
	print "__attribute__((noinline)) static unsigned f" f "(unsigned p, unsigned q)\n{"
	for (i = 0; i < n; i++) {
		print "\tunsigned a" i " = " expression(any(), any()) ";"
		name[names++] = "a" i
	}
	for (i = 0; i < 3; i++)
		print "\tvolatile unsigned v" i " = " any() ";"
	print "\tdouble d0 = p * 0.5, d1 = q * 0.25; unsigned tmp; int r;"
	loop = random(0, 1)
	if (loop)
		print "\tfor (volatile int it = 0; it < " random(2, 4) "; it++) {"
	form = random(0, 2)
	print form == 0 ? "\tif ((r = setjmp(jb[" f "])) != 0) { mix(r);" : \
		form == 1 ? "\tswitch (setjmp(jb[" f "])) { case 0: break; default:" : \
		"\tr = setjmp(jb[" f "]); if (r) { mix(r + 1);"
	mix_all(1000 + f)
	print "\t\t" any_volatile() " = " expression(any_at_all(), any_at_all()) "; armed[" f "] = " random(0, 1) ";\n\t}"
	print "\tarmed[" f "] = 1;"
	for (i = random(4, 10); i > 0; i--)
		statement(f)
	if (loop)
		print "\t}"
	mix_all(4000 + f)
	print "\tarmed[" f "] = 0; return (" expression(any(), any()) ") + v0;\n}"
}

BEGIN {
	state = seed * 7919 % 2147483646 + 1
	for (i = 0; i < 10; i++)
		random(0, 1)
	print "#include <setjmp.h>\n#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>"
	print "#include <string.h>\n#include <sys/mman.h>"
	print "static jmp_buf jb[4]; static sigjmp_buf sj[4]; static volatile int armed[4], fuel, scur = -1;"
	print "static volatile unsigned h = 1; static volatile char *bad;"
	print "static void mix(unsigned x) { h = (h ^ x) * 16777619u; }"
	print "static void on_segv(int s) { siglongjmp(sj[scur], 7); }"
	print "__attribute__((noinline)) static void deep(int d, int k, int v)\n{"
	print "\tvolatile char b[40]; b[d % 40] = v;"
	print "\tif (d > 0) deep(d - 1, k, v); else if (armed[k] && fuel-- > 0) longjmp(jb[k], v);"
	print "\tmix(b[d % 40]);\n}"
	for (f = 3; f >= 0; f--)
		one(f)
	print "int main(void)\n{\n\tsignal(SIGSEGV, on_segv);"
	print "\tbad = mmap(0, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);"
	print "\tfor (int i = 0; i < 6; i++) { fuel = 60; mix(f0(i * 7 + 1, h)); memset((void *)armed, 0, sizeof(armed)); }"
	print "\tprintf(\"%08x\\n\", h);\n\treturn 0;\n}"
}
