/* The thread pointer is the linker's __tls_base: struct pthread ends where
 * the thread's TLS block begins. */
static inline uintptr_t __get_tp()
{
	return (uintptr_t)__builtin_wasm_tls_base();
}

#define TLS_ABOVE_TP
#define GAP_ABOVE_TP 0
