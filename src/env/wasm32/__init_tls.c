#define SYSCALL_NO_TLS 1
#include <string.h>
#include <sys/mman.h>
#include "pthread_impl.h"
#include "libc.h"
#include "atomic.h"
#include "syscall.h"
#include "wasm_program.h"

/* The linker keeps the TLS image to itself, and makes a function that copies
 * it to where a thread's block is and sets __tls_base.  So every thread calls
 * it for itself, the others in clone.c. */
hidden void __wasm_init_tls(void *);

volatile int __thread_list_lock;

int __init_tp(void *p)
{
	pthread_t td = p;
	td->self = td;
	__set_thread_area(TP_ADJ(p));
	__wasm_init_tls(TP_ADJ(p));
	libc.can_do_threads = 1;
	td->detach_state = DT_JOINABLE;
	td->tid = __syscall(SYS_set_tid_address, &__thread_list_lock);
	td->locale = &libc.global_locale;
	td->robust_list.head = &td->robust_list.head;
	td->next = td->prev = td;
	return 0;
}

#define MIN_TLS_ALIGN 16

static struct builtin_tls {
	_Alignas(MIN_TLS_ALIGN) struct pthread pt;
	void *space[16];
} builtin_tls[1];

#ifdef __PIC__
/* libc.so: the program's variables, and room for libraries', see ldso. */
extern hidden const size_t __tls_surplus;
#define PROGRAM_SIZE (__program.tls_size + __tls_surplus)
#define PROGRAM_ALIGN (__program.tls_align < 64 ? 64 : __program.tls_align)
#else
#define PROGRAM_SIZE __builtin_wasm_tls_size()
#define PROGRAM_ALIGN __builtin_wasm_tls_align()
#endif

/* The program's own is copied by the thread itself. */
void *__copy_tls(unsigned char *mem)
{
	mem += -((uintptr_t)mem + sizeof(struct pthread)) & (libc.tls_align-1);
	for (struct tls_module *p=libc.tls_head; p; p=p->next)
		memcpy(mem + sizeof(struct pthread) + p->offset, p->image, p->len);
	return mem;
}

void __init_tls(size_t *aux)
{
	void *mem = builtin_tls;

	/* the dynamic linker needed it before */
	if (libc.tls_size) return;
	libc.tls_align = PROGRAM_ALIGN;
	if (libc.tls_align < MIN_TLS_ALIGN) libc.tls_align = MIN_TLS_ALIGN;
	libc.tls_size = sizeof(struct pthread) + PROGRAM_SIZE
		+ libc.tls_align + MIN_TLS_ALIGN-1 & -MIN_TLS_ALIGN;

	/* an errno for an address crashes when it is used */
	if (libc.tls_size > sizeof builtin_tls)
		mem = (void *)__syscall(SYS_mmap2, 0, libc.tls_size,
			PROT_READ|PROT_WRITE, MAP_ANONYMOUS|MAP_PRIVATE, -1, 0);

	__init_tp(__copy_tls(mem));
}
