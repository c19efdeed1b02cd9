#include "fenv_weak.h"
#include "../math/nearbyintl.c"
