/* SPDX-License-Identifier: MIT */
/* muslin run: a machine for one program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/run.h"
#include "muslin.h"

const char run_help[] =
	"usage: muslin run [OPTION]... [--] PROG [ARG]...\n"
	"       muslin run [--stats] --image FILE\n"
	"\n"
	"Runs PROG, a file of the host, and exits with its status; 128 + N if signal N\n"
	"killed it.  The second form goes on with the program that waits in FILE, see\n"
	"muslin snapshot.\n"
	"\n";

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
void run_release_files(bool keep_output)
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
			run_signals_killed(WTERMSIG(status));
			return 128 + WTERMSIG(status);
		}
		if (tty)
			kill(0, SIGTSTP);
		else
			raise(SIGSTOP);
		muslin_kill(m, -id, SIGCONT);
	}
}

int run_start_status(int err)
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

	run_signals(m, id);
	r = muslin_snapshot(m, o->image);
	run_signals(m, 0);
	return r ? not_kept(m, o, prog, id, r) : 0;
}

/* To its end; 0 was a terminal if tty. */
static int follow(struct muslin *m, const struct run_options *o, int id, bool tty)
{
	int status;

	run_release_files(o->boot);
	run_signals(m, id);
	run_limits_kill(true);
	status = run_limits_status(wait_for(m, id, tty));
	run_limits_kill(false);
	run_signals(m, 0);
	return status;
}

static int run_program(struct muslin *m, const struct run_options *o,
		       const struct target *t, char **argv, const char *cwd)
{
	int id = start(m, o, t->guest, argv, cwd);

	if (id < 0)
		return complain(run_start_status(id), "%s: %s", o->program,
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

/* It has an input that nobody writes to: it goes on waiting, if it waits for that. */
static int resume_for_others(struct muslin *m, const struct run_options *o)
{
	const int fds[] = { silence(), 1, 2 };

	if (muslin_resume(m, o->image, fds) < 0)
		return complain(STATUS_FAILED, "%s: %s", o->image, muslin_error(m));
	return 0;
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
		.keep = o->keep ? MUSLIN_KEEP_WAITING : MUSLIN_KEEP_RUNNING,
		.output = o->limits.output,
		.files = o->limits.quota,
		.tasks = o->limits.processes,
		.cpus = o->cpus,
	};
	struct run_times times = { 0 };
	uint64_t start;
	struct muslin *m;
	int r, status;

	r = muslin_new(&config, &m);
	free(cmdline);
	if (r)
		return complain(STATUS_FAILED, "cannot make a machine: %s", strerror(-r));
	if (o->make_image && !o->ndisks && !o->image && o->cpus <= 1 && !muslin_has_image(m))
		make_image(o);
	/* where it cannot listen, muslin snapshot --pid says so */
	if (!o->keep)
		muslin_control(m);
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
	if (!status && o->attend) {
		status = o->resume ? resume_for_others(m, o) : 0;
		if (!status)
			status = run_attend(m, o->attend);
	} else if (!status && (argv || o->resume)) {
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
	if (o->pid || o->end)
		return complain(STATUS_USAGE, "--%s: of use to muslin snapshot without a program; see its --help",
				o->pid ? "pid" : "end");
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
		status = o->on_disk || (o->root && !o->of_shell) ? target_in_root(o, &t) :
			target_find(o->program, &t);
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

/* The image says already what most options would. */
int run_resume(struct run_options *o)
{
	if (o->ndirs || o->nfiles || o->hostname || o->nenv || o->cwd || o->cmdline || o->memory ||
	    o->cpus || o->tier || o->tty || o->net.backend || o->ndisks || o->pid || o->end)
		return complain(STATUS_USAGE,
				"a program that is resumed takes no options but --stats; see muslin run --help");
	o->resume = true;
	return with_machine(o, NULL, NULL, NULL);
}

int cmd_run(int argc, char **argv)
{
	struct run_options o = { 0 };
	int status, i = run_options_parse(&o, argc, argv, run_help);

	if (i < 0)
		status = -1 - i;
	else if (i == argc && o.image && strcmp(o.image, "none"))
		status = run_resume(&o);
	else if (i == argc)
		status = complain(STATUS_USAGE,
				  "no program; see muslin run --help");
	else
		status = run_machine(&o, argv + i);
	run_options_free(&o);
	return status;
}
