# config.mak of musl, which is built in build/libc.  Its configure would want
# a compiler that can link.

ARCH = wasm32
srcdir = ../musl
prefix =

CC = ../bin/wasm32-linux-musl-cc
AR = ../bin/wasm32-linux-musl-ar
RANLIB = ../bin/wasm32-linux-musl-ranlib

CFLAGS_C99FSE = -std=c99 -ffreestanding -nostdinc -fno-strict-aliasing
CFLAGS_AUTO = -O2 -fomit-frame-pointer -fdata-sections
# As gcc does: what little of printf() most calls want has to fit on a small stack.
CFLAGS_AUTO += -mllvm -inline-max-stacksize=1024
CFLAGS = -Wno-everything -Werror=implicit-function-declaration \
	-Werror=implicit-int -Werror=int-conversion -Werror=pointer-arith \
	-Werror=incompatible-pointer-types
# libc calls no setjmp; the exceptions' pass takes the longjmp that libc defines for its own.
CFLAGS += -fsetjmp=native
# it throws
obj/src/setjmp/wasm32/sjlj.o: CFLAGS_ALL += -mllvm -wasm-enable-sjlj -mllvm -wasm-use-legacy-eh=true
# who has a malloc of its own has it for libc.so, too
$(addprefix obj/src/malloc/,calloc.lo free.lo memalign.lo posix_memalign.lo realloc.lo \
	mallocng/aligned_alloc.lo mallocng/malloc_usable_size.lo): \
	CFLAGS_ALL += -include $(srcdir)/src/internal/weak_malloc.h
OPTIMIZE_GLOBS = internal/*.c malloc/*.c string/*.c
LIBCC =

# rules.mk links libc.so from these.  What is not for every program is in programs: the
# functions that choose among the kinds of main, setjmp, which is a function of
# the program for the host, and <fenv.h>, whose presence makes arithmetic slower; and what is
# hidden, but which macros call.
SHARED_LIBS =
STATIC_ONLY = $(addprefix obj/src/,env/wasm32/__main_argc_argv env/wasm32/__main_void \
	fenv/__flt_rounds fenv/wasm32/access fenv/wasm32/fenv fenv/fegetexceptflag fenv/feholdexcept \
	fenv/fesetexceptflag fenv/fesetround fenv/feupdateenv \
	setjmp/wasm32/longjmp setjmp/wasm32/setjmp setjmp/wasm32/sjlj setjmp/wasm32/tag)
lib/libc_pic.a: $(filter-out $(STATIC_ONLY:%=%.lo) obj/ldso/wasm32/dlstart.lo,$(LOBJS) $(LDSO_OBJS))
	rm -f $@
	$(AR) rc $@ $^
lib/libm_program.a: $(filter obj/src/math/% obj/src/complex/%,$(LIBC_OBJS))
	rm -f $@
	$(AR) rc $@ $^
lib/libc_static_only.a: $(STATIC_ONLY:%=%.o) obj/src/signal/sigsetjmp_tail.o
	rm -f $@
	$(AR) rc $@ $^

# no wrapper for another compiler
TOOL_LIBS =
ALL_TOOLS =
