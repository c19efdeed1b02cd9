# SPDX-License-Identifier: MIT
# make posix-test: the Open POSIX Test Suite, beside native runs of it.

posix_out := $(B)/posix-test
posix_tree := $(B)/posixtestsuite

$(eval $(call fetched,posixtestsuite,src:posixtestsuite))
$(eval $(call tree,posixtestsuite,posixtestsuite-1.5.2,,*.orig.tar.gz,.))

# The suite is of 2005: what has become an error since is none.
posix_flags := -std=gnu99 -O2 -w -D_GNU_SOURCE -D_POSIX_C_SOURCE=200112L \
	$(addprefix -Wno-,implicit-function-declaration int-conversion return-mismatch \
	incompatible-pointer-types incompatible-function-pointer-types)

# $(call posix_run,KIND,COMPILER,NEWER)
posix_run = $(with_tools) CC='$(2) $(posix_flags)' NEWER='$(abspath $(3))' \
	test-suite/conformance/posix-test run $(posix_tree) $(posix_out) $(1) '$(POSIX_TEST)'

# One after the other: each uses all processors, and some are in a hurry.
.PHONY: posix-test
posix-test: $(built) $(posix_tree)/.stamp $(native_musl)/.stamp
	$(Q)mkdir -p $(posix_out)
	@$(call posix_run,glibc,$(HOSTCLANG),$(posix_tree)/.stamp)
	@$(call posix_run,musl,$(native_cc),$(native_musl)/.stamp)
	@$(call posix_run,muslin,$(triple)-cc,$(sysroot)/.stamp)
	@$(call posix_run,quick,$(triple)-cc,$(sysroot)/.stamp)
	@test-suite/conformance/posix-test report $(posix_out)

# --- a selection, for make check ---

posix_selection := $(shell sed '/^\#/d' test-suite/conformance/posix-selection)
posix_programs := $(posix_selection:%=$(T)/posix/%)

$(posix_programs): $(T)/posix/%: $(posix_tree)/.stamp test-suite/conformance/posix-2001.h $(toolchain)
	$(say) GUEST $*
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/$(triple)-cc $(posix_flags) -include test-suite/conformance/posix-2001.h \
		-I$(posix_tree)/include -o $@ $(posix_tree)/conformance/interfaces/$*.c

ifneq ($(filter posix,$(or $(CK_RUN_SUITE),posix)),)
check: $(posix_programs)
check_lines += $(foreach p,$(posix_selection),echo 'posix $(subst /,-,$(p)) \
	muslin run --tier quick "$$TOP/$(T)/posix/$(p)" >out 2>&1 || { cat out; false; }';)
endif

# The same in Node.
check-node: $(posix_programs)
