/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_WASM_IMAGE_H
#define _ASM_WASM_IMAGE_H

struct file;
struct host_image;
struct linux_binprm;

/*
 * Has the host make the program ready to run in bprm->mm, and describes it in
 * info.  *data becomes a file to map at info->data, up to data_end; NULL if
 * there is nothing to map.
 */
int wasm_image_load(struct linux_binprm *bprm, struct host_image *info,
		    struct file **data);

/*
 * Has the host make the shared library ready for the current process, and sets
 * info->module; or info->error.
 */
int wasm_image_library(struct file *file, struct host_image *info);

/* Interrupt handler: HOST_IRQ_LOAD. */
void wasm_load_irq(void);

#endif
