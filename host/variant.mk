# SPDX-License-Identifier: MIT
# variant(NAME, CONFIGS, CFLAGS): $(B)/NAME/muslin, a muslin of its own with another
# kernel, for machines with several CPUs.  Its host library knows how large that kernel's
# instance is, and how many CPUs there can be.
several_cpus := -DKERNEL_CPUS=8

define variant
$(1)_o := $$(patsubst $(h)/%.c,$(B)/$(1)/%.o,$(vmlinux_c)) $(lib_sources:host/%.c=$(B)/$(1)/%.o) $(B)/$(1)/syscalls.o $(B)/$(1)/locks.o
$(1)_c := $(vmlinux_c:$(h)/%=$(B)/$(1)/%)
$(1)_lib := $(filter-out $(vmlinux_o) $(h)/syscalls.o $(call objects,$(lib_sources)),$(lib_objects))

$(B)/$(1)/kernel/.config: $(addprefix kernel/arch/wasm/configs/,$(kernel_configs) $(2)) $(B)/linux/.stamp
	$$(say) CONFIG $$@
	$$(Q)mkdir -p $$(@D)
	$$(call kernel_make,$$(@D)) -s $(kernel_configs) $(2)
	$$(Q)touch $$@

$(B)/$(1)/vmlinux.wasm: $(B)/$(1)/kernel/.config $(kernel_files)
	$$(call kernel_make,$(B)/$(1)/kernel) vmlinux
	$$(Q)cp $(B)/$(1)/kernel/vmlinux $$@

$(B)/$(1)/vmlinux/.stamp: $(B)/$(1)/vmlinux.wasm $(h)/muslin-prelude $(WASM2C)
	$$(say) WASM2C $$<
	$$(Q)$$(call kernel_c,$$<,$$(@D),$$($(1)_c),$$(several_words))
	$$(Q)touch $$@
$$($(1)_c): $(B)/$(1)/vmlinux/.stamp ;

$(B)/$(1)/locks.h: host/machine/locks.awk $(B)/$(1)/vmlinux/.stamp
	$$(Q)awk -v header=1 -f $$< $(B)/$(1)/vmlinux/vmlinux.h >$$@.tmp
	$$(Q)grep -q '^#define w2c_host_task_create ' $$@.tmp
	$$(Q)mv $$@.tmp $$@
$(B)/$(1)/locks.c: host/machine/locks.awk $(B)/$(1)/vmlinux/.stamp
	$$(Q)awk -f $$< $(B)/$(1)/vmlinux/vmlinux.h >$$@

$$($(1)_c:.c=.o): %.o: %.c host/cgen/kernel-text.h host/cgen/kernel-cpus.h $(cgen_headers) $(B)/$(1)/locks.h
	$$(say) CC $$@
	$$(Q)$$(CCACHE) $$(HOSTCLANG) $$(VMLINUX_CFLAGS) $$(KERNEL_TEXT) -include host/cgen/kernel-cpus.h -include $(B)/$(1)/locks.h $(3) -Ihost/cgen -I$$(@D) -c -o $$@ $$<

$(B)/$(1)/syscalls.c: host/machine/syscalls.awk $(B)/$(1)/vmlinux/.stamp
	$$(Q)awk -f $$< $(B)/$(1)/vmlinux/vmlinux.h >$$@

$(B)/$(1)/%.o: host/%.c $(wildcard host/*.h host/*/*.h) $(h)/confine-list.h | $(B)/$(1)/vmlinux/.stamp
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CCACHE) $$(CC) $$(subst $(h)/vmlinux,$(B)/$(1)/vmlinux,$$(HOST_CPPFLAGS)) $$(several_cpus) $$(HOST_CFLAGS) $$(cflags_$$<) -c -o $$@ $$<
$(B)/$(1)/syscalls.o $(B)/$(1)/locks.o: %.o: %.c
	$$(Q)$$(CCACHE) $$(CC) $$(subst $(h)/vmlinux,$(B)/$(1)/vmlinux,$$(HOST_CPPFLAGS)) $$(several_cpus) $$(HOST_CFLAGS) $$(cflags_syscalls) -c -o $$@ $$<

$(B)/$(1)/muslin: $$($(1)_o) $$($(1)_lib) $(cli_objects)
	$$(say) LD $$@
	$$(Q)$$(CC) $$(LDFLAGS) $$(CLI_LDFLAGS) -o $$@ $(cli_objects) $$($(1)_o) $$($(1)_lib) $$(HOST_LIBS)
endef
