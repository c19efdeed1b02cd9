#include <fenv.h>
#include "fenv_impl.h"

int __fenv_peek(void)
{
	return __fenv_get();
}

void __fenv_poke(int e)
{
	__fenv_set(e);
}

/* 0 if the environment has become e: it does not where it is the default.  */
static int set(int e)
{
	__fenv_set(e);
	return __fenv_get() == e ? 0 : -1;
}

int feclearexcept(int mask)
{
	return set(__fenv_get() & ~(mask & FE_ALL_EXCEPT));
}

int feraiseexcept(int mask)
{
	return set(__fenv_get() | mask & FE_ALL_EXCEPT);
}

int fetestexcept(int mask)
{
	return __fenv_get() & mask & FE_ALL_EXCEPT;
}

int fegetround(void)
{
	return __fenv_get() & FE_ROUND;
}

hidden int __fesetround(int r)
{
	return set(__fenv_get() & ~FE_ROUND | r);
}

int fegetenv(fenv_t *envp)
{
	envp->__cw = __fenv_get();
	return 0;
}

int fesetenv(const fenv_t *envp)
{
	return set(envp == FE_DFL_ENV ? 0 : envp->__cw);
}
