# SPDX-License-Identifier: MIT
# The kernel's own unit tests.  They run when a kernel boots that has them:
# one of its own, in a muslin of its own.

# It is run once: what -O2 would take to compile is more than it gives.
$(eval $(call variant,kunit,kunit.config,-O1))

.PHONY: kunit
kunit: $(B)/kunit/muslin
	@test-suite/conformance/kunit $< test-suite/conformance/kunit.reasons $(B)/kunit/results
