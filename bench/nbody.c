/* SPDX-License-Identifier: MIT */
/* Floating point: planets, and a matrix product. */
#include <math.h>
#include <string.h>
#include "bench.h"

enum { BODIES = 5, STEPS = 1000000, N = 320 };

struct body {
	double x[3], v[3], mass;
};

static void attract(struct body *a, struct body *b, double dt)
{
	double d[3], square = 0, f;
	int i;

	for (i = 0; i < 3; i++) {
		d[i] = a->x[i] - b->x[i];
		square += d[i] * d[i];
	}
	f = dt / (square * sqrt(square));
	for (i = 0; i < 3; i++) {
		a->v[i] -= d[i] * b->mass * f;
		b->v[i] += d[i] * a->mass * f;
	}
}

static double planets(void)
{
	struct body b[BODIES];
	int i, j, n;

	for (i = 0; i < BODIES; i++)
		b[i] = (struct body){
			.x = { 5 * i, i * i - 3 * i, 0.1 * i },
			.v = { 0.1 * i, 1.5 - 0.4 * i, -0.01 * i },
			.mass = i ? 0.01 / i : 39.5,
		};
	for (n = 0; n < STEPS; n++) {
		for (i = 0; i < BODIES; i++)
			for (j = i + 1; j < BODIES; j++)
				attract(&b[i], &b[j], 0.001);
		for (i = 0; i < BODIES; i++)
			for (j = 0; j < 3; j++)
				b[i].x[j] += 0.001 * b[i].v[j];
	}
	return b[0].x[0] + b[4].v[1];
}

static double product(void)
{
	static double a[N][N], b[N][N], c[N][N];
	int i, j, l;

	for (i = 0; i < N; i++)
		for (j = 0; j < N; j++) {
			a[i][j] = 1.0 / (i + j + 1);
			b[i][j] = i - j;
			c[i][j] = 0;
		}
	for (i = 0; i < N; i++)
		for (l = 0; l < N; l++)
			for (j = 0; j < N; j++)
				c[i][j] += a[i][l] * b[l][j];
	return c[N / 2][N / 3];
}

static uint64_t work(void)
{
	double x = planets() + product();
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}
