/* SPDX-License-Identifier: MIT */
/*
 * libubsan: what -fsanitize=undefined calls.  A line on stderr for each place of the
 * source, once; _abort and what cannot go on end the program with 1, as LLVM's does.
 * The structures are the compiler's.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct place {
	const char *file;
	uint32_t line, column;
};

struct type {
	uint16_t kind;	/* INTEGER, FLOAT ... */
	uint16_t info;	/* of an integer: log2 of its bits, and is it signed */
	char name[];	/* in quotes */
};
enum { INTEGER, FLOAT };

/* What is as wide as a pointer, or a pointer to what is wider. */
typedef uintptr_t value;

struct one_type { struct place at; const struct type *type; };
struct two_types { struct place at; const struct type *a, *b; };
struct mismatch { struct place at; const struct type *type; uint8_t log_align, access; };
struct assumption { struct place at, assumed; const struct type *type; };
struct builtin { struct place at; uint8_t kind; };
struct argument { struct place at, attribute; int index; };

struct text { char s[48]; };

static struct text number(const struct type *t, value v)
{
	unsigned bits = t->kind == INTEGER ? 1u << (t->info >> 1) : (unsigned)t->info;
	struct text r;
	uint64_t u = v;

	if (t->kind == FLOAT) {
		float f;
		double d;
		long double l;

		if (bits == 32)
			memcpy(&f, &v, sizeof f), l = f;
		else if (bits == 64)
			memcpy(&d, (void *)v, sizeof d), l = d;
		else
			memcpy(&l, (void *)v, sizeof l);
		snprintf(r.s, sizeof r.s, "%Lg", l);
		return r;
	}
	if (t->kind != INTEGER) {
		snprintf(r.s, sizeof r.s, "a value");
		return r;
	}
	if (bits > 64) {
		uint64_t w[2];

		memcpy(w, (void *)v, sizeof w);
		snprintf(r.s, sizeof r.s, "0x%016llx%016llx", (unsigned long long)w[1], (unsigned long long)w[0]);
		return r;
	}
	if (bits > 32)
		memcpy(&u, (void *)v, sizeof u);
	u <<= 64 - bits;
	if (t->info & 1)
		snprintf(r.s, sizeof r.s, "%lld", (long long)((int64_t)u >> (64 - bits)));
	else
		snprintf(r.s, sizeof r.s, "%llu", (unsigned long long)(u >> (64 - bits)));
	return r;
}

static int is_signed(const struct type *t) { return t->info & 1; }
static int negative(const struct type *t, value v) { return number(t, v).s[0] == '-'; }

/* The first to come here takes the column away. */
__attribute__((__format__(__printf__, 2, 3)))
static void report(struct place *at, const char *format, ...)
{
	uint32_t column = __atomic_exchange_n(&at->column, UINT32_MAX, __ATOMIC_RELAXED);
	char text[512];
	int n, room = sizeof text - 1;
	va_list ap;

	if (column == UINT32_MAX)
		return;
	n = snprintf(text, room, "%s:%u:%u: runtime error: ", at->file ? at->file : "<unknown>",
		(unsigned)at->line, (unsigned)column);
	if (n < room) {
		va_start(ap, format);
		n += vsnprintf(text + n, room - n, format, ap);
		va_end(ap);
	}
	if (n >= room)
		n = room - 1;
	text[n++] = '\n';
	(void)!write(2, text, n);
}

/* One function to go on, and one to end. */
#define HANDLER(name, params, args) \
static void name params; \
void __ubsan_handle_##name params { name args; } \
void __ubsan_handle_##name##_abort params { name args; _exit(1); } \
static void name params

HANDLER(type_mismatch_v1, (struct mismatch *d, value p), (d, p))
{
	static const char *const access[] = {
		"load of", "store to", "reference binding to", "member access within", "member call on",
		"constructor call on", "downcast of", "downcast of", "upcast of", "cast to virtual base of",
		"_Nonnull binding to", "dynamic operation on",
	};
	const char *what = d->access < sizeof access / sizeof *access ? access[d->access] : "use of";
	unsigned align = 1u << d->log_align;

	if (!p)
		report(&d->at, "%s null pointer of type %s", what, d->type->name);
	else if (p & (align - 1))
		report(&d->at, "%s misaligned address %#lx for type %s, which requires %u byte alignment",
			what, (unsigned long)p, d->type->name, align);
	else
		report(&d->at, "%s address %#lx with insufficient space for an object of type %s",
			what, (unsigned long)p, d->type->name);
}

HANDLER(alignment_assumption, (struct assumption *d, value p, value align, value offset), (d, p, align, offset))
{
	report(&d->at, "assumption of %lu byte alignment (with offset of %lu byte) for pointer of type %s failed",
		(unsigned long)align, (unsigned long)offset, d->type->name);
}

static void overflow(struct one_type *d, const char *op, value a, value b)
{
	report(&d->at, "%s integer overflow: %s %s %s cannot be represented in type %s",
		is_signed(d->type) ? "signed" : "unsigned",
		number(d->type, a).s, op, number(d->type, b).s, d->type->name);
}

HANDLER(add_overflow, (struct one_type *d, value a, value b), (d, a, b)) { overflow(d, "+", a, b); }
HANDLER(sub_overflow, (struct one_type *d, value a, value b), (d, a, b)) { overflow(d, "-", a, b); }
HANDLER(mul_overflow, (struct one_type *d, value a, value b), (d, a, b)) { overflow(d, "*", a, b); }

HANDLER(negate_overflow, (struct one_type *d, value v), (d, v))
{
	report(&d->at, "negation of %s cannot be represented in type %s", number(d->type, v).s, d->type->name);
}

HANDLER(divrem_overflow, (struct one_type *d, value a, value b), (d, a, b))
{
	if (d->type->kind == INTEGER && is_signed(d->type) && strcmp(number(d->type, b).s, "-1") == 0)
		report(&d->at, "division of %s by -1 cannot be represented in type %s",
			number(d->type, a).s, d->type->name);
	else
		report(&d->at, "division by zero");
}

HANDLER(shift_out_of_bounds, (struct two_types *d, value a, value b), (d, a, b))
{
	struct text by = number(d->b, b);
	unsigned bits = 1u << (d->a->info >> 1);
	unsigned long long n = 0;

	sscanf(by.s, "%llu", &n);
	if (negative(d->b, b))
		report(&d->at, "shift exponent %s is negative", by.s);
	else if (n >= bits)
		report(&d->at, "shift exponent %s is too large for %u-bit type %s", by.s, bits, d->a->name);
	else if (negative(d->a, a))
		report(&d->at, "left shift of negative value %s", number(d->a, a).s);
	else
		report(&d->at, "left shift of %s by %s places cannot be represented in type %s",
			number(d->a, a).s, by.s, d->a->name);
}

HANDLER(out_of_bounds, (struct two_types *d, value index), (d, index))
{
	report(&d->at, "index %s out of bounds for type %s", number(d->b, index).s, d->a->name);
}

HANDLER(vla_bound_not_positive, (struct one_type *d, value bound), (d, bound))
{
	report(&d->at, "variable length array bound evaluates to non-positive value %s", number(d->type, bound).s);
}

HANDLER(float_cast_overflow, (struct two_types *d, value from), (d, from))
{
	report(&d->at, "%s is outside the range of representable values of type %s",
		number(d->a, from).s, d->b->name);
}

HANDLER(load_invalid_value, (struct one_type *d, value v), (d, v))
{
	report(&d->at, "load of value %s, which is not a valid value for type %s",
		number(d->type, v).s, d->type->name);
}

HANDLER(implicit_conversion, (struct two_types *d, value from, value to), (d, from, to))
{
	report(&d->at, "implicit conversion from type %s of value %s to type %s changed the value to %s",
		d->a->name, number(d->a, from).s, d->b->name, number(d->b, to).s);
}

HANDLER(invalid_builtin, (struct builtin *d), (d))
{
	if (d->kind == 2)
		report(&d->at, "assumption is violated during execution");
	else
		report(&d->at, "passing zero to __builtin_%s(), which is not a valid argument",
			d->kind ? "clz" : "ctz");
}

HANDLER(nonnull_arg, (struct argument *d), (d))
{
	report(&d->at, "null pointer passed as argument %d, which is declared to never be null", d->index);
}

HANDLER(nullability_arg, (struct argument *d), (d)) { nonnull_arg(d); }

HANDLER(nonnull_return_v1, (void *d, struct place *at), (d, at))
{
	report(at, "null pointer returned from function declared to never return null");
}

HANDLER(nullability_return_v1, (void *d, struct place *at), (d, at)) { nonnull_return_v1(d, at); }

HANDLER(pointer_overflow, (struct place *at, value base, value result), (at, base, result))
{
	if (!base)
		report(at, "applying %s offset to null pointer", result ? "non-zero" : "zero");
	else if (!result)
		report(at, "applying non-zero offset to non-null pointer %#lx produced null pointer",
			(unsigned long)base);
	else
		report(at, "pointer index expression with base %#lx overflowed to %#lx",
			(unsigned long)base, (unsigned long)result);
}

/* These have no way on. */
void __ubsan_handle_builtin_unreachable(struct place *at)
{
	report(at, "execution reached an unreachable program point");
	_exit(1);
}

void __ubsan_handle_missing_return(struct place *at)
{
	report(at, "execution reached the end of a value-returning function without returning a value");
	_exit(1);
}
