/* SPDX-License-Identifier: MIT */
#ifndef _ERROR_H
#define _ERROR_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void error(int status, int errnum, const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, errnum ? ": %s\n" : "\n", strerror(errnum));
	if (status)
		exit(status);
}

#endif
