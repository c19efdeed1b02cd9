# SPDX-License-Identifier: MIT
# The kernel's self-tests, of the tree that our kernel is made from.
#
#	make kselftest			on our kernel
#	make kselftest-native		on this machine's, which is another version
#	make kselftest-report		both, and what differs

ks := $(B)/kselftest
ks_list := test-suite/conformance/kselftests
ks_tree := $(B)/linux/tools/testing/selftests
ks_programs := $(shell sed -n 's/^\([a-z][^ ]*\).*/\1/p' $(ks_list))

# What a program needs beside its own source.
ks_more = $(filter-out =%,$(shell sed -n 's|^$*  *||p' $(ks_list)))
ks_cc = -O2 -w -D_GNU_SOURCE -I$(ks_tree) \
	$(if $(filter futex/%,$*),-I$(ks_tree)/futex/include) \
	$(if $(filter mm/% proc/%,$*),-I$(B)/linux/tools/include) -o $@ $< \
	$(filter -%,$(ks_more)) $(addprefix $(ks_tree)/,$(filter-out -%,$(ks_more))) -lpthread -lrt

# One that cannot be built is counted as such.
ks_build = mkdir -p $(@D) && { $(1) $(ks_cc) >$@.log 2>&1 && rm $@.log || rm -f $@; }

ks_wasm := $(ks_programs:%=$(ks)/wasm/%)
ks_native := $(ks_programs:%=$(ks)/native/%)

$(ks_wasm): $(ks)/wasm/%: $(ks_tree)/%.c $(ks_list) $(toolchain) $(wildcard test-suite/conformance/glibc/*)
	$(say) GUEST $*
	$(Q)$(call ks_build,$(B)/bin/wasm32-linux-musl-cc -Itest-suite/conformance/glibc -include kselftest-compat.h)

$(ks_native): $(ks)/native/%: $(ks_tree)/%.c $(ks_list) $(ks)/headers/.stamp
	$(say) CC $*
	$(Q)$(call ks_build,$(CC) -isystem $(ks)/headers/include)

# The system calls are those of the same kernel, and this machine's CPU.
$(ks)/headers/.stamp: $(B)/linux/.stamp
	$(Q)mkdir -p $(@D)/kernel
	+$(Q)$(MAKE) -s -C $(B)/linux O=$(abspath $(@D)/kernel) headers_install \
		INSTALL_HDR_PATH=$(abspath $(@D)) >/dev/null
	$(Q)touch $@

$(addprefix $(ks_tree)/,$(addsuffix .c,$(ks_programs))): | $(B)/linux/.stamp ;

ks_run = test-suite/conformance/kselftest $(ks_list) $(ks)/$(1) $(ks)/$(1).results

# What some of them execute.
$(ks)/bin/true $(ks)/bin/sleep: $(ks)/bin/%: $(toolchain)
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include <stdlib.h>%#include <unistd.h>%int main(int n, char **v) { return n > 1 && sleep(atoi(v[1])); }' | \
		tr % '\n' | $(B)/bin/wasm32-linux-musl-cc -O2 -x c -o $@ -

.PHONY: kselftest kselftest-native kselftest-report
kselftest: $(built) $(ks_wasm) $(ks)/bin/true $(ks)/bin/sleep
	$(Q)mkdir -p $(ks)/mnt
	@$(call ks_run,wasm) $(abspath $(B))/bin/muslin run --dir . --dir $(abspath $(ks))/bin:/bin:ro \
		--dir $(abspath $(ks))/mnt:/mnt
kselftest-native: $(ks_native)
	@$(call ks_run,native)
kselftest-report: kselftest kselftest-native
	@test-suite/conformance/table kselftest test-suite/conformance/kselftest.reasons \
		$(ks)/native.results $(ks)/wasm.results - >$(ks)/table
	@test-suite/conformance/report $(ks)/table

# --- a few of them in make check, by their exit status ---

ks_check := $(shell cat test-suite/conformance/kselftests.check)

check: $(ks_check:%=$(ks)/wasm/%)
check_lines += $(foreach t,$(ks_check),echo 'kselftest $(subst /,-,$t) \
	muslin run "$$BUILD/kselftest/wasm/$t" >out 2>&1 || { cat out; false; }';)
