# SPDX-License-Identifier: MIT
# Programs of C++: "NAME COMMAND" of each NAME.cc.  The scripts beside them are found
# as all others.

cxx_programs := $(patsubst test-suite/cxx/%.cc,%,$(wildcard test-suite/cxx/*.cc))
no-exceptions_options := -fno-exceptions
coroutines_options := -O0
check_lines += $(foreach p,$(cxx_programs),echo 'cxx $(p) "$$TOP/test-suite/cxx/run" $(p) $($(p)_options)';)
