#ifndef FENV_IMPL_H
#define FENV_IMPL_H

#include <fenv.h>
#include <features.h>

#define FE_ROUND 0xc00

/* The environment: exceptions and rounding mode, as bits/fenv.h has them.  */
hidden int __fenv_get(void);
hidden void __fenv_set(int);

/* The same, but 0 and nothing in a program that uses no function of fenv.h:
   of those who include fenv_weak.h.  */
hidden int __fenv_peek(void);
hidden void __fenv_poke(int);

#endif
