#include <math.h>
#include "fenv_weak.h"

float rintf(float x)
{
	float y = __builtin_rintf(x);

	/* the instruction does not raise it */
	if (isless(y, x) || isgreater(y, x))
		feraiseexcept(FE_INEXACT);
	return y;
}
