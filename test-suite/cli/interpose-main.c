// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WANT(x) do { if (!(x)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #x); failed = 1; } } while (0)

extern char **environ;
static int failed, *calls;
static volatile double number = -0.5;

/* constants and tables that have addresses of what is in libc */
static int (*const compare)(const char *, const char *) = strcmp;
static FILE *const *const out = (FILE *const *)&stdout;
static int *numbers[] = { &optind, &opterr, &daylight };

static int order(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void variables(int argc, char **argv)
{
	char *args[] = { "p", "-x", "-a", "value", NULL };

	WANT(*out == stdout && fileno(stdout) == 1 && fileno(stdin) == 0 && fileno(stderr) == 2);
	WANT(*numbers[0] == 1 && *numbers[1] == 1);
	opterr = 0;
	WANT(getopt(4, args, "a:") == '?' && optopt == 'x');
	WANT(getopt(4, args, "a:") == 'a' && !strcmp(optarg, "value") && optind == 4);
	optind = 1;
	WANT(getopt(4, args, "a:") == '?');
	setenv("TZ", "EST5EDT", 1);
	tzset();
	WANT(timezone == 18000 && daylight == 1);
	for (int i = 0; i < 2; i++)
		WANT(!strcmp(tzname[i], i ? "EDT" : "EST"));
	WANT(environ && getenv("TZ") == strchr(environ[0], '=') + 1);
	WANT(!strcmp(program_invocation_short_name, strrchr(argv[0], '/') + 1) &&
	     !strcmp(program_invocation_name, argv[0]));
	WANT(!memcmp(&in6addr_any, &(struct in6_addr)IN6ADDR_ANY_INIT, 16));
	WANT(!memcmp(&in6addr_loopback, &(struct in6_addr)IN6ADDR_LOOPBACK_INIT, 16));
	number = lgamma(number);
	WANT(signgam == -1);
	errno = ENOENT;
	WANT(!strcmp(strerror(errno), "No such file or directory"));
}

static void functions(void)
{
	int (*f)(const char *, const char *) = getenv("TZ") ? strcmp : strcasecmp;
	int v[] = { 3, 1, 2 };

	WANT(f == compare && !f("x", "x"));
	qsort(v, 3, sizeof(*v), order);
	WANT(v[0] == 1 && v[1] == 2 && v[2] == 3);
}

/* All of libc uses what the program has, if it has it. */
static void memory(void)
{
	char *s, *line = NULL;
	size_t n = 0;
	FILE *f;
	int before;

	calls = dlsym(RTLD_DEFAULT, "calls");
	before = calls ? *calls : 0;

	s = strdup("text");
	WANT(s && !strcmp(s, "text"));
	WANT(!calls || *calls > before);
	free(s);
	f = fopen("/proc/self/status", "r");
	WANT(f && getline(&line, &n, f) > 0 && !strncmp(line, "Name:", 5));
	fclose(f);
	free(line);
}

int main(int argc, char **argv)
{
	char text[20];

	environ = (char *[]){ NULL };
	variables(argc, argv);
	functions();
	memory();
	snprintf(text, sizeof(text), "own %d", calls && *calls > 2);
	puts(text);
	return failed;
}
