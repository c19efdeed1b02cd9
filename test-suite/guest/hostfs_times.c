/* SPDX-License-Identifier: MIT */
/* Times of host files: to the nanosecond, of links too, from one clock. */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "test.h"

static struct stat st;

static void want(const char *name, long long a, long an, long long m, long mn)
{
	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    st.st_atim.tv_sec != a || st.st_atim.tv_nsec != an ||
	    st.st_mtim.tv_sec != m || st.st_mtim.tv_nsec != mn)
		t_error("%s: %lld.%09ld %lld.%09ld\n", name,
			(long long)st.st_atim.tv_sec, (long)st.st_atim.tv_nsec,
			(long long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec);
}

static long long diff(const struct timespec *a, const struct timespec *b)
{
	return (a->tv_sec - b->tv_sec) * 1000000000ll + a->tv_nsec - b->tv_nsec;
}

int main(void)
{
	struct timespec t[2] = { { 1000000000, 123456789 }, { 5000000000ll, 999999999 } };
	struct timespec before, after;
	struct stat st2;
	int fd = open("f", O_RDWR | O_CREAT, 0600);

	t_check(utimensat(AT_FDCWD, "f", t, 0) == 0);
	want("f", 1000000000, 123456789, 5000000000ll, 999999999);
	t[0].tv_nsec = UTIME_OMIT;
	t[1] = (struct timespec){ -1, 1 };
	t_check(futimens(fd, t) == 0);
	want("f", 1000000000, 123456789, -1, 1);
	t[1].tv_nsec = UTIME_OMIT;
	t_check(futimens(fd, t) == 0);
	want("f", 1000000000, 123456789, -1, 1);

	clock_gettime(CLOCK_REALTIME, &before);
	t_check(utimensat(AT_FDCWD, "f", NULL, 0) == 0);
	clock_gettime(CLOCK_REALTIME, &after);
	t_check(stat("f", &st) == 0);
	/* the file's clock is the host's coarse one */
	if (diff(&st.st_mtim, &before) < -50000000 || diff(&after, &st.st_mtim) < -50000000)
		t_error("now is %lld.%09ld in the file, %lld.%09ld here\n",
			(long long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec,
			(long long)after.tv_sec, (long)after.tv_nsec);

	/* a write sets mtime, and all ways of asking say the same */
	t[0] = t[1] = (struct timespec){ 1000, 0 };
	t_check(futimens(fd, t) == 0);
	t_check(write(fd, "x", 1) == 1);
	t_check(fstat(fd, &st) == 0 && st.st_mtime > 1000000);
	t_check(stat("f", &st2) == 0 && !diff(&st.st_mtim, &st2.st_mtim) && !diff(&st.st_ctim, &st2.st_ctim));
	close(fd);
	t_check(stat("f", &st2) == 0 && !diff(&st.st_mtim, &st2.st_mtim) && !diff(&st.st_ctim, &st2.st_ctim));

	t_check(symlink("f", "l") == 0);
	t[0] = (struct timespec){ 77, 7 };
	t[1] = (struct timespec){ 88, 8 };
	t_check(utimensat(AT_FDCWD, "l", t, AT_SYMLINK_NOFOLLOW) == 0);
	want("l", 77, 7, 88, 8);
	t_check(stat("f", &st2) == 0 && st2.st_mtime > 1000000);
	t_check(mkdir("d", 0700) == 0 && utimensat(AT_FDCWD, "d", t, 0) == 0);
	want("d", 77, 7, 88, 8);
	t_check(lchown("l", geteuid(), getegid()) == 0);
	return t_status;
}
