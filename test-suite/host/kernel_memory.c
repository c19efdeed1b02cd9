/* SPDX-License-Identifier: MIT */
/* The kernel's own address space: what is never there, and what that does. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host_page.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "muslin.h"

#include <check.h>	/* last: it has a fail() of its own */

/* The protection of the host's mapping that p is in. */
static const char *perms(const void *p)
{
	static char found[5];
	unsigned long from, to;
	char line[4200], now[5];
	FILE *f = fopen("/proc/self/maps", "r");

	found[0] = 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, now) == 3 &&
		    (uintptr_t)p >= from && (uintptr_t)p < to)
			strcpy(found, now);
	fclose(f);
	return found;
}

static void check_space(const struct muslin *m)
{
	ck_assert_str_eq(perms(m->memory), "---p");
	ck_assert_str_eq(perms(m->memory + 65535), "---p");
	ck_assert_int_eq(perms(m->memory + 65536)[1], 'w');
	ck_assert_str_eq(perms(m->memory + m->memory_size), "---p");
}

static struct muslin *boot(const char *image)
{
	struct muslin_config config = { .memory = 64 << 20, .image = image };
	struct muslin *m;

	ck_assert_int_eq(muslin_new(&config, &m), 0);
	ck_assert_msg(!muslin_boot(m), "%s", muslin_error(m));
	return m;
}

START_TEST(page_0_is_not_there)
{
	struct muslin *m = boot("");

	check_space(m);
	ck_assert_int_eq(muslin_shutdown(m), 0);
	muslin_free(m);
}
END_TEST

START_TEST(page_0_of_an_image_is_not_there)
{
	struct muslin *m = boot("");
	char path[] = "/tmp/muslin-image-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_msg(!muslin_snapshot(m, path), "%s", muslin_error(m));
	muslin_free(m);
	m = boot(path);
	ck_assert_ptr_nonnull(m->image_pages);	/* it is one */
	check_space(m);
	ck_assert_int_eq(muslin_shutdown(m), 0);
	muslin_free(m);
	close(fd);
	unlink(path);
}
END_TEST

/* The idle task has no program: its address space is NULL. */
static bool dereference_null(struct muslin *m, void *arg)
{
	if (!(*(int *)arg)++)
		w2c_vmlinux_user_fault(m->kernel, 0x20000, 0);
	return false;
}

static bool map_page_0(struct muslin *m, void *arg)
{
	if (!(*(int *)arg)++)
		w2c_host_mm_map((struct w2c_host *)m, 0, m->memory_size, 0, 65536, 3);
	return false;
}

static void ends(bool (*how)(struct muslin *m, void *arg), const char *why)
{
	struct muslin *m = boot("");
	int calls = 0;

	ck_assert_int_eq(machine_run(m, how, &calls), -ESHUTDOWN);
	ck_assert_int_eq(m->halted, HALTED + HOST_PANIC);
	ck_assert_msg(!strncmp(m->error, why, strlen(why)), "\"%s\"", m->error);
	ck_assert_ptr_null(strchr(m->error, '\n'));
	ck_assert_int_eq(muslin_shutdown(m), -ESHUTDOWN);
	muslin_free(m);
}

START_TEST(null_pointer_of_the_kernel_ends_the_machine)
{
	ends(dereference_null, "the kernel faulted at address 0x");
}
END_TEST

START_TEST(page_0_cannot_be_mapped_elsewhere)
{
	ends(map_page_0, "");
}
END_TEST

Suite *kernel_memory_suite(void);
Suite *kernel_memory_suite(void)
{
	Suite *suite = suite_create("kernel_memory");
	TCase *tc = tcase_create("kernel_memory");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, page_0_is_not_there);
	tcase_add_test(tc, page_0_of_an_image_is_not_there);
	tcase_add_test(tc, null_pointer_of_the_kernel_ends_the_machine);
	tcase_add_test(tc, page_0_cannot_be_mapped_elsewhere);
	suite_add_tcase(suite, tc);
	return suite;
}
