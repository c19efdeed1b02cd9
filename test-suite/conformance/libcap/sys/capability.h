/* SPDX-License-Identifier: MIT */
/* What the kernel's self-tests use of libcap, which needs not be installed. */
#ifndef KSELFTEST_CAPABILITY_H
#define KSELFTEST_CAPABILITY_H

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
	struct __user_cap_header_struct head;
	struct __user_cap_data_struct data[2];
} *cap_t;
typedef int cap_value_t;
typedef enum { CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE } cap_flag_t;
typedef enum { CAP_CLEAR, CAP_SET } cap_flag_value_t;

static inline cap_t cap_get_proc(void)
{
	cap_t c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->head.version = _LINUX_CAPABILITY_VERSION_3;
	if (!syscall(SYS_capget, &c->head, c->data))
		return c;
	free(c);
	return NULL;
}

static inline int cap_set_proc(cap_t c)
{
	return syscall(SYS_capset, &c->head, c->data);
}

static inline int cap_free(void *c)
{
	free(c);
	return 0;
}

static inline int cap_clear(cap_t c)
{
	for (int i = 0; i < 2; i++)
		c->data[i] = (struct __user_cap_data_struct) { 0 };
	return 0;
}

static inline __u32 *cap_word(cap_t c, cap_flag_t flag, int i)
{
	return flag == CAP_EFFECTIVE ? &c->data[i].effective :
		flag == CAP_PERMITTED ? &c->data[i].permitted : &c->data[i].inheritable;
}

static inline int cap_set_flag(cap_t c, cap_flag_t flag, int n, const cap_value_t *caps,
			       cap_flag_value_t value)
{
	__u32 *word, bit;

	for (int i = 0; i < n; i++) {
		word = cap_word(c, flag, caps[i] / 32);
		bit = 1u << caps[i] % 32;
		*word = value == CAP_SET ? *word | bit : *word & ~bit;
	}
	return 0;
}

static inline int cap_get_flag(cap_t c, cap_value_t cap, cap_flag_t flag,
			       cap_flag_value_t *value)
{
	*value = *cap_word(c, flag, cap / 32) & 1u << cap % 32 ? CAP_SET : CAP_CLEAR;
	return 0;
}

static inline int cap_get_ambient(cap_value_t cap)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);
}

static inline int cap_set_ambient(cap_value_t cap, cap_flag_value_t value)
{
	return prctl(PR_CAP_AMBIENT, value == CAP_SET ? PR_CAP_AMBIENT_RAISE :
		     PR_CAP_AMBIENT_LOWER, cap, 0, 0);
}

static inline unsigned int cap_get_secbits(void)
{
	return prctl(PR_GET_SECUREBITS);
}

static inline int cap_set_secbits(unsigned int bits)
{
	return prctl(PR_SET_SECUREBITS, bits);
}

#endif
