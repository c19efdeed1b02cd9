/* SPDX-License-Identifier: MIT */
/* One TCP connection: network sink PORT, network source HOST PORT MEGABYTES. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buf[1 << 18];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };

	inet_pton(AF_INET, host, &a.sin_addr);
	return a;
}

/* Answers one byte when all has come. */
static int sink(const char *port)
{
	int l = socket(AF_INET, SOCK_STREAM, 0), one = 1, s;
	struct sockaddr_in a = address("0.0.0.0", port);

	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l, (void *)&a, sizeof(a)) || listen(l, 1))
		return perror("bind"), 1;
	s = accept(l, NULL, NULL);
	while (read(s, buf, sizeof(buf)) > 0)
		;
	return write(s, "x", 1) != 1;
}

static int source(const char *host, const char *port, const char *megabytes)
{
	struct sockaddr_in a = address(host, port);
	uint64_t n = strtoull(megabytes, NULL, 10) << 20, done = 0;
	int s = socket(AF_INET, SOCK_STREAM, 0), i;
	double start, took;
	ssize_t r;

	for (i = 0; i < 100 && connect(s, (void *)&a, sizeof(a)); i++) {
		close(s);
		usleep(100000);
		s = socket(AF_INET, SOCK_STREAM, 0);
	}
	start = now();
	for (; done < n; done += r) {
		r = write(s, buf, n - done < sizeof(buf) ? n - done : sizeof(buf));
		if (r < 0)
			return perror("write"), 1;
	}
	shutdown(s, SHUT_WR);
	if (read(s, buf, 1) != 1)
		return perror("read"), 1;
	took = now() - start;
	printf("%.2f\n", n * 8 / took / 1e9);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "sink"))
		return sink(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "source"))
		return source(argv[2], argv[3], argv[4]);
	return 2;
}
