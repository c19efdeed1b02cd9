/* SPDX-License-Identifier: MIT */
/*
 * libmuslin: a Linux kernel, and programs for it, in this process.
 *
 *	struct muslin *m;
 *	int id, status, r = muslin_new(NULL, &m);
 *
 *	if (!r && !(r = muslin_boot(m)) &&
 *	    (id = muslin_spawn(m, &program)) > 0)
 *		muslin_wait(m, id, &status);
 *	muslin_free(m);
 *
 * The machine's CPU is the thread which is inside muslin_boot, _mount, _spawn,
 * _wait, _wait_any, _snapshot or _shutdown: between such calls the machine stands still.
 * If it has other CPUs, they are threads that the library makes.  A process may have
 * several machines, but only one thread at a time may be in any of these functions; all
 * but muslin_kill and muslin_interrupt, which can be called at any time, also by a signal
 * handler.
 *
 * Functions that return int return a negative errno on failure; muslin_error
 * tells it in words.  Nothing is printed.  What is passed in is copied, unless
 * said otherwise, and stays the caller's.
 *
 * While a machine runs, the library handles SIGSEGV, SIGBUS and SIGURG, blocks
 * SIGPIPE and uses the alternate signal stack; it puts back what it found.
 * Those of these signals that are not the machine's, on any thread, go to the
 * handlers that were there when it began.  A handler that is installed while a
 * machine runs on another thread gets that machine's, and must not pass on to
 * ours; from the next call on it is one of those that were there.
 *
 * In a callback (log, progress) nothing but these and muslin_error can be
 * used: other functions return -EBUSY, and muslin_free does nothing to a
 * machine that runs.  A callback returns: it does not longjmp out.
 */
#ifndef MUSLIN_H
#define MUSLIN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct muslin;

/*
 * How programs become native code.  The first start of a program takes a
 * compiler that works at once, in memory; its code is some times slower.  The
 * C compiler's is made in the background, kept, and taken by later starts.
 * Results are the same.
 */
enum muslin_tier {
	MUSLIN_TIER_DEFAULT,	/* MUSLIN_TIER in the environment, else AUTO */
	MUSLIN_TIER_AUTO,
	MUSLIN_TIER_QUICK,	/* at once, always */
	MUSLIN_TIER_OPTIMIZED,	/* by the C compiler, which is waited for */
};

/* The tier that is called "auto", "quick" or "optimized"; else -EINVAL. */
int muslin_tier(const char *name);

#define MUSLIN_KEEP_WAITING 1
#define MUSLIN_KEEP_RUNNING 2

/* All zero is a good machine. */
struct muslin_config {
	uint64_t memory;	/* bytes, 32 MiB to 3.5 GiB; 0: 1 GiB */
	const char *cmdline;	/* more kernel parameters, or NULL */
	/*
	 * Kernel messages as they come, not always whole lines; or NULL.  They
	 * have the guest's words in them, made printable.
	 */
	void (*log)(void *arg, const char *text, size_t n);
	/*
	 * What takes long, one line without newline, which is to take the place
	 * of the last one; empty when that is over.  Or NULL.
	 */
	void (*progress)(void *arg, const char *line);
	void *arg;		/* for both */
	enum muslin_tier tier;
	int count_calls;	/* not 0: see muslin_stats_calls */
	/*
	 * A boot image of muslin_snapshot() from which the machine goes on;
	 * NULL: the one in the cache; "": none.  If there is none for this
	 * program, memory and cmdline, or its addresses are taken, the machine
	 * boots.
	 */
	const char *image;
	/*
	 * Not 0: it can be kept with its programs.  MUSLIN_KEEP_WAITING: by
	 * muslin_snapshot, and who goes on from that can give the program any
	 * files.  MUSLIN_KEEP_RUNNING: also by muslin_snapshot_now; what was a regular
	 * file to it has to be one then.
	 */
	int keep;
	/*
	 * What a guest that is not trusted may do at most, its root and its kernel
	 * included; 0: no limit.  output: bytes that leave it by the descriptors
	 * that programs were given, and by log, together; writes beyond it fail
	 * with ENOSPC, messages are lost.  files: bytes by which files of the host
	 * may grow, in all, and 4096 for each new name; more fails with EDQUOT, and
	 * nothing is given back for what is removed.  tasks: processes and threads of
	 * programs at once, beside those of the machine's own; more get EAGAIN.
	 */
	uint64_t output, files;
	unsigned int tasks;
	/*
	 * Processors; 0: one.  The first is the calling thread, each other one a thread
	 * of the library's, which stands still as the machine does, and on which log may
	 * be called, not at the same time as on another.  With more than one there are no
	 * images.  -ENOTSUP if the kernel is for fewer.
	 */
	unsigned int cpus;
};

/* The most that muslin_config.cpus can be: what the kernel in this library is for. */
unsigned int muslin_cpus_most(void);

/*
 * A machine that is switched off.  config may be NULL.  It has a process that
 * compiles its programs, with the environment and the directory of now, which
 * nobody has to wait for and which ends with the machine.
 */
int muslin_new(const struct muslin_config *config, struct muslin **m);
/* At any time between calls; NULL does nothing. */
void muslin_free(struct muslin *m);

/* What of the host a confined thread can still reach. */
struct muslin_reach {
	const char *path;	/* a directory, with all that is below, or a file */
	int flags;		/* MUSLIN_READ_ONLY, MUSLIN_REACH_CACHE, MUSLIN_REACH_LAYER */
};

/* Instead of a path: the directory of the cache, to be written to. */
#define MUSLIN_REACH_CACHE 4
/* path is a layer of muslin_mount_layer() */
#define MUSLIN_REACH_LAYER 16

/*
 * Confines the calling thread, and what it starts, for good, in muslin_boot or
 * muslin_resume, before the guest's first instruction: to the files that reach
 * names, to what is open, and to the system calls that the library itself needs
 * then.  So whoever breaks out of the guest reaches no other file, starts no
 * program, signals no process, opens no connection.  Also the process leaves no
 * core files.
 *
 * reach names all that will be mounted, and the directory of a file that
 * muslin_snapshot() is to make.  What a boot image has mounted is added.  A
 * process with several machines makes all of them before the first is booted.
 * Compilers run elsewhere, see muslin_new.
 */
int muslin_confine(struct muslin *m, const struct muslin_reach *reach, size_t n);

/* What of that this host's kernel could do: Landlock (version 2), and seccomp. */
#define MUSLIN_CONFINED_FILES 1
#define MUSLIN_CONFINED_CALLS 2
int muslin_confined(const struct muslin *m);

/*
 * What a machine has of the world outside, of which it sees nothing else:
 * Ethernet, as its eth0.
 */
struct muslin_network {
	/*
	 * Who is at its other end.  "user": a process of the user's own, which
	 * makes ordinary connections of it and needs libslirp; it is made now,
	 * as muslin_new makes one, and ends with the machine.
	 * "passt": the same by the program passt, which refuses nothing but the
	 * host's loopback device.  "socket:FD": whoever has the other end of
	 * stream socket FD, which is duplicated.  A frame is its length, 32
	 * bits, big endian, and then itself.  "tap:NAME": that interface of the
	 * host.
	 */
	const char *backend;
	/*
	 * "ADDRESS/BITS[,GATEWAY[,NAMESERVER]]" of IPv4; NULL: none, but with
	 * "user" and "passt" 10.0.2.15/24,10.0.2.2,10.0.2.3
	 */
	const char *address;
	unsigned int mtu;	/* 0: the tap's; 65518 with "user" and "passt"; else 1500 */
	/*
	 * Of "user" alone, but publish, which passt has, too; lists end with NULL, and may be NULL.  Where the guest
	 * may go, "HOST[:PORT]": an address or a prefix, a name, "*.name" for
	 * those below it, or "*".  What is the host's own, and where clouds keep
	 * secrets, only if it is named by its address; "localhost" is one.
	 */
	const char *const *allow;
	/* "[ADDRESS:]PORT:GUEST_PORT[/udp]": a port of the host, 127.0.0.1's */
	const char *const *publish;
	const char *nameserver;	/* "ADDRESS[:PORT]"; NULL: that of /etc/resolv.conf */
	int log;		/* a descriptor: lines of what was refused; 0: none */
};

/* Before muslin_boot, once. */
int muslin_network(struct muslin *m, const struct muslin_network *n);

/*
 * Before muslin_boot: the machine's next disk, /dev/vda, vdb ...  path is a
 * regular file of the host, or a block device; flags: MUSLIN_READ_ONLY.  It
 * stays open, and locked (flock), until muslin_free.  Its number, 0 for vda.
 * A machine with disks boots without a boot image, and cannot become one.
 */
int muslin_disk(struct muslin *m, const char *path, int flags);

/* Until programs can be run. */
int muslin_boot(struct muslin *m);

/*
 * Keeps the machine as a boot image: in file path, or in the cache if that is
 * NULL.  It is just booted, or was made to be kept and has started one
 * program, which goes on until it waits: until it, and all that it has
 * started, sleeps.  Then path must not be NULL.  muslin_snapshot_now is not so patient.
 *
 * Only what made it can use it, see muslin_config, with the same cache, whose
 * secret it is signed with, and only if nobody but the user and root may write to
 * it.  That is to be linked with -no-pie and
 * -Wl,--build-id, since the image holds addresses of its code.  What is in it
 * is as good as a program: never take one from others.  All machines that go on
 * from an image have the kernel's boot-time secrets in common, not its random
 * numbers.
 * -EBUSY: it has run programs or has mounts, and was not made to be kept, or is
 * not the first machine of this process.  -ECHILD: the program has ended, or
 * stopped, before it waited; muslin_wait tells how.
 */
int muslin_snapshot(struct muslin *m, const char *path);

/*
 * The same at once, with all its programs, whatever they do: compute, wait, handle a
 * signal.  The machine goes on afterwards, with the next call.  It first finishes what it
 * is about to do with the embedder: mounts, starts of programs, compiling.  Connections
 * to the outside are reset in what goes on from it.  -EBUSY: it was not made to be kept,
 * or has disks, or a layer (muslin_mount_layer); -ESTALE: a file that a program has open
 * was removed; -ECHILD: there is no program.
 */
int muslin_snapshot_now(struct muslin *m, const char *path);

/*
 * Before muslin_boot: other processes of this user, and root's, can have the machine kept
 * while a thread is in muslin_wait, by muslin_snapshot_process.  One machine of a process.
 */
int muslin_control(struct muslin *m);
/* Then muslin_wait of that process is -ECANCELED; muslin_free is what is left to do. */
#define MUSLIN_SNAPSHOT_END 1
/* error, of n bytes, tells what is wrong.  It is signed with the caller's cache. */
int muslin_snapshot_process(pid_t pid, const char *path, int flags, char *error, size_t n);

/* Not 0: the cache has one for this machine, which its config does not name. */
int muslin_has_image(const struct muslin *m);

/*
 * Instead of muslin_boot: goes on from an image with programs, of which the first gets
 * fd as its files 0 to 2; -1 is one that fails, as those of the others are.  If it had a
 * terminal, it needs one now: -ENOTTY.  Its id; the others' are what they were.  The machine is as it was: memory, kernel
 * parameters, mounts and open files of the host, which must be the same files,
 * and regular ones unchanged.  Time and the kernel's random numbers are new.
 */
int muslin_resume(struct muslin *m, const char *path, const int fd[3]);

/*
 * muslin_new() and muslin_resume() in one, for many machines of a process from one image,
 * which it reads and checks once: they share its memory as long as they do not write to it,
 * and code.  Such a machine cannot be kept, unless it is the only one; what compiles its
 * programs begins when there is something to compile, and cannot if the thread is confined.  Its
 * id; if negative, *m may be there for muslin_error, and is to be freed.
 */
int muslin_clone(const struct muslin_config *config, const char *path, const int fd[3],
		 struct muslin **m);

/*
 * Makes the host's directory host visible at guest, an absolute path.  The
 * guest can reach nothing outside of it, and in it neither files of the
 * kernel's own file systems nor the cache, which is made if there is none, nor
 * the image: -EACCES or -EPERM if host is in one of these.  If guest does not
 * exist it is made, but not inside another directory of the host.  "/" becomes
 * the root.
 */
#define MUSLIN_READ_ONLY 1
/* The guest may make set-user-ID and set-group-ID files of the host in it. */
#define MUSLIN_SUID 2
/*
 * The host's directory is only read: what the guest changes there is in its own
 * memory, and gone in the end.  Mount points are made in it, too.
 */
#define MUSLIN_OVERLAY 8
int muslin_mount(struct muslin *m, const char *host, const char *guest,
		 int flags);
/*
 * As muslin_mount() with MUSLIN_OVERLAY, but what the guest changes is kept in the
 * host's directory layer, for nobody but one machine at a time: in "upper" and
 * "work", two directories in it on one file system with attributes (user.*).  Files
 * that were removed are character devices of number 0 there.  All of it is a
 * guest's work: names, links and attributes are to be checked by who uses them.
 */
int muslin_mount_layer(struct muslin *m, const char *host, const char *guest,
		       const char *layer);
/*
 * The file system on a disk of muslin_disk(): ext4, squashfs or erofs, with its own
 * devices and set-user-ID files.  flags: MUSLIN_READ_ONLY, MUSLIN_OVERLAY.  When the
 * machine is shut down, it is whole.
 */
int muslin_mount_disk(struct muslin *m, int disk, const char *guest, int flags);
/*
 * Makes one file, host, visible as name in the guest's directory guest, in
 * which there is nothing else.  It can be read and executed.
 */
int muslin_mount_file(struct muslin *m, const char *host, const char *guest,
		      const char *name);

/*
 * Makes one file, host, visible as the file guest, an absolute path, to be read and
 * executed.  If guest does not exist it is made, as muslin_mount does that.
 */
int muslin_mount_over(struct muslin *m, const char *host, const char *guest);

/* Of the guest: the name of the machine. */
int muslin_hostname(struct muslin *m, const char *name);

/* As setrlimit(2) has it, by the guest's numbers; ~0 is no limit. */
struct muslin_rlimit {
	int resource;
	uint64_t soft, hard;
};

struct muslin_program {
	const char *path;	/* in the guest */
	char *const *argv;	/* as for execve; NULL: path alone */
	char *const *envp;	/* NULL: none */
	const char *cwd;	/* in the guest; NULL: "/" */
	uid_t uid;
	gid_t gid;
	mode_t umask;
	const gid_t *groups;	/* supplementary ones */
	size_t ngroups;
	/*
	 * What it has as files 0 to 2: descriptors, which are duplicated; -1
	 * is a closed one.
	 */
	int fd[3];
	int flags;		/* MUSLIN_TTY */
	const struct muslin_rlimit *limits;	/* beside those that it inherits */
	size_t nlimits;
};

/*
 * The path of a program that is always there and copies a file: "read FILE" to its
 * standard output, "write FILE MODE" from its input.  Its exit status is an errno of the
 * guest's, 0 if all is done.
 */
#define MUSLIN_COPY "/proc/self/exe"

/*
 * Those of fd that are the same terminal are a terminal in the guest too,
 * with job control; if fd[0] is among them, it is in raw mode while the
 * program runs.  Only one program at a time can have it.
 */
#define MUSLIN_TTY 1

/*
 * Starts a program; its id, > 0.  If the guest cannot execute it, the error is
 * that of its execve: -ENOENT, -EACCES, -ENOEXEC ...
 */
int muslin_spawn(struct muslin *m, const struct muslin_program *p);

/*
 * Until the program ends or stops; status is as waitpid(2) with WUNTRACED
 * gives it.  When it has ended, the id is no more.  -ESHUTDOWN if the machine
 * went down before, -EINTR by muslin_interrupt, -ECANCELED: see muslin_snapshot_process.
 */
int muslin_wait(struct muslin *m, int id, int *status);

/*
 * As muslin_wait, of any program, whose id it tells; -EINTR as soon as the
 * descriptor of muslin_watch can be read, too.  With such a one it also waits if there is
 * no program: the machine runs on.  A program that has the terminal keeps it over
 * -EINTR.
 */
int muslin_wait_any(struct muslin *m, int *id, int *status);
/* For muslin_wait_any, from now on; it stays the caller's.  -1: none. */
void muslin_watch(struct muslin *m, int fd);

/*
 * Sends a signal, by the guest's number, to the program or, if id is negative,
 * to the process group of -id.  It has an effect as soon as the machine runs.
 * A signal handler that calls it should have all signals in its sa_mask.
 */
int muslin_kill(struct muslin *m, int id, int sig);

/*
 * Has muslin_wait return -EINTR, soon: the machine stands still until the next call.  At
 * any time, from any thread, and by a signal handler; if nobody waits, the next
 * muslin_wait is it.
 */
int muslin_interrupt(struct muslin *m);

/* Kills all programs, writes everything back, powers off. */
int muslin_shutdown(struct muslin *m);

/* What a machine has done so far.  Times are in nanoseconds. */
struct muslin_stats {
	uint64_t boot;		/* muslin_boot */
	/*
	 * From programs to native code: wasm2c, then libtcc or the C compiler
	 * (also one that is waited for), loading it.
	 */
	uint64_t translate, quick, optimize, load;
	/* How often that was done, or found in the cache, or still there. */
	uint64_t compiled, cached, loaded;
	uint64_t page_faults;	/* of programs, that the kernel handled */
	uint64_t switches;	/* between tasks, the kernel's too */
	uint64_t forks;		/* and vforks; what posix_spawn does is one */
	uint64_t memory;	/* bytes of its memory that it has touched */
};

void muslin_stats(const struct muslin *m, struct muslin_stats *s);

/*
 * Calls fn for each system call that programs made, in no special order.  time
 * is from the call to its return, also while other tasks ran; what did not
 * return has none.  Stops at, and returns, the first result that is not 0.
 */
int muslin_stats_calls(const struct muslin *m,
		       int (*fn)(void *arg, const char *name, uint64_t calls,
				 uint64_t time),
		       void *arg);

/* Why the last call failed: one line, the machine's, never NULL. */
const char *muslin_error(const struct muslin *m);

const char *muslin_version(void);

/*
 * What a program file needs of its kernel, without running it: calls fn with
 * each of its imports in alphabetical order, type being like "(i32 i64) ->
 * i32".  Stops at, and returns, the first result that is not 0.  error, of n
 * bytes, tells what is wrong with the file.
 */
int muslin_imports(const char *path,
		   int (*fn)(void *arg, const char *module, const char *name,
			     const char *type),
		   void *arg, char *error, size_t n);

/*
 * Translates a program file by the C compiler, unless that was done before, so
 * that it starts and runs fast.  Of config, which may be NULL, only progress
 * matters.
 */
int muslin_compile(const struct muslin_config *config, const char *path,
		   char *error, size_t n);

/* A translated program, or a boot image, that is kept. */
struct muslin_cached {
	const char *program;	/* its name then, MUSLIN_CACHED_BOOT; NULL: damaged */
	uint64_t size;		/* bytes of the file */
	time_t made, used;	/* used: to the minute */
};

#define MUSLIN_CACHED_BOOT "(boot image)"
#define MUSLIN_CACHE_REMOVE 1

/*
 * Calls fn for each, the one used least recently first, and removes it if fn
 * says so.  Stops at, and returns, any other result that is not 0.
 */
int muslin_cache(int (*fn)(void *arg, const struct muslin_cached *e), void *arg,
		 char *error, size_t n);

/* A program that the C compiler is at work on, for whichever process. */
struct muslin_compiling {
	const char *program;	/* its name */
	const char *progress;	/* as muslin_config's; may be empty */
	time_t since;
};

/* Calls fn for each.  Stops at, and returns, any result that is not 0. */
int muslin_compiling(int (*fn)(void *arg, const struct muslin_compiling *c), void *arg,
		     char *error, size_t n);
/*
 * The directory of the cache, which need not exist, and how many bytes may be
 * in it.  -ENOENT if the environment tells neither; -EINVAL if it is wrong.
 */
int muslin_cache_dir(char *path, size_t n, uint64_t *limit);

#ifdef __cplusplus
}
#endif

#endif
