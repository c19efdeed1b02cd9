# SPDX-License-Identifier: MIT
# vmlinux.wasm and the kernel's headers for programs.

kernel := $(B)/kernel
vmlinux := $(kernel)/vmlinux.wasm

# Everything in the kernel that is ours; what is upstream's is $(B)/linux/.stamp.
kernel_files := $(filter-out %.config,$(shell find kernel/arch -type f))
kernel_headers_files := $(filter kernel/arch/wasm/include/uapi/%,$(kernel_files)) \
	kernel/arch/wasm/kernel/Makefile.syscalls

# $(call kernel_make,DIRECTORY).  A build is the same on every machine, on every
# day.  The kernel's make minds another one beside it.
kernel_make = +$(Q)mkdir -p $(1) && flock $(1)/.lock $(MAKE) -C $(B)/linux O=$(abspath $(1)) ARCH=wasm \
	LLVM=$(KBUILD_LLVM) LD=$(WASM_LD) CC='$(CCACHE) $(CLANG)' HOSTCC='$(CC)' \
	HOSTCXX=false KBUILD_BUILD_TIMESTAMP=2026-01-01 \
	KBUILD_BUILD_USER=muslin KBUILD_BUILD_HOST=muslin $(if $(Q),,V=1)

kernel_configs := defconfig disk.config $(PAGE_KIB)k-pages.config
$(kernel)/.config: $(kernel_configs:%=kernel/arch/wasm/configs/%) config.mak $(B)/linux/.stamp
	$(say) CONFIG $@
	$(Q)mkdir -p $(@D)
	$(call kernel_make,$(kernel)) -s $(kernel_configs)
	$(Q)touch $@

# The headers first, which would wait for the lock with one of make's jobs.
$(vmlinux): $(kernel)/.config $(B)/linux/.stamp $(kernel_files) | $(B)/kernel-headers/.stamp
	$(call kernel_make,$(kernel)) vmlinux
	$(Q)cp $(kernel)/vmlinux $@.tmp
	$(Q)mv $@.tmp $@

$(B)/kernel-headers/.stamp: $(kernel)/.config $(kernel_headers_files)
	$(say) INSTALL $(@D)
	$(Q)rm -rf $(@D)
	$(call kernel_make,$(kernel)) -s headers_install INSTALL_HDR_PATH=$(abspath $(@D))
	$(Q)touch $@

built += $(vmlinux)

.PHONY: kernel
kernel: $(vmlinux)
