# SPDX-License-Identifier: MIT
# make bench: see bench/README.

K := $(B)/bench
cpu_own := core sha256 hash nbody matrix chase words queens
# SQLite's source becomes one file by tclsh
cpu_programs := $(cpu_own) deflate mujs lua $(if $(shell command -v tclsh),sqlite)
bench_c := $(filter-out lua,$(cpu_programs)) getppid stamp hello processes threads calls setjmp malloc messages pages data0 data1 data16

# Both sides by the same clang with the same options.
$(K)/native/%: bench/%.c bench/bench.h bench/rows.h bench/clock.h
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCLANG) -O2 -o $@ $< $(bench_flags) -lm

$(K)/guest/%: bench/%.c bench/bench.h bench/rows.h bench/clock.h $(toolchain)
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/$(triple)-cc -O2 -o $@ $< $(bench_flags) -lm

# C++, if there is its library; native is what the machine's clang takes.
ifneq ($(wildcard $(libcxx)/.installed),)
bench_cxx := cxx cxx-plain
endif
$(K)/native/cxx-plain $(K)/guest/cxx-plain: bench_flags = -fno-exceptions
$(K)/native/cxx $(K)/native/cxx-plain: bench/cxx.cc bench/rows.h bench/clock.h
	$(say) CXX $@
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCLANG) --driver-mode=g++ -std=c++20 -O2 -o $@ $< $(bench_flags)
$(K)/guest/cxx $(K)/guest/cxx-plain: bench/cxx.cc bench/rows.h bench/clock.h $(toolchain)
	$(say) CXX $@
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/$(triple)-c++ -std=c++20 -O2 -o $@ $< $(bench_flags)

# The yardstick of malloc: the same musl, native.
$(K)/density: bench/density.c $(B)/lib/libmuslin.a
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(CFLAGS) -Wall -Ihost -pthread -o $@ $^ $(HOST_LIBS) $(CLI_LDFLAGS)

# Many machines from one image: see bench/README.
.PHONY: bench-density
bench-density: $(K)/density $(K)/guest/density-guest
	@cd $(K) && ./density make density.image guest/density-guest && \
		./density density.image 1000 && ./density density.image 200 idle

$(K)/musl/malloc: bench/malloc.c bench/rows.h bench/clock.h $(B)/native-musl/.stamp
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(native_cc) -static -O2 -o $@ $<

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

# MuJS: both sides are its library, by the same options.
$(K)/mujs-native/.stamp: mujs_cc = $(HOSTCLANG)
$(K)/mujs-guest/.stamp: mujs_cc = $(abspath $(B)/bin/$(triple)-cc)
$(K)/mujs-guest/.stamp: $(toolchain)
$(K)/mujs-native/.stamp $(K)/mujs-guest/.stamp: $(sources)/mujs.stamp
	$(say) MAKE $(@D)
	$(Q)$(call unpack,mujs)
	$(Q)$(MAKE) -C $(@D) CC='$(mujs_cc)' HAVE_READLINE=no build/release/libmujs.a >$(@D)/log 2>&1 || \
		{ cat $(@D)/log >&2; exit 1; }
	$(Q)touch $@

$(K)/native/mujs: bench_flags = -I$(K)/mujs-native $(K)/mujs-native/build/release/libmujs.a
$(K)/native/mujs: $(K)/mujs-native/.stamp
$(K)/guest/mujs: bench_flags = -I$(K)/mujs-guest $(K)/mujs-guest/build/release/libmujs.a
$(K)/guest/mujs: $(K)/mujs-guest/.stamp

$(K)/native/lua: $(K)/lua/.stamp
	$(Q)mkdir -p $(@D)
	$(Q)cp $(K)/lua/src/lua $@
$(K)/guest/lua: $(T)/lua/.stamp
	$(Q)mkdir -p $(@D)
	$(Q)cp $(T)/lua/src/lua $@

$(K)/native/data0 $(K)/guest/data0: bench_flags = -DSIZE=100
$(K)/native/data1 $(K)/guest/data1: bench_flags = -DSIZE=1048576
$(K)/native/data16 $(K)/guest/data16: bench_flags = -DSIZE=16777216
$(K)/native/data%: bench/data.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCLANG) -O2 -o $@ $< $(bench_flags)
$(K)/guest/data%: bench/data.c $(toolchain)
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/$(triple)-cc -O2 -o $@ $< $(bench_flags)

$(K)/sqlite/sqlite3.c: $(sources)/sqlite3.stamp
	$(say) MAKE sqlite3.c
	$(Q)$(call unpack,sqlite3)
	$(Q)cd $(@D) && { ./configure --disable-tcl --disable-readline && $(MAKE) sqlite3.c; } >log 2>&1 || \
		{ cat log >&2; exit 1; }
	$(Q)touch $@
sqlite_flags := -I$(K)/sqlite -I$(K)/sqlite/test $(K)/sqlite/sqlite3.c -w \
	-DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DEFAULT_MEMSTATUS=0
$(K)/native/sqlite $(K)/guest/sqlite: bench_flags = $(sqlite_flags)
$(K)/native/sqlite $(K)/guest/sqlite: $(K)/sqlite/sqlite3.c

# --- by stock wasm2c: its own runtime, and stock.c for system calls ---

ifneq ($(wildcard $(sources)/wabt/wabt_*.deb),)
stock := $(foreach p,$(filter-out mujs,$(cpu_programs)),$(K)/stock/$(p))
endif

$(K)/wasm-rt/.stamp: $(sources)/wabt.stamp
	$(Q)rm -rf $(@D)
	$(Q)dpkg-deb --fsys-tarfile $(sources)/wabt/wabt_*.deb | \
		{ mkdir -p $(@D) && tar -xf - -C $(@D) --strip-components=4 ./usr/src/wasm2c; }
	$(Q)touch $@

$(K)/unshare: bench/unshare.c $(B)/lib/libmuslin.a
	$(say) CC $@
	$(Q)$(CC) $(HOST_CPPFLAGS) $(HOST_CFLAGS) -o $@ $^ $(HOST_LIBS)

# the system calls that stock.c does not have
stock_stubs = 's/^u32 \(w2c_linux_[A-Za-z0-9_]*\)(.*;$$/__attribute__((weak)) unsigned \1(void) { return -38; }/p'

$(K)/stock/%: $(K)/guest/% bench/stock.c $(K)/unshare $(K)/wasm-rt/.stamp $(WASM2C)
	$(say) WASM2C $@
	$(Q)rm -rf $@.d && mkdir -p $@.d
	$(Q)$(K)/unshare $< $@.d/program.wasm
	$(Q)$(WASM2C) --enable-threads --enable-exceptions --no-debug-names -n program $@.d/program.wasm -o $@.d/program.c
	$(Q)sed -n $(stock_stubs) $@.d/program.h >$@.d/stubs.c
	$(Q)$(HOSTCLANG) -O2 -w -I$@.d -I$(K)/wasm-rt -o $@ bench/stock.c $@.d/program.c $@.d/stubs.c \
		$(K)/wasm-rt/wasm-rt-impl.c $(K)/wasm-rt/wasm-rt-mem-impl.c \
		$(K)/wasm-rt/wasm-rt-exceptions-impl.c -lm -pthread
	$(Q)rm -rf $@.d

$(K)/spawn: bench/spawn.c
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wall -o $@ $<

bench: $(built) $(K)/spawn $(K)/musl/malloc $(foreach p,$(bench_c) $(bench_cxx) lua,$(K)/native/$(p) $(K)/guest/$(p)) $(stock)
	@bench/run $(K) $(B)/bin/muslin $(cpu_programs)
