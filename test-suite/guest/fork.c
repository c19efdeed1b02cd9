/* SPDX-License-Identifier: MIT */
/* fork() is not there yet, and says so; nothing is left behind by it. */
#include <sys/wait.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	t_check(fork() == -1 && errno == ENOSYS);
	t_check(wait(NULL) == -1 && errno == ECHILD);
	t_check(fork() == -1 && errno == ENOSYS);
	return t_status;
}
