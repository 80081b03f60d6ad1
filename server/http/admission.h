// SPDX-License-Identifier: Apache-2.0
/* What a request has to pass before anything else of it is looked at: it is meant for this server, no page from
 * elsewhere is behind it, and whoever asks may ask for it. */
#ifndef FF_HTTP_ADMISSION_H
#define FF_HTTP_ADMISSION_H

#include "request.h"

/* What stands in front of a token in Sec-WebSocket-Protocol, for pages: a browser sends no other field of theirs with a
 * WebSocket, and what stands in a URL is logged. */
#define FF_ADMISSION_PROTOCOL "farflash"
#define FF_ADMISSION_PROTOCOL_TOKEN "farflash.bearer."

/* With the headers, once the handler is known; sets the request's problem. */
void ff_admission_check(struct ff_request *request);

#endif
