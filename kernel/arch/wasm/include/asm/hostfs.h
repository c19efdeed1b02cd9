/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_HOSTFS_H
#define _ASM_WASM_HOSTFS_H

#ifdef CONFIG_HOSTFS
/* Gives back what hostfs has of the host's and nobody uses. */
void hostfs_forget(void);
#else
static inline void hostfs_forget(void)
{
}
#endif

#endif
