#include <features.h>

/* The value for any file; EINVAL if name is none. */
hidden long __pathconf_value(int name);
