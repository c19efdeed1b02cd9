# SPDX-License-Identifier: MIT
# Programs of others, for a root file system: see programs/README.
#
# make program-NAME       builds one, into $(B)/programs/NAME/root
# make programs           builds all
# make test-program-NAME  its own tests in the guest; native-program-NAME here
# make rootfs             all of them as one root: $(B)/programs/rootfs, and .tar.xz
# make image              that as a container image: $(B)/programs/image.tar

P := $(B)/programs
recipes := $(notdir $(patsubst %/recipe,%,$(wildcard programs/*/recipe)))
run_program = BUILD='$(abspath $(B))' SOURCES='$(abspath $(sources))' $(with_tools) programs/program

# of those whose Debian is another one
suites := $(shell grep -H ^suite= programs/*/recipe)
suite_of = $(patsubst programs/$(1)/recipe:suite=%,%,$(filter programs/$(1)/recipe:%,$(suites)))

# program(NAME, SOURCE, NEEDS).  What tests have fetched is not fetched again.
define program
ifeq ($(filter $(1),lua sqlite3 zlib dash make),)
$(call fetched,$(1),tar:$(2),$(call suite_of,$(1)))
endif
$(P)/$(1)/.stamp: programs/$(1)/recipe $(wildcard programs/$(1)/patches/*) $(sources)/$(1).stamp \
		$(foreach n,$(3),$(P)/$(n)/.stamp) $(toolchain) $(sysroot_share) | programs/program $(B)/bin/muslin
	$$(say) PROGRAM $(1)
	+$$(Q)mkdir -p $$(@D)
	+$$(Q)$$(run_program) build $(1)
	$$(Q)touch $$@
endef

# "NAME SOURCE NEEDS..." with commas for spaces
recipe_lines := $(shell for n in $(recipes); do sed -n "s/^source=/$$n,/p; s/^needs='\(.*\)'/,\1/p" \
	programs/$$n/recipe | tr ' \n' ','; echo; done)
comma := ,
words_of = $(subst $(comma), ,$(1))
$(foreach l,$(recipe_lines),$(eval $(call program,$(word 1,$(call words_of,$(l))),$(word 2,$(call words_of,$(l))),$(wordlist 3,99,$(call words_of,$(l))))))

# those of C++ wait for its library: make libcxx
cxx_recipes := $(notdir $(patsubst %/recipe,%,$(shell grep -l '^cxx=yes' programs/*/recipe)))
ready_recipes := $(if $(wildcard $(libcxx)/.installed),$(recipes),$(filter-out $(cxx_recipes),$(recipes)))

.PHONY: programs program-% test-program-% native-program-% rootfs
programs: $(foreach n,$(ready_recipes),$(P)/$(n)/.stamp)

program_targets := $(addprefix program-,$(recipes))
.PHONY: $(program_targets)
$(program_targets): program-%: $(P)/%/.stamp

$(addprefix test-program-,$(recipes)): test-program-%: $(P)/%/.stamp $(P)/rootfs.tar.xz
	$(say) TEST $*
	+$(Q)$(run_program) test $*

$(addprefix native-program-,$(recipes)): native-program-%: $(sources)/%.stamp
	$(say) NATIVE $*
	+$(Q)$(run_program) native $*

# --- the root ---

$(foreach p,netbase ncurses-base tzdata ca-certificates,$(eval $(call fetched,$(p),$(p))))
root_data := $(foreach p,netbase ncurses-base tzdata ca-certificates,$(sources)/$(p).stamp)

# of what is built when make starts: `make programs && make rootfs` is all
packed := $(patsubst $(P)/%/.stamp,%,$(wildcard $(P)/*/.stamp))

rootfs: $(P)/rootfs.tar.xz

$(P)/rootfs.tar.xz: programs/rootfs $(wildcard programs/etc/*) $(root_data) $(packed:%=$(P)/%/.stamp)
	$(say) ROOTFS '$(P)/rootfs ($(packed))'
	$(Q)BUILD='$(abspath $(B))' SOURCES='$(abspath $(sources))' $(with_tools) programs/rootfs $(P)/rootfs $(packed)
	$(Q)mkdir -p $(B)/share/muslin && ln -sfn ../../programs/rootfs $(B)/share/muslin/rootfs

# The root as a container image, for muslin-oci: doc/oci.md.
PLATFORM := linux/wasm
.PHONY: image
image: $(P)/rootfs.tar.xz
	$(say) IMAGE $(P)/image.tar
	$(Q)programs/image --platform '$(PLATFORM)' $(P)/image.tar $(P)/rootfs /bin/sh

# Where `muslin shell' finds it, beside its own bin directory; if it was made.
install: install-rootfs
.PHONY: install-rootfs
install-rootfs:
	$(Q)[ ! -d $(P)/rootfs ] || { d='$(DESTDIR)$(prefix)/share/muslin' && mkdir -p "$$d" && \
		rm -rf "$$d/rootfs" && cp -R --no-dereference --preserve=mode,timestamps,links \
		$(P)/rootfs "$$d"; }

# A session of doc/session.txt, as README has it, and doc/shell.png, a picture of it:
# by tmux and pango1.0-tools.
.PHONY: session
session: rootfs
	$(Q)rm -rf $(B)/session && mkdir -p $(B)/session/demo && cp examples/hello.c $(B)/session/demo
	$(Q)cd $(B)/session/demo && $(with_tools) MUSLIN_CACHE="$$($(abspath $(B))/bin/muslin cache dir)" \
		HOME='$(abspath $(B))/session' $(CURDIR)/doc/session 80 50 "PS1='$$ ' bash --norc" \
		<$(CURDIR)/doc/session.txt >../screen
	$(Q)awk -f doc/markup.awk $(B)/session/screen >$(B)/session/markup
	$(Q)pango-view --no-display --markup --font='DejaVu Sans Mono 9' --margin=8 --dpi=80 --antialias=gray --hinting=full \
		--background='#1c1f21' --foreground='#d3d7cf' --output=$(B)/session/shell.png $(B)/session/markup
	$(Q)cp $(B)/session/shell.png doc
	$(Q)sed 's/\x1b\[[0-9;]*m//g; s/ *$$//' $(B)/session/screen

.PHONY: programs-table
programs-table:
	$(Q)BUILD='$(abspath $(B))' programs/table $(sort $(recipes)) | { $(call update,doc/programs.md); }
