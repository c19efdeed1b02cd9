#include "fenv_weak.h"
#include "../math/lrint.c"
