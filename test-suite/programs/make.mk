# SPDX-License-Identifier: MIT
# Run by programs/make in the guest: GNU make with dash as its shell.

numbers := 1 2 3 4 5 6 7 8
parts := $(numbers:%=part%)

all: whole recursive shell long
	@: && echo made $^

# jobs of a shell each, which are made at the same time
part%:
	@n=0; while [ $$n -lt 50 ]; do n=$$((n + 1)); done; echo $* >$@

whole: $(parts)
	@for f in $^; do read x <$$f; echo $$x; done >$@

# make runs make, and hands out permits to work
recursive:
	@$(MAKE) -f $(firstword $(MAKEFILE_LIST)) level
	@echo >$@

level: level-a level-b level-c level-d
	@[ $(MAKELEVEL) = 1 ]
level-%:
	@case '$(MAKEFLAGS)' in *--jobserver-auth=*) ;; *) exit 1; esac

shell := $(shell echo two; echo words)
status := $(shell exit 7)$(.SHELLSTATUS)
shell:
	@[ '$(shell)' = 'two words' ] && [ $(status) = 7 ]
	@echo >$@

# an argument of 40 kB
all := $(foreach i,$(numbers),$(foreach j,$(numbers),$(foreach k,$(numbers),$(foreach l,$(numbers),$i$j$k$(l)_____))))
long:
	@set $(all); [ $$# = 4096 ] && echo >$@

.PHONY: all level killed failing
killed:
	@kill -KILL $$$$
failing:
	@exit 3
missing: no-such-file
