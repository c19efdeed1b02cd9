# The list of system calls is made from the kernel's, see toolchain/rules.mk.
SYSCALL_H_IN = obj/src/internal/syscall.h.in
