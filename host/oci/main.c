/* SPDX-License-Identifier: MIT */
/* muslin-oci(1) */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "oci/native.h"
#include "oci/oci.h"

const char *oci_root;
static const char *log_path;
static bool log_json;

static const char usage[] =
	"usage: muslin-oci [OPTION]... COMMAND [ARG]...\n"
	"\n"
	"  create --bundle DIR [--pid-file FILE] [--console-socket PATH] ID\n"
	"  run --bundle DIR [--pid-file FILE] ID\n"
	"  start ID\n"
	"  state ID\n"
	"  kill [--all] ID [SIGNAL]\n"
	"  delete [--force] ID\n"
	"  exec [--process FILE] [--tty] [--cwd DIR] [--env NAME=VALUE] [--user UID[:GID]]\n"
	"       [--detach] [--pid-file FILE] [--console-socket PATH] ID [PROG [ARG]...]\n"
	"  pause ID\n"
	"  resume ID\n"
	"  ps [--format json] ID\n"
	"  list [--quiet]\n"
	"  features\n"
	"\n"
	"A runtime of OCI containers whose programs are WebAssembly: each is a machine of\n"
	"muslin.  doc/oci.md tells what of a configuration means something.\n"
	"\n"
	"  --root DIR               where the state of containers is\n"
	"  --log FILE               also write errors there\n"
	"  --log-format text|json   how\n"
	"  --native RUNTIME         gives it containers whose program is a native one\n"
	"  --version, --help\n";

static const struct {
	const char *name;
	int (*fn)(int argc, char **argv);
} commands[] = {
	{ "create", cmd_create },
	{ "run", cmd_run },
	{ "start", cmd_start },
	{ "state", cmd_state },
	{ "kill", cmd_kill },
	{ "delete", cmd_delete },
	{ "exec", cmd_exec },
	{ "pause", cmd_pause },
	{ "resume", cmd_resume },
	{ "ps", cmd_ps },
	{ "list", cmd_list },
	{ "features", cmd_features },
};

/* Engines read there why something failed. */
static void write_log(const char *text)
{
	FILE *f = log_path ? fopen(log_path, "ae") : NULL;
	time_t now = time(NULL);
	struct json_object *o;
	char when[32];

	if (!f)
		return;
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	if (log_json) {
		o = json_object_new_object();
		json_object_object_add(o, "level", json_object_new_string("error"));
		json_object_object_add(o, "msg", json_object_new_string(text));
		json_object_object_add(o, "time", json_object_new_string(when));
		fprintf(f, "%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	} else {
		fprintf(f, "time=\"%s\" level=error msg=\"%s\"\n", when, text);
	}
	fclose(f);
}

int complain(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return 1;
	/* one line, whatever is in names */
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	fprintf(stderr, "muslin-oci: %s\n", text);
	write_log(text);
	free(text);
	return 1;
}

void *xmalloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		exit(complain("out of memory"));
	return p;
}

char *xstrdup(const char *s)
{
	return strcpy(xmalloc(strlen(s) + 1), s);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		exit(complain("out of memory"));
	return s;
}

/* Engines start us with little of an environment. */
static void set_defaults(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (!oci_root)
		oci_root = geteuid() && runtime ? xasprintf("%s/muslin-oci", runtime) :
			"/run/muslin-oci";
	if (!geteuid() && !getenv("MUSLIN_CACHE") && !getenv("XDG_CACHE_HOME") && !getenv("HOME"))
		setenv("MUSLIN_CACHE", "/var/cache/muslin", 1);
	if (!getenv("PATH"))
		setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
}

static int version(void)
{
	printf("muslin-oci version %s\nspec: 1.0.2\n", VERSION);
	return 0;
}

int main(int argc, char **argv)
{
	enum { ROOT = 1, LOG, LOG_FORMAT, NATIVE, VERSION_, HELP, IGNORED };
	static const struct option options[] = {
		{ "root", required_argument, NULL, ROOT },
		{ "log", required_argument, NULL, LOG },
		{ "log-format", required_argument, NULL, LOG_FORMAT },
		{ "native", required_argument, NULL, NATIVE },
		{ "version", no_argument, NULL, VERSION_ },
		{ "help", no_argument, NULL, HELP },
		/* of runc: there is no cgroup, and a guest has no privileges to lose */
		{ "debug", no_argument, NULL, IGNORED },
		{ "systemd-cgroup", no_argument, NULL, IGNORED },
		{ "cgroup-manager", required_argument, NULL, IGNORED },
		{ "rootless", required_argument, NULL, IGNORED },
		{ 0 },
	};
	const char *native = NULL;
	size_t i;
	int opt, r;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+v", options, NULL)) >= 0)
		switch (opt) {
		case ROOT: oci_root = optarg; break;
		case LOG: log_path = optarg; break;
		case NATIVE: native = optarg; break;
		case LOG_FORMAT: log_json = !strcmp(optarg, "json"); break;
		case 'v': case VERSION_: return version();
		case HELP: fputs(usage, stdout); return 0;
		case IGNORED: break;
		default: return complain("%s: unknown option; see muslin-oci --help", argv[optind - 1]);
		}
	set_defaults();
	if (optind == argc) {
		fputs(usage, stderr);
		return 1;
	}
	r = native ? native_run(native, optind - 1, argv + 1, argc - optind, argv + optind) : -1;
	if (r >= 0)
		return r;
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[optind], commands[i].name)) {
			int at = optind;

			optind = 1;
			return commands[i].fn(argc - at, argv + at);
		}
	return complain("%s: no such command; see muslin-oci --help", argv[optind]);
}
