// SPDX-License-Identifier: MIT
char **__environ;
extern char **environ __attribute__((weak, alias("__environ")));
extern char **_environ __attribute__((weak, alias("__environ")));
extern char **___environ __attribute__((weak, alias("__environ")));
