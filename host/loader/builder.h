/* SPDX-License-Identifier: MIT */
/*
 * What goes over the socket between who runs a machine and its builder: a
 * struct build_request with the image's descriptor one way; messages the other
 * way, the last of them a BUILDER_RESULT, with the code's if there is any.
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
	union {
		char line[BUILD_LINE_SIZE];
		struct build_result result;
	};
};

#endif
