/* The mapping of a thread's stack, and above it its TLS: used bytes at the
 * end are zero.  MAP_FAILED if there is none. */
hidden void *__map_stack(size_t size, size_t guard, size_t used);

/* Nobody uses it any more. */
hidden void __unmap_stack(void *base, size_t size, size_t guard);

/* A detached thread leaves its own, all signals blocked: nobody gets it before
 * the thread has exited, and so lost the thread list lock.  0: it must be
 * unmapped. */
hidden int __leave_stack(void *base, size_t size, size_t guard);
