# SPDX-License-Identifier: MIT
# The host library, the command and the tests under sanitizers, in trees of
# their own below $(B), where all that is not the host's is linked to.

comma := ,

# sanitized_tree(NAME): $(B)/NAME with what $(B) has beside host/.
sanitized_tree = for d in bin lib host test-suite; do mkdir -p $(B)/$(1)/$$d; done; \
	for f in $(filter-out $(addprefix $(B)/,asan fuzz bin lib host test-suite),$(wildcard $(B)/*)) \
		$(tools) $(addprefix $(h)/,vmlinux init init.wasm loader/init-image.o syscalls.c tcc.o) $(call objects,host/loader/quick-rt.c) \
		$(filter-out $(T)/host $(T)/fuzz $(T)/check $(T)/list,$(wildcard $(T)/*)); do \
		mkdir -p $$(dirname $(B)/$(1)/$${f\#$(B)/}) && \
		ln -sfn $(abspath $(B))/$${f\#$(B)/} $(B)/$(1)/$${f\#$(B)/}; \
	done

# sanitized_make(NAME, CC, FLAGS): make there.  What translates the kernel and
# init is not made again, nor what it made.
sanitized_make = $(MAKE) B=$(B)/$(1) SANITIZED=1 CC='$(2)' CCACHE= \
	CFLAGS='-O1 -g -fno-omit-frame-pointer $(3)' \
	LDFLAGS='$(3) $(B)/$(1)/runtime.o $(sanitize_wrap)' \
	-o $(B)/$(1)/host/vmlinux/.stamp -o $(B)/$(1)/host/init/init.c
sanitize_wrap := $(addprefix -Wl$(comma)--wrap=,switch_stack switch_prepare arena_map arena_map_at)
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all


# What can be linked to is made before.
sanitized_needs = $(built) $(guest_tests) $(check_needs)

ifdef SANITIZED
# Frames on the machine's stacks, which are copied, kept and left: no poison.
no_asan_stack := $(if $(findstring clang,$(shell $(CC) --version)),-mllvm -asan-stack=0,--param asan-stack=0)
$(foreach f,$(on_stacks),$(eval cflags_$(f) += $(no_asan_stack)))

# Of the list of tests.
only_some := | awk 'NR == FNR { why[$$1, $$2] = substr($$0, length($$1 $$2) + 3); next } \
	($$1, $$2) in why { $$0 = $$1 " " $$2 " echo " why[$$1, $$2] "; exit 77" } 1' test-suite/asan/skip -
endif

$(B)/asan/runtime.o $(B)/fuzz/runtime.o: test-suite/asan/runtime.c
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(findstring fuzz,$@),$(FUZZ_CC),$(CC)) -O1 -Wall -c -o $@ $<

# --- make check-asan ---

.PHONY: check-asan
check-asan: $(sanitized_needs) $(B)/asan/runtime.o
	$(Q)$(call sanitized_tree,asan)
	+$(Q)CK_TIMEOUT_MULTIPLIER=4 $(call sanitized_make,asan,$(CC),$(sanitize)) check

# --- make fuzz: what has LLVMFuzzerTestOneInput() ---

FUZZ_CC := $(HOSTCLANG)
FUZZ_SECONDS := 60
harnesses := $(sort $(patsubst test-suite/fuzz/%.c,%, \
	$(shell grep -l '^int LLVMFuzzerTestOneInput' test-suite/fuzz/*.c)))
harness_programs := $(harnesses:%=$(T)/fuzz/%)
libfuzzer = $(wildcard $(shell $(FUZZ_CC) -print-resource-dir)/lib/*/libclang_rt.fuzzer*)

# Directories of seeds, and options, of each.
fuzz_module := -max_len=100000 "$$BUILD/test-suite/guest"
fuzz_imports := -detect_leaks=0
# An image knows the program that made it.
fuzz_link_image := $(CLI_LDFLAGS)

.PHONY: fuzz fuzz-packages $(harnesses:%=fuzz-%)
fuzz: $(harnesses:%=fuzz-%)
$(harnesses:%=fuzz-%): fuzz-%: $(T)/fuzz/% $(guest_tests)
	@BUILD='$(abspath $(B))'; export BUILD; \
		test-suite/fuzz/run $* $(FUZZ_SECONDS) $(T)/fuzz/corpus/$* $(fuzz_$*)
ifneq ($(filter fuzz fuzz-%,$(MAKECMDGOALS)),)
$(B)/fuzz/runtime.o: | fuzz-packages
endif
fuzz-packages:
	@$(if $(libfuzzer),,toolchain/install-packages test-suite/fuzz/packages)

$(B)/fuzz/lib/libmuslin.a: $(B)/lib/libmuslin.a $(B)/fuzz/runtime.o
	$(Q)$(call sanitized_tree,fuzz)
	+$(Q)$(call sanitized_make,fuzz,$(FUZZ_CC),$(subst address,fuzzer-no-link$(comma)address,$(sanitize))) $@

$(T)/fuzz/%: test-suite/fuzz/%.c $(B)/fuzz/lib/libmuslin.a
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -g -O1 -std=gnu11 $(HOST_CPPFLAGS) $(subst address,fuzzer$(comma)address,$(sanitize)) \
		-o $@ $< $(fuzz_link_$*) $(B)/fuzz/runtime.o $(sanitize_wrap) $(B)/fuzz/lib/libmuslin.a $(HOST_LIBS)

# A few seconds of each in make check, where libFuzzer is.
ifndef SANITIZED
ifneq ($(filter fuzz,$(or $(CK_RUN_SUITE),fuzz)),)
check: $(if $(libfuzzer),$(harness_programs))
endif
check_lines += $(foreach f,$(harnesses),echo 'fuzz $f $(if $(libfuzzer), \
	"$$TOP/test-suite/fuzz/run" $f 4 corpus $(fuzz_$f) >/dev/null,echo no libFuzzer; exit 77)';)
endif
