// SPDX-License-Identifier: MIT
#include "dlopen.h"

/* needs one */
extern int one_data;
extern _Thread_local int one_tls, main_tls;
int one_add(int, int);
function *one_inner(void);

int *two_pointer = &one_data;
function *two_function = (function *)one_add;
int two(int x) { return one_add(x, 1) + *two_pointer; }
int two_same(void) { return two_function == (function *)one_add; }
int two_thread(void) { return one_tls * 1000 + main_tls; }
int shared_name(void) { return 2; }

__attribute__((constructor)) static void begin(void) { note('2'); }
__attribute__((destructor)) static void end(void) { note('b'); }
