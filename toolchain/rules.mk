# SPDX-License-Identifier: MIT
# libc, the sysroot, the cross tools, and a tarball of them.

libc := $(B)/libc
sysroot := $(B)/sysroot
cross := wasm32-linux-musl
tools := ar nm objdump ranlib strip

# --- the tools ---

tool_names := cc c++ ld pkg-config $(tools)
tool_files := $(tool_names:%=$(B)/bin/$(cross)-%)

# How the scripts find the sysroot, from their own directory.
TOOL_SYSROOT := ../sysroot
# LLVM as they call it: by name if configure found it by name.
llvm_name = $(if $(filter /usr/bin/%-22,$(1)),$(notdir $(1)),$(1))

# script(SED)
define script
	$(say) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's|@SYSROOT@|$(TOOL_SYSROOT)|' -e '$(1)' $< >$@
	$(Q)chmod +x $@
endef

$(B)/bin/$(cross)-cc $(B)/bin/$(cross)-c++: toolchain/cc.in config.mak
	$(call script,s|@CLANG@|$(call llvm_name,$(CLANG))|)
$(B)/bin/$(cross)-ld: toolchain/ld.in config.mak
	$(call script,s|@WASM_LD@|$(call llvm_name,$(WASM_LD))|)
$(B)/bin/$(cross)-pkg-config: toolchain/pkg-config.in config.mak
	$(call script,)
$(B)/bin/$(cross)-ar: tool := $(LLVM_AR)
$(B)/bin/$(cross)-nm: tool := $(LLVM_NM)
$(B)/bin/$(cross)-objdump: tool := $(LLVM_OBJDUMP)
$(B)/bin/$(cross)-ranlib: tool := $(LLVM_RANLIB)
$(B)/bin/$(cross)-strip: tool := $(LLVM_STRIP)
$(tools:%=$(B)/bin/$(cross)-%): $(B)/bin/$(cross)-%: toolchain/tool.in config.mak
	$(call script,s|@NAME@|$*|; s|@TOOL@|$(call llvm_name,$(tool))|)

# --- libc ---

# The kernel's list of system calls, and what musl makes of it.
kernel_syscalls := kernel/arch/wasm/kernel/Makefile.syscalls \
	$(shell grep -l '^SYSCALL_DEFINE' kernel/arch/wasm/*/*.c)
syscall_headers := $(addprefix $(libc)/obj/src/internal/,syscall.h.in syscall_static.h syscall_list.h)

$(libc)/syscalls: $(B)/linux/.stamp toolchain/syscall-list $(kernel_syscalls)
	$(say) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q)toolchain/syscall-list $(B)/linux >$@.tmp
	$(Q)mv $@.tmp $@

%/syscall.h.in: out = numbers
%/syscall_static.h: out = static
%/syscall_list.h: out = list
$(syscall_headers): toolchain/syscall-headers.awk $(libc)/syscalls
	$(Q)mkdir -p $(@D)
	$(Q)awk -v out=$(out) -f $^ | { $(call update,$@); }

# musl's Makefile does not know which objects use which header.
$(libc)/.headers: $(B)/musl/.stamp $(syscall_headers) toolchain/$(cross).cfg \
		$(wildcard arch/wasm32/* arch/wasm32/bits/* src/internal/*)
	$(Q)mkdir -p $(libc)
	$(Q)find $(libc)/obj -name '*.o' -delete
	$(Q)touch $@

$(libc)/config.mak: toolchain/musl.mak
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

libc_make = +$(Q)$(MAKE) -C $(libc) -f ../musl/Makefile \
	$(if $(Q),-s CC_CMD='echo "  CC      $$<"; $$(CC) $$(CFLAGS_ALL) -c -o $$@ $$<')

$(libc)/lib/libc.a: $(libc)/.headers $(libc)/config.mak $(tool_files) $(sysroot)/$(cross).cfg \
		$(wildcard crt/wasm32/* src/*/wasm32/*)
	$(libc_make) all
	$(Q)touch $@

# --- sysroot ---

# Clang reads the options from here also while it compiles libc.
$(sysroot)/$(cross).cfg: toolchain/$(cross).cfg
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

# The kernel's headers first: where both have a file, it is musl's.
$(sysroot)/.stamp: $(libc)/lib/libc.a $(B)/kernel-headers/.stamp $(WASM_RT_LIB)
	$(say) INSTALL $(sysroot)
	$(Q)rm -rf $(sysroot)/include $(sysroot)/lib
	$(Q)mkdir -p $(sysroot)/lib
	$(Q)cp -R $(B)/kernel-headers/include $(sysroot)/
	$(libc_make) install-libs install-headers DESTDIR=$(abspath $(sysroot)) >/dev/null
	$(Q)cp $(WASM_RT_LIB) $(sysroot)/lib/libgcc.a
	$(Q)touch $@

# What compiling a program needs.
toolchain := $(tool_files) $(sysroot)/.stamp
built += $(toolchain)

.PHONY: libc sysroot
libc: $(libc)/lib/libc.a
sysroot: $(toolchain)

# --- tests ---

$(B)/test-suite/abi/wasm-types: test-suite/abi/wasm-types.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(CFLAGS) -Wall -o $@ $<
check_needs += $(B)/test-suite/abi/wasm-types
