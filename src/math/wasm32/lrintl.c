#include "fenv_weak.h"
#include "../math/lrintl.c"
