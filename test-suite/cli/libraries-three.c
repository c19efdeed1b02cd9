/* SPDX-License-Identifier: MIT */
int one_add(int a, int b);

static _Thread_local int count = 9;

int three_count(void)
{
	return ++count;
}

int three(int x)
{
	return one_add(x, 2);
}
