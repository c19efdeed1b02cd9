/* SPDX-License-Identifier: MIT */
/* Answers lines: for density.c. */
#include <ctype.h>
#include <stdio.h>

int main(void)
{
	char line[100];
	int i;

	while (fgets(line, sizeof(line), stdin)) {
		for (i = 0; line[i]; i++)
			line[i] = toupper(line[i]);
		fputs(line, stdout);
		fflush(stdout);
	}
	return 0;
}
