// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "dlopen.h"

extern int main_data;
extern _Thread_local int main_tls;
int main_function(int);

int one_data = 42, one_array[4] = { 1, 2, 3, 4 };
int *one_pointer = &main_data;
static _Thread_local int count = 9;
_Thread_local int one_tls = 10;
static _Thread_local char zero[100];

static int inner(int x) { return 2 * x + one_array[x & 3]; }
static function *table[] = { inner, main_function };

int one_add(int a, int b) { return a + b + one_data + *one_pointer + table[1](1); }
function *one_inner(void) { return table[0]; }
function *one_main(void) { return main_function; }
int one_call(function *f, int x) { volatile int here[4]; here[x & 3] = f(x); return here[x & 3]; }
int one_thread(int x) { main_tls += x; one_tls += x; zero[5]++; return ++count + one_tls + main_tls + zero[5] - zero[6]; }
/* which the program does not use itself */
int one_libc(void) { errno = 0; return strverscmp("a9", "a10") < 0 && close(-1) < 0 && errno == EBADF; }
int shared_name(void) { return 1; }
extern int nowhere(void) __attribute__((weak));
int one_weak(void) { return !nowhere; }

__attribute__((constructor)) static void begin(void) { note('1'); }
__attribute__((destructor)) static void end(void) { note('a'); }
