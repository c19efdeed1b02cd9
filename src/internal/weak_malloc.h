/* The linker takes weak functions of libc.so for what others may have instead. */
#pragma weak aligned_alloc
#pragma weak calloc
#pragma weak free
#pragma weak malloc_usable_size
#pragma weak memalign
#pragma weak posix_memalign
#pragma weak realloc
