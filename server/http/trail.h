// SPDX-License-Identifier: Apache-2.0
/* What a request leaves in the audit trail: one line, if it changes something or would have. For the request's thread. */
#ifndef FF_HTTP_TRAIL_H
#define FF_HTTP_TRAIL_H

#include "request.h"

/* Notes the request, once: with the board and the job that it has by now, and this result. */
void ff_trail_note(struct ff_request *request, const char *result);

/* Notes how it is answered, unless it has been noted or changes nothing. */
void ff_trail_answer(struct ff_request *request, unsigned http_status);

/* A request whose path names no board is about this lease's owner and this board, where no token says who asks. */
void ff_trail_about(struct ff_request *request, const char *owner, const char *board);

/* It is not to be noted. */
void ff_trail_skip(struct ff_request *request);

#endif
