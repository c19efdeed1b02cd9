#include <sys/sem.h>
#include <stdarg.h>
#include "va_none.h"

int __semctl(int id, int num, int cmd, ...)
{
	union semun {
		int val;
		struct semid_ds *buf;
		unsigned short *array;
	} arg = {0};
	va_list ap;
	va_start(ap, cmd);
	if (!va_none(ap)) arg.buf = va_arg(ap, void *);
	va_end(ap);
	return (semctl)(id, num, cmd, arg);
}
