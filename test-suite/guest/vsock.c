/* SPDX-License-Identifier: MIT */
/* vsock, to the machine itself. */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <linux/vm_sockets.h>
#include <string.h>
#include <unistd.h>
#include "test.h"

int main(void)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_port = 5000,
		.svm_cid = VMADDR_CID_LOCAL };
	int l = socket(AF_VSOCK, SOCK_STREAM, 0), c = socket(AF_VSOCK, SOCK_STREAM, 0), s;
	char buf[8] = "";

	t_check(!bind(l, (void *)&a, sizeof(a)) && !listen(l, 1));
	t_check(!connect(c, (void *)&a, sizeof(a)));
	s = accept(l, NULL, NULL);
	t_check(s >= 0 && write(c, "hello", 5) == 5);
	t_check(read(s, buf, sizeof(buf)) == 5 && !strcmp(buf, "hello"));
	return t_status;
}
