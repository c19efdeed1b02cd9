/* SPDX-License-Identifier: MIT */
/* Messages between processes, by sockets that keep their borders. */
#ifndef MUSLIN_MESSAGE_H
#define MUSLIN_MESSAGE_H

#include <stddef.h>

/* With a descriptor, or -1; 0 or -errno. */
int message_send(int socket, const void *data, size_t n, int fd);
/* A whole message of n bytes; all else is an error. */
int message_receive(int socket, void *data, size_t n, int *fd);

#endif
