// SPDX-License-Identifier: MIT
char *__progname, *__progname_full;
extern char *program_invocation_short_name __attribute__((weak, alias("__progname")));
extern char *program_invocation_name __attribute__((weak, alias("__progname_full")));
