// SPDX-License-Identifier: MIT
// fork: a program returns through its frames, which are then in the memory that
// layout.h calls FRAMES, and goes back to where it was; the child, in an instance
// of its own, starts by doing the same.  See fork.c.
import { E } from './errno.js';

const FRAMES = 0xd4100000, FRAMES_END = 0xd8000000, TOP = 4;	// layout.h; the index in struct shared

const isGlobal = ([name]) => name.startsWith('muslin.global.');

export class Forks {
  constructor(machine) { this.machine = machine; }

  // --- what glue.c asks ---

  glueImports() {
    const { machine } = this;
    return {
      keep: () => {
        const { mm } = machine.task, { exports } = mm.instance, top = machine.u32[machine.words + TOP];
        if (top < FRAMES || top > FRAMES_END) machine.refuse('let a program fork at a wild place');
        machine.task.kept = {
          frames: machine.u8.slice(FRAMES, top), module: mm.module,
          sp: exports.__stack_pointer.value, tls: exports.__tls_base.value,
        };
      },
      forget: () => { machine.task.kept = null; },
      set_up_child: id => {
        const t = machine.task, mm = machine.program(id);
        if (t.mm || !t.born || t.born.module !== mm.module) machine.refuse('resumed a program that this task did not have');
        [t.mm, t.sp, t.tls] = [mm, t.born.sp, t.born.tls];
        machine.loadUser(t);
      },
      put_back: () => {
        const t = machine.task, { frames } = t.born;
        machine.u8.set(frames, FRAMES);
        machine.u32[machine.words + TOP] = FRAMES + frames.length;
        t.born = null;
      },
    };
  }

  // --- what the kernel asks ---

  task(struct, kernelSp) {
    const { machine } = this, { kept } = machine.task;
    if (!kept) return -E.ENOSYS;
    const id = machine.ids.task++;
    machine.tasks.set(id, { id, struct, kernelSp, fenv: machine.fenv, born: kept });
    return id;
  }

  space(id, parent) {
    const { machine } = this, mm = machine.space(id), from = machine.program(parent);
    if (mm.instance) machine.refuse('forked into an address space that has a program');
    if (!machine.task.kept) return -E.ENOSYS;
    const instance = machine.instantiate(from.module);
    try {
      for (const [name, global] of Object.entries(from.instance.exports).filter(isGlobal))
        instance.exports[name].value = global.value;
    } catch {	// a vector is nothing that JavaScript can copy
      return -E.ENOSYS;
    }
    Object.assign(mm, { instance, module: from.module });
    from.module.refs++;
    if (from.links) machine.links.fork(mm, from);
    return 0;
  }
}
