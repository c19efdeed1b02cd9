/* A call that passes no variable argument has no list of them, on wasm: to
 * read one all the same is a NULL dereference. */
#define va_none(ap) (!(ap))
