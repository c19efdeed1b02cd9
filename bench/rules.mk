# SPDX-License-Identifier: MIT
# make bench: times of programs, native and in Muslin, in one table.

K := $(B)/bench
cpu_programs := sha256 nbody chase words queens deflate lua
bench_c := $(filter-out lua,$(cpu_programs)) getppid stamp processes threads

# Both sides by the same clang with the same options.
$(K)/native/%: bench/%.c bench/bench.h
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCLANG) -O2 -o $@ $< $(bench_flags) -lm

$(K)/guest/%: bench/%.c bench/bench.h $(toolchain)
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/$(triple)-cc -O2 -o $@ $< $(bench_flags) -lm

# zlib and Lua: the guest's are the test-suite's.
$(K)/zlib/.stamp: $(sources)/zlib.stamp
	$(say) MAKE "zlib, native"
	$(Q)$(call unpack,zlib)
	$(Q)cd $(@D) && { CC=$(HOSTCLANG) ./configure --static && $(MAKE) libz.a; } >log 2>&1 || \
		{ cat log >&2; exit 1; }
	$(Q)touch $@

$(K)/lua/.stamp: $(sources)/lua.stamp
	$(say) MAKE "lua, native"
	$(Q)$(call unpack,lua)
	$(Q)$(MAKE) -C $(@D)/src linux-noreadline CC=$(HOSTCLANG) >$(@D)/log 2>&1 || \
		{ cat $(@D)/log >&2; exit 1; }
	$(Q)touch $@

$(K)/native/deflate: bench_flags = -I$(K)/zlib $(K)/zlib/libz.a
$(K)/native/deflate: $(K)/zlib/.stamp
$(K)/guest/deflate: bench_flags = -I$(T)/zlib $(T)/zlib/libz.a
$(K)/guest/deflate: $(T)/zlib/.stamp

$(K)/native/lua: $(K)/lua/.stamp
	$(Q)mkdir -p $(@D)
	$(Q)cp $(K)/lua/src/lua $@
$(K)/guest/lua: $(T)/lua/.stamp
	$(Q)mkdir -p $(@D)
	$(Q)cp $(T)/lua/src/lua $@

$(K)/spawn: bench/spawn.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wall -o $@ $<

bench: $(built) $(K)/spawn $(foreach p,$(bench_c) lua,$(K)/native/$(p) $(K)/guest/$(p))
	@bench/table $(K) $(B)/bin/muslin $(cpu_programs)
