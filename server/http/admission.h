// SPDX-License-Identifier: Apache-2.0
/* What a request has to pass before anything else of it is looked at: it is meant for this server, and no page from
 * elsewhere is behind it. */
#ifndef FF_HTTP_ADMISSION_H
#define FF_HTTP_ADMISSION_H

#include "request.h"

/* With the headers, once the handler is known; sets the request's problem. */
void ff_admission_check(struct ff_request *request);

#endif
