// SPDX-License-Identifier: MIT
long __timezone;
int __daylight;
char *__tzname[2];
extern long timezone __attribute__((weak, alias("__timezone")));
extern int daylight __attribute__((weak, alias("__daylight")));
extern char *tzname[2] __attribute__((weak, alias("__tzname")));
