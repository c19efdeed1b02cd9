/* SPDX-License-Identifier: MIT */
/* Programs that are part of this library, found by their content. */
#include "loader/module.h"

/* init-image.S, and the C that muslin-translate made from the same files */
extern const unsigned char muslin_init[], muslin_init_end[], muslin_libc[], muslin_libc_end[];
extern const struct module_ops muslin_module_init, muslin_module_libc;

const struct module_builtin muslin_builtin_modules[] = {
	{ muslin_init, muslin_init_end, &muslin_module_init },
	{ muslin_libc, muslin_libc_end, &muslin_module_libc },
	{ NULL, NULL, NULL },
};
