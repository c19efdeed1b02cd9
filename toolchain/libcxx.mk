# SPDX-License-Identifier: MIT
# make libcxx: LLVM's libc++, libc++abi and libunwind, twice: with exceptions (lib/eh, which
# also has libc++.so, all three in one) and without (lib/noeh), where wasm32-linux-musl-c++ looks for them in the sysroot.
#
# Once built they are put into every new sysroot; they are not built again for it.

libcxx := $(B)/libcxx
llvm := llvm-toolchain-22-22.1.8
llvm_parts := runtimes cmake llvm/cmake libcxx libcxxabi libunwind libc

# Debian's stable sources need not have this version, unstable's have.
$(sources)/llvm.stamp: | toolchain/fetch
	$(Q)rm -rf $(sources)/llvm
	$(Q)SUITE=sid toolchain/fetch $(B)/apt/sid $(sources)/llvm tar:llvm-toolchain-22
	$(Q)touch $@

$(eval $(call tree,llvm,$(llvm),$(LIBCXX_SRC),*.orig.tar.xz,.))
$(B)/llvm/.stamp: export PARTS = $(llvm_parts)

# libunwind's assertions read the environment for each throw.
libcxx_options := CMAKE_BUILD_TYPE=Release CMAKE_SYSTEM_NAME=Linux CMAKE_SYSTEM_PROCESSOR=wasm32 \
	CMAKE_C_COMPILER='$(abspath $(B)/bin/$(cross))-cc' CMAKE_ASM_COMPILER='$(abspath $(B)/bin/$(cross))-cc' \
	CMAKE_CXX_COMPILER='$(abspath $(B)/bin/$(cross))-c++' CMAKE_AR='$(abspath $(B)/bin/$(cross))-ar' \
	CMAKE_NM='$(abspath $(B)/bin/$(cross))-nm' CMAKE_RANLIB='$(abspath $(B)/bin/$(cross))-ranlib' \
	$(if $(CCACHE),CMAKE_C_COMPILER_LAUNCHER=$(CCACHE) CMAKE_CXX_COMPILER_LAUNCHER=$(CCACHE)) \
	CMAKE_POSITION_INDEPENDENT_CODE=OFF LLVM_DEFAULT_TARGET_TRIPLE=wasm32-unknown-unknown \
	$(foreach l,LLVM LIBUNWIND LIBCXXABI LIBCXX,$(l)_INCLUDE_TESTS=OFF) LLVM_INCLUDE_DOCS=OFF \
	LIBCXX_INCLUDE_BENCHMARKS=OFF LIBCXX_INSTALL_MODULES=OFF \
	$(foreach l,LIBUNWIND LIBCXXABI LIBCXX,$(l)_ENABLE_SHARED=OFF) \
	$(foreach l,LIBUNWIND LIBCXXABI,$(l)_ENABLE_ASSERTIONS=OFF) LIBUNWIND_HIDE_SYMBOLS=ON \
	LIBCXX_HAS_MUSL_LIBC=ON LIBCXX_HAS_PTHREAD_API=ON LIBCXXABI_HAS_PTHREAD_API=ON LIBCXX_CXX_ABI=libcxxabi

# What throws is C, and nothing without these; our compiler has no exceptions for C.
unwind_flags := -Xclang=-fexceptions -Xclang=-exception-model=wasm -mexception-handling \
	-mllvm -wasm-enable-eh -mllvm -wasm-use-legacy-eh=true
# What a failing assertion names is not a path of this machine.
unnamed := -ffile-prefix-map='$(abspath $(B))/='
eh_options := -DCMAKE_CXX_FLAGS="-fexceptions -nostdlib++ $(unnamed)" -DCMAKE_C_FLAGS="$(unwind_flags) $(unnamed)" \
	-DLLVM_ENABLE_RUNTIMES='libunwind;libcxxabi;libcxx'
noeh_options := -DCMAKE_CXX_FLAGS="-fno-exceptions -nostdlib++ $(unnamed)" -DLLVM_ENABLE_RUNTIMES='libcxxabi;libcxx' \
	$(foreach o,LIBCXXABI_USE_LLVM_UNWINDER LIBCXXABI_ENABLE_EXCEPTIONS LIBCXX_ENABLE_EXCEPTIONS,-D$(o)=OFF)
# For libc++.so.  The macro is what libunwind's headers know of symbols that are neither those of
# ELF nor exported from a DLL; others need its functions.
pic := -fPIC -D_LIBUNWIND_HIDE_SYMBOLS
pic_options := -DCMAKE_CXX_FLAGS="$(pic) -fexceptions -nostdlib++ $(unnamed)" \
	-DCMAKE_C_FLAGS="$(pic) $(unwind_flags) $(unnamed)" -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DLIBUNWIND_HIDE_SYMBOLS=OFF \
	-DLLVM_ENABLE_RUNTIMES='libunwind;libcxxabi;libcxx'

# $(call logged,COMMAND): what it says is of use only if it fails
logged = { $(1); } >>$(@D).log 2>&1 || { tail -20 $(@D).log; echo '$(@D).log has all'; exit 1; }

$(libcxx)/eh/.stamp $(libcxx)/noeh/.stamp $(libcxx)/pic/.stamp: $(libcxx)/%/.stamp: $(B)/llvm/.stamp toolchain/libcxx.mk \
		| $(tools) $(sysroot)/.stamp
	$(Q)toolchain/install-packages toolchain/libcxx/packages
	$(say) LIBCXX $*
	$(Q)rm -rf $(@D) $(@D).log
	$(Q)mkdir -p $(libcxx)
	$(Q)$(call logged,cmake -G Ninja -S $(B)/llvm/runtimes -B $(@D) -DCMAKE_INSTALL_PREFIX='$(abspath $(@D))/root' \
		$(addprefix -D,$(libcxx_options)) $($*_options))
	$(Q)$(call logged,ninja -C $(@D) install)
	$(Q)touch $@

$(libcxx)/eh_call.o: toolchain/libcxx/eh_call.cpp $(tools)
	$(say) CXX $@
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/$(cross)-c++ -fexceptions -O2 -Wall -c -o $@ $<

# The linker's wrapper takes it for -lc++, -lc++abi and -lunwind of what is linked dynamically.
# A program has the tag and the function that only programs can have.
put_libcxx_so = $(B)/bin/$(cross)-ld -shared -soname=libc++.so.1 -o $(1)/libc++.so.1 --strip-debug \
	--whole-archive $(addprefix $(libcxx)/pic/root/lib/,libc++.a libc++abi.a libunwind.a) --no-whole-archive \
	-L$(sysroot)/lib -lc $(sysroot)/lib/libgcc.a && ln -s libc++.so.1 $(1)/libc++.so && \
	$(B)/bin/$(cross)-ar rcs $(1)/libc++_program.a $(libcxx)/eh_call.o

$(libcxx)/.installed: $(libcxx)/eh/.stamp $(libcxx)/noeh/.stamp $(libcxx)/pic/.stamp $(libcxx)/eh_call.o $(sysroot)/.stamp
	$(say) INSTALL '$(sysroot)/lib/eh and noeh'
	$(Q)rm -rf $(sysroot)/lib/eh $(sysroot)/lib/noeh $(sysroot)/include/c++
	$(Q)cp -R $(libcxx)/eh/root/include/c++ $(libcxx)/eh/root/include/*.h $(sysroot)/include
	$(Q)mkdir $(sysroot)/lib/noeh && cp $(libcxx)/noeh/root/lib/*.a $(sysroot)/lib/noeh
	$(Q)mkdir $(sysroot)/lib/eh && cp $(libcxx)/eh/root/lib/*.a $(sysroot)/lib/eh
	$(Q)$(B)/bin/$(cross)-ar rs $(sysroot)/lib/eh/libunwind.a $(libcxx)/eh_call.o 2>/dev/null
	$(Q)$(call put_libcxx_so,$(sysroot)/lib/eh)
	$(Q)touch $@

.PHONY: libcxx
libcxx: $(libcxx)/.installed

ifneq ($(wildcard $(libcxx)/.installed),)
toolchain += $(libcxx)/.installed
built += $(libcxx)/.installed
endif
