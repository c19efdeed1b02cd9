/* SPDX-License-Identifier: MIT */
/* The kernel's functions are in a section of their own: fault.c knows them by it. */
#pragma clang section text="muslin_kernel"
