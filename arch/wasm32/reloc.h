/* There is no dynamic linker: this is for src/ldso to compile. */
#define LDSO_ARCH "wasm32"

#define TPOFF_K 0

#define REL_SYMBOLIC 1
#define REL_RELATIVE 2

#define CRTJMP(pc,sp) __builtin_trap()
