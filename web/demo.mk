# SPDX-License-Identifier: MIT
# The package, the page, and the tests of it.

XTERM := 6.0.0
XTERM_FIT := 0.11.0
xterm := $(n)/xterm-$(XTERM)
web_parts += $(n)/helper.wasm
built += $(n)/helper.wasm

$(n)/helper.wasm: web/helper.c $(toolchain)
	$(say) GUEST $@
	$(Q)mkdir -p $(@D)
	$(Q)$(B)/bin/wasm32-linux-musl-cc -Os -Wall -s -o $@ $<

npm_install = cd $(1) && npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix . $(2)

# --- programs of others for the page's root: setjmp is an exception in any engine ---

WEB_PROGRAMS := dash lua busybox sqlite3

$(n)/cc/wasm32-linux-musl-cc: $(toolchain)
	$(Q)mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec %s -fsetjmp=exceptions "$$@"\n' '$(abspath $(B)/bin/wasm32-linux-musl-cc)' >$@
	$(Q)chmod +x $@
	$(Q)ln -sf $(@F) $(@D)/wasm32-linux-musl-gcc

web_recipes := $(WEB_PROGRAMS) $(if $(filter sqlite3,$(WEB_PROGRAMS)),readline ncurses zlib)
$(n)/programs/sqlite3/.stamp: $(n)/programs/readline/.stamp $(n)/programs/zlib/.stamp
$(n)/programs/readline/.stamp: $(n)/programs/ncurses/.stamp

$(web_recipes:%=$(n)/programs/%/.stamp): $(n)/programs/%/.stamp: programs/%/recipe $(sources)/%.stamp $(n)/cc/wasm32-linux-musl-cc
	$(say) PROGRAM $(@D)
	$(Q)mkdir -p $(@D)
	+$(Q)BUILD='$(abspath $(n))' SOURCES='$(abspath $(sources))' PATH='$(abspath $(n)/cc):$(abspath $(B)/bin):$(PATH)' programs/program build $*
	$(Q)touch $@

# --- the page: $(n)/site is for any server that sends the headers of serve.js ---

site := $(n)/site
WEB_ROOT :=
web_modules := $(filter-out $(addprefix $(n)/,node.js serve.js node-%),$(web_js)) $(filter %.wasm %.so,$(web_parts))

# A root: programs, the links to busybox for what is not there, something to look at.
$(n)/root.tar.gz: $(WEB_PROGRAMS:%=$(n)/programs/%/.stamp) examples/hello.c web/demo/profile $(toolchain) | $(B)/bin/muslin
	$(say) ROOT $@
	$(Q)rm -rf $(n)/root && mkdir -p $(addprefix $(n)/root/,bin usr/bin usr/src etc home)
	$(Q)for p in $(WEB_PROGRAMS); do cp $(n)/programs/$$p/root/usr/bin/* $(n)/root/usr/bin || exit; done
	$(Q)$(B)/bin/wasm32-linux-musl-cc -O2 -fsetjmp=exceptions -o $(n)/root/usr/bin/hello examples/hello.c
	$(Q)$(B)/bin/wasm32-linux-musl-strip $(n)/root/usr/bin/*
	$(Q)cp examples/hello.c $(n)/root/usr/src && cp web/demo/profile $(n)/root/etc
	$(Q)ln -s ../usr/bin/dash $(n)/root/bin/sh
	$(Q)cd $(n)/root/usr/bin && for a in $$('$(abspath $(B)/bin/muslin)' ./busybox --list); do [ -e $$a ] || ln -s busybox $$a || exit; done
	$(Q)tar -C $(n)/root --owner=0 --group=0 --numeric-owner --sort=name --mtime=@0 -czf $@ .

$(site)/root.tar.gz: $(or $(WEB_ROOT),$(n)/root.tar.gz) $(if $(WEB_ROOT),FORCE)
	$(Q)mkdir -p $(@D)
	$(Q)if [ -d $< ]; then tar -C $< --owner=0 --group=0 -czf $@ .; else cp $< $@; fi

# What the page goes on from: a machine that has booted with that root.
$(site)/machine.image: $(site)/root.tar.gz $(web_parts) web/demo/snapshot.mjs | $(NODE)
	$(say) IMAGE $@
	$(Q)$(NODE) --disable-warning=ExperimentalWarning web/demo/snapshot.mjs $(n)/node-api.js $< $@

$(xterm)/.stamp:
	$(say) NPM @xterm/xterm@$(XTERM)
	$(Q)mkdir -p $(@D)
	$(Q)$(call npm_install,$(@D),@xterm/xterm@$(XTERM) @xterm/addon-fit@$(XTERM_FIT))
	$(Q)touch $@

.PHONY: site web-demo
site: $(web_modules) $(site)/root.tar.gz $(site)/machine.image $(xterm)/.stamp $(wildcard web/demo/*)
	$(Q)mkdir -p $(site)/muslin $(site)/xterm $(site)/fit
	$(Q)cp $(web_modules) $(site)/muslin
	$(Q)cp web/demo/index.html web/demo/demo.css web/demo/demo.js $(site)
	$(Q)cp -r $(xterm)/node_modules/@xterm/xterm/lib $(xterm)/node_modules/@xterm/xterm/css $(xterm)/node_modules/@xterm/xterm/LICENSE $(site)/xterm
	$(Q)cp -r $(xterm)/node_modules/@xterm/addon-fit/lib $(site)/fit

web-demo: site $(NODE) $(n)/serve.js
	$(NODE) $(n)/serve.js $(site)

# --- the package: made here, published nowhere ---

npm_package := $(n)/muslin-$(VERSION).tgz
npm_files := $(filter-out $(n)/rewrite.o,$(web_parts)) web/index.d.ts

.PHONY: npm
npm: $(npm_package)
$(npm_package): $(npm_files) web/package.md LICENSE
	$(say) NPM $@
	$(Q)rm -rf $(n)/package && mkdir -p $(n)/package
	$(Q)cp $(npm_files) $(n)/package && cp web/package.md $(n)/package/README.md && cp LICENSE $(n)/package
	$(Q)chmod +x $(n)/package/node.js
	$(Q)cd $(n)/package && npm pack --silent --pack-destination .. >/dev/null

# --- the page in a browser without a window; Debian's is installed if it is missing ---

.PHONY: check-web
check-web: site $(NODE) $(n)/serve.js
	$(Q)toolchain/install-packages web/packages
	$(Q)$(NODE) --disable-warning=ExperimentalWarning test-suite/web/page.mjs $(site) $(SCREENSHOT)

# --- what it costs: bench/node.mjs, and of the page bench/page.mjs, if there is a browser ---

bench_node := core sha256 hash nbody matrix chase words queens
bench_node_all := $(bench_node) getppid calls threads processes hello

.PHONY: bench-node
bench-node: $(built) $(NODE) site $(n)/programs/dash/.stamp $(foreach p,$(bench_node_all),$(B)/bench/native/$(p) $(B)/bench/guest/$(p))
	$(Q)$(NODE) --disable-warning=ExperimentalWarning bench/node.mjs $(n)/node-api.js $(B)/bench $(NODE) $(B)/bin/muslin \
		$(n)/programs/dash/root/usr/bin/dash $(bench_node)
	$(Q)if command -v chromium >/dev/null; then $(NODE) --disable-warning=ExperimentalWarning bench/page.mjs $(site); \
		else echo 'the page: there is no chromium'; fi
