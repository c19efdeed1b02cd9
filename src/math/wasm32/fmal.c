#include "fenv_weak.h"
#include "../math/fmal.c"
