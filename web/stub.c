/* SPDX-License-Identifier: MIT */
/*
 * What vmlinux.wasm imports of WebAssembly that itself imports vmlinux.wasm: it
 * goes by a table that is filled later.
 */
typedef unsigned int u32;

#define EXPORT(name) __attribute__((export_name(#name)))

__attribute__((import_module("js"), import_name("task_switch")))
u32 js_task_switch(u32 prev, u32 next);

EXPORT(user_run) void user_run(u32 id, u32 entry, u32 arg, u32 tls)
{
	((void (*)(u32, u32, u32, u32))1)(id, entry, arg, tls);
}

EXPORT(user_resume) void user_resume(u32 id)
{
	((void (*)(u32))2)(id);
}

/* A task that is freed has a stack, which only a trap unwinds: see leave() in glue.c. */
EXPORT(task_switch) void task_switch(u32 prev, u32 next)
{
	if (js_task_switch(prev, next))
		__builtin_trap();
}
