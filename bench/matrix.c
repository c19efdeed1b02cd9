/* SPDX-License-Identifier: MIT */
/* Floating point: a linear system by LU decomposition, and a fast Fourier transform. */
#include <math.h>
#include <string.h>
#include "bench.h"

enum { N = 200, POINTS = 1 << 15 };

static double a[N][N], lu[N][N], x[N];

/* The largest error of the solution. */
static double solve(void)
{
	double b[N], t, worst = 0;
	int i, j, k, pivot;

	for (i = 0; i < N; i++) {
		for (j = 0, b[i] = 0; j < N; j++) {
			a[i][j] = lu[i][j] = (int32_t)random32() / 2147483648.0;
			b[i] += a[i][j] * (j + 1);
		}
	}
	for (k = 0; k < N; k++) {
		for (pivot = k, i = k + 1; i < N; i++)
			if (fabs(lu[i][k]) > fabs(lu[pivot][k]))
				pivot = i;
		for (j = 0; j < N; j++) {
			t = lu[k][j];
			lu[k][j] = lu[pivot][j];
			lu[pivot][j] = t;
		}
		t = b[k];
		b[k] = b[pivot];
		b[pivot] = t;
		for (i = k + 1; i < N; i++) {
			t = lu[i][k] /= lu[k][k];
			b[i] -= t * b[k];
			for (j = k + 1; j < N; j++)
				lu[i][j] -= t * lu[k][j];
		}
	}
	for (i = N - 1; i >= 0; i--) {
		for (x[i] = b[i], j = i + 1; j < N; j++)
			x[i] -= lu[i][j] * x[j];
		x[i] /= lu[i][i];
		worst = fmax(worst, fabs(x[i] - (i + 1)));
	}
	return worst;
}

static double re[POINTS], im[POINTS];

static void transform(int sign)
{
	int i, j, bit, half;

	for (i = 1, j = 0; i < POINTS; i++) {
		for (bit = POINTS >> 1; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
		if (i < j) {
			double r = re[i], m = im[i];

			re[i] = re[j], im[i] = im[j];
			re[j] = r, im[j] = m;
		}
	}
	for (half = 1; half < POINTS; half *= 2) {
		/* cos(pi / half) and sin(pi / half) by half angles: the same everywhere */
		double wr = half == 1 ? -1 : 0, wi = half == 1 ? 0 : 1, c, s;

		for (i = 2; i < half; i *= 2) {
			c = sqrt((1 + wr) / 2);
			wi /= 2 * c;
			wr = c;
		}
		wi *= sign;
		for (i = 0; i < POINTS; i += 2 * half) {
			for (j = i, c = 1, s = 0; j < i + half; j++) {
				double r = re[j + half] * c - im[j + half] * s;
				double m = re[j + half] * s + im[j + half] * c, t = c;

				re[j + half] = re[j] - r, im[j + half] = im[j] - m;
				re[j] += r, im[j] += m;
				c = c * wr - s * wi;
				s = t * wi + s * wr;
			}
		}
	}
}

/* The largest error after there and back. */
static double there_and_back(void)
{
	static double was[POINTS];
	double worst = 0;
	int i;

	for (i = 0; i < POINTS; i++) {
		was[i] = re[i] = (int32_t)random32() / 2147483648.0;
		im[i] = 0;
	}
	transform(1);
	transform(-1);
	for (i = 0; i < POINTS; i++)
		worst = fmax(worst, fabs(re[i] / POINTS - was[i]) + fabs(im[i] / POINTS));
	return worst;
}

static uint64_t work(void)
{
	uint64_t bits, sum = 0;
	double d;
	int i;

	for (i = 0; i < 10; i++) {
		d = solve();
		memcpy(&bits, &d, 8);
		sum = sum * 31 + bits;
		if (d > 1e-6)
			return 0;
		d = there_and_back();
		memcpy(&bits, &d, 8);
		sum = sum * 31 + bits;
		if (d > 1e-6)
			return 0;
	}
	return sum;
}
