/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "muslin.h"

#define PROGRAM_DIR "/run/muslin"

static const char help[] =
	"usage: muslin run [OPTION]... [--] PROG [ARG]...\n"
	"       muslin run [--stats] --image FILE\n"
	"\n"
	"Runs PROG, a file of the host, and exits with its status; 128 + N if signal N\n"
	"killed it.  The second form goes on with the program that waits in FILE, see\n"
	"muslin snapshot.\n"
	"\n";

/* --- signals that we get are for the program --- */

static struct muslin *volatile machine;
static volatile sig_atomic_t program;
/* the signal that ended the program */
static int killed_by;

/* what the terminal's keys send goes to all processes of the job */
static const int group_signals[] = { SIGINT, SIGQUIT, SIGHUP };
static const int single_signals[] = { SIGTERM, SIGUSR1, SIGUSR2 };

static void forward_to_group(int sig)
{
	muslin_kill(machine, -program, sig);
}

static void forward(int sig)
{
	muslin_kill(machine, program, sig);
}

static void set_handler(int sig, void (*handler)(int))
{
	struct sigaction sa = {
		.sa_handler = handler,
		.sa_flags = SA_ONSTACK | SA_RESTART,
	}, old;

	/* the machine's own signals must not take this for its user code */
	sigfillset(&sa.sa_mask);
	/* nohup */
	if (!sigaction(sig, NULL, &old) && old.sa_handler == SIG_IGN)
		return;
	sigaction(sig, &sa, NULL);
}

static void forward_signals(struct muslin *m, int id)
{
	size_t i;

	machine = m;
	program = id;
	for (i = 0; i < sizeof(group_signals) / sizeof(int); i++)
		set_handler(group_signals[i], id ? forward_to_group : SIG_DFL);
	for (i = 0; i < sizeof(single_signals) / sizeof(int); i++)
		set_handler(single_signals[i], id ? forward : SIG_DFL);
}

/* --- the program's file and surroundings --- */

struct target {
	char *host;		/* real path */
	char *guest;		/* as the guest sees it; NULL: in no --dir */
};

/* What we can see of it without a machine. */
static int find_program(const char *prog, struct target *t)
{
	struct stat st;
	int fd;

	t->host = realpath(prog, NULL);
	if (!t->host || stat(t->host, &st))
		return complain(errno == ENOENT || errno == ENOTDIR ?
				STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE,
				"%s: %s", prog, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return complain(STATUS_NOT_EXECUTABLE, "%s: %s", prog,
				S_ISDIR(st.st_mode) ? strerror(EISDIR) :
				"not a regular file");
	fd = TEMP_FAILURE_RETRY(open(t->host, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return complain(STATUS_NOT_EXECUTABLE, "%s: %s", prog,
				strerror(errno));
	close(fd);
	return 0;
}

/* It is the guest's: it finds out whether it is there. */
static int program_in_root(const struct run_options *o, struct target *t)
{
	if (*o->program != '/')
		return complain(STATUS_USAGE, "%s: with --root, a path that begins with /",
				o->program);
	t->guest = xstrdup(o->program);
	return 0;
}

/* It may be mounted over the guest's /tmp; the others are needed. */
static void add_current_dir(struct run_options *o, const char *cwd)
{
	if (is_guests_own(cwd) && strncmp(cwd, "/tmp", 4))
		return;
	/* first, so that those below it are mounted on it */
	o->dirs = grown(o->dirs, o->ndirs + 1, sizeof(*o->dirs));
	memmove(o->dirs + 1, o->dirs, o->ndirs++ * sizeof(*o->dirs));
	o->dirs[0] = (struct dir){ .host = xstrdup(cwd), .guest = xstrdup(cwd) };
}

static bool is_visible(const struct run_options *o, const char *host)
{
	char *guest = guest_path(o, host);

	free(guest);
	return guest;
}

static int mount_all(struct muslin *m, const struct run_options *o,
		     struct target *t)
{
	char *name;
	size_t i;
	int r;

	if (o->on_disk && muslin_mount_disk(m, o->ndisks - 1, "/", o->root_flags))
		return complain(STATUS_FAILED, "%s: %s", o->disks[o->ndisks - 1].path,
				muslin_error(m));
	for (i = 0; i < o->ndirs; i++) {
		const struct dir *d = &o->dirs[i];

		r = d->layer ? muslin_mount_layer(m, d->host, d->guest, d->layer) :
			muslin_mount(m, d->host, d->guest, d->flags);
		if (r)
			return complain(STATUS_FAILED, "--dir %s: %s", d->host,
					muslin_error(m));
	}
	if (!t->host)
		return 0;
	/* To run a file by name it is enough that it can be read. */
	t->guest = access(t->host, X_OK) ? NULL : guest_path(o, t->host);
	if (t->guest)
		return 0;
	name = basename(t->host);
	t->guest = xasprintf(PROGRAM_DIR "/%s", name);
	r = muslin_mount_file(m, t->host, PROGRAM_DIR, name);
	return r ? complain(STATUS_FAILED, "%s: %s", t->host, muslin_error(m)) : 0;
}

/* What the user asked for comes first, so this only fills up. */
static void default_env(struct run_options *o)
{
	struct passwd *pw = getpwuid(getuid());
	const char *user = getenv("USER"), *home = getenv("HOME");
	const char *term = getenv("TERM");
	struct run_options given = *o;
	size_t i;

	o->env = NULL;
	o->nenv = 0;
	env_add(o, xstrdup("PATH=/usr/local/bin:/usr/bin:/bin"));
	if (o->on_disk)
		home = "/root", user = "root";
	env_add(o, xasprintf("HOME=%s", home ? home : pw ? pw->pw_dir : "/"));
	env_add(o, xasprintf("USER=%s", user ? user : pw ? pw->pw_name : "user"));
	env_add(o, xasprintf("TERM=%s", term ? term : "dumb"));
	for (i = 0; i < given.nenv; i++)
		env_add(o, given.env[i]);
	free(given.env);
}

/* --- running --- */

/* The input of a program that is kept comes later: one that never has any. */
static int silence(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		exit(complain(STATUS_FAILED, "pipe: %s", strerror(errno)));
	return fds[0];
}

static int start(struct muslin *m, const struct run_options *o,
		 const char *path, char **argv, const char *cwd)
{
	struct muslin_program p = {
		.path = path,
		.argv = argv,
		.envp = o->env,
		.cwd = cwd,
		/* whoever may write to an image is its root */
		.uid = o->on_disk ? 0 : getuid(),
		.gid = o->on_disk ? 0 : getgid(),
		.umask = umask(022),
		.flags = !o->keep || o->tty ? MUSLIN_TTY : 0,
	};
	int i, id, n = getgroups(0, NULL);
	gid_t *groups = xmalloc((n > 0 ? n : 1) * sizeof(*groups));

	umask(p.umask);
	p.groups = groups;
	p.ngroups = n > 0 && !o->on_disk ? getgroups(n, groups) : 0;
	for (i = 0; i < 3; i++)
		p.fd[i] = was_closed[i] ? -1 : i;
	if (o->keep && !o->tty)
		p.fd[0] = silence();
	id = muslin_spawn(m, &p);
	free(groups);
	return id;
}

/*
 * The program has them, and may close them while it goes on.  Messages still
 * need standard error, and `muslin boot' its output.
 */
static void release_files(bool keep_output)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, 0);
	if (!keep_output)
		dup2(null, 1);
	close(null);
}

/*
 * A program that was stopped stops us, so that the shell has its job back; to
 * go on with us is to go on with it.
 */
static int wait_for(struct muslin *m, int id, bool tty)
{
	int r, status;

	for (;;) {
		r = muslin_wait(m, id, &status);
		if (r)
			return complain(STATUS_FAILED, "%s", muslin_error(m));
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (WIFSIGNALED(status)) {
			killed_by = WTERMSIG(status);
			return 128 + killed_by;
		}
		if (tty)
			kill(0, SIGTSTP);
		else
			raise(SIGSTOP);
		muslin_kill(m, -id, SIGCONT);
	}
}

static int start_status(int err)
{
	switch (err) {
	case -ENOENT:
		return STATUS_NOT_FOUND;
	case -ESHUTDOWN:
		return STATUS_FAILED;
	default:
		return STATUS_NOT_EXECUTABLE;
	}
}

/* Why nothing is kept. */
static int not_kept(struct muslin *m, const struct run_options *o, const char *prog,
		    int id, int err)
{
	int status;

	if (err != -ECHILD || muslin_wait(m, id, &status))
		return complain(STATUS_FAILED, "%s: %s", o->image, muslin_error(m));
	if (WIFEXITED(status))
		return complain(STATUS_FAILED, "%s: exited with status %d before it waited",
				prog, WEXITSTATUS(status));
	return complain(STATUS_FAILED, "%s: %s by signal %d before it waited", prog,
			WIFSTOPPED(status) ? "stopped" : "killed",
			WIFSTOPPED(status) ? WSTOPSIG(status) : WTERMSIG(status));
}

static int keep(struct muslin *m, const struct run_options *o, const char *prog, int id)
{
	int r;

	forward_signals(m, id);
	r = muslin_snapshot(m, o->image);
	forward_signals(m, 0);
	return r ? not_kept(m, o, prog, id, r) : 0;
}

/* To its end; 0 was a terminal if tty. */
static int follow(struct muslin *m, const struct run_options *o, int id, bool tty)
{
	int status;

	release_files(o->boot);
	forward_signals(m, id);
	run_limits_program(m, id);
	status = run_limits_status(wait_for(m, id, tty));
	run_limits_program(NULL, 0);
	forward_signals(m, 0);
	return status;
}

static int run_program(struct muslin *m, const struct run_options *o,
		       const struct target *t, char **argv, const char *cwd)
{
	int id = start(m, o, t->guest, argv, cwd);

	if (id < 0)
		return complain(start_status(id), "%s: %s", o->program,
				muslin_error(m));
	if (o->keep)
		return keep(m, o, o->program, id);
	return follow(m, o, id, isatty(0));
}

static int resume_program(struct muslin *m, const struct run_options *o)
{
	static const int fds[] = { 0, 1, 2 };
	int id = muslin_resume(m, o->image, fds);

	if (id < 0)
		return complain(STATUS_FAILED, "%s: %s", o->image, muslin_error(m));
	return follow(m, o, id, isatty(0));
}

/*
 * That it powers off is news only for `muslin boot'; what it says meanwhile is
 * kept for the case that it fails.
 */
struct log {
	FILE *file;
	char *kept;
	size_t size;
};

static void log_kernel(void *arg, const char *text, size_t n)
{
	struct log *log = arg;

	fwrite(text, 1, n, log->file);
	fflush(log->file);
}

static int shut_down(struct muslin *m, struct log *log)
{
	FILE *usual = log->file;
	int r;

	if (usual == stderr)
		log->file = open_memstream(&log->kept, &log->size);
	if (!log->file)
		log->file = usual;
	r = muslin_shutdown(m);
	if (log->file == usual)
		return r;
	fclose(log->file);
	log->file = usual;
	if (r)
		fwrite(log->kept, 1, log->size, usual);
	free(log->kept);
	return r;
}

/* To boot is what `muslin boot' is for. */
static const char *image_path(const struct run_options *o)
{
	if (o->boot || o->keep || (o->image && !strcmp(o->image, "none")))
		return "";
	return o->image;
}

static int with_machine(struct run_options *o, struct target *t, char **argv,
			const char *cwd)
{
	char *cmdline = run_options_cmdline(o);
	struct log log = { .file = o->boot ? stdout : stderr };
	struct muslin_config config = {
		.memory = o->memory,
		.cmdline = cmdline,
		.tier = o->tier,
		.log = log_kernel,
		.progress = progress_for_terminal(),
		.arg = &log,
		.count_calls = o->stats,
		.image = image_path(o),
		.keep = o->keep,
		.output = o->limits.output,
		.tasks = o->limits.processes,
	};
	struct run_times times = { 0 };
	uint64_t start;
	struct muslin *m;
	int r, status;

	r = muslin_new(&config, &m);
	free(cmdline);
	if (r)
		return complain(STATUS_FAILED, "cannot make a machine: %s", strerror(-r));
	if (o->make_image && !o->ndisks && !o->image && !muslin_has_image(m))
		make_image(o);
	status = run_net(m, o);
	if (!status)
		status = run_disks(m, o);
	if (!status)
		status = run_limits_start(o);
	if (!status)
		status = confine(m, o, t ? t->host : NULL, o->keep);
	if (status)
		goto out_free;
	if (!o->resume && muslin_boot(m)) {
		status = complain(STATUS_FAILED, "%s", muslin_error(m));
		goto out_free;
	}
	status = o->resume ? 0 : mount_all(m, o, t);
	start = now_ns();
	if (!status && (argv || o->resume)) {
		status = o->resume ? resume_program(m, o) :
			run_program(m, o, t, argv, cwd);
		times.run = now_ns() - start;
	}
	start = now_ns();
	if (shut_down(m, &log) && !status)
		status = complain(STATUS_FAILED, "%s", muslin_error(m));
	times.shutdown = now_ns() - start;
	if (o->stats)
		print_stats(m, &times);
out_free:
	muslin_free(m);
	return status;
}

int run_machine(struct run_options *o, char **argv)
{
	struct target t = { 0 };
	char *here, *cwd = NULL;
	int status;

	if (o->tty && !o->keep)
		return complain(STATUS_USAGE,
				"--tty: of use to muslin snapshot with a program; see its --help");
	if (o->tty && !isatty(0))
		return complain(STATUS_FAILED, "--tty: standard input is no terminal");

	if (o->root && !o->of_shell) {
		status = run_root(o);
		if (status)
			return status;
	}
	if (argv) {
		if (!o->program)
			o->program = argv[0];
		status = o->on_disk || (o->root && !o->of_shell) ? program_in_root(o, &t) :
			find_program(o->program, &t);
		if (status)
			goto out;
	}
	here = realpath(".", NULL);
	if (argv && here && !o->root && (!o->ndirs || (o->as_native && !is_visible(o, here))))
		add_current_dir(o, here);
	if (here && !o->cwd)
		cwd = guest_path(o, here);
	free(here);
	default_env(o);
	status = layers_make(o);
	if (status)
		goto out_cwd;
	status = with_machine(o, &t, argv, o->cwd ? o->cwd : cwd);
out_cwd:
	free(cwd);
out:
	free(t.host);
	free(t.guest);
	return status;
}

/* What the image says already. */
static int resume(struct run_options *o)
{
	if (o->ndirs || o->nenv || o->cwd || o->cmdline || o->memory || o->tier || o->tty ||
	    o->net.backend || o->ndisks)
		return complain(STATUS_USAGE,
				"a program that is resumed takes no options but --stats; see muslin run --help");
	o->resume = true;
	return with_machine(o, NULL, NULL, NULL);
}

int cmd_run(int argc, char **argv)
{
	struct run_options o = { 0 };
	int status, i = run_options_parse(&o, argc, argv, help);

	if (i < 0)
		status = -1 - i;
	else if (i == argc && o.image && strcmp(o.image, "none"))
		status = resume(&o);
	else if (i == argc)
		status = complain(STATUS_USAGE,
				  "no program; see muslin run --help");
	else
		status = run_machine(&o, argv + i);
	run_options_free(&o);
	return status;
}

/*
 * What waits for the program sees its signal.  We leave no core file, whatever
 * the signal is.
 */
static void die_as_program_did(void)
{
	static const struct rlimit none;
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);
	signal(killed_by, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, killed_by);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(killed_by);
}

/* MUSLIN_OPTIONS; words are never freed, for options point into them. */
static int options_of_environment(struct run_options *o)
{
	const char *value = getenv("MUSLIN_OPTIONS");
	char *rest = xstrdup(value ? value : ""), *word;
	char **argv = xmalloc(2 * sizeof(*argv));
	int i, argc = 1;

	argv[0] = "MUSLIN_OPTIONS";
	while ((word = strsep(&rest, " \t\n"))) {
		if (!*word)
			continue;
		argv = grown(argv, argc + 2, sizeof(*argv));
		argv[argc++] = word;
		argv[argc] = NULL;
	}
	i = run_options_parse(o, argc, argv, help);
	if (i < 0)
		return -1 - i;
	return i == argc ? 0 : complain(STATUS_USAGE, "MUSLIN_OPTIONS: %s: not an option",
					argv[i]);
}

/* muslin FILE ARGV[0] ARGV[1]... */
int run_as_interpreter(int argc, char **argv)
{
	struct run_options o = { .as_native = true };
	int status;

	if (argc < 3)
		return complain(STATUS_USAGE, "started for a program, but not told which");
	status = options_of_environment(&o);
	o.program = argv[1];
	if (!status)
		status = run_machine(&o, argv + 2);
	run_options_free(&o);
	if (killed_by)
		die_as_program_did();
	return status;
}
