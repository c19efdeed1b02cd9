/* SPDX-License-Identifier: MIT */
int one_add(int a, int b);

int three(int x)
{
	return one_add(x, 2);
}
