# SPDX-License-Identifier: MIT
# The programs of test-suite/guest, but for those that doc/web.md lists.
node_tests := $(filter-out $(shell sed -n 's/^| `\([a-z_-]*\)` |.*/\1/p' doc/web.md),$(basename $(notdir $(wildcard test-suite/guest/*.c))))

$(n)/guest/%: test-suite/guest/%.c test-suite/guest/test.h $(toolchain)
	$(say) GUEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/wasm32-linux-musl-cc -O2 -Wall -fsetjmp=exceptions -Itest-suite/guest $(GUEST_FLAGS) -o $@ $<
$(n)/guest/function_references: private GUEST_FLAGS += -mreference-types -mmultivalue
$(n)/guest/instructions: test-suite/guest/instructions.h

.PHONY: check-node
check-node: $(built) $(NODE) $(T)/check $(addprefix $(n)/guest/,$(node_tests))
	@{ :; $(foreach t,$(node_tests),echo 'node $(t) muslin-node "$$TOP/$(n)/guest/$(t)"';) } >$(n)/list
	@TOP='$(CURDIR)' BUILD='$(abspath $(B))' PATH='$(abspath $(B)/bin):$(PATH)' CK_RUN_SUITE=node \
		$(if $(CK_RUN_CASE),CK_RUN_CASE='$(CK_RUN_CASE)') $(T)/check $(n)/list
