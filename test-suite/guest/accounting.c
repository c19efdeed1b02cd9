/* SPDX-License-Identifier: MIT */
/* What the kernel tells of itself and of processes: PSI, taskstats, acct. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/acct.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "namespaces.h"
#include "test.h"

static char buf[8192];

static size_t slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	buf[n < 0 ? 0 : n] = 0;
	return n < 0 ? 0 : n;
}

struct request {
	struct nlmsghdr n;
	struct genlmsghdr g;
	struct nlattr a;
	char value[16];
};

static int ask(int s, int type, int cmd, int attr, const void *value, int len)
{
	struct request r = {
		.n = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST,
		       .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN + NLA_HDRLEN) + NLA_ALIGN(len) },
		.g = { .cmd = cmd, .version = 1 },
		.a = { .nla_type = attr, .nla_len = NLA_HDRLEN + len },
	};

	memcpy(r.value, value, len);
	send(s, &r, r.n.nlmsg_len, 0);
	return recv(s, buf, sizeof(buf), 0);
}

/* Attribute type in what was received. */
static struct nlattr *find(char *p, char *end, int type)
{
	struct nlattr *a;

	for (; p + NLA_HDRLEN <= end; p += NLA_ALIGN(a->nla_len)) {
		a = (void *)p;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		if (a->nla_len < NLA_HDRLEN)
			break;
	}
	return NULL;
}

static void taskstats(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC), n, family;
	char *attrs = buf + NLMSG_HDRLEN + GENL_HDRLEN;
	unsigned int pid = getpid();
	struct nlattr *a;
	struct taskstats t;

	n = ask(s, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, "TASKSTATS", 10);
	a = n > 0 ? find(attrs, buf + n, CTRL_ATTR_FAMILY_ID) : NULL;
	t_check(a);
	if (!a)
		return;
	family = *(unsigned short *)(a + 1);
	n = ask(s, family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_PID, &pid, 4);
	a = n > 0 ? find(attrs, buf + n, TASKSTATS_TYPE_AGGR_PID) : NULL;
	t_check(a);
	if (!a)
		return;
	a = find((char *)(a + 1), (char *)a + a->nla_len, TASKSTATS_TYPE_STATS);
	t_check(a);
	if (!a)
		return;
	memcpy(&t, a + 1, sizeof(t));
	t_check(t.ac_pid == pid && !strcmp(t.ac_comm, "accounting"));
	close(s);
}

static void process_accounting(void)
{
	struct acct_v3 *a = (void *)buf;
	pid_t pid;

	close(open("/tmp/acct", O_CREAT | O_WRONLY, 0600));
	t_check(!syscall(SYS_acct, "/tmp/acct"));
	pid = fork();
	if (!pid)
		_exit(5);
	waitpid(pid, NULL, 0);
	t_check(!syscall(SYS_acct, NULL));
	t_check(slurp("/tmp/acct") >= sizeof(*a));
	t_check((a->ac_version & 15) == 3 && a->ac_pid == (unsigned int)pid && a->ac_exitcode == 5 << 8);
}

int main(void)
{
	t_check(slurp("/proc/pressure/cpu") && !strncmp(buf, "some avg10=", 11));
	t_check(slurp("/proc/pressure/memory") && slurp("/proc/pressure/io"));
	t_check(slurp("/proc/self/io") && strstr(buf, "wchar: "));
	if (!geteuid()) {
		taskstats();
		process_accounting();
	}
	return t_status;
}
