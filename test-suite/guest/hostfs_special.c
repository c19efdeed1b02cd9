/* SPDX-License-Identifier: MIT */
/* FIFOs and sockets in a host directory are the guest's own. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>
#include "test.h"

static struct stat st;

static void *writer(void *arg)
{
	int fd = open("fifo", O_WRONLY);

	t_check(fd >= 0 && write(fd, "through", 7) == 7);
	close(fd);
	return arg;
}

static void fifo(void)
{
	pthread_t t;
	char buf[16];
	int fd;

	t_check(mkfifo("fifo", 0640) == 0);
	t_check(stat("fifo", &st) == 0 && S_ISFIFO(st.st_mode) && (st.st_mode & 0777) == 0640);
	t_check(open("fifo", O_WRONLY | O_NONBLOCK) == -1 && errno == ENXIO);
	t_check(pthread_create(&t, NULL, writer, NULL) == 0);
	fd = open("fifo", O_RDONLY);
	t_check(fd >= 0 && read(fd, buf, sizeof(buf)) == 7 && !memcmp(buf, "through", 7));
	t_check(read(fd, buf, sizeof(buf)) == 0);
	pthread_join(t, NULL);
	t_check(unlink("fifo") == 0);
	t_check(fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode));
	close(fd);
}

static void unix_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" };
	int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), d;
	char b = 0;

	t_check(bind(s, (void *)&a, sizeof(a)) == 0 && listen(s, 1) == 0);
	t_check(stat("sock", &st) == 0 && S_ISSOCK(st.st_mode));
	t_check(connect(c, (void *)&a, sizeof(a)) == 0);
	d = accept(s, NULL, NULL);
	t_check(d >= 0 && write(c, "x", 1) == 1 && read(d, &b, 1) == 1 && b == 'x');
	t_check(open("sock", O_RDONLY) == -1 && errno == ENXIO);
	close(s);
	close(c);
	close(d);
	t_check(unlink("sock") == 0);
}

int main(void)
{
	struct statfs fs;

	fifo();
	unix_socket();
	t_check(mknod("plain", S_IFREG | 0600, 0) == 0 && stat("plain", &st) == 0 && S_ISREG(st.st_mode));
	t_check(mknod("null", S_IFCHR | 0666, makedev(1, 3)) == -1 && errno == EPERM);
	t_check(statfs(".", &fs) == 0 && fs.f_blocks > 0 && fs.f_namelen >= 255);
	return t_status;
}
