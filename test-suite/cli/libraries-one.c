/* SPDX-License-Identifier: MIT */
int one_data = 42;
static int table[4] = { 1, 2, 3, 4 };
extern int main_data;
int *pointer = &main_data;
int two_add(int a, int b);
extern int two_data;
int main_call(int (*f)(int), int x);

static int twice(int x) { return 2 * x + table[x & 3]; }
static int (*functions[])(int) = { twice };

int one_add(int a, int b)
{
	return a + b + one_data;
}

int (*one_function(void))(int)
{
	return functions[0];
}

int one_direct(int (*f)(int), int x)
{
	return f(x) + 1;
}

/* main -> one -> two -> one */
int one_cycle(int n)
{
	volatile int local[4];

	local[n & 3] = n;
	return n ? two_add(n, two_data) + local[n & 3] : *pointer;
}

/* main -> one -> main -> f, which may fork */
int one_callback(int (*f)(int), int x)
{
	volatile int before = one_data;
	int r = main_call(f, x);

	return r + (before == one_data ? 0 : 1000000);
}

__attribute__((constructor)) static void begin(void)
{
	one_data += 100;
}
