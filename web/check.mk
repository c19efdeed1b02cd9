# SPDX-License-Identifier: MIT
# The programs of test-suite/guest, as muslin runs them, but for those that doc/web.md
# lists, and real programs, whose tests find a muslin that is muslin-node, as some of test-suite/cli
# do; and those of the Open POSIX Test Suite.  NODE_FLAGS=--no-shared: as one thread.
node_tests := $(filter-out $(shell sed -n 's/^| `\([a-z_-]*\)` |.*/\1/p' doc/web.md),$(basename $(notdir $(wildcard test-suite/guest/*.c))))
node_programs := dash lua make zlib
# what is tested of shared libraries
node_cli := dlopen dynamic interpose needed

$(n)/bin/muslin: web/check.mk
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' '#!/bin/sh' '[ "$$1" = run ] && shift' 'case $$1 in --tier=*) shift;; esac' 'exec muslin-node $$NODE_FLAGS "$$@"' >$@
	$(Q)chmod +x $@

.PHONY: check-node
check-node: $(built) $(NODE) $(T)/check $(n)/bin/muslin $(node_tests:%=$(T)/guest/%) $(node_programs:%=$(T)/%/.stamp)
	@{ :; $(foreach t,$(node_tests),echo 'node $(t) muslin "$$TOP/$(T)/guest/$(t)"';) \
	$(foreach t,$(node_programs),echo 'node program-$(t) "$$TOP/test-suite/programs/$(t)"';) \
	$(foreach t,$(node_cli),echo 'node cli-$(t) "$$TOP/test-suite/cli/$(t)"';) \
	$(foreach p,$(posix_selection),echo 'node posix-$(subst /,-,$(p)) muslin "$$TOP/$(T)/posix/$(p)" >out 2>&1 || { cat out; false; }';) } >$(n)/list
	@TOP='$(CURDIR)' BUILD='$(abspath $(B))' PATH='$(abspath $(n)/bin):$(abspath $(B)/bin):$(PATH)' CK_RUN_SUITE=node NODE_FLAGS='$(NODE_FLAGS)' \
		$(if $(CK_RUN_CASE),CK_RUN_CASE='$(CK_RUN_CASE)') $(T)/check $(n)/list
