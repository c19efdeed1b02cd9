// SPDX-License-Identifier: MIT
const unsigned char in6addr_any[16] __attribute__((aligned(4)));
