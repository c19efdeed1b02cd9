# SPDX-License-Identifier: MIT
# The yardstick: the same musl, with Debian's patches and none of ours, built
# for this machine by the same clang.

native_musl := $(B)/native-musl
native_cc := $(abspath $(native_musl)/bin/musl-clang)
# libc wants more of libgcc than what programs want.
native_ldlibs = -lc $(shell $(HOSTCLANG) -print-libgcc-file-name)

# Away from patches/, toolchain/tree finds none of ours.
$(native_musl)/.stamp: $(or $(MUSL_SRC),$(sources)/musl.stamp)
	$(say) MAKE "musl, native"
	$(Q)rm -rf $(native_musl)
	$(Q)mkdir -p $(native_musl)/obj
	$(Q)cd $(native_musl) && $(CURDIR)/toolchain/tree src \
		$$(echo $(abspath $(or $(MUSL_SRC),$(sources)/musl/*.orig.tar.[gx]z))) musl-1.2.5 . >log
	$(Q)cd $(native_musl)/obj && { ../src/configure --prefix=$(abspath $(native_musl)) \
		--syslibdir=$(abspath $(native_musl))/lib --enable-wrapper=clang \
		CC=$(HOSTCLANG) && $(MAKE) install; } >>../log 2>&1 || { tail ../log >&2; exit 1; }
	$(Q)touch $@
