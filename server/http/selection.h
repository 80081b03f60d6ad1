// SPDX-License-Identifier: Apache-2.0
/* Requests that do not name a board: "select" says which will do, "all" that all of those are meant. For the request's
 * thread. */
#ifndef FF_HTTP_SELECTION_H
#define FF_HTTP_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

/* Whether it is a parameter of this kind of request. */
bool ff_selection_is_param(const char *name);

/* Reads the request's selection, or sets its problem: there is none, it makes no sense, or no board is like that. */
void ff_selection_read(struct ff_request *request);

/* The boards that are like that, and apart from them those that are left out as they are in quarantine. */
struct ff_selected {
	const struct ff_board_list *list; /* a reference, which keeps them */
	struct ff_worker **boards;
	size_t count;
	struct ff_worker **quarantined;
	size_t quarantined_count;
};

/* Fills it; ff_selected_release() is due whatever the end. Errors: FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_selection_find(const struct ff_request *request, struct ff_selected *selected);

/* Harmless on a zeroed one. */
void ff_selected_release(struct ff_selected *selected);

/* The names of those in quarantine, as in "lab1, lab2": a new string, to be freed. NULL: there are none, or no memory. */
char *ff_selected_left_out(const struct ff_selected *selected);

#endif
