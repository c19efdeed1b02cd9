#include <signal.h>

#define ELF_NGREG 2
#define ELF_NFPREG 0
typedef unsigned long elf_greg_t, elf_gregset_t[ELF_NGREG];
