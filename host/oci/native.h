/* SPDX-License-Identifier: MIT */
#ifndef MUSLIN_OCI_NATIVE_H
#define MUSLIN_OCI_NATIVE_H

/*
 * Becomes runtime, with the given options, if the command argv is about a container of a
 * native program; -1: it is not; 1: it was told why not.
 */
int native_run(const char *runtime, int given, char **options, int argc, char **argv);

#endif
