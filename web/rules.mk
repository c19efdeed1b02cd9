# SPDX-License-Identifier: MIT
# The machine in JavaScript: `make node' installs a Node that has JSPI.

n := $(B)/web
NODE_VERSION := 24.21.0
NODE := $(B)/node/node_modules/node/bin/node

WEB_CFLAGS := --target=wasm32 -Os -std=gnu11 -Wall -ffreestanding -nostdlib -mcpu=mvp \
	-mbulk-memory -msign-ext -mmutable-globals -Iweb
# They share the kernel's memory, and have neither data nor a stack in it.
WEB_SHARED := -matomics -Wl,--no-entry,--import-memory,--shared-memory,--import-table,-z,stack-size=0,--max-memory=4294967296

web_js := $(patsubst web/%,$(n)/%,$(wildcard web/*.js))
web_parts := $(addprefix $(n)/,rewrite.wasm glue.wasm stub.wasm vmlinux.wasm init.wasm libc.so package.json) $(web_js)
built += $(web_parts) $(B)/bin/muslin-node

rewriter := rewrite adapt alike fenv fork jumps kernel linked reach reenter walk
rewrite_headers := $(addprefix web/,rewrite.h rewriting.h adapt.h alike.h fenv.h fork.h jumps.h linked.h reach.h reenter.h walk.h layout.h) host/wasm/wasm.h host/wasm/plan.h host/wasm/reader.h
rewrite_sources := $(rewriter:%=web/%.c) web/module.c host/wasm/wasm.c host/wasm/code.c host/wasm/relaxed.c host/wasm/data.c host/wasm/strip.c host/wasm/link.c

$(n)/rewrite.wasm: $(rewrite_sources) $(rewrite_headers) $(toolchain)
	$(say) WASM $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(WEB_CFLAGS) -O2 -isystem $(B)/sysroot/include -Ihost -Wl,--no-entry,-z,stack-size=65536 \
		-o $@ $(rewrite_sources) $(B)/sysroot/lib/libc.a $(WASM_RT_LIB)

$(n)/glue.wasm: web/float.c
$(n)/glue.wasm $(n)/stub.wasm: $(n)/%.wasm: web/%.c web/layout.h config.mak
	$(say) WASM $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(WEB_CFLAGS) $(WEB_SHARED) -o $@ $(filter %.c,$^)

$(n)/vmlinux.wasm: $(vmlinux)
$(n)/init.wasm: $(h)/init.wasm
$(web_js): $(n)/%: web/%
$(n)/package.json: web/package.json
$(n)/vmlinux.wasm $(n)/init.wasm $(n)/package.json $(web_js):
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

$(n)/libc.so: $(toolchain)
	$(Q)mkdir -p $(@D)
	$(Q)cp $(sysroot)/lib/libc.so $@

$(B)/bin/muslin-node: web/muslin-node
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

$(rewriter:%=$(n)/%.o): $(n)/%.o: web/%.c $(rewrite_headers)
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(HOST_CPPFLAGS) $(HOST_CFLAGS) -c -o $@ $<

# From the registry that npm is configured for.  Nothing else needs it.
.PHONY: node
node: $(NODE)
$(NODE):
	$(say) NPM node@$(NODE_VERSION)
	$(Q)mkdir -p $(B)/node
	$(Q)cd $(B)/node && npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix . node@$(NODE_VERSION)
	$(Q)touch $@

include web/demo.mk
