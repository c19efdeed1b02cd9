/* SPDX-License-Identifier: MIT */
#include "jumps.h"
#include "linked.h"
#include "walk.h"

static int64_t function_of_type(struct rewriter *rw, const char *name, const char *type)
{
	const struct wasm_export *e = wasm_find_export(&rw->w, name);

	if (!e)
		return -1;
	if (e->kind == WASM_FUNC && e->index >= rw->imported &&
	    !strcmp(rw->w.types[rw->w.funcs[e->index]], type))
		return e->index;
	fail(&rw->r, "exports a %s that is not one", name);
	return -1;
}

/* A library's calls of setjmp are of what it imports, and their exception is the program's. */
static void find_imported_setjmp(struct rewriter *rw)
{
	for (uint32_t i = 0; i < rw->w.nimports && rw->setjmp < 0; i++)
		if (wasm_is_setjmp(&rw->w.imports[i]))
			rw->setjmp = rw->w.imports[i].index;
	rw->stack_pointer = STACK_POINTER;
}

void find_jumps(struct rewriter *rw)
{
	const struct wasm_export *sp = wasm_find_export(&rw->w, "__stack_pointer");

	rw->setjmp = rw->longjmp = -1;
	if (!wasm_uses_setjmp(&rw->w))
		return;
	if (is_library(rw)) {
		find_imported_setjmp(rw);
		return;
	}
	rw->setjmp = function_of_type(rw, WASM_SETJMP, "i:i");
	rw->longjmp = function_of_type(rw, WASM_LONGJMP, "ii:");
	if (sp && sp->kind == WASM_GLOBAL && sp->index < rw->w.nglobals &&
	    rw->w.globals[sp->index].mutable && rw->w.globals[sp->index].type == 'i')
		rw->stack_pointer = rw->linked ? rw->linked->globals[sp->index] : sp->index;
	else
		fail(&rw->r, "uses setjmp and has no __stack_pointer");
}

void put_jump_type(struct rewriter *rw)
{
	static const uint8_t type[] = { 0x60, 3, I64, I32, I32, 0 };

	put_bytes(&rw->section, type, sizeof(type));
}

void put_jump_tag(struct bytes *to, const struct rewriter *rw)
{
	put_byte(to, 0);
	put_u32(to, rw->w.ntypes + rw->added);
}

bool calls_setjmp(const struct rewriter *rw, struct reader r)
{
	if (rw->setjmp < 0)
		return false;
	for (uint32_t groups = count(&r); groups && !r.bad; groups--) {
		u32(&r);
		value_type(&r);
	}
	while (r.p < r.end && !r.bad) {
		struct reader at = r;

		if (byte(&at) == 0x10 && u32(&at) == rw->setjmp)
			return true;
		skip_instruction(&r);
	}
	return false;
}

/* An instruction that was not the program's, made as if it were. */
static void made(struct rewriter *rw, const char *code, size_t n)
{
	struct reader r = rw->r;

	rw->r.p = (const uint8_t *)code;
	rw->r.end = rw->r.p + n;
	instruction(rw);
	rw->r.p = r.p;
	rw->r.end = r.end;
}

/* a jmp_buf: the id, 1, and the stack pointer: doc/abi.md */
void put_setjmp(struct rewriter *rw, uint32_t buf, uint32_t id)
{
	constant(rw, 0);
	constant(rw, 0);
	op_u32(rw, 0x29, 3);
	put_u32(&rw->body, rw->tlb + SHARED_AT(jumps));
	put_bytes(&rw->body, "\x42\1\x7c", 3);
	tee(rw, id);
	op_u32(rw, 0x37, 3);
	put_u32(&rw->body, rw->tlb + SHARED_AT(jumps));
	get(rw, buf);
	get(rw, id);
	made(rw, "\x37\2\0", 3);
	get(rw, buf);
	constant(rw, 1);
	made(rw, "\x36\2\x08", 3);
	get(rw, buf);
	op_u32(rw, 0x23, rw->stack_pointer);
	made(rw, "\x36\2\x0c", 3);
}

void take_jump(struct rewriter *rw, uint32_t value)
{
	op_u32(rw, 0x07, rw->w.ntags);
	set(rw, rw->ea);
	set(rw, value);
	set(rw, rw->value[1]);
}

void restore_stack_pointer(struct rewriter *rw)
{
	get(rw, rw->ea);
	op_u32(rw, 0x24, rw->stack_pointer);
}

void longjmp_function(struct rewriter *rw)
{
	static const uint8_t ours[] = { OUR_LOCALS };

	rw->r.p = rw->r.end;
	our_locals(rw, 2);
	put_u32(&rw->body, sizeof(ours) / 2);
	for (uint32_t i = 0; i < sizeof(ours); i += 2) {
		put_u32(&rw->body, ours[i + 1]);
		put_byte(&rw->body, ours[i]);
	}
	get(rw, 0);
	made(rw, "\x29\2\0", 3);
	get(rw, 1);
	get(rw, 0);
	made(rw, "\x28\2\x0c", 3);
	op_u32(rw, 0x08, rw->w.ntags);
	op(rw, 0x0b);
}
