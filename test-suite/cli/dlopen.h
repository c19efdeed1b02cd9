/* SPDX-License-Identifier: MIT */
typedef int function(int);
void note(char);
