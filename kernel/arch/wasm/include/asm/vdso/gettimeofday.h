/* SPDX-License-Identifier: GPL-2.0 */
/* There is no vDSO: a program asks the kernel for the time. */
