/* SPDX-License-Identifier: MIT */
/*
 * What -fsanitize=undefined -fsanitize-minimal-runtime calls: it says which kind of
 * error there was, once for each kind, since wasm does not tell where the call was.
 */
#include <stdlib.h>
#include <unistd.h>

static void report(char *said, const char *text, size_t n)
{
	if (!__atomic_exchange_n(said, 1, __ATOMIC_RELAXED))
		(void)!write(2, text, n);
}

#define REPORT(text) do { \
	static char said; \
	report(&said, "ubsan: " text "\n", sizeof "ubsan: " text "\n" - 1); \
} while (0)
#define HANDLER(name, text) \
void __ubsan_handle_##name##_minimal(void) { REPORT(text); } \
void __ubsan_handle_##name##_minimal_abort(void) { REPORT(text); abort(); }

HANDLER(type_mismatch, "type-mismatch")
HANDLER(alignment_assumption, "alignment-assumption")
HANDLER(add_overflow, "add-overflow")
HANDLER(sub_overflow, "sub-overflow")
HANDLER(mul_overflow, "mul-overflow")
HANDLER(negate_overflow, "negate-overflow")
HANDLER(divrem_overflow, "divrem-overflow")
HANDLER(shift_out_of_bounds, "shift-out-of-bounds")
HANDLER(out_of_bounds, "out-of-bounds")
HANDLER(vla_bound_not_positive, "vla-bound-not-positive")
HANDLER(float_cast_overflow, "float-cast-overflow")
HANDLER(load_invalid_value, "load-invalid-value")
HANDLER(implicit_conversion, "implicit-conversion")
HANDLER(invalid_builtin, "invalid-builtin")
HANDLER(nonnull_arg, "nonnull-arg")
HANDLER(nonnull_return, "nonnull-return")
HANDLER(nullability_arg, "nullability-arg")
HANDLER(nullability_return, "nullability-return")
HANDLER(pointer_overflow, "pointer-overflow")

void __ubsan_handle_builtin_unreachable_minimal(void) { REPORT("builtin-unreachable"); abort(); }
void __ubsan_handle_missing_return_minimal(void) { REPORT("missing-return"); abort(); }
