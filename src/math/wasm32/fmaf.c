#include "fenv_weak.h"
#include "../math/fmaf.c"
