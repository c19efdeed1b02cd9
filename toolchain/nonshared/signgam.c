// SPDX-License-Identifier: MIT
int __signgam;
extern int signgam __attribute__((weak, alias("__signgam")));
