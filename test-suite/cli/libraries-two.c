/* SPDX-License-Identifier: MIT */
#include <setjmp.h>

int two_data = 7;
int one_cycle(int n);

int two_add(int a, int b)
{
	return one_cycle(a - 1) + b;
}

double two_floats(double x, float y, long long z)
{
	return x + y + z;
}

volatile int two_zero;

int two_divide(int x)
{
	return x / two_zero + 1;
}

int two_load(volatile int *p)
{
	return *p + 1;
}

volatile int two_count;

void two_spin(volatile int *stop)
{
	while (!*stop)
		two_count++;
}

static jmp_buf back;

/* longjmp from the program to the library, past a frame of another library. */
int two_jump(void (*f)(jmp_buf, int), int x)
{
	volatile int n = x;
	int r = setjmp(back);

	if (!r) {
		n++;
		f(back, x);
	}
	return r + n;
}
