// SPDX-License-Identifier: MIT
const unsigned char in6addr_loopback[16] __attribute__((aligned(4))) = { [15] = 1 };
