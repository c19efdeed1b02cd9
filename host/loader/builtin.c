/* SPDX-License-Identifier: MIT */
/* Programs that are part of this library, found by their content. */
#include "loader/module.h"

/* init-image.S, and the C that muslin-translate made from the same file */
extern const unsigned char muslin_init[], muslin_init_end[];
extern const struct module_ops muslin_module_init;

const struct module_builtin muslin_builtin_modules[] = {
	{ muslin_init, muslin_init_end, &muslin_module_init },
	{ NULL, NULL, NULL },
};
