/* SPDX-License-Identifier: MIT */
/*
 * What goes over the sockets between who runs a machine and its builder, and between
 * the builder and a helper: a struct build_request with the image's descriptor one
 * way; messages the other way, the last of them a BUILDER_RESULT, with the code's if
 * there is any.
 */
#ifndef MUSLIN_BUILDER_H
#define MUSLIN_BUILDER_H

#include "loader/build.h"

enum builder_message_type {
	BUILDER_PROGRESS,
	BUILDER_RESULT,
};

struct builder_message {
	uint32_t type;
	uint32_t number;	/* the request's; a helper has one request, and does not say */
	union {
		char line[BUILD_LINE_SIZE];
		struct build_result result;
	};
};

/* --- builder-process.c --- */

/* In that process: asks, jobs, from the other side. */
_Noreturn void builder_process(const int sockets[2]);

#endif
