# SPDX-License-Identifier: MIT
# libmuslin and the muslin command.

h := $(B)/host
HOST_CPPFLAGS := -D_GNU_SOURCE= -Ihost -iquote kernel/arch/wasm/include/asm -iquote host/cgen -I$(h)/vmlinux \
	-DVERSION='"$(VERSION)"'
HOST_CFLAGS = -std=gnu11 $(CFLAGS) -Wall -Wextra -pthread
HOST_LIBS := -ldl -lm -pthread
# A boot image knows the program that made it, and where its code is: image.c.
CLI_LDFLAGS := -no-pie -Wl,--build-id -static-libgcc

arch := $(shell uname -m)

# --- the kernel, translated ahead of time ---

VMLINUX_PARTS := 8
vmlinux_c := $(patsubst %,$(h)/vmlinux/vmlinux_%.c,$(shell seq 0 $$(($(VMLINUX_PARTS) - 1))))
vmlinux_o := $(vmlinux_c:.c=.o)

# The same options as a program's, see compile.c: the kernel is one, too.
VMLINUX_CFLAGS := -std=gnu11 -O2 -w -fPIC -ffreestanding -fno-strict-aliasing -fwrapv \
	-ffp-contract=off -fno-math-errno -fno-stack-protector \
	-fstack-clash-protection -fcf-protection=none -fvisibility=hidden \
	-fno-asynchronous-unwind-tables
# its stacks are walked: frames.c
KERNEL_TEXT := -include host/cgen/kernel-text.h -funwind-tables

# objects(SOURCES): of files below host/.
objects = $(1:host/%.c=$(h)/%.o)

# the tools, and the part of the library that they consist of
prelude_objects := $(call objects,host/translate/prelude.c host/process/child.c host/process/workdir.c host/core/memory-file.c \
	host/process/sandbox.c host/process/landlock.c host/process/$(arch)/cpu.c)
translate_objects := $(prelude_objects) $(call objects,$(filter-out host/translate/prelude.c, \
	$(wildcard host/wasm/*.c host/translate/*.c)))
tool_objects := $(call objects,host/tools/prelude.c host/tools/translate.c) $(translate_objects)

$(h)/muslin-prelude: $(call objects,host/tools/prelude.c) $(prelude_objects)
$(h)/muslin-translate: $(call objects,host/tools/translate.c) $(translate_objects)
$(h)/muslin-prelude $(h)/muslin-translate:
	$(say) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# what generated C includes
cgen_headers := host/cgen/prelude.h host/cgen/prelude-plain.h host/cgen/jump.h host/cgen/abi.h

# Globals of the kernel that are constants for machines with one CPU: prelude.h.
kernel_words := 's/ = instance->w2c_wasm_\(one_cpu\|total_order\|cpu\|cpu_offset\);/ = muslin_\1;/'
kernel_cpus := -DMUSLIN_ONE_CPU

# Where it may have several they are words of each: kernel-cpus.h.  What an instance begins
# with is not theirs.
several_words := '/^static void init_globals/,/^}/b; \
	s/ = instance->w2c_wasm_total_order;/ = muslin_total_order;/; \
	s/instance->w2c_wasm_\(current\|irq_flags\|one_cpu\|cpu\|cpu_offset\)\b/MUSLIN_KERNEL->\1/g; \
	s/instance->w2c_0x5F_stack_pointer\b/MUSLIN_KERNEL->stack_pointer/g'

# $(call kernel_c,VMLINUX,DIRECTORY,FILES,WORDS): wasm2c writes all parts at once.  Newer ones
# have tail calls unless told not to.
kernel_c = mkdir -p $(2) && $(WASM2C) $(1) -n vmlinux --enable-threads $$($(WASM2C) --help | \
		grep -o -e --disable-tail-call) --num-outputs=$(VMLINUX_PARTS) -o $(2)/vmlinux.c && \
	$(h)/muslin-prelude $(2)/vmlinux-impl.h $(3) && \
	sed -i $(4) $(3)

$(h)/vmlinux/.stamp: $(vmlinux) $(h)/muslin-prelude $(WASM2C)
	$(say) WASM2C $<
	$(Q)$(call kernel_c,$<,$(@D),$(vmlinux_c),$(kernel_words))
	$(Q)touch $@
$(vmlinux_c): $(h)/vmlinux/.stamp ;

$(vmlinux_o): %.o: %.c host/cgen/kernel-text.h $(cgen_headers)
	$(say) CC $@
	$(Q)$(CCACHE) $(HOSTCLANG) $(VMLINUX_CFLAGS) $(KERNEL_TEXT) $(kernel_cpus) -Ihost/cgen -I$(@D) -c -o $@ $<

$(h)/syscalls.c: host/machine/syscalls.awk $(h)/vmlinux/.stamp
	$(say) GEN $@
	$(Q)awk -f $< $(h)/vmlinux/vmlinux.h >$@.tmp
	$(Q)mv $@.tmp $@

# --- the guest's /init ---

init_sources := $(wildcard host/init/*.c)

$(h)/init.wasm: $(init_sources) $(wildcard host/init/*.h) $(toolchain)
	$(say) GUEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/wasm32-linux-musl-cc -O2 -Wall -s \
		-iquote kernel/arch/wasm/include/asm -o $@ $(init_sources)

# translated like any program, but ahead of time: builtin.c
$(h)/init/init.c: $(h)/init.wasm $(h)/muslin-translate $(WASM2C)
	$(say) WASM2C $<
	$(Q)mkdir -p $(@D)
	$(Q)$(h)/muslin-translate $(WASM2C) $< init $(@D)

# its libc.so, too; translate/link.c has but one name for what is linked
$(h)/libc/program.c: $(sysroot)/.stamp $(h)/muslin-translate $(WASM2C)
	$(say) WASM2C $(sysroot)/lib/libc.so
	$(Q)mkdir -p $(@D)
	$(Q)$(h)/muslin-translate $(WASM2C) $(sysroot)/lib/libc.so program $(@D)

$(h)/libc/program.o: module_name := -Dmuslin_module_program=muslin_module_libc
$(h)/init/init.o $(h)/libc/program.o: %.o: %.c $(cgen_headers)
	$(say) CC $@
	$(Q)$(CCACHE) $(HOSTCLANG) $(VMLINUX_CFLAGS) -mllvm -disable-lsr -Ihost/cgen $(module_name) -c -o $@ $<

$(h)/loader/init-image.o: host/loader/init-image.S $(h)/init.wasm $(sysroot)/.stamp
	$(say) AS $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -DINIT_WASM='"$(h)/init.wasm"' -DLIBC_SO='"$(sysroot)/lib/libc.so"' -c -o $@ $<

# --- libmuslin and muslin ---

cli_sources := $(wildcard host/cli/*.c)
# programs that have machines in processes of their own
attend_sources := $(wildcard host/attend/*.c host/serve/*.c host/oci/*.c)
lib_sources := $(filter-out $(cli_sources) $(attend_sources) $(wildcard host/init/*.c host/tools/*.c), \
	$(wildcard host/*/*.c)) $(wildcard host/*/$(arch)/*.c)
lib_assembler := host/machine/$(arch)/adapt.S host/machine/$(arch)/switch.S
lib_objects := $(call objects,$(lib_sources)) $(lib_assembler:host/%.S=$(h)/%-asm.o) \
	$(h)/tcc.o $(h)/syscalls.o $(h)/loader/init-image.o $(h)/init/init.o $(h)/libc/program.o $(vmlinux_o)
cli_objects := $(call objects,$(cli_sources))

# What the filter lets pass is what the other objects call.
$(h)/confine-list.h: host/api/confine-calls.awk host/api/confine-calls.txt $(filter-out $(call objects,host/api/confine-calls.c),$(lib_objects) $(cli_objects))
	$(say) GEN $@
	$(Q)nm -A -P $(filter %.o,$^) >$@.nm
	$(Q)awk -f host/api/confine-calls.awk host/api/confine-calls.txt $@.nm >$@.tmp
	$(Q)mv $@.tmp $@
$(call objects,host/api/confine-calls.c): $(h)/confine-list.h
cflags_host/api/confine-calls.c := -iquote $(h)

# They have frames on stacks that a boot image keeps: no canary of a process.
on_stacks := host/machine/$(arch)/adapt.c host/machine/clock.c host/machine/machine.c \
	host/machine/stack.c host/machine/task.c host/machine/user.c host/machine/fault.c host/machine/signals.c \
	host/devices/idle.c syscalls
$(foreach f,$(on_stacks),$(eval cflags_$(f) := -fno-stack-protector))

# The kernel's header is made; all else is there.
$(h)/%.o: host/%.c | $(h)/vmlinux/.stamp
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(HOST_CPPFLAGS) $(HOST_CFLAGS) $(cflags_$<) -MMD -MP -c -o $@ $<
$(tool_objects): $(h)/%.o: host/%.c
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(HOST_CPPFLAGS) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<
$(h)/syscalls.o: $(h)/syscalls.c
	$(say) CC $<
	$(Q)$(CCACHE) $(CC) $(HOST_CPPFLAGS) $(HOST_CFLAGS) $(cflags_syscalls) -MMD -MP -c -o $@ $<
$(h)/%-asm.o: host/%.S
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -c -o $@ $<
# they are data in it
$(call objects,host/translate/prelude-files.c): $(shell sed -n 's|^TEXT(.*"\(.*\)");|host/\1|p' host/translate/prelude-files.c)

# What the quick tier calls is compiled as the optimized tier's code is, for
# programs that use the floating-point environment, too.
$(call objects,host/loader/quick-rt.c): host/loader/quick-rt.c host/cgen/quick-ops.h host/loader/quick.h host/cgen/prelude.h \
		host/cgen/prelude-plain.h host/cgen/jump.h host/cgen/abi.h
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CCACHE) $(HOSTCLANG) $(VMLINUX_CFLAGS) -frounding-math -ftrapping-math \
		-Ihost -c -o $@ $<

# libtcc as one object that shows nothing but its interface, and comes back to
# its caller where it would exit.
tcc_interface := new delete set_error_func set_options set_output_type \
	compile_string add_symbol relocate get_symbol
$(h)/tcc.o: $(LIBTCC)
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)ld -r --whole-archive -o $@.tmp $<
	$(Q)objcopy $(addprefix --keep-global-symbol=tcc_,$(tcc_interface)) \
		--redefine-sym exit=muslin_tcc_exit $@.tmp $@
	$(Q)rm $@.tmp

$(B)/lib/libmuslin.a: $(lib_objects)
	$(say) AR $@
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(B)/bin/muslin: $(cli_objects) $(B)/lib/libmuslin.a $(WASM2C)
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) $(CLI_LDFLAGS) -o $@ $(cli_objects) $(B)/lib/libmuslin.a $(HOST_LIBS)

built += $(B)/bin/muslin $(B)/lib/libmuslin.a

# --- programs that have machines in processes of their own ---

# $(call server,NAME,LIBRARIES): $(B)/bin/muslin-NAME.  They have no machine that a
# sanitizer would have to know about.
define server
$(1)_objects := $(call objects,$(wildcard host/attend/*.c host/$(1)/*.c))
$(B)/bin/muslin-$(1): $$($(1)_objects) | $(B)/bin/muslin
	$$(say) LD $$@
	$$(Q)$$(CC) $$(filter-out %/runtime.o $$(sanitize_wrap),$$(LDFLAGS)) -o $$@ $$($(1)_objects) $(2) -pthread
built += $(B)/bin/muslin-$(1)
endef
$(eval $(call server,serve,-lmicrohttpd -ljson-c))
$(eval $(call server,oci,-ljson-c))

# --- the same with other kernels ---

include host/variant.mk

# with CONFIG_SMP
$(eval $(call variant,smp,smp.config))

.PHONY: smp
smp: $(B)/smp/muslin

-include $(wildcard $(h)/*.d $(h)/*/*.d $(h)/*/*/*.d)
