/* SPDX-License-Identifier: MIT */
/*
 * Included before the programs of the Open POSIX Test Suite, but not before
 * those of conformance/definitions, which are about headers.  What it expects
 * of a system of 2005: asynchronous I/O of exactly that year's POSIX, and
 * headers that include others.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#undef _POSIX_ASYNCHRONOUS_IO
#define _POSIX_ASYNCHRONOUS_IO 200112L
