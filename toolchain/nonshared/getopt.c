// SPDX-License-Identifier: MIT
char *optarg;
int optind = 1, opterr = 1, optopt, __optreset;
extern int optreset __attribute__((weak, alias("__optreset")));
