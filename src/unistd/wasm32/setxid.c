#include <unistd.h>
#include <signal.h>
#include "syscall.h"
#include "libc.h"

#undef __setxid

/* The callers' SYS_x names one of these functions, see syscall_arch.h; the
 * linker drops the others, and their imports. */
#define CALL(name) \
int __setxid##name(int id, int eid, int sid) \
{ \
	return __syscall(name, id, eid, sid); \
}
CALL(__syscall_setuid)
CALL(__syscall_setgid)
CALL(__syscall_setreuid)
CALL(__syscall_setregid)
CALL(__syscall_setresuid)
CALL(__syscall_setresgid)

struct ctx {
	int id, eid, sid;
	__setxid_fn *call;
	int ret;
};

static void do_setxid(void *p)
{
	struct ctx *c = p;
	if (c->ret<0) return;
	int ret = c->call(c->id, c->eid, c->sid);
	if (ret && !c->ret) {
		/* If one thread fails to set ids after another has already
		 * succeeded, forcibly killing the process is the only safe
		 * thing to do. State is inconsistent and dangerous. Use
		 * SIGKILL because it is uncatchable. */
		__block_all_sigs(0);
		__syscall(SYS_kill, __syscall(SYS_getpid), SIGKILL);
	}
	c->ret = ret;
}

int __setxid(int nr, int id, int eid, int sid)
{
	/* ret is initially nonzero so that failure of the first thread does not
	 * trigger the safety kill above. */
	struct ctx c = { .call = (__setxid_fn *)nr, .id = id, .eid = eid, .sid = sid, .ret = 1 };
	__synccall(do_setxid, &c);
	return __syscall_ret(c.ret > 0 ? -EAGAIN : c.ret);
}
