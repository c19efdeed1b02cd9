/* SPDX-License-Identifier: MIT */
/*
 * For unit tests that embed machines: one program, p in a directory of its own,
 * made of source, which whoever includes this defines before.
 */
#ifndef EMBEDDER_H
#define EMBEDDER_H

static char dir[] = "/tmp/muslin-embedder-XXXXXX";

static void make_program(void)
{
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	f = fopen("p.c", "w");
	fputs(source, f);
	fclose(f);
	ck_assert_int_eq(system("wasm32-linux-musl-cc -O1 -w -o p p.c"), 0);
}

static void remove_program(void)
{
	unlink("p.c");
	unlink("p");
	unlink("image");
	/* the driver's own directory is this one, too */
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

#define ok(m, call) \
	do { \
		int r_ = (call); \
		ck_assert_msg(r_ >= 0, "%s: %d: %s", #call, r_, \
			      muslin_error(m)); \
	} while (0)

#endif
