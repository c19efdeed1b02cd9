# SPDX-License-Identifier: MIT
# libc, the sysroot, the cross tools, and a tarball of them.

libc := $(B)/libc
sysroot := $(B)/sysroot
cross := wasm32-linux-musl

# --- the tools ---

tools := $(addprefix $(B)/bin/$(cross)-,cc c++ gcc g++ ld ldd pkg-config \
	addr2line ar c++filt nm objcopy objdump ranlib readelf size strings strip)
tool_parts := $(addprefix toolchain/,make-tools cc.in ld.in ldd.in pkg-config.in tool.in)
tools += $(B)/bin/muslin-env
tool_parts += toolchain/muslin-env.in

$(tools) &: $(tool_parts) config.mak
	$(say) GEN '$(B)/bin/$(cross)-*'
	$(Q)toolchain/make-tools $(B)/bin ../sysroot $(KBUILD_LLVM)

# Two makes would write the same files, or take the sysroot from under each other's compilers.
lock = $(Q)mkdir -p $(B) && toolchain/lock $(B)/.lock $$PPID

# --- libc ---

# The kernel's list of system calls, and what musl makes of it.
kernel_syscalls := kernel/arch/wasm/kernel/Makefile.syscalls \
	kernel/arch/wasm/scripts/syscall-list.sh \
	$(shell grep -l '^SYSCALL_DEFINE' kernel/arch/wasm/*/*.c)
syscall_headers := $(addprefix $(libc)/obj/src/internal/,syscall.h.in syscall_static.h syscall_list.h)

$(libc)/syscalls: $(B)/linux/.stamp $(kernel_syscalls)
	$(say) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q)sh kernel/arch/wasm/scripts/syscall-list.sh $(B)/linux >$@.tmp
	$(Q)mv $@.tmp $@

%/syscall.h.in: out = numbers
%/syscall_static.h: out = static
%/syscall_list.h: out = list
$(syscall_headers): toolchain/syscall-headers.awk $(libc)/syscalls
	$(Q)mkdir -p $(@D)
	$(Q)awk -v out=$(out) -f $^ | { $(call update,$@); }

# musl's Makefile does not know which objects use which header, nor what compiles them.
$(libc)/.headers: $(B)/musl/.stamp $(syscall_headers) toolchain/$(cross).cfg toolchain/cc.in \
		toolchain/musl.mak $(wildcard arch/wasm32/* arch/wasm32/bits/* src/internal/*)
	$(lock)
	$(Q)mkdir -p $(libc)
	$(Q)find $(libc)/obj '(' -name '*.o' -o -name '*.lo' ')' -delete
	$(Q)touch $@

$(libc)/config.mak: toolchain/musl.mak
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

libc_make = +$(Q)$(MAKE) -C $(libc) -f ../musl/Makefile \
	$(if $(Q),-s CC_CMD='echo "  CC      $$<"; $$(CC) $$(CFLAGS_ALL) -c -o $$@ $$<')

$(libc)/lib/libc.a: $(libc)/.headers $(libc)/config.mak $(tools) \
		$(wildcard crt/wasm32/* ldso/wasm32/* src/*/wasm32/*) | $(sysroot)/$(cross).cfg
	$(lock)
	$(libc_make) all lib/libc_pic.a lib/libc_static_only.a lib/libm_program.a obj/ldso/wasm32/dlstart.lo
	$(Q)touch $@

# --- sysroot ---

# Clang reads the options from here also while it compiles libc.
$(sysroot)/$(cross).cfg: toolchain/$(cross).cfg
	$(Q)mkdir -p $(@D)
	$(Q)cp -p $< $@

# Our part of libgcc.a, compiled with the sysroot's headers.
runtime := $(wildcard toolchain/runtime/*.c)

# libsimd.a, for programs of -msimd128.
simd := $(wildcard toolchain/simd/*.c)

# What gcc has, and programs name, though nothing is in it: libgcc.a has all.
empty_libraries := atomic gcc_eh gcc_s ssp ssp_nonshared ubsan

# Other C libraries than musl have these two, and BSD's are what musl's users take.
# A macro __unused would be in the way of musl's structures.
bsd_header = sed -e '/^\#ifdef LIBBSD_OVERLAY/,/^\#endif/c\#include <sys/cdefs.h>' \
	-e 's/LIBBSD_SYS_/_SYS_/' -e 's/__unused static/__attribute__((__unused__)) static/' \
	$(BSD_HEADERS)/sys/$(1) >$(sysroot).new/include/sys/$(1)

# For what is linked when it runs: the linker's assistant, libc.so, and what is not in
# that.  _dlstart is the first function of libc.so.
$(B)/toolchain/got-tls: toolchain/got-tls.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(CFLAGS) -Wall -g0 -s -o $@ $<

nonshared := $(wildcard toolchain/nonshared/*.c)
nonshared_objects := $(nonshared:toolchain/%.c=$(B)/%.o)

put_dynamic = mkdir -p $(1)/lib/dynamic $(B)/nonshared && cp $(B)/toolchain/got-tls $(1)/lib/dynamic && \
	$(foreach f,$(nonshared),$(B)/bin/$(cross)-cc --sysroot=$(abspath $(1)) -O2 -Wall -fPIC -c \
		-o $(f:toolchain/%.c=$(B)/%.o) $(f) &&) \
	cp $(libc)/lib/libc_static_only.a $(1)/lib/dynamic/libc_program.a && \
	cp $(libc)/lib/libm_program.a $(1)/lib/dynamic && \
	$(B)/bin/$(cross)-ar rs $(1)/lib/dynamic/libc_program.a $(nonshared_objects) && \
	$(B)/bin/$(cross)-ar rcs $(1)/lib/dynamic/libc_library.a $(B)/nonshared/dlsym.o \
		$(libc)/obj/src/signal/sigsetjmp_tail.lo && \
	$(WASM_LD) --no-entry -shared --experimental-pic --shared-memory --import-memory \
		--max-memory=4294967296 --unresolved-symbols=import-dynamic --export-if-defined=__tls_base --soname=libc.so --strip-debug \
		-o $(1)/lib/libc.so $(libc)/obj/ldso/wasm32/dlstart.lo \
		--whole-archive $(libc)/lib/libc_pic.a --no-whole-archive $(1)/lib/libgcc.a

# The kernel's headers first: where both have a file, it is musl's.
$(sysroot)/.stamp: $(libc)/lib/libc.a $(B)/kernel-headers/.stamp $(WASM_RT_LIB) $(runtime) \
		$(simd) toolchain/simd/vectors.h $(nonshared) $(B)/toolchain/got-tls
	$(lock)
	$(say) INSTALL $(sysroot)
	$(Q)rm -rf $(sysroot).new $(sysroot).old
	$(Q)mkdir -p $(sysroot).new/lib
	$(Q)cp -R $(B)/kernel-headers/include $(sysroot).new
	$(libc_make) install-libs install-headers DESTDIR=$(abspath $(sysroot).new) >/dev/null
	$(Q)$(call bsd_header,queue.h)
	$(Q)$(call bsd_header,tree.h)
	$(Q)cp $(WASM_RT_LIB) $(sysroot).new/lib/libgcc.a
	$(Q)mkdir -p $(B)/runtime
	$(Q)$(foreach f,$(runtime),$(B)/bin/$(cross)-cc --sysroot=$(abspath $(sysroot).new) \
		-O2 -Wall -c -o $(B)/runtime/$(notdir $(f:.c=.o)) $(f) &&) \
		$(B)/bin/$(cross)-ar rs $(sysroot).new/lib/libgcc.a \
		$(patsubst %.c,$(B)/runtime/%.o,$(notdir $(runtime)))
	$(Q)$(call put_dynamic,$(sysroot).new)
	$(Q)mkdir -p $(B)/simd
	$(Q)$(foreach f,$(simd),$(B)/bin/$(cross)-cc --sysroot=$(abspath $(sysroot).new) -ffreestanding \
		-msimd128 -O2 -Wall -c -o $(B)/simd/$(notdir $(f:.c=.o)) $(f) &&) \
		$(B)/bin/$(cross)-ar rcs $(sysroot).new/lib/libsimd.a $(patsubst %.c,$(B)/simd/%.o,$(notdir $(simd)))
	$(Q)for l in $(empty_libraries); do \
		$(B)/bin/$(cross)-ar rc $(sysroot).new/lib/lib$$l.a || exit; done
	$(Q)cp -p toolchain/$(cross).cfg $(sysroot).new
	$(Q)mv $(sysroot) $(sysroot).old
	$(Q)mv $(sysroot).new $(sysroot)
	$(Q)rm -rf $(sysroot).old
	$(Q)touch $@

# What compiling a program needs.
toolchain := $(tools) $(sysroot)/.stamp
built += $(toolchain)

# What configure scripts, CMake and Meson are told.
sysroot_share := $(sysroot)/share/.stamp
$(sysroot_share): $(wildcard toolchain/share/* toolchain/share/*/*) $(sysroot)/.stamp
	$(lock)
	$(say) INSTALL $(@D)
	$(Q)cp -R toolchain/share $(sysroot)
	$(Q)touch $@
built += $(sysroot_share)

include toolchain/libcxx.mk

.PHONY: libc sysroot
libc: $(libc)/lib/libc.a
sysroot: $(toolchain) $(sysroot_share)

# --- what is given away ---

# $(call put_sysroot,PREFIX,LLVM): bin/wasm32-linux-musl-*, and the sysroot
# where GNU tools have theirs.
put_sysroot = rm -rf $(1)/$(cross) && mkdir -p $(1) && \
	cp -R $(sysroot) $(1)/$(cross) && rm $(1)/$(cross)/.stamp $(1)/$(cross)/share/.stamp && \
	toolchain/make-tools $(1)/bin ../$(cross) $(2)

.PHONY: install-toolchain
install: install-toolchain
install-toolchain: $(toolchain) $(sysroot_share)
	$(say) INSTALL $(DESTDIR)$(prefix)/$(cross)
	$(Q)$(call put_sysroot,$(DESTDIR)$(prefix),$(KBUILD_LLVM))

dist_name := $(cross)-sysroot-$(VERSION)
dist_tarball := $(B)/$(dist_name).tar.xz

# The same bytes from the same sources.
$(dist_tarball): $(toolchain) $(sysroot_share) toolchain/README.sysroot
	$(say) TAR $@
	$(Q)rm -rf $(B)/dist
	$(Q)$(call put_sysroot,$(B)/dist/$(dist_name),-22)
	$(Q)cp $(B)/musl/COPYRIGHT $(B)/dist/$(dist_name)/COPYRIGHT.musl
	$(Q)[ ! -e $(sysroot)/lib/eh ] || cp $(B)/llvm/libcxx/LICENSE.TXT $(B)/dist/$(dist_name)/COPYRIGHT.libcxx
	$(Q)cp toolchain/README.sysroot $(B)/dist/$(dist_name)/README
	$(Q)tar -C $(B)/dist --format=ustar --sort=name --mtime=@1767225600 \
		--owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		-cf - $(dist_name) | xz -T1 >$@.tmp
	$(Q)mv $@.tmp $@
	$(Q)rm -rf $(B)/dist

dist: $(dist_tarball)

# --- tests ---

$(B)/test-suite/abi/wasm-types: test-suite/abi/wasm-types.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(CFLAGS) -Wall -o $@ $<
check_needs += $(B)/test-suite/abi/wasm-types $(dist_tarball)
