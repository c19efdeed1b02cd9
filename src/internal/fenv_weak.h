/* For functions of math.h that mind the environment, but must not make each
   program that calls them into one that uses it: see fenv/wasm32/access.s.
   Before their upstream source is included.  */
#include "fenv_impl.h"

static int dummy_peek(void)
{
	return 0;
}

static void dummy_poke(int e)
{
}

weak_alias(dummy_peek, __fenv_peek);
weak_alias(dummy_poke, __fenv_poke);

#define fegetround() (__fenv_peek() & FE_ROUND)
#define fetestexcept(mask) (__fenv_peek() & (mask))
#define feclearexcept(mask) __fenv_poke(__fenv_peek() & ~(mask))
#define feraiseexcept(mask) __fenv_poke(__fenv_peek() | (mask))
#define fesetround(r) __fenv_poke((__fenv_peek() & ~FE_ROUND) | (r))
