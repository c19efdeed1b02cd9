# SPDX-License-Identifier: MIT
# The tests: see test-suite/README.

T := $(B)/test-suite

guest_sources := $(sort $(wildcard test-suite/guest/*.c))
guest_tests := $(guest_sources:test-suite/%.c=$(T)/%)
host_sources := $(sort $(wildcard test-suite/host/*.c))
host_objects := $(host_sources:%.c=$(B)/%.o)
host_suites := $(notdir $(host_sources:.c=))
# test-suite/host/rewrite.c's subject, natively
host_objects += $(rewriter:%=$(n)/%.o)
scripts := $(sort $(wildcard test-suite/abi/* test-suite/cli/* test-suite/programs/* test-suite/cxx/*))
# Scripts are executable; what else lies there belongs to one of them.
scripts := $(shell for f in $(filter-out test-suite/cxx/run,$(scripts)); do [ -d $$f ] || [ ! -x $$f ] || echo $$f; done)

$(T)/guest/%: test-suite/guest/%.c test-suite/guest/test.h $(toolchain)
	$(say) GUEST $*
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/wasm32-linux-musl-cc -O2 -Wall -Itest-suite/guest $(GUEST_FLAGS) -o $@ $<

$(T)/guest/instructions: test-suite/guest/instructions.h test-suite/guest/edges.h
$(T)/guest/io_uring $(T)/guest/io_uring_sqpoll: test-suite/guest/io_uring.h
$(T)/guest/vectors: test-suite/guest/vectors.h test-suite/guest/edges.h
$(T)/guest/vectors: private GUEST_FLAGS += -msimd128 -Os
$(T)/guest/vectors_kept: private GUEST_FLAGS += -msimd128
$(T)/guest/vectors_relaxed: private GUEST_FLAGS += -msimd128 -mrelaxed-simd
$(T)/guest/seccomp $(T)/guest/seccomp_where: test-suite/guest/seccomp.h
$(T)/guest/strings $(T)/guest/strings_simd: test-suite/guest/by_blocks.h
$(T)/guest/strings_simd: private GUEST_FLAGS += -msimd128
# functions that only assembler and other languages have
$(T)/guest/function_references: private GUEST_FLAGS += -mreference-types -mmultivalue

$(B)/test-suite/host/%.o: test-suite/host/%.c $(wildcard host/*.h host/*/*.h) | $(h)/vmlinux/.stamp
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) -std=gnu11 $(CFLAGS) -Wall -Ihost/cgen $(HOST_CPPFLAGS) -c -o $@ $<

# --- real programs: their recipes are in programs/ ---

triple := wasm32-linux-musl
with_tools := PATH='$(abspath $(B)/bin)':"$$PATH"

# unpack(NAME): its source into the target's directory.
unpack = rm -rf $(@D) && mkdir -p $(@D) && \
	tar -xf $(sources)/$(1)/*.orig.tar.[gx]z -C $(@D) --strip-components=1 --no-same-owner

test_programs := lua zlib dash make

$(test_programs:%=$(T)/%/.stamp): $(T)/%/.stamp: $(B)/programs/%/.stamp
	$(Q)rm -rf $(@D) && mkdir -p $(T)
	$(Q)ln -s ../programs/$*/src $(@D)
	$(Q)touch $@

check_needs += $(test_programs:%=$(T)/%/.stamp)
# programs/rootfs makes a small root
check_needs += $(addprefix $(sources)/,$(addsuffix .stamp,netbase ncurses-base tzdata ca-certificates))

include test-suite/cxx/rules.mk
include test-suite/sanitize.mk

# fuzz/imports.c is in the place of the kernel.  Its system calls are all one.
$(T)/fuzz/imports-syscalls.c: $(h)/vmlinux/.stamp
	$(say) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q){ echo '#include "vmlinux.h"'; echo 'u32 fuzz_syscall(void);'; \
		sed -n 's/^\(u32 w2c_vmlinux_0x5F_syscall_[^;]*\);$$/\1 { return fuzz_syscall(); }/p' \
		$(h)/vmlinux/vmlinux.h; } >$@.tmp
	$(Q)mv $@.tmp $@

IMPORTS_SOURCES := $(T)/fuzz/imports-syscalls.c host/machine/machine.c host/machine/kmem.c host/machine/task.c host/machine/mm.c host/machine/space.c host/machine/user.c host/machine/exec.c \
	host/devices/stream.c $(wildcard host/disk/*.c) host/devices/stream-file.c host/net/net.c host/machine/clock.c host/devices/idle.c host/devices/hooks.c host/devices/console.c host/machine/stack.c host/devices/tty.c \
	host/machine/arena.c host/core/share.c host/machine/fault.c host/machine/signals.c $(wildcard host/hostfs/*.c)
IMPORTS_LIBS := $(call objects,host/machine/$(arch)/switch.c) $(filter %-asm.o,$(lib_objects)) $(B)/lib/libmuslin.a

# Stacks that tasks switch between are not AddressSanitizer's to watch; heap and
# globals are.
$(T)/fuzz/imports: test-suite/fuzz/imports.c $(IMPORTS_SOURCES) $(IMPORTS_LIBS)
	$(say) CC $@
	$(Q)$(FUZZ_CC) -g -O1 -std=gnu11 -w $(HOST_CPPFLAGS) -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -mllvm -asan-stack=0 \
		-o $@ $^ $(HOST_LIBS)

$(T)/fuzz/imports-plain: test-suite/fuzz/imports-plain.c test-suite/fuzz/imports.c \
		$(T)/fuzz/imports-syscalls.c $(B)/lib/libmuslin.a
	$(say) CC $@
	$(Q)$(CC) $(CFLAGS) -std=gnu2x -Wall $(HOST_CPPFLAGS) \
		-o $@ $(filter-out %imports.c,$^) $(HOST_LIBS) $(LDFLAGS)

check_needs += $(T)/fuzz/imports-plain

# --- the driver ---

$(T)/suites.h: FORCE
	$(Q)mkdir -p $(@D)
	$(Q){ :; $(foreach s,$(host_suites),echo 'X($s)';) } | { $(call update,$@); }

$(T)/check: test-suite/check.c $(T)/suites.h $(host_objects) $(if $(host_objects),$(B)/lib/libmuslin.a)
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(CFLAGS) -Wall -I$(T) \
		-o $@ $< $(filter %.o %.a,$^) $(HOST_LIBS) $(LDFLAGS) $(CLI_LDFLAGS) \
		-lcheck -lsubunit -lm -lrt -lpthread

# "SUITE NAME COMMAND" lines.  check_lines: commands that print more of them.
$(T)/list: FORCE
	$(Q)mkdir -p $(@D)
	$(Q){ :; $(foreach t,$(scripts),echo '$(notdir $(patsubst %/,%,$(dir $t))) $(notdir $t) "$$TOP/$t"';) \
	$(foreach t,$(guest_tests),echo 'guest $(notdir $t) muslin run "$$TOP/$t"';) \
	$(check_lines) } $(only_some) | { $(call update,$@); }

# Both tiers are to give the same results; tests of tiers set their own.
TIER := optimized

check: $(built) $(T)/check $(T)/list $(guest_tests) $(check_needs)
	@TOP='$(CURDIR)' MUSLIN_TIER='$(TIER)' BUILD='$(abspath $(B))' PATH='$(abspath $(B)/bin):$(PATH)' \
		$(if $(CK_RUN_SUITE),CK_RUN_SUITE='$(CK_RUN_SUITE)') \
		$(if $(CK_RUN_CASE),CK_RUN_CASE='$(CK_RUN_CASE)') \
		$(T)/check $(T)/list

# The programs of guest/ on the kernel with CONFIG_SMP (host/variant.mk), in machines with
# CPUS processors.
CPUS := 2
.PHONY: check-smp
check-smp: $(B)/smp/muslin $(T)/check $(T)/list $(guest_tests)
	@sed -n 's/muslin run/& --cpus $(CPUS)/p' $(T)/list >$(T)/list-smp
	@TOP='$(CURDIR)' MUSLIN_TIER='$(TIER)' BUILD='$(abspath $(B))' PATH='$(abspath $(B)/smp):$(abspath $(B)/bin):$(PATH)' \
		CK_RUN_SUITE=guest $(if $(CK_RUN_CASE),CK_RUN_CASE='$(CK_RUN_CASE)') $(T)/check $(T)/list-smp

# Containers, by engines that are there: test-suite/oci.
.PHONY: check-oci
check-oci: $(built) $(T)/check
	@{ for t in test-suite/oci/*; do echo "oci $${t##*/} \"\$$TOP/$$t\""; done; } >$(T)/oci-list
	@TOP='$(CURDIR)' MUSLIN_TIER='$(TIER)' BUILD='$(abspath $(B))' PATH='$(abspath $(B)/bin):$(PATH)' \
		CK_RUN_SUITE=oci CK_TIMEOUT_MULTIPLIER=4 $(if $(CK_RUN_CASE),CK_RUN_CASE='$(CK_RUN_CASE)') \
		$(T)/check $(T)/oci-list

include web/check.mk

# 200 times, what `make check` does a few times
.PHONY: disk-killed
disk-killed: $(built)
	@dir=$$(mktemp -d) && cd $$dir && TOP='$(CURDIR)' MUSLIN_TIER=optimized BUILD='$(abspath $(B))' \
		PATH='$(abspath $(B)/bin):$(PATH)' '$(CURDIR)/test-suite/cli/disk-killed' 200; \
		r=$$?; rm -rf $$dir; exit $$r
