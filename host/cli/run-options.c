/* SPDX-License-Identifier: MIT */
/* The options that `muslin run' and `muslin boot' have in common. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "muslin.h"

const char run_options_help[] =
	"  --dir HOST[:GUEST][:ro][:suid][:overlay][:cow]\n"
	"                           make a directory of the host visible, at GUEST or at\n"
	"                           the same path; ro: read-only; suid: set-user-ID and\n"
	"                           set-group-ID files can be made in it; overlay: what\n"
	"                           is changed in it is gone in the end; cow: it is kept\n"
	"                           for muslin diff and muslin apply.  Without any\n"
	"                           --dir it is the current directory.\n"
	"  --cow-dir DIR            where cow keeps it, instead of in muslin/cow in\n"
	"                           XDG_STATE_HOME, or in ~/.local/state\n"
	"  --file HOST:GUEST        make a file of the host visible, read-only, as GUEST\n"
	"  --hostname NAME          the machine's name (default muslin)\n"
	"  --disk FILE[:ro]         FILE, of the host, is a disk: /dev/vda, the next one vdb\n"
	"  --root DIR[:ro][:overlay][:cow]\n"
	"                           the directory is the guest's root, in which PROG is\n"
	"  --root IMAGE[:ro][:overlay]\n"
	"                           the same with a disk of ext4, squashfs or erofs, where\n"
	"                           the program runs as the guest's root\n"
	"  --env NAME=VALUE         set a variable of the program's environment\n"
	"  --env NAME               the same, with our own value\n"
	"  --env-all                set all that we have\n"
	"  --cwd DIR                start in the guest's directory DIR\n"
	"  --mem SIZE               memory of the machine, in bytes or with K, M or G\n"
	"                           (default 1G)\n"
	"  --cpus N                 processors of the machine (default 1), if this muslin's\n"
	"                           kernel is for more than one\n"
	"  --time SECONDS           end it when so much time is over (exit status 124)\n"
	"  --cpu SECONDS            the same for processor time\n"
	"  --cpu-quota PART         a part of the processor, .5 is half of it\n"
	"  --output SIZE            what it may write to its standard output and error,\n"
	"                           together; then ENOSPC\n"
	"  --quota SIZE             by how much files of the host may grow, in all; then EDQUOT\n"
	"  --processes N            its processes and threads at once; more get EAGAIN\n"
	"  --tier quick             compile programs at once, to slow code\n"
	"  --tier optimized         compile them by the C compiler, and wait for it\n"
	"  --tier auto              quick, but optimize in the background, for later\n"
	"                           starts (default)\n"
	"  --cmdline TEXT           add kernel parameters\n"
	"  --image FILE             the boot image, see muslin snapshot, instead of the\n"
	"                           one in the cache; none: boot\n"
	"  --net NETWORK            a network: see muslin(1), NETWORKS\n"
	"  --stats                  in the end tell on standard error what took how long,\n"
	"                           and which system calls there were\n"
	"  --no-confine             do not give up what running a guest needs no rights for\n"
	"  --help                   show this\n";

enum { OPT_DIR = 1, OPT_ENV, OPT_CWD, OPT_MEM, OPT_TIER, OPT_CMDLINE, OPT_IMAGE,
       OPT_STATS, OPT_TTY, OPT_NO_CONFINE, OPT_ENV_ALL, OPT_ROOT, OPT_SHELL,
       OPT_HELP, OPT_CPUS, OPT_DISK, OPT_COW_DIR, OPT_PID, OPT_END, OPT_FILE, OPT_HOSTNAME,
       OPT_NET,
       OPT_LIMIT = OPT_NET + NET_OPTIONS };

static const struct option long_options[] = {
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "cow-dir", required_argument, NULL, OPT_COW_DIR },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "hostname", required_argument, NULL, OPT_HOSTNAME },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "env", required_argument, NULL, OPT_ENV },
	{ "env-all", no_argument, NULL, OPT_ENV_ALL },
	{ "cwd", required_argument, NULL, OPT_CWD },
	{ "mem", required_argument, NULL, OPT_MEM },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "time", required_argument, NULL, OPT_LIMIT + LIMIT_TIME },
	{ "cpu", required_argument, NULL, OPT_LIMIT + LIMIT_CPU },
	{ "cpu-quota", required_argument, NULL, OPT_LIMIT + LIMIT_CPU_QUOTA },
	{ "output", required_argument, NULL, OPT_LIMIT + LIMIT_OUTPUT },
	{ "quota", required_argument, NULL, OPT_LIMIT + LIMIT_QUOTA },
	{ "processes", required_argument, NULL, OPT_LIMIT + LIMIT_PROCESSES },
	{ "tier", required_argument, NULL, OPT_TIER },
	{ "cmdline", required_argument, NULL, OPT_CMDLINE },
	{ "stats", no_argument, NULL, OPT_STATS },
	{ "tty", no_argument, NULL, OPT_TTY },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "end", no_argument, NULL, OPT_END },
	{ "image", required_argument, NULL, OPT_IMAGE },
	{ "no-confine", no_argument, NULL, OPT_NO_CONFINE },
	{ "net", required_argument, NULL, OPT_NET + NET_BACKEND },
	{ "net-address", required_argument, NULL, OPT_NET + NET_ADDRESS },
	{ "net-mtu", required_argument, NULL, OPT_NET + NET_MTU },
	{ "net-allow", required_argument, NULL, OPT_NET + NET_ALLOW },
	{ "net-nameserver", required_argument, NULL, OPT_NET + NET_NAMESERVER },
	{ "net-log", required_argument, NULL, OPT_NET + NET_LOG },
	{ "publish", required_argument, NULL, OPT_NET + NET_PUBLISH },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "shell", required_argument, NULL, OPT_SHELL },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

void *grown(void *array, size_t n, size_t size)
{
	array = realloc(array, n * size);
	if (!array)
		exit(complain(STATUS_FAILED, "out of memory"));
	return array;
}

void env_add(struct run_options *o, char *var)
{
	size_t i, n = strcspn(var, "=") + 1;

	for (i = 0; i < o->nenv; i++)
		if (!strncmp(o->env[i], var, n))
			break;
	if (i == o->nenv) {
		o->env = grown(o->env, ++o->nenv + 1, sizeof(*o->env));
		o->env[o->nenv] = NULL;
	} else {
		free(o->env[i]);
	}
	o->env[i] = var;
}

static int add_env(struct run_options *o, const char *arg)
{
	const char *value = getenv(arg);

	if (!*arg || *arg == '=')
		return complain(STATUS_USAGE, "--env %s: no name", arg);
	if (strchr(arg, '='))
		env_add(o, xstrdup(arg));
	else if (value)
		env_add(o, xasprintf("%s=%s", arg, value));
	return 0;
}

static int add_all_env(struct run_options *o)
{
	for (char **e = environ; *e; e++)
		if (**e != '=' && strchr(*e, '='))
			env_add(o, xstrdup(*e));
	return 0;
}

bool ends_with(char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	if (n <= m || strcmp(text + n - m, suffix))
		return false;
	text[n - m] = 0;
	return true;
}

static int dir_flags(char *dir, bool *cow)
{
	int flags = 0;

	*cow = false;
	for (;;) {
		if (ends_with(dir, ":ro"))
			flags |= MUSLIN_READ_ONLY;
		else if (ends_with(dir, ":suid"))
			flags |= MUSLIN_SUID;
		else if (ends_with(dir, ":overlay"))
			flags |= MUSLIN_READ_ONLY | MUSLIN_OVERLAY;
		else if (ends_with(dir, ":cow"))
			*cow = true;
		else
			return flags;
	}
}

/* what is said before its name */
static int add_dir(struct run_options *o, const char *what, const char *arg)
{
	char *host = xstrdup(arg), *guest;
	struct dir d = { .host = NULL };
	struct stat st;
	int status = 0;

	d.flags = dir_flags(host, &d.cow);
	if (d.cow && d.flags) {
		status = complain(STATUS_USAGE, "%s%s: cow goes with no other of these", what, arg);
		goto out;
	}
	guest = strchr(host, ':');
	if (guest)
		*guest++ = 0;
	if (guest && *guest != '/') {
		status = complain(STATUS_USAGE,
				  "%s%s: the guest's path must begin with /",
				  what, arg);
		goto out;
	}
	d.host = realpath(host, NULL);
	if (!d.host || stat(d.host, &st)) {
		status = complain(STATUS_FAILED, "%s%s: %s", what, host,
				  strerror(errno));
		goto out;
	}
	if (!S_ISDIR(st.st_mode)) {
		status = complain(STATUS_FAILED, "%s%s: %s", what, host,
				  strerror(ENOTDIR));
		free(d.host);
		goto out;
	}
	d.guest = xstrdup(guest ? guest : d.host);
	o->dirs = grown(o->dirs, o->ndirs + 1, sizeof(d));
	o->dirs[o->ndirs++] = d;
out:
	free(host);
	return status;
}

int run_options_dir(struct run_options *o, const char *arg)
{
	return add_dir(o, "", arg);
}

/* "HOST:GUEST" */
static int add_file(struct run_options *o, const char *arg)
{
	struct file f = { .text = xstrdup(arg) };
	char *colon = strrchr(f.text, ':');
	struct stat st;
	int status = 0;

	if (!colon || colon[1] != '/') {
		free(f.text);
		return complain(STATUS_USAGE, "--file %s: not a file and its path in the guest",
				arg);
	}
	*colon = 0;
	f.guest = colon + 1;
	f.host = realpath(f.text, NULL);
	if (!f.host || stat(f.host, &st))
		status = complain(STATUS_FAILED, "--file %s: %s", f.text, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		status = complain(STATUS_FAILED, "--file %s: not a regular file", f.text);
	o->files = grown(o->files, o->nfiles + 1, sizeof(f));
	o->files[o->nfiles++] = f;
	return status;
}

static int set_hostname(struct run_options *o, const char *arg)
{
	if (!*arg || strlen(arg) > 64)
		return complain(STATUS_USAGE, "--hostname %s: not a name of 1 to 64 characters",
				arg);
	o->hostname = arg;
	return 0;
}

static int set_cpus(struct run_options *o, const char *arg)
{
	unsigned int most = muslin_cpus_most();
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*end || arg[0] < '1' || arg[0] > '9')
		return complain(STATUS_USAGE, "--cpus %s: not a number of processors", arg);
	if (n > most && most == 1)
		return complain(STATUS_USAGE, "--cpus %s: this muslin has a kernel for one processor", arg);
	if (n > most)
		return complain(STATUS_USAGE, "--cpus %s: this muslin has a kernel for %u processors",
				arg, most);
	o->cpus = n;
	return 0;
}

static int set_memory(struct run_options *o, const char *arg)
{
	int status = run_size("--mem", arg, &o->memory);

	if (status)
		return status;
	return o->memory ? 0 : complain(STATUS_USAGE, "--mem %s: no memory", arg);
}

static int set_pid(struct run_options *o, const char *arg)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (*end || n <= 0 || n > INT_MAX)
		return complain(STATUS_USAGE, "--pid %s: not a process", arg);
	o->pid = n;
	return 0;
}

static int take_option(struct run_options *o, int opt)
{
	if (opt >= OPT_NET && opt < OPT_NET + NET_OPTIONS)
		return run_net_option(o, opt - OPT_NET, optarg);
	if (opt >= OPT_LIMIT && opt < OPT_LIMIT + LIMIT_OPTIONS)
		return run_limit_option(o, opt - OPT_LIMIT, optarg);
	switch (opt) {
	case OPT_DIR:
		return add_dir(o, "--dir ", optarg);
	case OPT_COW_DIR:
		o->cow_dir = optarg;
		return 0;
	case OPT_FILE:
		return add_file(o, optarg);
	case OPT_HOSTNAME:
		return set_hostname(o, optarg);
	case OPT_DISK:
		return run_disk_option(o, optarg);
	case OPT_ENV:
		return add_env(o, optarg);
	case OPT_ENV_ALL:
		return add_all_env(o);
	case OPT_CWD:
		o->cwd = optarg;
		if (*optarg != '/')
			return complain(STATUS_USAGE,
					"--cwd %s: not an absolute path", optarg);
		return 0;
	case OPT_TIER:
		o->tier = muslin_tier(optarg);
		if (o->tier < 0)
			return complain(STATUS_USAGE,
					"--tier %s: not auto, quick or optimized",
					optarg);
		return 0;
	case OPT_CMDLINE:
		o->cmdline = optarg;
		return 0;
	case OPT_STATS:
		o->stats = true;
		return 0;
	case OPT_TTY:
		o->tty = true;
		return 0;
	case OPT_PID:
		return set_pid(o, optarg);
	case OPT_END:
		o->end = true;
		return 0;
	case OPT_NO_CONFINE:
		o->no_confine = true;
		return 0;
	case OPT_IMAGE:
		o->image = optarg;
		return 0;
	case OPT_CPUS:
		return set_cpus(o, optarg);
	case OPT_ROOT:
		o->root = optarg;
		return 0;
	case OPT_SHELL:
		o->shell = optarg;
		return 0;
	case 'c':
		o->command = optarg;
		return 0;
	default:
		return set_memory(o, optarg);
	}
}

int run_options_parse(struct run_options *o, int argc, char **argv,
		      const char *help)
{
	int opt, status, at = 1;

	opterr = 0;
	for (optind = 1; !o->command &&
	     (opt = getopt_long(argc, argv, o->of_shell ? "+:c:" : "+:",
				long_options, NULL)) >= 0; at = optind) {
		if (opt == OPT_HELP) {
			fputs(help, stdout);
			fputs(run_options_help, stdout);
			return -1;
		}
		if (opt == ':')
			status = complain(STATUS_USAGE, "%s: needs a value",
					  argv[at]);
		else if (opt == '?' || (opt == OPT_SHELL && !o->of_shell))
			status = complain(STATUS_USAGE, "%s: unknown option",
					  argv[at]);
		else
			status = take_option(o, opt);
		if (status)
			return -1 - status;
	}
	return optind;
}

char *run_options_cmdline(const struct run_options *o)
{
	const char *more = o->cmdline ? o->cmdline : getenv("MUSLIN_CMDLINE");

	return xasprintf("%s%s", o->boot ? "loglevel=8 " : "", more ? more : "");
}

void run_options_free(struct run_options *o)
{
	size_t i;

	for (i = 0; i < o->ndirs; i++) {
		free(o->dirs[i].host);
		free(o->dirs[i].guest);
		free(o->dirs[i].layer);
	}
	for (i = 0; i < o->nenv; i++)
		free(o->env[i]);
	for (i = 0; i < o->nfiles; i++) {
		free(o->files[i].host);
		free(o->files[i].text);
	}
	run_net_free(o);
	run_disks_free(o);
	free(o->files);
	free(o->dirs);
	free(o->env);
}

/* What init mounts there hides what a root directory of the host has. */
bool is_guests_own(const char *path)
{
	static const char *const own[] = {
		"/dev", "/proc", "/run", "/sys", "/tmp",
	};
	size_t i, n;

	for (i = 0; i < sizeof(own) / sizeof(*own); i++) {
		n = strlen(own[i]);
		if (!strncmp(path, own[i], n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

/* Of several directories that hold it, the innermost. */
char *guest_path(const struct run_options *o, const char *host)
{
	const struct dir *best = NULL;
	size_t i, n, best_n = 0;
	const char *rest, *guest;

	for (i = 0; i < o->ndirs; i++) {
		n = strlen(o->dirs[i].host);
		if (n == 1)
			n = 0;	/* "/" */
		if (strncmp(host, o->dirs[i].host, n) ||
		    (host[n] && host[n] != '/') || (best && n < best_n))
			continue;
		best = &o->dirs[i];
		best_n = n;
	}
	if (!best)
		return NULL;
	rest = host + best_n;
	if (!strcmp(best->guest, "/") && is_guests_own(rest))
		return NULL;
	guest = strcmp(best->guest, "/") ? best->guest : "";
	return xasprintf("%s%s", guest, *rest || *guest ? rest : "/");
}
