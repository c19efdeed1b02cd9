/* SPDX-License-Identifier: MIT */
/* System V IPC: shared memory, semaphores, messages. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>
#include "test.h"

static void shared_memory(void)
{
	int id = shmget(IPC_PRIVATE, 100000, IPC_CREAT | 0600);
	struct shmid_ds ds;
	char *a, *b;

	t_check(id >= 0);
	a = shmat(id, NULL, 0);
	b = shmat(id, NULL, SHM_RDONLY);
	t_check(a != (void *)-1 && b != (void *)-1 && a != b);
	t_check(a[99999] == 0);
	strcpy(a + 70000, "seen twice");
	t_check(strcmp(b + 70000, "seen twice") == 0);
	t_check(shmctl(id, IPC_STAT, &ds) == 0);
	t_check(ds.shm_segsz == 100000 && ds.shm_nattch == 2 && ds.shm_cpid == getpid());
	t_check(shmdt(a) == 0 && shmdt(a) == -1 && errno == EINVAL);
	t_check(shmctl(id, IPC_RMID, NULL) == 0);
	t_check(strcmp(b + 70000, "seen twice") == 0 && shmdt(b) == 0);
	t_check(shmat(id, NULL, 0) == (void *)-1 && errno == EINVAL);
}

static void semaphores(void)
{
	union semun {
		int val;
		struct semid_ds *buf;
		unsigned short *array;
	} u;
	unsigned short values[2] = { 3, 0 };
	struct sembuf take = { 0, -2, IPC_NOWAIT }, both[2] = { { 0, -1, 0 }, { 1, 5, 0 } };
	struct timespec soon = { 0, 10000000 };
	struct sembuf too_many = { 1, -6, 0 };
	int id = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);

	t_check(id >= 0);
	u.array = values;
	t_check(semctl(id, 0, SETALL, u) == 0);
	t_check(semop(id, &take, 1) == 0 && semctl(id, 0, GETVAL) == 1);
	t_check(semop(id, &take, 1) == -1 && errno == EAGAIN);
	t_check(semop(id, both, 2) == 0);
	t_check(semctl(id, 0, GETVAL) == 0 && semctl(id, 1, GETVAL) == 5);
	t_check(semtimedop(id, &too_many, 1, &soon) == -1 && errno == EAGAIN);
	t_check(semctl(id, 1, GETPID) == getpid());
	t_check(semctl(id, 0, IPC_RMID) == 0);
	t_check(semctl(id, 0, GETVAL) == -1 && errno == EINVAL);
}

static void messages(void)
{
	struct {
		long type;
		char text[20];
	} m = { 2, "second" };
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	struct msqid_ds ds;

	t_check(id >= 0 && msgsnd(id, &m, 7, 0) == 0);
	m.type = 1;
	strcpy(m.text, "first");
	t_check(msgsnd(id, &m, 6, 0) == 0);
	t_check(msgctl(id, IPC_STAT, &ds) == 0 && ds.msg_qnum == 2);
	t_check(msgrcv(id, &m, 20, 1, 0) == 6 && strcmp(m.text, "first") == 0);
	t_check(msgrcv(id, &m, 3, 0, 0) == -1 && errno == E2BIG);
	t_check(msgrcv(id, &m, 20, 0, 0) == 7 && m.type == 2 && strcmp(m.text, "second") == 0);
	t_check(msgrcv(id, &m, 20, 0, IPC_NOWAIT) == -1 && errno == ENOMSG);
	t_check(msgctl(id, IPC_RMID, NULL) == 0);
}

int main(void)
{
	shared_memory();
	semaphores();
	messages();
	return t_status;
}
