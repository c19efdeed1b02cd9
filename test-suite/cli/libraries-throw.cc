/* SPDX-License-Identifier: MIT */
extern "C" {
void note();
int throw_int(int x);
int pass(int (*f)(int), int x);
}

int throw_int(int x)
{
	if (x > 1)
		throw x;
	return x;
}

struct noter { ~noter() { note(); } };

/* What it throws passes here, and is caught by whoever called. */
int pass(int (*f)(int), int x)
{
	noter n;
	return f(x);
}
