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

/* Copies those of the list that are like that into `boards`, which has room for all of them, and answers how many. Those in
 * quarantine are left out, and counted in `quarantined`. */
size_t ff_selection_boards(const struct ff_request *request, const struct ff_board_list *list,
			   struct ff_worker **boards, size_t *quarantined);

#endif
