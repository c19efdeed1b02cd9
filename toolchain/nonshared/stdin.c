// SPDX-License-Identifier: MIT
/* The dynamic linker sets it. */
void *stdin;
