// SPDX-License-Identifier: MIT
// A bare int or pointer for semctl() was taken for the address of a union, and a
// member of a structure could not have its name.
#include <string.h>
#include <sys/sem.h>
#include "test.h"

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

union only_val { int val; };

struct operations { int (*semctl)(int, int, int, ...); };

int main(void)
{
	const struct operations ops = { .semctl = semctl };
	unsigned short in[3] = { 7, 8, 9 }, out[3];
	short seven = 7;
	struct semid_ds ds;
	int id = semget(IPC_PRIVATE, 3, 0600);

	t_check(id >= 0);
	t_check(semctl(id, 0, SETVAL, 32767) == 0);
	t_check(semctl(id, 1, SETVAL, seven) == 0);
	t_check(semctl(id, 2, SETVAL, (union only_val){ 6 }) == 0 && semctl(id, 2, GETVAL) == 6);
	t_check(semctl(id, 2, SETVAL, (union semun){ .val = 5 }) == 0);
	t_check(semctl(id, 2, SETVAL, 1 << 20) == -1 && errno == ERANGE);
	t_check(semctl(id, 2, SETVAL, -1) == -1 && errno == ERANGE);
	t_check(semctl(id, 0, GETVAL) == 32767);
	t_check(ops.semctl(id, 0, GETVAL) == 32767 && (&ops)->semctl(id, 1, GETVAL) == 7);
	t_check(ops.semctl(id, 2, SETVAL, (union semun){ .val = 5 }) == 0);
	t_check(semctl(id, 1, GETVAL, 0) == 7);
	t_check(semctl(id, 2, GETVAL, (union semun){ .val = 0 }) == 5);

	t_check(semctl(id, 0, SETALL, in) == 0);
	t_check(semctl(id, 0, GETALL, out) == 0);
	t_check(!memcmp(in, out, sizeof in));
	in[1] = 88;
	t_check(semctl(id, 0, SETALL, (union semun){ .array = in }) == 0);
	t_check(semctl(id, 0, GETALL, (union semun){ .array = out }) == 0);
	t_check(!memcmp(in, out, sizeof in));

	t_check(semctl(id, 0, IPC_STAT, &ds) == 0 && ds.sem_nsems == 3);
	memset(&ds, 0, sizeof ds);
	t_check(semctl(id, 0, IPC_STAT, (union semun){ .buf = &ds }) == 0 && ds.sem_nsems == 3);
	t_check((semctl)(id, 1, GETVAL) == 88);
	t_check((semctl)(id, 1, SETVAL, (union semun){ .val = 6 }) == 0);
	t_check(semctl(id, 1, GETVAL) == 6);
	t_check(semctl(id, 0, IPC_RMID) == 0);
	return t_status;
}
