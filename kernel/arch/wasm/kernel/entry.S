/* SPDX-License-Identifier: GPL-2.0 */
#include <asm/thread_info.h>

	.globaltype __stack_pointer, i32

#ifdef CONFIG_SMP
	/* asm/vcpu.h */
	.macro GLOBAL name
	.globaltype \name, i32
	.globl \name
\name:
	.endm
	GLOBAL wasm_current
	GLOBAL wasm_irq_flags
	GLOBAL wasm_one_cpu
	GLOBAL wasm_total_order
	GLOBAL wasm_cpu
	GLOBAL wasm_cpu_offset
#endif

	.functype start_kernel () -> ()
	.functype wasm_start_task (i32) -> ()
	.functype wasm_run_user () -> ()
	.functype host_task_switch (i32, i32) -> ()
	.import_module host_task_switch, host
	.import_name host_task_switch, task_switch

	/* void boot(void): the host calls it on the first task's stack */
	.section .text.wasm_boot,"",@
	.globl wasm_boot
	.type wasm_boot,@function
	.export_name wasm_boot, boot
wasm_boot:
	.functype wasm_boot () -> ()
	i32.const init_stack+THREAD_SIZE-64
	global.set __stack_pointer
#ifdef CONFIG_SMP
	i32.const init_task
	global.set wasm_current
	i32.const 1
	global.set wasm_one_cpu
#endif
	call start_kernel
	end_function

	/* void task_entry(struct task_struct *t, unsigned long sp) */
	.section .text.wasm_task_entry,"",@
	.globl wasm_task_entry
	.type wasm_task_entry,@function
	.export_name wasm_task_entry, task_entry
wasm_task_entry:
	.functype wasm_task_entry (i32, i32) -> ()
	local.get 1
	global.set __stack_pointer
	local.get 0
	call wasm_start_task
	end_function

	/* void task_exec(unsigned long sp): the same task, another program */
	.section .text.wasm_task_exec,"",@
	.globl wasm_task_exec
	.type wasm_task_exec,@function
	.export_name wasm_task_exec, task_exec
wasm_task_exec:
	.functype wasm_task_exec (i32) -> ()
	local.get 0
	global.set __stack_pointer
	call wasm_run_user
	end_function

	/* void wasm_switch(prev, next): the shadow stack pointer is per task */
	.section .text.wasm_switch,"",@
	.globl wasm_switch
	.type wasm_switch,@function
wasm_switch:
	.functype wasm_switch (i32, i32) -> ()
	.local i32
	global.get __stack_pointer
	local.set 2
	local.get 0
	local.get 1
	call host_task_switch
	local.get 2
	global.set __stack_pointer
	end_function
