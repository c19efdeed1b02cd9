#include <string.h>
#include "pthread_impl.h"
#include "libc.h"

hidden void __wasm_init_tls(void *);

/* See __init_tls.c: the image is the linker's, and there is no dtv. */
void __reset_tls()
{
	char *tp = (char *)__get_tp();
	__set_thread_area(tp);
	__wasm_init_tls(tp);
	for (struct tls_module *p=libc.tls_head; p; p=p->next)
		memcpy(tp + p->offset, p->image, p->len);
}
