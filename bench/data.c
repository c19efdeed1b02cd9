/* SPDX-License-Identifier: MIT */
/* A program with SIZE bytes of initialised data, of which it touches little. */
static unsigned char data[SIZE] = { [0] = 1, [SIZE / 2] = 2, [SIZE - 1] = 3 };

int main(int argc, char **argv)
{
	volatile unsigned char *p = data;

	p[argc]++;
	return p[SIZE / 2] != 2;
}
