/* SPDX-License-Identifier: MIT */
/* Keys: one is added, found, read, changed, and gone with its keyring. */
#define _GNU_SOURCE
#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test.h"

static long keyctl(int op, long a, long b, long c, long d)
{
	return syscall(SYS_keyctl, op, a, b, c, d);
}

int main(void)
{
	char buf[20] = "";
	long ring, key;

	ring = keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0);
	t_check(ring > 0);
	key = syscall(SYS_add_key, "user", "a:name", "secret", 6L, (long)KEY_SPEC_SESSION_KEYRING);
	t_check(key > 0);
	t_check(syscall(SYS_request_key, "user", "a:name", NULL, 0L) == key);
	t_check(keyctl(KEYCTL_READ, key, (long)buf, sizeof(buf), 0) == 6 && !strcmp(buf, "secret"));
	t_check(!keyctl(KEYCTL_UPDATE, key, (long)"other!", 6, 0));
	t_check(keyctl(KEYCTL_READ, key, (long)buf, sizeof(buf), 0) == 6 && !strcmp(buf, "other!"));
	t_check(!keyctl(KEYCTL_CLEAR, KEY_SPEC_SESSION_KEYRING, 0, 0, 0));
	t_check(syscall(SYS_request_key, "user", "a:name", NULL, 0L) == -1 && errno == ENOKEY);
	return t_status;
}
