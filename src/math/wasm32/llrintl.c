#include "fenv_weak.h"
#include "../math/llrintl.c"
