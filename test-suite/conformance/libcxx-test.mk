# SPDX-License-Identifier: MIT
# make libcxx-test: libc++'s and libc++abi's own tests, beside a native run of them by
# LIBCXX_TEST_NATIVE, clang with the machine's libc++ (libc++-22-dev, libc++abi-22-dev).
# LIBCXX_TEST=REGEX is which; without it, those of libcxx-selection.  LIBCXX_TEST_SAMPLE=NUMBER
# chooses so many of them.

X := $(B)/libcxx-test
# Debian 12's shared libc++ is older than the headers.
LIBCXX_TEST_NATIVE := $(HOSTCLANG) --driver-mode=g++ -stdlib=libc++ -static-libstdc++
# As the script has them: the other one is `optimised', whose compiler takes seconds for each.
LIBCXX_TEST_RUNS := quick

# No directory named test comes with the tree that libc++ is made from.
$(X)/src/.stamp: $(sources)/llvm.stamp
	$(say) UNPACK "libc++'s tests"
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)tar -xf $(sources)/llvm/*.orig.tar.xz -C $(@D) --strip-components=1 --no-same-owner --wildcards \
		'*/libcxx/test/*' '*/libcxxabi/test/*' '*/libcxxabi/src/*' '*/libcxx/src/*'
	$(Q)touch $@

$(X)/programs: $(X)/src/.stamp FORCE
	$(Q)test-suite/conformance/libcxx-test list $(X)/src '$(LIBCXX_TEST)' $(LIBCXX_TEST_SAMPLE) >$@.new && mv $@.new $@

# $(call libcxx_test,ARGUMENTS)
libcxx_test = $(with_tools) NEWER='$(abspath $(libcxx)/.installed)' MUSLIN='$(abspath $(B)/bin/muslin)' \
	ROOTFS='$(abspath $(P)/rootfs)' test-suite/conformance/libcxx-test $(1)

.PHONY: libcxx-test
# A helper of the tests names off64_t, which musl has only if it is asked.
libcxx-test: $(libcxx)/.installed $(built) $(X)/programs $(B)/programs/rootfs.tar.xz
	@echo 'int main() {}' | $(LIBCXX_TEST_NATIVE) -x c++ -o $(X)/try - 2>$(X)/try.log || \
		{ cat $(X)/try.log; echo 'libcxx-test: no native libc++: install libc++-22-dev and libc++abi-22-dev'; exit 1; }
	$(say) CXX "$$(wc -l <$(X)/programs) tests, twice"
	$(Q)CC='$(HOSTCLANG)' CXX='$(LIBCXX_TEST_NATIVE)' $(call libcxx_test,build $(abspath $(X)/src $(X)) native.bin)
	$(Q)CC=$(triple)-cc CXX='$(triple)-c++ -D_LARGEFILE64_SOURCE' $(call libcxx_test,build $(abspath $(X)/src $(X)) wasm.bin)
	$(Q)for how in native $(LIBCXX_TEST_RUNS); do $(call libcxx_test,$$how $(abspath $(X))) || exit; done
	@$(call libcxx_test,report $(abspath $(X)))
