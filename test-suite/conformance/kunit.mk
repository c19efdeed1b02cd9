# SPDX-License-Identifier: MIT
# The kernel's own unit tests.  They run when a kernel boots that has them:
# one of its own, in a muslin of its own.

kunit := $(B)/kunit
kunit_kernel := $(kunit)/kernel
kunit_c := $(vmlinux_c:$(h)/%=$(kunit)/%)
kunit_o := $(kunit_c:.c=.o) $(lib_sources:host/%.c=$(kunit)/%.o) $(kunit)/syscalls.o
kunit_lib := $(filter-out $(vmlinux_o) $(h)/syscalls.o $(call objects,$(lib_sources)),$(lib_objects))

$(kunit_kernel)/.config: $(addprefix kernel/arch/wasm/configs/,$(kernel_configs) kunit.config) $(B)/linux/.stamp
	$(say) CONFIG $@
	$(Q)mkdir -p $(@D)
	$(call kernel_make,$(kunit_kernel)) -s $(kernel_configs) kunit.config
	$(Q)touch $@

$(kunit)/vmlinux.wasm: $(kunit_kernel)/.config $(kernel_files)
	$(call kernel_make,$(kunit_kernel)) vmlinux
	$(Q)cp $(kunit_kernel)/vmlinux $@

$(kunit)/vmlinux/.stamp: $(kunit)/vmlinux.wasm $(h)/muslin-prelude $(WASM2C)
	$(say) WASM2C $<
	$(Q)mkdir -p $(@D)
	$(Q)$(WASM2C) $< -n vmlinux --enable-threads --num-outputs=$(VMLINUX_PARTS) -o $(@D)/vmlinux.c
	$(Q)$(h)/muslin-prelude $(@D)/vmlinux-impl.h $(kunit_c)
	$(Q)touch $@
$(kunit_c): $(kunit)/vmlinux/.stamp ;

# It is run once: what -O2 would take to compile is more than it gives.
$(kunit_c:.c=.o): %.o: %.c host/cgen/prelude.h host/cgen/abi.h
	$(say) CC $@
	$(Q)$(CCACHE) $(HOSTCLANG) $(VMLINUX_CFLAGS) $(KERNEL_TEXT) -O1 -Ihost/cgen -I$(@D) -c -o $@ $<

$(kunit)/syscalls.c: host/machine/syscalls.awk $(kunit)/vmlinux/.stamp
	$(Q)awk -f $< $(kunit)/vmlinux/vmlinux.h >$@

# The library knows how large this kernel's instance is.
$(kunit)/%.o: host/%.c $(wildcard host/*.h host/*/*.h) $(h)/confine-list.h | $(kunit)/vmlinux/.stamp
	$(Q)mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(subst $(h)/vmlinux,$(kunit)/vmlinux,$(HOST_CPPFLAGS)) $(HOST_CFLAGS) $(cflags_$<) -c -o $@ $<
$(kunit)/syscalls.o: $(kunit)/syscalls.c
	$(Q)$(CCACHE) $(CC) $(subst $(h)/vmlinux,$(kunit)/vmlinux,$(HOST_CPPFLAGS)) $(HOST_CFLAGS) $(cflags_syscalls) -c -o $@ $<

$(kunit)/muslin: $(kunit_o) $(kunit_lib) $(cli_objects)
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $(cli_objects) $(kunit_o) $(kunit_lib) $(HOST_LIBS)

.PHONY: kunit
kunit: $(kunit)/muslin
	@test-suite/conformance/kunit $< test-suite/conformance/kunit.reasons $(kunit)/results
