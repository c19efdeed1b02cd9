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
OPTIMIZE_GLOBS = internal/*.c malloc/*.c string/*.c
LIBCC =

# no dynamic linker, no wrapper for another compiler
SHARED_LIBS =
TOOL_LIBS =
ALL_TOOLS =
