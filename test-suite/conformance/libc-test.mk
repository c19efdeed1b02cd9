# SPDX-License-Identifier: MIT
# make libc-test LIBC_TEST=DIR: musl's tests, of which DIR is a checkout; HOST=node:
# in Node, KIND=dynamic: dynamic programs; and the table of all that has been run.

L := $(B)/libc-test$(addprefix -,$(KIND))
LIBC_TEST_DIR = $(abspath $(LIBC_TEST))

# $(call libc_test_make,SIDE,VARIABLES,LIBRARIES,LDFLAGS): a copy of the suite, built by its own
# Makefile, which goes on where a program cannot be built.  Libraries are for
# the programs that load them.
define libc_test_make
	$(say) MAKE "libc-test, $(1)"
	$(Q)rm -rf $(L)/$(1)
	$(Q)mkdir -p $(L)/$(1)
	$(Q)cp -R $(LIBC_TEST_DIR)/Makefile $(LIBC_TEST_DIR)/config.mak.def $(LIBC_TEST_DIR)/src $(L)/$(1)
	$(Q){ cat $(L)/$(1)/config.mak.def; \
		echo 'CFLAGS += $(libc_test_flags)'; echo 'LDLIBS += $(3)'; echo 'LDFLAGS += $(4)'; } >$(L)/$(1)/config.mak
	$(Q)test-suite/conformance/libc-test programs $(L)/$(1) $(KIND)
	+$(Q)$(MAKE) -C $(L)/$(1) $(2) $$(cut -d' ' -f2- $(L)/$(1)/programs) \
		src/common/runtest.exe >$(L)/$(1)/log 2>&1 || { tail $(L)/$(1)/log >&2; exit 1; }
	$(Q)touch $@
endef

# What clang warns of is an error in api/, but was none when it was written.
libc_test_flags := -Wno-strict-prototypes -Wno-switch-bool -Wno-c23-extensions \
	-Wno-parentheses -Wno-unsupported-floating-point-opt -Wno-unused-command-line-argument

# Built again for another checkout, or with other flags.
$(L)/checkout: FORCE
	$(Q)[ '$(LIBC_TEST)' ] || { echo 'libc-test: LIBC_TEST=DIR says where a checkout of it is' >&2; exit 1; }
	$(Q)[ -e '$(LIBC_TEST)/src/common/runtest.c' ] || \
		{ echo 'libc-test: $(LIBC_TEST): not a checkout of libc-test' >&2; exit 1; }
	$(Q)mkdir -p $(L)
	$(Q)echo '$(LIBC_TEST_DIR) $(libc_test_flags) $(native_ldlibs)' | { $(call update,$@); }

$(L)/native/.stamp: $(L)/checkout $(B)/native-musl/.stamp
	$(call libc_test_make,native,CC=$(native_cc),$(native_ldlibs))

$(L)/wasm/.stamp: $(L)/checkout $(toolchain)
	$(call libc_test_make,wasm,CC='$(abspath $(B)/bin/$(triple)-cc)' \
		AR='$(abspath $(B)/bin/$(triple)-ar)' RANLIB='$(abspath $(B)/bin/$(triple)-ranlib)',,-dynamic)

# popen() and the loop around runtest want a shell, posix_spawnp() an echo.
$(L)/bin/sh: $(T)/dash/.stamp
	$(Q)mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\necho "$$@"\n' >$(@D)/echo
	$(Q)chmod +x $(@D)/echo
	$(Q)cp $(T)/dash/src/dash $@

# $(call libc_test,HOW)
libc_test = MUSLIN='$(abspath $(B)/bin/muslin$(if $(filter node,$(1)),-node))' test-suite/conformance/libc-test $(1) $(abspath $(L))

$(L)/user/native: $(L)/native/.stamp
	$(Q)$(call libc_test,native)

# As the script has them; LIBC_TEST_RUNS='alone-quick together-quick' is one tier.
LIBC_TEST_RUNS := $(or $(HOST),alone together alone-quick together-quick)

define newline


endef

.PHONY: libc-test
libc-test: $(L)/user/native $(L)/wasm/.stamp $(L)/bin/sh $(built) $(if $(filter node,$(HOST)),$(NODE))
	$(foreach how,$(LIBC_TEST_RUNS),$(Q)$(call libc_test,$(how))$(newline))
	$(Q)test-suite/conformance/libc-test report $(abspath $(L))
