// SPDX-License-Identifier: MIT
unsigned long __stack_chk_guard;
