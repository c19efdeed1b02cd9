/* SPDX-License-Identifier: MIT */
/* imports.c without libFuzzer: what it must find, and random input. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include "imports.c"
#include "machine/cpus.h"

/* imports of a kernel for several CPUs alone */
u32 w2c_host_cpus(struct w2c_host *h);
u32 w2c_host_cpu_start(struct w2c_host *h, u32 cpu, u32 task);
void w2c_host_cpu_kick(struct w2c_host *h, u32 cpu);

/* --- cases: each is what a kernel does, and a part of what the host says --- */

static u32 program(void)
{
	u32 mm = w2c_host_mm_create(h);

	if (load(mm))
		abort();
	return mm;
}

static void nothing(void)
{
}

/* What the program does is what the syscall or entry does that it makes. */
static void run_with(void (*entry)(void), void (*syscall)(void))
{
	in_kernel = entry;
	in_syscall = syscall;
	run();
}

static void task_of_nobody(void)
{
	w2c_host_task_switch(h, this_task()->id, 77);
}

static void switch_to_itself(void)
{
	w2c_host_task_switch(h, this_task()->id, this_task()->id);
}

static void switch_from_another(void)
{
	int a = w2c_host_task_create(h, 0, 0), b = w2c_host_task_create(h, 0, 0);

	w2c_host_task_switch(h, a, b);
}

static void switch_to_freed(void)
{
	int a = w2c_host_task_create(h, 0, 0);

	w2c_host_task_free(h, a);
	w2c_host_task_switch(h, this_task()->id, a);
}

static void free_running(void)
{
	w2c_host_task_free(h, this_task()->id);
}

static void free_running_other(void)
{
	in_task = free_running;
	w2c_host_task_switch(h, this_task()->id, w2c_host_task_create(h, 0, 0));
}

/* --- several CPUs --- */

/* As muslin_config says it before the machine boots. */
static void two_cpus(void)
{
	m->cpus = 2;
	this_task()->sp = NULL;
	if (cpus_threads(m, NULL))
		abort();
}

static void start_itself(void)
{
	w2c_host_cpu_start(h, 0, w2c_host_task_create(h, 0, 0));
}

static void start_too_many(void)
{
	w2c_host_cpu_start(h, m->cpus, w2c_host_task_create(h, 0, 0));
}

static void kick_too_many(void)
{
	w2c_host_cpu_kick(h, 0x80000000u);
}

static void kick_stopped(void)
{
	two_cpus();
	w2c_host_cpu_kick(h, 1);
}

static void start_running_task(void)
{
	two_cpus();
	w2c_host_cpu_start(h, 1, this_task()->id);
}

static void sleep_for_ever(void)
{
	for (;;)
		w2c_host_idle(h);
}

static int start_sleeper(void)
{
	int t = w2c_host_task_create(h, 0, 0);

	two_cpus();
	in_task = sleep_for_ever;
	if (w2c_host_cpu_start(h, 1, t))
		abort();
	return t;
}

static void start_twice(void)
{
	start_sleeper();
	w2c_host_cpu_start(h, 1, w2c_host_task_create(h, 0, 0));
}

/* What another CPU runs is not this one's to switch to, to free, or to look at. */
static void switch_to_others(void)
{
	w2c_host_task_switch(h, this_task()->id, start_sleeper());
}

static void free_others(void)
{
	w2c_host_task_free(h, start_sleeper());
}

static void frames_of_others(void)
{
	if ((int)w2c_host_task_frames(h, start_sleeper(), BUFFER, 4) != -EBUSY)
		abort();
}

static void halt_there(void)
{
	w2c_host_halt(h, HOST_RESTART_MACHINE);
}

/* It ends the machine while this one sleeps. */
static void halted_by_another(void)
{
	two_cpus();
	in_task = halt_there;
	w2c_host_cpu_start(h, 1, w2c_host_task_create(h, 0, 0));
	sleep_for_ever();
}

static void refused_there(void)
{
	w2c_host_task_switch(h, this_task()->id, 77);
}

static void refused_by_another(void)
{
	two_cpus();
	in_task = refused_there;
	w2c_host_cpu_start(h, 1, w2c_host_task_create(h, 0, 0));
	sleep_for_ever();
}

static void one_page_each(void)
{
	w2c_host_set_page(h, SHARED);
	sleep_for_ever();
}

/* The second sets its own; the first has one, and may have no other. */
static void second_page_of_two(void)
{
	two_cpus();
	in_task = one_page_each;
	w2c_host_cpu_start(h, 1, w2c_host_task_create(h, 0, 0));
	w2c_host_set_page(h, SHARED + 64);
}

static void fork_of_nothing(void)
{
	if ((int)w2c_host_task_fork(h, 0, 0) != -ENOSYS)
		abort();
}

static void run_kernel_space(void)
{
	w2c_host_user_run(h, 0, 0, 0, 0);
}

static void resume_kernel_space(void)
{
	w2c_host_user_resume(h, 0);
}

static void load_into_kernel(void)
{
	load(0);
}

static void destroy_kernel_space(void)
{
	w2c_host_mm_destroy(h, 0);
}

static void fork_kernel_space(void)
{
	w2c_host_mm_fork(h, w2c_host_mm_create(h), 0);
}

static void run_empty(void)
{
	w2c_host_user_run(h, w2c_host_mm_create(h), 0, 0, 0);
}

static void resume_empty(void)
{
	w2c_host_user_resume(h, w2c_host_mm_create(h));
}

static void resume_unforked(void)
{
	w2c_host_user_resume(h, program());
}

static void sp_of_nothing(void)
{
	w2c_host_user_sp(h);
}

static void tls_of_nothing(void)
{
	w2c_host_user_tls(h);
}

static void fork_twice(void)
{
	u32 child = w2c_host_mm_create(h), mm = this_task()->mm->id;

	w2c_host_mm_fork(h, child, mm);
	w2c_host_mm_fork(h, child, mm);
}

static void run_fork_twice(void)
{
	run_with(fork_twice, nothing);
}

static void fork_another(void)
{
	w2c_host_mm_fork(h, w2c_host_mm_create(h), program());
}

static void run_fork_another(void)
{
	run_with(fork_another, nothing);
}

static void destroy_running(void)
{
	w2c_host_mm_destroy(h, this_task()->mm->id);
}

static void run_destroyed_at_entry(void)
{
	run_with(destroy_running, nothing);
}

static void run_destroyed_in_syscall(void)
{
	run_with(nothing, destroy_running);
}

static void run_in_run(void)
{
	run_with(nothing, run);
}

static void restart_of_nothing(void)
{
	this_vcpu()->page->action = HOST_USER_RESTART;
	this_vcpu()->page->restart = HOST_RESTART_BLOCK;
}

static void run_restart(void)
{
	run_with(restart_of_nothing, nothing);
}

static void wild_action(void)
{
	this_vcpu()->page->action = 4;
}

static void run_wild_action(void)
{
	run_with(wild_action, nothing);
}

static void handler(void)
{
	this_vcpu()->page->action = HOST_USER_CALL;
}

static void run_handlers(void)
{
	run_with(handler, nothing);
}

/* A handler may leave the thunk of the system call: no task can be forked there. */
static void no_fork_point(void)
{
	if (this_task()->fork_point)
		abort();
}

static void clone_interrupted(void)
{
	if (!this_task()->fork_point)
		abort();
	in_kernel = no_fork_point;
	this_vcpu()->page->action = HOST_USER_CALL;
}

static void call_clone(void)
{
	struct w2c_linux l = { .machine = m };
	const struct kernel_export *e = kernel_exports;

	while (strcmp(e->name, "clone"))
		e++;
	in_syscall = clone_interrupted;
	((u32 (*)(struct w2c_linux *, u32, u32, u32, u32, u32))e->thunk)(&l, 0, 0, 0, 0, 0);
}

static void run_clone_interrupted(void)
{
	run_with(nothing, call_clone);
}

static void second_page(void)
{
	w2c_host_set_page(h, SHARED);
}

static void halt_somehow(void)
{
	w2c_host_halt(h, (u32)-1);
}

static void stream_of_nobody(void)
{
	w2c_host_stream_read(h, HOST_STREAMS, BUFFER, 1);
}

static void heard_truncated(void)
{
	/* n * sizeof(int) is 4 in 32 bits */
	w2c_host_file_heard(h, MEMORY - 4, 0x40000001);
}

static void write_beyond(void)
{
	w2c_host_console_write(h, MEMORY, 1);
}

static void read_beyond(void)
{
	w2c_host_stream_read(h, 4, MEMORY - 1, 2);
}

static void random_beyond(void)
{
	w2c_host_random(h, MEMORY, 64);
}

static void random_everywhere(void)
{
	w2c_host_random(h, 0, (u32)-1);
}

static void write_everything(void)
{
	w2c_host_console_write(h, 0, (u32)-1);
}

static void cmdline_beyond(void)
{
	w2c_host_cmdline(h, MEMORY + 65536, 4096);
}

static void initrd_beyond(void)
{
	w2c_host_initrd(h, MEMORY - 16);
}

static void stat_beyond(void)
{
	w2c_host_file_stat(h, 0, NAMES, 0, MEMORY + PAGE);
}

static void link_beyond(void)
{
	w2c_host_net_link(h, MEMORY - 5);
}

static void send_beyond(void)
{
	w2c_host_net_send(h, MEMORY - 59, 60);
}

static void send_the_null_page(void)
{
	w2c_host_net_send(h, 0, 60);
}

static void receive_beyond(void)
{
	w2c_host_net_receive(h, MEMORY - 3, 4);
}

static void receive_everywhere(void)
{
	w2c_host_net_receive(h, PAGE, (u32)-1);
}

/* Lengths that are no frame's are no error of the machine's, wherever they are. */
static void frames_of_no_length(void)
{
	if ((int)w2c_host_net_send(h, 0, 0) != -EMSGSIZE ||
	    (int)w2c_host_net_send(h, MEMORY, HOST_NET_FRAME + 1) != -EMSGSIZE ||
	    (int)w2c_host_net_send(h, 0, (u32)-1) != -EMSGSIZE)
		abort();
	while ((int)w2c_host_net_receive(h, 0, 0) >= 0)
		;
}

/* A request that is right: one word of it is then changed. */
static struct host_disk_request *request(void)
{
	struct host_disk_request *r = (struct host_disk_request *)(m->memory + BUFFER);

	*r = (struct host_disk_request){
		.op = HOST_DISK_WRITE, .length = 1024, .nsegments = 2,
		.segments = { { PAGES, 512 }, { PAGES + PAGE, 512 } },
	};
	return r;
}

static void wait_for_disk(void)
{
	struct host_disk_done *d = (struct host_disk_done *)(m->memory + NAMES);

	while (!w2c_host_disk_done(h, NAMES, 1))
		sched_yield();
	if (d->disk || d->error)
		abort();
}

static void want_disk(int error)
{
	if ((int)w2c_host_disk_start(h, 0, BUFFER) != error)
		abort();
}

/* What is no request of this disk is an error, and changes nothing. */
static void requests(void)
{
	struct host_disk_request *r = request();
	char *from = (char *)m->memory + PAGES;

	strcpy(from, "written");
	want_disk(0);
	wait_for_disk();
	memset(from, 0, 512);
	r->op = HOST_DISK_READ;
	want_disk(0);
	wait_for_disk();
	if (strcmp(from, "written"))
		abort();
#define WRONG(member, value, error) (request()->member = (value), want_disk(error))
	WRONG(op, HOST_DISK_OPS, -EOPNOTSUPP);
	WRONG(op, (u32)-1, -EOPNOTSUPP);
	WRONG(op, HOST_DISK_FLUSH, -EINVAL);
	WRONG(op, HOST_DISK_TRIM, -EINVAL);
	WRONG(block, 1, -EINVAL);
	WRONG(block, (u32)-1, -EINVAL);
	WRONG(block_high, 1, -EINVAL);
	WRONG(block_high, 0x800000, -EINVAL);	/* 2^55 blocks are 0 bytes in 64 bits */
	WRONG(length, 512, -EINVAL);
	WRONG(length, 1023, -EINVAL);
	WRONG(length, 0, -EINVAL);
	WRONG(length, (u32)-512, -EINVAL);
	WRONG(nsegments, 1, -EINVAL);
	WRONG(nsegments, 3, -EINVAL);
	WRONG(nsegments, 0, -EINVAL);
	WRONG(nsegments, HOST_DISK_SEGMENTS + 1, -EINVAL);
	WRONG(nsegments, (u32)-1, -EINVAL);
	WRONG(segments[0].length, 1024, -EINVAL);
	WRONG(segments[1].length, 0, -EINVAL);
	request();
	if ((int)w2c_host_disk_start(h, 1, BUFFER) != -EROFS ||
	    (int)w2c_host_disk_start(h, 2, BUFFER) != -ENODEV ||
	    (int)w2c_host_disk_start(h, (u32)-1, BUFFER) != -ENODEV ||
	    (int)w2c_host_disk_info(h, 2, BUFFER) != -ENODEV)
		abort();
}

static void disk_beyond(void)
{
	request()->segments[1].address = MEMORY - 511;
	want_disk(0);
}

static void disk_everywhere(void)
{
	struct host_disk_request *r = request();

	r->length = HOST_DISK_MOST;
	r->op = HOST_DISK_READ;
	r->nsegments = 1;
	r->segments[0] = (struct host_disk_segment){ (u32)-512, HOST_DISK_MOST };
	if ((int)w2c_host_disk_start(h, 1, BUFFER) != 0)
		abort();
}

static void disk_to_null(void)
{
	request()->segments[0].address = 0;
	want_disk(0);
}

/* That may be unmapped while the request is under way. */
static void disk_to_vmalloc(void)
{
	w2c_host_mm_map(h, 0, MM_VMALLOC, PAGES, PAGE, PROT_READ | PROT_WRITE);
	request()->segments[0].address = MM_VMALLOC;
	want_disk(0);
}

static void tag_twice(void)
{
	request();
	want_disk(0);
	want_disk(0);
}

static void tag_beyond(void)
{
	request()->tag = HOST_DISK_TAGS;
	want_disk(0);
}

static void request_beyond(void)
{
	w2c_host_disk_start(h, 0, MEMORY - 64);
}

static void done_truncated(void)
{
	/* n * sizeof(struct host_disk_done) is 12 in 32 bits */
	w2c_host_disk_done(h, MEMORY - 16, 0x40000001);
}

/* It ends while its disk is at work: the thread has its memory to the end. */
static void end_at_work(void)
{
	u32 tag;

	for (tag = 0; tag < HOST_DISK_TAGS; tag++) {
		request()->tag = tag;
		want_disk(0);
	}
}

static void stream_of_no_file(void)
{
	if ((int)w2c_host_stream_stat(h, 1, BUFFER) != -ENODEV ||
	    (int)w2c_host_stream_pread(h, 1, BUFFER, 8, 0) != -ENODEV ||
	    (int)w2c_host_stream_pwrite(h, 4, BUFFER, 8, 0) != -ENODEV ||
	    (int)w2c_host_stream_truncate(h, 2, 0) != -ENODEV ||
	    (int)w2c_host_stream_sync(h, HOST_STREAM_CTL, 0) != -ENODEV)
		abort();
	/* and of one that is: no offset but Linux's error */
	if ((int)w2c_host_stream_pwrite(h, 5, BUFFER, 8, 0) != 8 ||
	    (int)w2c_host_stream_pread(h, 5, BUFFER, 8, (u64)-1) != -EINVAL ||
	    (int)w2c_host_stream_truncate(h, 5, (u64)-1) != -EINVAL)
		abort();
}

static void pread_beyond(void)
{
	w2c_host_stream_pread(h, 5, MEMORY - 1, 2, 0);
}

static u32 attribute(const char *name)
{
	strcpy((char *)m->memory + NAMES + 64, name);
	return NAMES + 64;
}

static int set(u32 root, const char *name)
{
	return w2c_host_file_setxattr(h, root, NAMES, 0, attribute(name), strlen(name), BUFFER, 8, 0);
}

/* Ours, and what is a right, are nobody's. */
static void attributes(void)
{
	if (set(0, "user.muslin.owner") != -EPERM || set(0, "user.muslin.owners") != -EPERM ||
	    set(0, "trusted.overlay.opaque") != -EOPNOTSUPP ||
	    set(0, "security.capability") != -EOPNOTSUPP || set(0, "user.") != -EOPNOTSUPP ||
	    set(1, "user.a") != -EROFS || set(99, "user.a") >= 0)
		abort();
	if ((int)w2c_host_file_setxattr(h, 0, NAMES, 0, attribute("user.a"), 300, BUFFER, 8, 0) != -ERANGE ||
	    (int)w2c_host_file_setxattr(h, 0, NAMES, 0, attribute("user.a"), 6, BUFFER, 65537, 0) != -E2BIG)
		abort();
}

/* Whiteouts are in a layer alone, and no other devices anywhere. */
static void whiteouts(void)
{
	u32 name = attribute("x");

	if ((int)w2c_host_file_mknod(h, 0, name, 1, S_IFCHR | 0600, 0, 0) != -EPERM ||
	    (int)w2c_host_file_mknod(h, 2, name, 1, S_IFBLK | 0600, 0, 0) != -EPERM ||
	    (int)w2c_host_file_rename(h, 0, name, 1, NAMES, 1, RENAME_WHITEOUT) >= 0)
		abort();
}

static void attribute_beyond(void)
{
	w2c_host_file_getxattr(h, 0, NAMES, 0, attribute("user.a"), 6, MEMORY - 4, 8);
}

static void name_at_the_end(void)
{
	u32 n = muslin_init_end - muslin_init;

	m->memory[MEMORY - 1] = 'x';
	memcpy(m->memory + PROGRAM, muslin_init, n);
	w2c_host_user_load(h, w2c_host_mm_create(h), MEMORY - 1, PROGRAM, n, BUFFER);
}

static void info_at_the_end(void)
{
	w2c_host_user_load(h, w2c_host_mm_create(h), NAMES, PROGRAM, 16, MEMORY - 16);
}

/* --- programs that are loaded while the kernel goes on --- */

#define SECTION 8		/* where the only one is, whose type nobody knows */
#define BROKEN 16		/* bytes */

/* A module that is none; another one for each n. */
static u32 begin_broken(u8 n)
{
	u8 *p = m->memory + PROGRAM;

	memcpy(p, "\0asm\1\0\0", SECTION);
	memset(p + SECTION, 0, BROKEN - SECTION);
	p[SECTION] = 77;
	p[SECTION + 1] = BROKEN - SECTION - 2;
	p[BROKEN - 1] = n;
	strcpy((char *)m->memory + NAMES, "prog");
	return w2c_host_user_load(h, w2c_host_mm_create(h), NAMES, PROGRAM, BROKEN, BUFFER);
}

static int result_of(u32 ticket)
{
	u32 mm = w2c_host_mm_create(h);
	int r;

	while ((r = w2c_host_user_load_result(h, ticket, mm, BUFFER)) == -EAGAIN) {
		this_vcpu()->page->irq_pending = 0;
		idle();
	}
	return r;
}

static bool is_refused(const char *why)
{
	return strstr((char *)m->memory + BUFFER + offsetof(struct host_image, error), why);
}

static bool is_gone(u32 ticket)
{
	return (int)w2c_host_user_load_cancel(h, ticket) == -ENOENT && result_of(ticket) == -ENOENT;
}

/* Its stack ended within the frame of a function that lay before its first one. */
static void frames_of_a_new_task(void)
{
	if (w2c_host_task_frames(h, w2c_host_task_create(h, PAGE, PAGE), BUFFER, 10))
		abort();
}

static void wrong_tickets(void)
{
	if (!is_gone(0) || !is_gone(1) || !is_gone(-1) || !is_gone(0x80000000))
		abort();
	if (!is_gone(begin_broken(0) + 1))
		abort();
}

static void result_twice(void)
{
	u32 ticket = begin_broken(0);

	if ((int)ticket <= 0 || result_of(ticket) != -ENOEXEC || !is_refused("prog: ") || !is_gone(ticket))
		abort();
}

static void cancel_twice(void)
{
	u32 ticket = begin_broken(0);

	if (w2c_host_user_load_cancel(h, ticket) || !is_gone(ticket))
		abort();
}

static void cancel_done(void)
{
	u32 first = begin_broken(0), same = begin_broken(0), other;

	if (first == same || result_of(first) != -ENOEXEC)
		abort();
	/* a job that has failed is done for who waits for it, and nobody else joins it */
	other = begin_broken(0);
	if (w2c_host_user_load_cancel(h, same) || !is_gone(same) || result_of(other) != -ENOEXEC)
		abort();
}

/* What is loaded is the copy that the host has made, and no other bytes. */
static void image_changes(void)
{
	u32 ticket = begin_broken(0);

	memset(m->memory + PROGRAM, 0xff, BROKEN);
	if (result_of(ticket) != -ENOEXEC || is_refused("not a WebAssembly"))
		abort();
	memset(m->memory + PROGRAM, 0xff, BROKEN);
	ticket = w2c_host_user_load(h, w2c_host_mm_create(h), NAMES, PROGRAM, BROKEN, BUFFER);
	if (result_of(ticket) != -ENOEXEC || !is_refused("not a WebAssembly"))
		abort();
}

/* Tickets are few, and so is what is done at once; then there is room again. */
static void too_many_loads(void)
{
	u32 tickets[1000];
	int n = 0, i;

	while (n < 1000 && (int)(tickets[n] = begin_broken(n % 3)) > 0)
		n++;
	if (!n || n == 1000 || (int)tickets[n] != -EAGAIN)
		abort();
	for (i = 0; i < n; i++)
		if (i % 2 ? (int)w2c_host_user_load_cancel(h, tickets[i]) : result_of(tickets[i]) != -ENOEXEC)
			abort();
	if (result_of(begin_broken(9)) != -ENOEXEC)
		abort();
}

/* The machine ends, and somebody waits. */
static void end_at_load(void)
{
	u8 i;

	for (i = 0; i < 20; i++)
		begin_broken(i);
}

static void result_beyond(void)
{
	w2c_host_user_load_result(h, begin_broken(0), w2c_host_mm_create(h), MEMORY - 16);
}

static void result_into_kernel(void)
{
	w2c_host_user_load_result(h, begin_broken(0), 0, BUFFER);
}

static void result_into_program(void)
{
	u32 mm = program(), ticket = begin_broken(0);

	if ((int)w2c_host_user_load_result(h, ticket, mm, BUFFER) != -EBUSY ||
	    result_of(ticket) != -ENOEXEC)
		abort();
}

static void map_kernel_memory(void)
{
	w2c_host_mm_map(h, 0, PAGES, PAGES, PAGE, PROT_READ | PROT_WRITE);
}

static void map_kernel_read_only(void)
{
	w2c_host_mm_map(h, 0, MM_VMALLOC, PAGES, PAGE, PROT_READ);
}

static void unmap_kernel_memory(void)
{
	w2c_host_mm_unmap(h, 0, 0, MEMORY);
}

static void map_half_a_page(void)
{
	w2c_host_mm_map(h, w2c_host_mm_create(h), 2048, 0, PAGE, PROT_READ);
}

static void free_the_shared_words(void)
{
	w2c_host_memory_free(h, 0, MEMORY);
}

/* The host has only so many mappings, and another machine needs some. */
static void use_up_mappings(void)
{
	static const struct muslin_config config = { .memory = MEMORY, .image = "" };
	u32 mm = w2c_host_mm_create(h), page;
	struct muslin *other;
	int r = 0;

	for (page = 0; page < 65535 && !r; page++)
		r = w2c_host_mm_map(h, mm, page * PAGE, PAGES, PAGE, PROT_READ);
	/* a host can have more of them than there are pages */
	if (r && (r != -ENOMEM || w2c_host_mm_unmap(h, mm, 0, 65535 * PAGE)))
		abort();
	for (page = 1; page < 40000; page += 2)
		w2c_host_mm_map(h, mm, page * PAGE, PAGES, PAGE, PROT_READ);
	if (muslin_new(&config, &other) || machine_init(other, MEMORY))
		abort();
	muslin_free(other);
	if (w2c_host_mm_unmap(h, mm, 0, 65535 * PAGE) ||
	    w2c_host_mm_map(h, mm, 0, PAGES, PAGE, PROT_READ))
		abort();
}

/* The host has no memory for a page: as if the file ended before it. */
static void trapped(void)
{
	if (last_signal && last_signal != SIGBUS)
		abort();
}

static void lose_pages(void)
{
	if (ftruncate(m->memory_fd, PAGES))
		abort();
}

static void run_without_memory(void)
{
	last_signal = 0;
	lose_pages();
	run_with(trapped, nothing);
}

static void use_what_is_lost(void)
{
	lose_pages();
	memset(m->memory + PAGES, 1, PAGE);
}

static void read_into_what_is_lost(void)
{
	lose_pages();
	if ((int)w2c_host_stream_read(h, 4, PAGES, PAGE) != -EFAULT)
		abort();
}

/* vmalloc space is there where it is mapped, and as long. */
static void vmalloc(void)
{
	u32 at = MM_VMALLOC + 5 * PAGE;

	w2c_host_mm_map(h, 0, at, PAGES, 2 * PAGE, PROT_READ | PROT_WRITE);
	w2c_host_random(h, at + PAGE - 8, 16);
	w2c_host_random(h, at + 2 * PAGE, 0);
	w2c_host_mm_unmap(h, 0, at + PAGE, PAGE);
	w2c_host_random(h, at + PAGE - 8, 8);
}

static void vmalloc_beyond(void)
{
	vmalloc();
	w2c_host_random(h, MM_VMALLOC + 6 * PAGE - 8, 9);
}

/* --- shared libraries --- */

/* One that imports f, () -> (i32), and exports g, which calls it and is its element 0. */
static const char tiny[] = "\0asm\1\0\0\0"
	"\0\17\10dylink.0\1\4\0\0\0\0"
	"\1\5\1\x60\0\1\x7f"
	"\2\x65\5\3env\6memory\2\3\1\x80\x80\4\3env\15__memory_base\3\x7f\0"
	"\3env\14__table_base\3\x7f\0\3env\31__indirect_function_table\1\x70\0\1"
	"\3env\1f\0\0"
	"\3\2\1\0" "\7\5\1\1g\0\1" "\11\7\1\0\x23\1\x0b\1\1" "\12\6\1\4\0\x10\0\x0b";
#define TINY_SLOT 1000
#define VALUES (BUFFER + 4096)

/* What becomes of the n bytes at PROGRAM, which the running program is to have. */
static int take_library(u32 n)
{
	u32 mm = this_task()->mm->id;
	int r, ticket = w2c_host_user_library(h, mm, NAMES, PROGRAM, n, BUFFER);

	if (ticket <= 0)
		return ticket;
	while ((r = w2c_host_user_load_result(h, ticket, mm, BUFFER)) == -EAGAIN) {
		this_vcpu()->page->irq_pending = 0;
		idle();
	}
	return r;
}

static u32 library(void)
{
	struct host_image *info = (struct host_image *)(m->memory + BUFFER);

	memcpy(m->memory + PROGRAM, tiny, sizeof(tiny) - 1);
	strcpy((char *)m->memory + NAMES, "tiny");
	if (take_library(sizeof(tiny) - 1)) {
		fprintf(stderr, "%s\n", info->error);
		abort();
	}
	return info->module;
}

/* One that is right: then a word of it is changed. */
static struct host_link *link_of(u32 module)
{
	struct host_link *l = (struct host_link *)(m->memory + BUFFER);
	u32 *values = (u32 *)(m->memory + VALUES);

	memset(values, 0, 5 * sizeof(*values));
	*l = (struct host_link){
		.module = module, .table_base = TINY_SLOT, .nvalues = 5, .values = VALUES,
	};
	return l;
}

static int try_link(u32 n)
{
	return w2c_host_user_link(h, this_task()->mm->id, BUFFER, n, NAMES);
}

static void want_link(int error)
{
	int r = try_link(1);

	if (r == error)
		return;
	fprintf(stderr, "%d instead of %d: %s\n", r, error, (char *)m->memory + NAMES);
	abort();
}

static void links(void)
{
	u32 tiny_id = library();
	u32 *values = (u32 *)(m->memory + VALUES);
	struct host_link *l;

	if (library() != tiny_id)
		abort();
#define WRONG_LINK(member, value, error) (link_of(tiny_id)->member = (value), want_link(error))
	WRONG_LINK(module, tiny_id + 1, -ENOENT);
	WRONG_LINK(module, (u32)-1, -ENOENT);
	WRONG_LINK(nvalues, 4, -EINVAL);
	WRONG_LINK(nvalues, 6, -EINVAL);
	WRONG_LINK(nvalues, (u32)-1, -EINVAL);
	WRONG_LINK(table_base, 0, -EINVAL);
	WRONG_LINK(table_base, 16, -EINVAL);
	WRONG_LINK(table_base, 1 << 20, -EINVAL);
	WRONG_LINK(table_base, (u32)-1, -EINVAL);
	/* as a function: none is there, or was when the last call failed */
	link_of(tiny_id);
	values[4] = 0x7fffffff;
	want_link(-EINVAL);
	values[4] = TINY_SLOT + 1;
	want_link(-EINVAL);
	values[4] = TINY_SLOT - 1;
	want_link(-EINVAL);
	/* not exported by that name */
	values[4] = (u32)-1;
	want_link(-EINVAL);
	l = link_of(tiny_id);
	l[1] = l[0];
	l[1].table_base++;
	if (try_link(2) != -EBUSY || try_link(0) != -E2BIG || try_link(257) != -E2BIG ||
	    try_link((u32)-1) != -E2BIG)
		abort();
	link_of(tiny_id);
	/* itself */
	values[4] = TINY_SLOT;
	want_link(0);
	link_of(tiny_id)->table_base = TINY_SLOT + 10;
	want_link(-EBUSY);
	/* a library is no program, a program no library */
	if ((int)w2c_host_user_reload(h, w2c_host_mm_create(h), BUFFER, BUFFER) == 0)
		abort();
	memcpy(m->memory + PROGRAM, muslin_init, muslin_init_end - muslin_init);
	if (take_library(muslin_init_end - muslin_init) != -ENOEXEC)
		abort();
	memset(m->memory + BUFFER, 0, sizeof(struct host_image));
	if ((int)w2c_host_user_library(h, this_task()->mm->id, NAMES, 0, 0, BUFFER) != -ENOENT)
		abort();
	w2c_host_halt(h, HOST_POWER_OFF);
}

static void run_links(void)
{
	run_with(links, nothing);
}

static void link_kernel_space(void)
{
	w2c_host_user_link(h, 0, BUFFER, 1, NAMES);
}

static void link_empty(void)
{
	w2c_host_user_link(h, w2c_host_mm_create(h), BUFFER, 1, NAMES);
}

static void library_of_empty(void)
{
	w2c_host_user_library(h, w2c_host_mm_create(h), NAMES, PROGRAM, 8, BUFFER);
}

static void link_another(void)
{
	w2c_host_user_link(h, program(), BUFFER, 1, NAMES);
}

static void run_link_another(void)
{
	run_with(link_another, nothing);
}

static void links_at_the_end(void)
{
	w2c_host_user_link(h, this_task()->mm->id, MEMORY - 8, 1, NAMES);
}

static void run_links_at_the_end(void)
{
	run_with(links_at_the_end, nothing);
}

static void values_at_the_end(void)
{
	link_of(library())->values = MEMORY - 12;
	try_link(1);
}

static void run_values_at_the_end(void)
{
	run_with(values_at_the_end, nothing);
}

static void link_error_at_the_end(void)
{
	w2c_host_user_link(h, this_task()->mm->id, BUFFER, 1, MEMORY - HOST_ERROR + 1);
}

static void run_link_error_at_the_end(void)
{
	run_with(link_error_at_the_end, nothing);
}

static void library_at_the_end(void)
{
	w2c_host_user_library(h, this_task()->mm->id, NAMES, MEMORY - 8, 9, BUFFER);
}

static void run_library_at_the_end(void)
{
	run_with(library_at_the_end, nothing);
}

static const struct test {
	const char *name;
	void (*what)(void);
	const char *error;
} tests[] = {
#define CASE(name, error) { #name, name, error }
	CASE(nothing, "switched the machine off"),
	CASE(vmalloc, "switched the machine off"),
	CASE(use_up_mappings, "switched the machine off"),
	CASE(run_without_memory, "switched the machine off"),
	CASE(use_what_is_lost, "cannot be had"),
	CASE(read_into_what_is_lost, "switched the machine off"),
	CASE(frames_of_no_length, "switched the machine off"),
	CASE(requests, "switched the machine off"),
	CASE(end_at_work, "switched the machine off"),
	CASE(disk_beyond, "passed a disk wild memory"),
	CASE(disk_everywhere, "passed a disk wild memory"),
	CASE(disk_to_null, "passed a disk wild memory"),
	CASE(disk_to_vmalloc, "passed a disk wild memory"),
	CASE(tag_twice, "a wrong tag, 0"),
	CASE(tag_beyond, "a wrong tag, 64"),
	CASE(request_beyond, "wild a"),
	CASE(done_truncated, "wild array"),
	CASE(stream_of_no_file, "switched the machine off"),
	CASE(pread_beyond, "wild address"),
	CASE(attributes, "switched the machine off"),
	CASE(whiteouts, "switched the machine off"),
	CASE(attribute_beyond, "wild address"),
	CASE(link_beyond, "wild address"),
	CASE(send_beyond, "wild address"),
	CASE(send_the_null_page, "wild address"),
	CASE(receive_beyond, "wild address"),
	CASE(receive_everywhere, "wild address"),
	CASE(start_itself, "passed CPU 0"),
	CASE(start_too_many, "passed CPU"),
	CASE(kick_too_many, "passed CPU"),
	CASE(kick_stopped, "interrupted CPU 1, which does not run"),
	CASE(start_running_task, "which runs"),
	CASE(start_twice, "started CPU 1, which runs"),
	CASE(switch_to_others, "which runs"),
	CASE(free_others, "the kernel freed task"),
	CASE(frames_of_others, "switched the machine off"),
	CASE(halted_by_another, "restarted the machine"),
	CASE(refused_by_another, "the kernel passed task 77"),
	CASE(second_page_of_two, "second page"),
	CASE(fork_of_nothing, "switched the machine off"),
	CASE(task_of_nobody, "the kernel passed task 77"),
	CASE(switch_to_itself, "to itself"),
	CASE(switch_from_another, "which does not run"),
	CASE(switch_to_freed, "the kernel passed task"),
	CASE(free_running, "the kernel freed task"),
	CASE(free_running_other, "the kernel freed task"),
	CASE(run_kernel_space, "address space 0"),
	CASE(resume_kernel_space, "address space 0"),
	CASE(load_into_kernel, "address space 0"),
	CASE(destroy_kernel_space, "address space 0"),
	CASE(fork_kernel_space, "address space 0"),
	CASE(run_empty, "no program"),
	CASE(resume_empty, "no program"),
	CASE(resume_unforked, "did not have"),
	CASE(sp_of_nothing, "does not run"),
	CASE(tls_of_nothing, "does not run"),
	CASE(run_fork_twice, "which is in use"),
	CASE(run_fork_another, "which does not run"),
	CASE(run_destroyed_at_entry, "destroyed"),
	CASE(run_destroyed_in_syscall, "destroyed"),
	CASE(run_in_run, "a program in a program"),
	CASE(run_restart, "that there is not"),
	CASE(run_wild_action, "asked for action 4"),
	CASE(run_handlers, "stack overflowed"),
	CASE(run_clone_interrupted, "switched the machine off"),
	CASE(second_page, "second page"),
	CASE(halt_somehow, "no way to halt"),
	CASE(stream_of_nobody, "passed stream 256"),
	CASE(heard_truncated, "wild array"),
	CASE(write_beyond, "wild address"),
	CASE(read_beyond, "wild address"),
	CASE(random_beyond, "wild address"),
	CASE(random_everywhere, "wild address"),
	CASE(write_everything, "a message of 4294967295 bytes"),
	CASE(cmdline_beyond, "wild address"),
	CASE(initrd_beyond, "wild address"),
	CASE(stat_beyond, "wild address"),
	CASE(name_at_the_end, "wild address"),
	CASE(info_at_the_end, "wild address"),
	CASE(frames_of_a_new_task, "switched the machine off"),
	CASE(wrong_tickets, "switched the machine off"),
	CASE(result_twice, "switched the machine off"),
	CASE(cancel_twice, "switched the machine off"),
	CASE(cancel_done, "switched the machine off"),
	CASE(image_changes, "switched the machine off"),
	CASE(too_many_loads, "switched the machine off"),
	CASE(end_at_load, "switched the machine off"),
	CASE(result_beyond, "wild address"),
	CASE(result_into_kernel, "address space 0"),
	CASE(result_into_program, "switched the machine off"),
	CASE(map_kernel_memory, "physical memory to map"),
	CASE(map_kernel_read_only, "wild protection"),
	CASE(unmap_kernel_memory, "physical memory to map"),
	CASE(map_half_a_page, "wild range"),
	CASE(free_the_shared_words, "wild memory to free"),
	CASE(vmalloc_beyond, "wild address"),
	CASE(run_links, "switched the machine off"),
	CASE(link_kernel_space, "address space 0"),
	CASE(link_empty, "no program"),
	CASE(library_of_empty, "no program"),
	CASE(run_link_another, "which does not run"),
	CASE(run_links_at_the_end, "wild a"),
	CASE(run_values_at_the_end, "wild a"),
	CASE(run_link_error_at_the_end, "wild address"),
	CASE(run_library_at_the_end, "wild address"),
};

static int check(const struct test *t)
{
	char error[256];

	in_task = play;
	in_kernel = in_syscall = nothing;
	machine_of(t->what, error, sizeof(error));
	if (strstr(error, t->error) && !strchr(error, '\n'))
		return 0;
	printf("%s: '%s' instead of '%s'\n", t->name, error, t->error);
	return 1;
}

/* --- random input --- */

static uint64_t state;

static uint32_t next(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return state >> 33;
}

static void play_random(int seconds, uint64_t seed)
{
	time_t end = time(NULL) + seconds;
	uint8_t data[4096];
	size_t i, n;

	for (; time(NULL) < end; seed++) {
		state = seed * 0x9e3779b97f4a7c15ull;
		n = 16 + next() % (next() % 8 ? 200 : sizeof(data) - 16);
		for (i = 0; i < n; i++)
			data[i] = next() >> 8;
		/* of one that crashes: again by MUSLIN_SEEDS=1 imports-plain 1 SEED */
		if (getenv("MUSLIN_SEEDS"))
			fprintf(stderr, "%llu\n", (unsigned long long)seed);
		LLVMFuzzerTestOneInput(data, n);
	}
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 0, failed = 0;
	char *end = "";
	uint64_t seed = argc > 2 ? strtoull(argv[2], &end, 0) : (uint64_t)time(NULL) << 20;
	const struct test *t;
	char command[128];

	set_up();
	for (t = tests; t < tests + sizeof(tests) / sizeof(*tests); t++)
		if (argc < 3 || !strcmp(t->name, argv[2]))
			failed |= check(t);
	if (!*end)
		play_random(seconds, seed);
	muslin_free(witness);
	snprintf(command, sizeof(command), "rm -rf %s %s.disk", scratch, scratch);
	return system(command) ? 2 : failed;
}
