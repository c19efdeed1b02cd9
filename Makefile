# SPDX-License-Identifier: MIT
#
# make demo     installs Debian packages that are missing, builds all, runs hello
# make check    the same, and runs all tests
# make help     the rest
#
# Everything made lands in $(B).  This file makes the source trees; the
# fragments that it includes build from them.

B := build
VERSION := 0.1.0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory
# All processors, unless -j says otherwise.
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS))$(SANITIZED),)
MAKEFLAGS += -j$(shell nproc)
endif

# V=1 shows commands instead of a line for each.
ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

# move-if-change: $(call update,FILE) keeps FILE unless stdin differs from it.
update = cat >$(1).new; cmp -s $(1).new $(1) && rm $(1).new || mv $(1).new $(1)

no_config := help clean distclean
ifneq ($(filter-out $(no_config),$(or $(MAKECMDGOALS),all)),)
include config.mak
endif

config.mak: configure | packages
	$(say) CONFIG $@
	$(Q)./configure $(CONFIGURE_ARGS)

# Only demo and check change the machine that they run on.
.PHONY: packages
packages:
ifneq ($(filter demo check,$(MAKECMDGOALS)),)
	@toolchain/install-packages toolchain/packages
endif

# --- what comes from Debian ---

sources := $(B)/sources

# fetched(NAME, PACKAGES): $(sources)/NAME.stamp, and the files in $(sources)/NAME.
# toolchain/fetch is order-only: a better script does not fetch again.
define fetched
$(sources)/$(1).stamp: | toolchain/fetch
	$(Q)rm -rf $(sources)/$(1)
	$(Q)$(addprefix SUITE=,$(3)) toolchain/fetch $(B)/apt$(addprefix -,$(3)) $(sources)/$(1) $(2)
	$(Q)touch $$@
endef
$(eval $(call fetched,musl,src:musl))
$(eval $(call fetched,linux,linux-source-6.12))
$(eval $(call fetched,wabt,wabt+))
$(eval $(call fetched,lua,src:lua5.4))
$(eval $(call fetched,sqlite3,src:sqlite3))
$(eval $(call fetched,zlib,src:zlib))
$(eval $(call fetched,dash,src:dash))
$(eval $(call fetched,make,src:make-dfsg))

# --- source trees: upstream, our patches, our overlay ---

# tree(NAME, NAME-VERSION, GIVEN, FETCHED, OVERLAY): $(B)/NAME/.stamp, the
# source tree from the file GIVEN, or else from the FETCHED one.  The overlay,
# FROM PATH..., is linked in, so that an edit in it is seen without a new tree.
define tree
$(B)/$(1).parts: FORCE
	$(Q)mkdir -p $(B)
	$(Q)echo '$$(sort $$(wildcard patches/$(2)/*.patch)) $(5) $(3)' | { $$(call update,$$@); }

$(B)/$(1)/.stamp: $(B)/$(1).parts $$(wildcard patches/$(2)/*.patch hashes/$(2).*) \
		$(or $(3),$(sources)/$(1).stamp) | toolchain/tree
	$(Q)toolchain/tree $(B)/$(1) $(or $(3),$$$$(echo $(sources)/$(1)/$(4))) $(2) $(5)
	$(Q)touch $$@
endef

# musl's own paths at the top of ours: files in */wasm32 directories, which
# musl's Makefile prefers, and new ones beside upstream's.
musl_overlay := $(sort arch/wasm32 $(wildcard crt/wasm32 ldso/wasm32 src/*/wasm32 include/*/*) \
	$(filter-out src/%/wasm32 crt/wasm32,$(wildcard src/*/* crt/*)))
linux_overlay := arch/wasm

$(eval $(call tree,musl,musl-1.2.5,$(MUSL_SRC),*.orig.tar.[gx]z,. $(musl_overlay)))
$(eval $(call tree,linux,linux-6.12,$(LINUX_SRC),*.deb,kernel $(linux_overlay)))

.PHONY: FORCE
FORCE:

# --- wasm2c: the machine's, if it is new enough; else Debian 13's, with the
# loader and the libraries of its own release ---

WASM2C := $(B)/libexec/muslin/wasm2c

ifneq ($(WASM2C_GIVEN),)
$(WASM2C): config.mak
	$(say) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec %s "$$@"\n' '$(WASM2C_GIVEN)' >$@
	$(Q)ln -sfn $(dir $(WASM2C_GIVEN)) $@.d # host/process/sandbox.c
	$(Q)chmod +x $@
else
$(WASM2C): $(sources)/wabt.stamp toolchain/private-wasm2c
	$(say) UNPACK $@
	$(Q)toolchain/private-wasm2c $(@D) $(sources)/wabt/*.deb
	$(Q)touch $@
endif

# --- the parts ---

# Each adds to built what `make` makes, and to install a target of its own.
# toolchain is what programs are compiled with: the wrappers and the sysroot.
built :=
toolchain :=
-include toolchain/rules.mk kernel/rules.mk host/rules.mk web/rules.mk
-include test-suite/rules.mk bench/rules.mk
-include $(sort $(wildcard test-suite/conformance/*.mk))
-include programs/rules.mk

.PHONY: all demo check bench dist install clean distclean help
all: $(built)

demo: $(B)/demo/hello $(built)
	$(B)/bin/muslin $<

$(B)/demo/hello: examples/hello.c $(toolchain)
	$(Q)mkdir -p $(@D)
	$(B)/bin/wasm32-linux-musl-cc -O2 -o $@ $<

# $(call install,MODE,FILES,DIRECTORY)
install = mkdir -p $(DESTDIR)$(3) && install -m $(1) $(2) $(DESTDIR)$(3)

# Muslin finds libexec beside its own bin directory.
.PHONY: install-muslin
install: install-muslin
install-muslin: $(built)
	$(say) INSTALL $(DESTDIR)$(prefix)
	$(Q)$(call install,755,$(B)/bin/muslin $(B)/bin/muslin-serve $(B)/bin/muslin-oci,$(prefix)/bin)
	$(Q)$(call install,644,$(B)/lib/libmuslin.a,$(prefix)/lib)
	$(Q)$(call install,644,host/muslin.h,$(prefix)/include)
	$(Q)$(call install,644,doc/muslin.1 doc/muslin-env.1 doc/muslin-oci.1,$(prefix)/share/man/man1)
	$(Q)mkdir -p $(DESTDIR)$(prefix)/libexec
	$(Q)cp -R $(B)/libexec/muslin $(DESTDIR)$(prefix)/libexec

clean:
	rm -rf $(filter-out $(B)/apt $(sources),$(wildcard $(B)/*))

distclean:
	rm -rf $(B) config.mak

help:
	@sed -n 's/^# make /make /p' Makefile
	@echo 'make          builds all'
	@echo 'make install  installs in prefix ($(prefix)), below DESTDIR'
	@echo 'make bench    prints a table of times'
	@echo 'make smp      builds build/smp/muslin, whose kernel has CONFIG_SMP'
	@echo 'make kunit    runs the unit tests of the kernel'
	@echo 'make kselftest  runs its self-tests of system calls'
	@echo 'make libc-test LIBC_TEST=DIR  runs the checkout DIR of libc-test'
	@echo 'make check-asan  runs all tests with sanitizers in the host'
	@echo 'make fuzz     runs all fuzzers, each for FUZZ_SECONDS=N'
	@echo 'make programs builds the programs of programs/, make program-NAME one'
	@echo 'make rootfs   packs those that are built into a root file system'
	@echo 'make image    makes a container image of that'
	@echo 'make check-oci  runs containers by podman and containerd'
	@echo 'make libcxx   builds the C++ library, and puts it into the sysroot'
	@echo 'make web-demo  serves a page with terminals, make npm makes a package: doc/web.md'
	@echo 'make dist     makes the sysroot tarball'
	@echo 'make clean    removes what was made, but not what was downloaded'
	@echo 'make distclean  removes everything that is not in git'
	@echo 'V=1 shows commands.'
