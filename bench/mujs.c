/* SPDX-License-Identifier: MIT */
/* MuJS, an interpreter with setjmp in its loop: recursion, objects, strings, exceptions. */
#include <string.h>
#include <mujs.h>
#include "bench.h"

static const char script[] =
	"function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }\n"
	"function guarded(n) { try { if (n % 7 == 0) throw n; return 1; } catch (e) { return 2; } }\n"
	"var sum = fib(23), words = {}, text = '', i;\n"
	"for (i = 0; i < 100000; i++) sum += guarded(i);\n"
	"for (i = 0; i < 30000; i++) words['w' + i % 1000] = (words['w' + i % 1000] || 0) + i;\n"
	"for (i in words) sum += words[i] % 13;\n"
	"for (i = 0; i < 3000; i++) text += String.fromCharCode(97 + i % 26);\n"
	"sum += text.replace(/[aeiou]/g, '--').length;\n"
	"sum;\n";

static uint64_t work(void)
{
	js_State *J = js_newstate(NULL, NULL, JS_STRICT);
	uint64_t sum = 0;

	if (js_ploadstring(J, "bench", script))
		return 0;
	js_pushundefined(J);
	if (!js_pcall(J, 0))
		sum = js_tonumber(J, -1);
	js_freestate(J);
	return sum;
}
