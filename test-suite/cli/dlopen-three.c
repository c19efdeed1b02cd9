// SPDX-License-Identifier: MIT
static _Thread_local int mine = 30;
int three_count;
int three(int x) { three_count += x; return ++mine + three_count; }
