#include <math.h>
#include "fenv_weak.h"

double rint(double x)
{
	double y = __builtin_rint(x);

	/* the instruction does not raise it */
	if (isless(y, x) || isgreater(y, x))
		feraiseexcept(FE_INEXACT);
	return y;
}
