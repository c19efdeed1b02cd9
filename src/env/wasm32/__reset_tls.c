#include "pthread_impl.h"

hidden void __wasm_init_tls(void *);

/* See __init_tls.c: the image is the linker's, and there is no dtv. */
void __reset_tls()
{
	__wasm_init_tls((void *)__get_tp());
}
