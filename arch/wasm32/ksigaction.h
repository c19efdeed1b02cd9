#include <features.h>

/* The host calls restorer for every signal, see restore.s and doc/abi.md. */
struct k_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void *, int, void *, void *);
	unsigned mask[2];
};

hidden void __restore(void *, int, void *, void *);
hidden void __restore_rt(void *, int, void *, void *);
