/* SPDX-License-Identifier: MIT */
/* Boot images that somebody has edited, and signed again. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_page.h"
#include "image/impl.h"

#include <check.h>

static char dir[] = "/tmp/muslin-image-XXXXXX";
#include "sign-image.h"

START_TEST(sums_are_siphash)
{
	/* of the reference implementation: key and text are 0, 1, 2 ... */
	static const struct {
		size_t n;
		const char *sum;
	} known[] = {
		{ 0, "a3817f04ba25a8e66df67214c7550293" },
		{ 1, "da87c1d86b99af44347659119b22fc45" },
		{ 8, "3b62a9ba6258f5610f83e264f31497b4" },
		{ 15, "5493e99933b0a8117e08ec0f97cfc3d9" },
		{ 63, "5150d1772f50834a503e069a973fbd7c" },
	};
	uint8_t bytes[64], sum[SIPHASH_SIZE];
	char text[40];
	struct siphash h;

	for (size_t i = 0; i < 64; i++)
		bytes[i] = i;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		for (size_t step = 1; step < 20; step++) {
			siphash_begin(&h, bytes);
			for (size_t at = 0; at < known[i].n; at += step)
				siphash_add(&h, bytes + at, step < known[i].n - at ?
					    step : known[i].n - at);
			siphash_end(&h, sum);
			for (int j = 0; j < SIPHASH_SIZE; j++)
				sprintf(text + 2 * j, "%02x", sum[j]);
			ck_assert_str_eq(text, known[i].sum);
		}
	}
}
END_TEST

static void read_back(void)
{
	memcpy(&im->head, file, sizeof(im->head));
	memcpy(im->part, file + sizeof(im->head), im->head.nparts * sizeof(*im->part));
}

static void make_image(void)
{
	struct muslin_config c = { .image = "" };
	struct muslin *m;
	struct stat st;
	char error[200];
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	setenv("MUSLIN_CACHE", dir, 1);
	ck_assert_int_eq(muslin_new(&c, &m), 0);
	ck_assert_int_eq(muslin_boot(m), 0);
	ck_assert_msg(!muslin_snapshot(m, "image"), "%s", muslin_error(m));
	muslin_free(m);
	fd = open("image", O_RDONLY);
	ck_assert_int_eq(fstat(fd, &st), 0);
	size = st.st_size;
	file = malloc(size);
	ck_assert_int_eq(read(fd, file, size), size);
	close(fd);
	im = calloc(1, sizeof(*im));
	read_back();
	ck_assert_int_eq(cache_secret(false, im->secret, error, sizeof(error)), 0);
}

static void remove_image(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(system("rm -rf /tmp/muslin-image-??????"), 0);
}

/* What a machine says to im. */
static int resume(void)
{
	struct kept_program programs[PROGRAMS] = { 0 };
	struct muslin *m;
	int fd, r;

	ck_assert_int_eq(muslin_new(NULL, &m), 0);
	fd = open("image", O_RDWR);
	ck_assert_int_eq(pwrite(fd, &im->head, sizeof(im->head), 0), sizeof(im->head));
	/* as many as it has, whatever its head says */
	ck_assert_int_gt(pwrite(fd, im->part, ((struct head *)file)->nparts * sizeof(*im->part),
				sizeof(im->head)), 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	r = image_resume(m, fd, 0, programs);
	ck_assert(!r || muslin_error(m)[0]);
	close(fd);
	muslin_free(m);
	return r;
}

static const uint64_t odd[] = {
	0, 1, 2, 9, 10, 4096, 65536, INT_MAX, UINT_MAX, 1ull << 32, 1ull << 46,
	1ull << 47, INT64_MAX, 1ull << 63, -65536ull, -4096ull, -1ull,
};

static void change(uint64_t offset)
{
	int fd = open("image", O_WRONLY);

	file[offset] ^= 1;
	ck_assert_int_eq(pwrite(fd, file + offset, 1, offset), 1);
	close(fd);
}

/* One field at a time, signed as if it were ours: refused, or as it was. */
static void edit(void *field, size_t width)
{
	uint64_t old = 0, new;

	memcpy(&old, field, width);
	for (size_t i = 0; i < 2 * sizeof(odd) / sizeof(*odd); i++) {
		new = odd[i / 2];
		if (i % 2)
			new += old;
		if (width == 4)
			new = (uint32_t)new;
		if (new == old)
			continue;
		memcpy(field, &new, width);
		sign();
		ck_assert_msg(resume() < 0, "%#llx instead of %#llx at offset %zu",
			      (unsigned long long)new, (unsigned long long)old,
			      (size_t)((uint8_t *)field - (uint8_t *)&im->head));
		read_back();
	}
}

#define EDIT(field) edit(&(field), sizeof(field))

START_TEST(it_is_as_good_signed_again)
{
	sign();
	ck_assert_int_eq(memcmp(&im->head, file, sizeof(im->head)), 0);
	ck_assert_int_eq(resume(), 0);
}
END_TEST

START_TEST(fields_of_the_head_are_checked)
{
	EDIT(im->head.code);
	EDIT(im->head.size);
	EDIT(im->head.memory_size);
	EDIT(im->head.memory_bytes);
	EDIT(im->head.nparts);
	EDIT(im->head.signal_frame);
	EDIT(im->head.machine.memory_size);
	EDIT(im->head.machine.memory);
	EDIT(im->head.machine.kernel);
	for (int i = 0; i < 3; i++) {
		im->head.used = im->head.programs[0].id = 1;
		im->head.programs[0].stream[i] = HOST_STREAMS;
		sign();
		ck_assert_int_lt(resume(), 0);
		read_back();
	}
	im->head.programs[0].id = INT_MIN;
	sign();
	ck_assert_int_lt(resume(), 0);
	read_back();
	/* none before; twice the same; twice the terminal; a file of both; an odd file */
	for (int i = 0; i < 5; i++) {
		struct kept_program *p = im->head.programs;

		im->head.used = 1;
		p[0] = (struct kept_program){ .id = i > 0, .stream = { 1, 2, 3 }, .tty = i == 2 };
		p[1] = (struct kept_program){
			.id = i == 1 ? 1 : 2, .stream = { i == 3 ? 3 : 4, 5, 6 },
			.tty = i == 2, .regular = i == 4 ? 8 : 0,
		};
		sign();
		ck_assert_int_lt(resume(), 0);
		read_back();
	}
	memset(im->head.cmdline, 'x', sizeof(im->head.cmdline));
	sign();
	ck_assert_int_lt(resume(), 0);
	read_back();
	im->head.machine.ntasks = INT_MAX;
	sign();
	ck_assert_int_lt(resume(), 0);
	read_back();
	im->head.machine.vcpus[0].page =
		(void *)(im->head.machine.memory + im->head.memory_size);
	sign();
	ck_assert_int_lt(resume(), 0);
	read_back();
	im->head.machine.vcpus[0].task = NULL;
	sign();
	ck_assert_int_lt(resume(), 0);
	read_back();
}
END_TEST

/* The first of each kind. */
START_TEST(fields_of_parts_are_checked)
{
	uint32_t seen = 0, i;

	for (i = 0; i < im->head.nparts; i++) {
		struct part *p = &im->part[i];

		if (seen >> p->kind & 1)
			continue;
		seen |= 1u << p->kind;
		EDIT(p->kind);
		if (p->kind != PART_MODULE && p->kind != PART_LIBRARY)
			EDIT(p->id);
		EDIT(p->size);
		/* a piece of memory may be elsewhere in it, as far as we can tell */
		if (p->kind != PART_MEMORY)
			EDIT(p->addr);
		EDIT(p->base);
		EDIT(p->offset);
	}
	for (i = 0; i < im->head.nparts; i++) {
		const uint64_t wrong[] = {
			1, im->head.memory_size, 1ull << 32, -65536ull, INT64_MAX + 1ull,
		};

		if (im->part[i].kind != PART_MEMORY)
			continue;
		for (size_t j = 0; j < sizeof(wrong) / sizeof(*wrong); j++) {
			im->part[i].addr = wrong[j];
			sign();
			ck_assert_int_lt(resume(), 0);
			read_back();
		}
	}
	ck_assert(seen & 1u << PART_MEMORY && seen & 1u << PART_STACK);
}
END_TEST

START_TEST(without_the_key_it_is_refused)
{
	im->secret[0] ^= 1;
	sign();
	ck_assert_int_lt(resume(), 0);
	im->secret[0] ^= 1;
	read_back();
	/* what is in parts */
	for (uint32_t i = 0; i < im->head.nparts; i++) {
		const struct part *p = &im->part[i];

		if (p->kind == PART_MEMORY || !p->size)
			continue;
		change(p->offset + p->size / 2);
		ck_assert_int_lt(resume(), 0);
		change(p->offset + p->size / 2);
	}
	ck_assert_int_eq(resume(), 0);
}
END_TEST

Suite *image_suite(void)
{
	Suite *s = suite_create("image");
	TCase *tc = tcase_create("image");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, make_image, remove_image);
	tcase_add_test(tc, sums_are_siphash);
	tcase_add_test(tc, it_is_as_good_signed_again);
	tcase_add_test(tc, fields_of_the_head_are_checked);
	tcase_add_test(tc, fields_of_parts_are_checked);
	tcase_add_test(tc, without_the_key_it_is_refused);
	suite_add_tcase(s, tc);
	return s;
}
