/* SPDX-License-Identifier: MIT */
/* From an image to code that runs.  Nothing here calls the kernel. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loader/build.h"
#include "image.h"
#include "machine/machine.h"
#include "machine/syscalls.h"
#include "machine/vcpu.h"
#include "muslin.h"
#include "loader/module.h"

/* It has a macro called fail. */
#include <check.h>

static struct muslin_stats stats;
static uint64_t files;
static struct loader loader;
static struct module *mod;
static char error[MODULE_ERROR_SIZE];
static struct image image, *im = &image;
static char dir[100];

static uint8_t *base;
static struct muslin_unwind unwind;
static struct muslin_vcpu vcpu = { .self = &vcpu, .unwind = &unwind };
static struct w2c_linux imports;
static jmp_buf trapped;

static __attribute__((noreturn)) void on_trap(void *instance, wasm_rt_trap_t reason,
					      const char *function, const void *pc)
{
	(void)instance;
	(void)function;
	(void)pc;
	longjmp(trapped, reason);
}

static void *zeroed(void *instance, size_t n)
{
	(void)instance;
	return calloc(1, n);
}

static void discard(void *instance, void *p)
{
	(void)instance;
	free(p);
}

static const struct muslin_rt rt = { on_trap, zeroed, discard };

static void setup(void)
{
	loader = (struct loader) {
		.exports = kernel_exports, .nexports = kernel_exports_count,
		.stats = &stats, .files = &files,
	};
	snprintf(dir, sizeof(dir), "%s/muslin-module.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("MUSLIN_CACHE", dir, 1);
	unsetenv("MUSLIN_CC");
	unsetenv("MUSLIN_CC_DIRS");
}

static void teardown(void)
{
	char command[200];

	module_exit(&loader);
	builder_stop(&loader);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static int load(void)
{
	*error = 0;
	return module_load(&loader, "prog", im->p, im->n, &mod, error);
}

static void refused(int err, const char *why)
{
	ck_assert_int_eq(load(), err);
	ck_assert_str_eq(error, why);
}

static uint32_t word(uint32_t addr)
{
	uint32_t x;

	memcpy(&x, base + MUSLIN_MEMORY_OFFSET + addr, 4);
	return x;
}

/* An instance of mod with three pages of memory. */
static void instantiate(void)
{
	struct muslin_head *head;

	base = mmap(NULL, 9ull << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(base, MAP_FAILED);
	ck_assert_int_eq(mprotect(base, 4 << 16, PROT_READ | PROT_WRITE), 0);
	head = muslin_head(base);
	head->rt = &rt;
	head->memory.pages = 3;
	vcpu.instance = base;
	set_vcpu_register((uintptr_t)&vcpu);
	imports.sc = mod->thunks;
	ck_assert_int_eq(mod->ops->setup(base, &imports), 0);
}

static int run(uint32_t arg)
{
	int r = setjmp(trapped);

	if (!r) {
		mod->ops->start(base);
		mod->ops->entry(base, arg);
	}
	return r;
}

static void ran(uint32_t arg)
{
	instantiate();
	ck_assert_int_eq(run(arg), 0);
	ck_assert_uint_eq(word(65536), arg);
	mod->ops->teardown(base);
	munmap(base, 9ull << 30);
}

START_TEST(program_runs)
{
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	ck_assert_uint_eq(mod->data, 65536);
	ck_assert_uint_eq(mod->end, 2 * 65536);
	ran(4711);
	module_put(mod);
}
END_TEST

START_TEST(second_exec_is_the_same_module)
{
	struct module *first;

	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	first = mod;
	ck_assert_int_eq(load(), 0);
	ck_assert_ptr_eq(mod, first);
	module_put(mod);
	module_put(mod);
	ck_assert_int_eq(load(), 0);
	ck_assert_ptr_eq(mod, first);
	ran(1);
	module_put(mod);
}
END_TEST

static void compiling(void *arg, const char *line)
{
	(void)arg;
	ck_abort_msg("%s", line);
}

static void tier(const char *name)
{
	setenv("MUSLIN_TIER", name, 1);
}

START_TEST(cached_program_is_not_compiled)
{
	struct loader other = loader;

	other.progress = compiling;
	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	module_put(mod);
	ck_assert_int_eq(module_load(&other, "other", im->p, im->n, &mod, error), 0);
	ran(2);
	module_put(mod);
	module_exit(&other);
	builder_stop(&other);
}
END_TEST

START_TEST(cache_that_cannot_be_used_is_no_error)
{
	/* the last is ours, and takes no files even from root */
	static const char *const caches[] = {
		"/proc/nothing", "/dev/null", "/proc/self",
	};

	setenv("MUSLIN_CACHE", caches[_i], 1);
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	ran(3);
	module_put(mod);
}
END_TEST

START_TEST(damaged_cache_entry_is_made_again)
{
	char command[300];

	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	module_put(mod);
	module_exit(&loader);
	builder_stop(&loader);
	snprintf(command, sizeof(command),
		 "for f in '%s'/*.so; do head -c 5000 $f >$f.x; mv $f.x $f; done", dir);
	ck_assert_int_eq(system(command), 0);
	ck_assert_msg(load() == 0, "%s", error);
	ran(4);
	module_put(mod);
}
END_TEST

START_TEST(two_at_once_compile_the_same_program)
{
	pid_t pids[3];
	int status;

	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		if (load() < 0) {
			fprintf(stderr, "%s\n", error);
			_exit(1);
		}
		instantiate();
		_exit(run(5) || word(65536) != 5);
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(load(), 0);
	ran(6);
	module_put(mod);
}
END_TEST

static void on_interrupt(int sig)
{
	(void)sig;
}

START_TEST(interrupts_do_not_disturb_the_compiler)
{
	struct sigaction sa = { .sa_handler = on_interrupt };
	timer_t timer;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec often = { { 0, 100000 }, { 0, 100000 } };

	sigaction(SIGUSR1, &sa, NULL);
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	ck_assert_int_eq(timer_settime(timer, 0, &often, NULL), 0);
	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	timer_delete(timer);
	ran(7);
	module_put(mod);
}
END_TEST

START_TEST(ignored_children_are_no_error)
{
	signal(SIGCHLD, SIG_IGN);
	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	signal(SIGCHLD, SIG_DFL);
	ran(8);
	module_put(mod);
}
END_TEST

START_TEST(nothing_is_left_behind)
{
	char tmp[150], command[200];

	snprintf(tmp, sizeof(tmp), "%s/tmp", dir);
	mkdir(tmp, 0700);
	setenv("TMPDIR", tmp, 1);
	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	module_put(mod);
	snprintf(command, sizeof(command), "test -z \"$(ls -A '%s')\"", tmp);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(traps_are_reported)
{
	PROGRAM(im, "\x41\1\x20\0\x6d\x1a");		/* 1 / argument */
	ck_assert_msg(load() == 0, "%s", error);
	instantiate();
	ck_assert_int_eq(run(1), 0);
	ck_assert_int_eq(run(0), WASM_RT_TRAP_DIV_BY_ZERO);
	module_put(mod);
}
END_TEST

START_TEST(calls_check_types)
{
	/* an element segment puts _start into the table as function 3 */
	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\1" ENV_MEMORY);
	SECTION(im, FUNCTIONS, "\1\0");
	SECTION(im, TABLES, TABLE_16);
	SECTION(im, GLOBALS, ALL_GLOBALS);
	SECTION(im, EXPORTS, ALL_EXPORTS);
	SECTION(im, ELEMENTS, "\1\0\x41\3\x0b\1\0");
	SECTION(im, CODE, "\1\x0b\0" STORE_ARGUMENT "\x0b");
	ck_assert_msg(load() == 0, "%s", error);
	instantiate();
	mod->ops->call1(base, 3, 42);
	ck_assert_uint_eq(word(65536), 42);
	if (!setjmp(trapped)) {
		mod->ops->call4(base, 3, 1, 2, 3, 4);
		ck_abort_msg("call of another type does not trap");
	}
	if (!setjmp(trapped)) {
		mod->ops->call1(base, 2, 42);
		ck_abort_msg("call of null does not trap");
	}
	if (!setjmp(trapped)) {
		mod->ops->call1(base, 16, 42);
		ck_abort_msg("call beyond the table does not trap");
	}
	mod->ops->teardown(base);
	module_put(mod);
}
END_TEST

START_TEST(stack_pointer_and_tls_are_the_thread_s)
{
	static const char *const tiers[] = { "quick", "optimized" };

	for (int i = 0; i < 2; i++) {
		tier(tiers[i]);
		/* local.get 0, global.set 0, global.get 0, global.set 1 */
		PROGRAM(im, "\x20\0\x24\0\x23\0\x24\1");
		ck_assert_msg(load() == 0, "%s", error);
		instantiate();
		vcpu.sp = vcpu.tls = 7;
		ck_assert_int_eq(run(4711 + i), 0);
		ck_assert_uint_eq(vcpu.sp, 4711 + i);
		ck_assert_uint_eq(vcpu.tls, 4711 + i);
		mod->ops->teardown(base);
		module_put(mod);
	}
}
END_TEST

static uint32_t sum(struct w2c_linux *l, uint32_t a, uint32_t b, uint32_t c)
{
	return l == &imports ? a + b + c : 0;
}

START_TEST(import_is_called)
{
	static void *thunks[2];

	/* linux.__syscall_write(argument, 7, 8), its result to 65536 */
	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\2" ENV_MEMORY "\5linux\x0f__syscall_write\0\1");
	SECTION(im, FUNCTIONS, "\1\0");
	SECTION(im, TABLES, TABLE_16);
	SECTION(im, GLOBALS, ALL_GLOBALS);
	SECTION(im, EXPORTS, "\4\6_start\0\1" EXPORT_SP EXPORT_TLS EXPORT_TABLE);
	SECTION(im, CODE, "\1\x11\0\x41\x80\x80\4\x20\0\x41\7\x41\x08\x10\0\x36\2\0\x0b");
	ck_assert_msg(load() == 0, "%s", error);
	ck_assert_ptr_null(mod->thunks[0]);
	ck_assert_ptr_nonnull(mod->thunks[1]);
	instantiate();
	imports.sc = thunks;
	thunks[1] = sum;
	ck_assert_int_eq(run(100), 0);
	ck_assert_uint_eq(word(65536), 115);
	module_put(mod);
}
END_TEST

/* An export of _start by a name that is not only letters. */
static void exports(const char *name)
{
	char section[300];
	size_t n = sizeof("\5" EXPORT_START EXPORT_SP EXPORT_TLS EXPORT_TABLE) - 1;

	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\1" ENV_MEMORY);
	SECTION(im, FUNCTIONS, "\1\0");
	SECTION(im, TABLES, TABLE_16);
	SECTION(im, GLOBALS, ALL_GLOBALS);
	memcpy(section, "\5" EXPORT_START EXPORT_SP EXPORT_TLS EXPORT_TABLE, n);
	section[n++] = strlen(name);
	memcpy(section + n, name, strlen(name));
	n += strlen(name);
	memcpy(section + n, "\0\0", 2);
	image_section(im, EXPORTS, section, n + 2);
	SECTION(im, CODE, "\1\x0b\0" STORE_ARGUMENT "\x0b");
	/* names for debugging: a function's */
	SECTION(im, 0, "\4name\1\x12\1\0\x0f*/ #error \n\n#if");
}

/* What compilers read has names of the program in it. */
START_TEST(names_are_not_code)
{
	static const char *const names[] = {
		"*/ #include \"/nowhere\" /*", "*/ int not_code[-1]; /*",
		"x\\", "?\?/", "x */", "'\"%s%n", "0x5Fstart", "_0x5Fstart",
		"w2c_program_0x5Fstart", "wasm2c_program_instantiate", "main",
		"instance", "program", "", "muslin_module_program", "\u202e*/",
	};

	exports(names[_i]);
	ck_assert_msg(load() == 0, "%s", error);
	ran(1 + _i);
	module_put(mod);
}
END_TEST

START_TEST(two_equal_types_are_one)
{
	/* the second of two equal types is _start's */
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\3" TYPE_I_V TYPE_I_V TYPE_IIII_V);
	SECTION(im, IMPORTS, "\1" ENV_MEMORY);
	SECTION(im, FUNCTIONS, "\1\1");
	SECTION(im, TABLES, TABLE_16);
	SECTION(im, GLOBALS, ALL_GLOBALS);
	SECTION(im, EXPORTS, ALL_EXPORTS);
	SECTION(im, ELEMENTS, "\1\0\x41\3\x0b\1\0");
	SECTION(im, CODE, "\1\x0b\0" STORE_ARGUMENT "\x0b");
	ck_assert_msg(load() == 0, "%s", error);
	instantiate();
	mod->ops->call1(base, 3, 42);
	ck_assert_uint_eq(word(65536), 42);
	mod->ops->teardown(base);
	module_put(mod);
}
END_TEST

/* Refused before anything is compiled. */

/* A LEB128 number of so many bytes, though fewer may do. */
static uint8_t *put_number(uint8_t *p, uint32_t value, int bytes)
{
	for (; --bytes; value >>= 7)
		*p++ = (value & 127) | 128;
	*p++ = value & 127;
	return p;
}

/* A section of count times the same. */
static uint8_t *put_items(uint8_t *p, int id, const char *what, size_t n,
			  uint32_t count)
{
	*p++ = id;
	p = put_number(p, count * n + 3, 4);
	p = put_number(p, count, 3);
	for (; count; count--, p += n)
		memcpy(p, what, n);
	return p;
}

static void big_is_refused(struct image *big, const uint8_t *end)
{
	*error = 0;
	ck_assert_int_eq(module_load(&loader, "prog", big->p, end - big->p, &mod, error),
			 -ENOEXEC);
	free(big);
}

static void many(int id, const char *what, size_t n, uint32_t count)
{
	struct image *big = calloc(1, sizeof(*big) + count * n);

	IMAGE_HEADER(big);
	if (id == EXPORTS)
		SECTION(big, IMPORTS, "\1" ENV_MEMORY);
	big_is_refused(big, put_items(big->p + big->n, id, what, n, count));
}

/* A few bytes for each of n functions, type being in place of the last two. */
static void functions(uint32_t n, const char *type, size_t type_size,
		      const char *body, size_t body_size)
{
	size_t size = 1000 + n * (1 + body_size);
	struct image *big = calloc(1, sizeof(*big) + size);
	uint8_t *p;

	IMAGE_HEADER(big);
	image_section(big, TYPES, type, type_size);
	SECTION(big, IMPORTS, "\1" ENV_MEMORY);
	p = big->p + big->n;
	*p++ = FUNCTIONS;
	p = put_number(p, n + 3, 3);
	p = put_number(p, n, 3);
	*p++ = 0;
	memset(p, 1, n - 1);
	p += n - 1;
	big->n = p - big->p;
	SECTION(big, TABLES, TABLE_16);
	SECTION(big, GLOBALS, ALL_GLOBALS);
	SECTION(big, EXPORTS, ALL_EXPORTS);
	big_is_refused(big, put_items(big->p + big->n, CODE, body, body_size, n));
}

/* A kilobyte of each of these made gigabytes of C. */
START_TEST(variables_are_not_for_free)
{
	char type[1100] = "\2" TYPE_I_V "\x60\xe8\7";

	/* 50,000 locals; "\7" is the body's size */
	functions(100, "\2" TYPE_I_V TYPE_V_V, 8, "\7\1\xd0\x86\3\x7f\0\x0b", 8);
	ck_assert_msg(!strncmp(error, "prog: declares more than 1000", 29), "%s", error);
	/* 1,000 parameters */
	memset(type + 8, 0x7f, 1000);
	functions(2000, type, 1009, "\2\0\x0b", 3);
	ck_assert_msg(!strncmp(error, "prog: has functions with more than 10", 37),
		      "%s", error);
}
END_TEST

START_TEST(countless_things_are_refused)
{
	many(TYPES, TYPE_V_V, 3, 1000000);
	ck_assert_str_eq(error, "prog: has 1000000 types of functions");
	many(IMPORTS, ENV_MEMORY, sizeof(ENV_MEMORY) - 1, 1000000);
	ck_assert_str_eq(error, "prog: has 1000000 imports");
	many(EXPORTS, "\0\2\0", 3, 20000);
	ck_assert_str_eq(error, "prog: has 20000 exports");
}
END_TEST


START_TEST(bad_images_are_refused)
{
	BYTES(im, "hello, world");
	refused(-ENOEXEC, "prog: not a WebAssembly module");
	im->n = 0;
	refused(-ENOEXEC, "prog: not a WebAssembly module");
	BYTES(im, "\0asm\2\0\0\0");
	refused(-ENOEXEC, "prog: WebAssembly version 2, only 1 is supported");
	PROGRAM(im, STORE_ARGUMENT);
	im->n--;
	ck_assert_int_eq(load(), -ENOEXEC);
	ck_assert_int_eq(strncmp(error, "prog: truncated at byte ", 24), 0);
	IMAGE_HEADER(im);
	refused(-ENOEXEC, "prog: does not import env.memory");
}
END_TEST

START_TEST(bad_imports_are_refused)
{
	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\1\5linux\x10__syscall_coffee\0\0");
	refused(-ENOEXEC, "prog: imports linux.__syscall_coffee, which this kernel does not export");
	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\1\5linux\x0f__syscall_write\0\0");
	refused(-ENOEXEC, "prog: linux.__syscall_write has type (i32) -> (), the kernel's is (i32 i32 i32) -> i32");
	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\1\x16wasi_snapshot_preview1\x08" "fd_write\0\1");
	refused(-ENOEXEC, "prog: imports wasi_snapshot_preview1.fd_write, which this kernel does not export");
	IMAGE_HEADER(im);
	SECTION(im, IMPORTS, "\1\3env\5table\1\x70\0\0");
	refused(-ENOEXEC, "prog: imports env.table, which is not a system call");
}
END_TEST

/* A program up to its memory and its exports. */
static void program(const char *memory, size_t n, const char *exports, size_t k)
{
	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	image_section(im, IMPORTS, memory, n);
	SECTION(im, FUNCTIONS, "\2\0\2");
	SECTION(im, TABLES, TABLE_16);
	SECTION(im, GLOBALS, "\2\x7f\1\x41\0\x0b\x7f\0\x41\0\x0b");
	image_section(im, EXPORTS, exports, k);
}

#define WITH(memory, exports) \
	program(memory, sizeof(memory) - 1, exports, sizeof(exports) - 1)

START_TEST(bad_exports_are_refused)
{
	WITH("\1" ENV_MEMORY, "\1" EXPORT_SP);
	refused(-ENOEXEC, "prog: does not export _start");
	WITH("\1" ENV_MEMORY, "\1\6_start\3\0");
	refused(-ENOEXEC, "prog: does not export _start");
	WITH("\1" ENV_MEMORY, "\1\6_start\0\1");
	refused(-ENOEXEC, "prog: _start has type () -> () instead of (i32) -> ()");
	WITH("\1" ENV_MEMORY, "\1" EXPORT_START);
	refused(-ENOEXEC, "prog: does not export __stack_pointer");
	WITH("\1" ENV_MEMORY, "\3" EXPORT_START EXPORT_SP EXPORT_TLS);
	refused(-ENOEXEC, "prog: __tls_base is not a mutable i32");
	WITH("\1" ENV_MEMORY, "\3" EXPORT_START EXPORT_SP "\x0a__tls_base\3\0");
	refused(-ENOEXEC, "prog: does not export __indirect_function_table");
	WITH("\1" ENV_MEMORY, "\5" EXPORT_START EXPORT_SP "\x0a__tls_base\3\0" EXPORT_TABLE "\x0a__fenv_get\0\0");
	refused(-ENOEXEC, "prog: __fenv_get has type (i32) -> () instead of () -> i32");
	WITH("\1" ENV_MEMORY, "\5" EXPORT_START EXPORT_SP "\x0a__tls_base\3\0" EXPORT_TABLE "\x0a__fenv_set\3\0");
	refused(-ENOEXEC, "prog: __fenv_set is not a function");
}
END_TEST

/* Functions of types (i32) -> (), (i32) -> i32 and (i32, i32) -> (). */
static void jump_program(const char *exports, size_t n)
{
	IMAGE_HEADER(im);
	SECTION(im, TYPES, "\3" TYPE_I_V "\x60\1\x7f\1\x7f" "\x60\2\x7f\x7f\0");
	SECTION(im, IMPORTS, "\1" ENV_MEMORY);
	SECTION(im, FUNCTIONS, "\3\0\1\2");
	SECTION(im, TABLES, TABLE_16);
	SECTION(im, GLOBALS, ALL_GLOBALS);
	image_section(im, EXPORTS, exports, n);
	SECTION(im, CODE, "\3" "\2\0\x0b" "\3\0\0\x0b" "\2\0\x0b");
}

#define JUMPS(count, names) \
	jump_program(count EXPORT_START EXPORT_SP EXPORT_TLS EXPORT_TABLE names, \
		     sizeof(count EXPORT_START EXPORT_SP EXPORT_TLS EXPORT_TABLE names) - 1)

START_TEST(setjmp_of_another_kind_is_refused)
{
	JUMPS("\5", "\x08__setjmp\0\2");
	refused(-ENOEXEC, "prog: __setjmp has type (i32 i32) -> () instead of (i32) -> i32");
	JUMPS("\5", "\x09__longjmp\0\1");
	refused(-ENOEXEC, "prog: __longjmp has type (i32) -> i32 instead of (i32 i32) -> ()");
	JUMPS("\5", "\x08__setjmp\3\0");
	refused(-ENOEXEC, "prog: __setjmp is not a function");
}
END_TEST

static void loads(void)
{
	ck_assert_msg(load() == 0, "%s", error);
	module_put(mod);
}

/* The linker gives it some, where a program exports all that it has. */
START_TEST(setjmp_may_have_other_names)
{
	tier("quick");
	JUMPS("\6", "\3foo\0\1" "\x08__setjmp\0\1");
	loads();
	JUMPS("\6", "\x0a__setjmp_0\0\1" "\x08__setjmp\0\1");
	loads();
	JUMPS("\6", "\x08__setjmp\0\1" "\x0b" "0x5F_setjmp\0\0");
	loads();
}
END_TEST

START_TEST(impossible_memories_are_refused)
{
	WITH("\1\3env\6memory\2\3\xff\xff\3\x80\x80\4", ALL_EXPORTS);
	refused(-ENOEXEC, "prog: needs 4095 MB of memory, more than there are addresses");
	WITH("\1\3env\6memory\2\7\1\1", ALL_EXPORTS);
	refused(-ENOEXEC, "prog: has a 64-bit memory");
	WITH("\2" ENV_MEMORY ENV_MEMORY, ALL_EXPORTS);
	refused(-ENOEXEC, "prog: has 2 memories");
}
END_TEST

/* What only wasm2c can tell. */
START_TEST(invalid_function_is_refused)
{
	PROGRAM(im, "\x6a");
	ck_assert_int_eq(load(), -ENOEXEC);
	ck_assert_msg(!strncmp(error, "prog: wasm2c: type mismatch in i32.add", 38),
		      "%s", error);
	ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(missing_compiler_is_named)
{
	char *path = strdup(getenv("PATH"));

	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	setenv("MUSLIN_CC", "no-such-cc -O3", 1);
	refused(-ENOENT, "prog: C compiler not found: MUSLIN_CC is no-such-cc -O3");
	unsetenv("MUSLIN_CC");
	setenv("PATH", "/nowhere", 1);
	/* the builder has the environment that it was started with */
	builder_stop(&loader);
	refused(-ENOENT, "prog: no C compiler found (tried clang-22, clang, gcc, cc; set MUSLIN_CC)");
	setenv("MUSLIN_WASM2C", "/nowhere/wasm2c", 1);
	builder_stop(&loader);
	refused(-ENOENT, "prog: wasm2c not found (set MUSLIN_WASM2C)");
	setenv("PATH", path, 1);
	free(path);
}
END_TEST

static void script(const char *name, const char *text)
{
	char path[150];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
	chmod(path, 0755);
	setenv(strcmp(name, "cc") ? "MUSLIN_WASM2C" : "MUSLIN_CC", path, 1);
}

START_TEST(old_wasm2c_is_named)
{
	char why[300];

	PROGRAM(im, STORE_ARGUMENT);
	script("wasm2c", "#!/bin/sh\necho 1.0.32\n");
	snprintf(why, sizeof(why), "prog: %s/wasm2c has version 1.0.32, 1.0.36 is needed (set MUSLIN_WASM2C)", dir);
	refused(-ENOENT, why);
}
END_TEST

START_TEST(failing_compiler_is_quoted)
{
	char why[300];

	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	script("cc", "#!/bin/sh\necho 'prog.c:1: error: cannot think' >&2\nexit 1\n");
	snprintf(why, sizeof(why), "prog: %s/cc: cannot think", dir);
	refused(-ENOEXEC, why);
	script("cc", "#!/bin/sh\nkill -9 $$\n");
	snprintf(why, sizeof(why), "prog: %s/cc: failed without a message", dir);
	refused(-ENOEXEC, why);
}
END_TEST

/* Whatever a program makes compilers do ends some day. */
START_TEST(compilers_have_limits)
{
	char why[300];

	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	script("cc", "#!/bin/sh\nsleep 0.2\necho error: $(ulimit -t) $(ulimit -c) "
	       "$(($(ulimit -f) < 3000000)) $(($(ulimit -v) > 2000000))\nexit 1\n");
	snprintf(why, sizeof(why), "prog: %s/cc: 600 0 1 1", dir);
	refused(-ENOEXEC, why);
	script("cc", "#!/bin/sh\necho trace\nkill -XCPU $$\n");
	snprintf(why, sizeof(why), "prog: %s/cc: took too much time", dir);
	refused(-ENOEXEC, why);
	script("cc", "#!/bin/sh\nkill -XFSZ $$\n");
	snprintf(why, sizeof(why), "prog: %s/cc: wrote too much", dir);
	refused(-ENOEXEC, why);
}
END_TEST

/* --- several threads, as vCPUs will be --- */

static void *use(void *barrier)
{
	pthread_barrier_wait(barrier);
	for (int i = 0; i < 2000000; i++) {
		struct module *known = module_known(&loader, "prog", im->p, im->n, false);

		if (module_find(&loader, known->id) != known || module_get(known) != known)
			return "another one";
		module_put(known);
		module_put(known);
		module_put(known);
	}
	return NULL;
}

START_TEST(references_are_counted_by_several_threads)
{
	pthread_barrier_t barrier;
	pthread_t threads[2];
	void *what;

	tier("quick");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	pthread_barrier_init(&barrier, NULL, 2);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use, &barrier), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &what), 0);
		ck_assert_ptr_null(what);
	}
	ck_assert_uint_eq(mod->refs, 1);
	ran(10);
	module_put(mod);
}
END_TEST

/* --- the quick tier --- */

START_TEST(quick_tier_needs_no_compiler)
{
	tier(_i ? "quick" : "auto");
	setenv("MUSLIN_CC", "no-such-cc", 1);
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	ck_assert_ptr_nonnull(mod->quick.p);
	ran(9);
	module_put(mod);
	module_exit(&loader);
	builder_stop(&loader);
	setenv("MUSLIN_WASM2C", "/nowhere/wasm2c", 1);
	refused(-ENOENT, "prog: wasm2c not found (set MUSLIN_WASM2C)");
}
END_TEST

START_TEST(quick_code_can_not_be_changed)
{
	char line[200];
	void *from, *to;
	char access[5] = "";
	FILE *f;

	tier("quick");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	f = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof(line), f) &&
	       (sscanf(line, "%p-%p %4s", &from, &to, access) != 3 ||
		mod->quick.p < from || mod->quick.p >= to))
		;
	fclose(f);
	ck_assert_str_eq(access, "r-xp");
	module_put(mod);
}
END_TEST

START_TEST(tools_are_not_needed_for_what_is_cached)
{
	tier("optimized");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	module_put(mod);
	module_exit(&loader);
	builder_stop(&loader);
	tier(_i ? "optimized" : "auto");
	setenv("MUSLIN_CC", "no-such-cc", 1);
	setenv("MUSLIN_WASM2C", "/nowhere/wasm2c", 1);
	ck_assert_msg(load() == 0, "%s", error);
	ck_assert_ptr_null(mod->quick.p);
	ran(10);
	module_put(mod);
}
END_TEST

START_TEST(unknown_tier_is_an_error)
{
	tier("fast");
	PROGRAM(im, STORE_ARGUMENT);
	refused(-EINVAL, "prog: MUSLIN_TIER is fast, not auto, quick or optimized");
}
END_TEST

static void program_of_code(const char *code, size_t n)
{
	IMAGE_HEADER(im);
	SECTION(im, TYPES, ALL_TYPES);
	SECTION(im, IMPORTS, "\1" ENV_MEMORY);
	SECTION(im, FUNCTIONS, "\1\0");
	SECTION(im, TABLES, TABLE_16);
	SECTION(im, GLOBALS, ALL_GLOBALS);
	SECTION(im, EXPORTS, ALL_EXPORTS);
	image_section(im, CODE, code, n);
}

/* Such a frame could reach across the guard below a stack. */
START_TEST(large_frames_are_not_quick)
{
	/* 20000 locals */
	static const char code[] = "\1\x0f\1\xa0\x9c\1\x7f" STORE_ARGUMENT "\x0b";

	program_of_code(code, sizeof(code) - 1);
	tier("quick");
	setenv("MUSLIN_CC", "no-such-cc", 1);
	refused(-EOPNOTSUPP, "prog: tcc: a function has too many variables");
	unsetenv("MUSLIN_CC");
	builder_stop(&loader);
	tier("auto");
	ck_assert_msg(load() == 0, "%s", error);
	ck_assert_ptr_null(mod->quick.p);
	ran(11);
	module_put(mod);
}
END_TEST

START_TEST(deep_blocks_are_not_quick)
{
	enum { DEPTH = 9000 };
	/* if blocks in each other: i32.const 1, if, ..., end */
	static uint8_t deep[DEPTH * 5 + 1000];
	uint8_t *p = deep, *size;
	size_t n;

	program_of_code("", 0);
	im->n -= 3;
	memcpy(p, im->p, im->n);
	size = p + im->n + 1;
	p = size + 3 + 1 + 3;
	*p++ = 0;
	for (int i = 0; i < DEPTH; i++, p += 4)
		memcpy(p, "\x41\1\4\x40", 4);
	memset(p, 0x0b, DEPTH + 1);
	p += DEPTH + 1;
	size[-1] = CODE;
	n = p - size - 3;
	for (int i = 0; i < 3; i++)
		size[i] = (n >> 7 * i & 127) | (i < 2) << 7;
	size[3] = 1;
	n -= 4;
	for (int i = 0; i < 3; i++)
		size[4 + i] = (n >> 7 * i & 127) | (i < 2) << 7;

	tier("quick");
	ck_assert_int_eq(module_load(&loader, "prog", deep, p - deep, &mod, error), -E2BIG);
	ck_assert_str_eq(error, "prog: too deep a nesting of blocks");
}
END_TEST

/* --- in the background --- */

/* Until it has ended. */
static void await_background(void)
{
	char path[150];
	int fd;

	snprintf(path, sizeof(path), "%s/.background", dir);
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	close(fd);
}

/* As two processes of Muslin would, one after the other. */
static void load_twice(void)
{
	for (int i = 0; i < 2; i++) {
		module_exit(&loader);
		builder_stop(&loader);
		ck_assert_msg(load() == 0, "%s", error);
		ck_assert_ptr_nonnull(mod->quick.p);
		if (!i)
			module_put(mod);
	}
}

START_TEST(second_start_is_optimized)
{
	struct module *quick;

	tier("auto");
	PROGRAM(im, STORE_ARGUMENT);
	load_twice();
	await_background();
	quick = mod;
	ck_assert_msg(load() == 0, "%s", error);
	ck_assert_ptr_ne(mod, quick);
	ck_assert_ptr_null(mod->quick.p);
	ran(12);
	module_put(mod);
	/* who has the old code keeps it */
	mod = quick;
	ran(13);
	module_put(mod);
}
END_TEST

START_TEST(computing_is_optimized_the_first_time)
{
	tier("auto");
	PROGRAM(im, STORE_ARGUMENT);
	ck_assert_msg(load() == 0, "%s", error);
	for (int i = 0; i < 100; i++)
		module_ticked(mod);
	module_put(mod);
	await_background();
	ck_assert_msg(load() == 0, "%s", error);
	ck_assert_ptr_null(mod->quick.p);
	module_put(mod);
}
END_TEST

static int lines(const char *name)
{
	char path[150];
	int n = 0, c;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	while (f && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

START_TEST(what_cannot_be_compiled_is_not_tried_again)
{
	char cc[300];

	tier("auto");
	PROGRAM(im, STORE_ARGUMENT);
	snprintf(cc, sizeof(cc), "#!/bin/sh\necho >>'%s/tries'\nexit 1\n", dir);
	script("cc", cc);
	setenv("MUSLIN_CC_DIRS", dir, 1);
	load_twice();
	module_put(mod);
	await_background();
	ck_assert_int_eq(lines("tries"), 1);
	load_twice();
	ran(14);
	module_put(mod);
	await_background();
	ck_assert_int_eq(lines("tries"), 1);
}
END_TEST

Suite *module_suite(void);
Suite *module_suite(void)
{
	Suite *suite = suite_create("module");
	TCase *tc = tcase_create("module");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, program_runs);
	tcase_add_test(tc, second_exec_is_the_same_module);
	tcase_add_test(tc, cached_program_is_not_compiled);
	tcase_add_loop_test(tc, cache_that_cannot_be_used_is_no_error, 0, 3);
	tcase_add_test(tc, damaged_cache_entry_is_made_again);
	tcase_add_test(tc, two_at_once_compile_the_same_program);
	tcase_add_test(tc, interrupts_do_not_disturb_the_compiler);
	tcase_add_test(tc, ignored_children_are_no_error);
	tcase_add_test(tc, nothing_is_left_behind);
	tcase_add_test(tc, traps_are_reported);
	tcase_add_test(tc, calls_check_types);
	tcase_add_test(tc, stack_pointer_and_tls_are_the_thread_s);
	tcase_add_test(tc, import_is_called);
	tcase_add_loop_test(tc, names_are_not_code, 0, 16);
	tcase_add_test(tc, two_equal_types_are_one);
	tcase_add_test(tc, countless_things_are_refused);
	tcase_add_test(tc, variables_are_not_for_free);
	tcase_add_test(tc, bad_images_are_refused);
	tcase_add_test(tc, bad_imports_are_refused);
	tcase_add_test(tc, bad_exports_are_refused);
	tcase_add_test(tc, setjmp_of_another_kind_is_refused);
	tcase_add_test(tc, setjmp_may_have_other_names);
	tcase_add_test(tc, impossible_memories_are_refused);
	tcase_add_test(tc, invalid_function_is_refused);
	tcase_add_test(tc, missing_compiler_is_named);
	tcase_add_test(tc, old_wasm2c_is_named);
	tcase_add_test(tc, failing_compiler_is_quoted);
	tcase_add_test(tc, compilers_have_limits);
	tcase_add_test(tc, references_are_counted_by_several_threads);
	tcase_add_loop_test(tc, quick_tier_needs_no_compiler, 0, 2);
	tcase_add_test(tc, quick_code_can_not_be_changed);
	tcase_add_loop_test(tc, tools_are_not_needed_for_what_is_cached, 0, 2);
	tcase_add_test(tc, unknown_tier_is_an_error);
	tcase_add_test(tc, large_frames_are_not_quick);
	tcase_add_test(tc, deep_blocks_are_not_quick);
	tcase_add_test(tc, second_start_is_optimized);
	tcase_add_test(tc, computing_is_optimized_the_first_time);
	tcase_add_test(tc, what_cannot_be_compiled_is_not_tried_again);
	suite_add_tcase(suite, tc);
	return suite;
}
