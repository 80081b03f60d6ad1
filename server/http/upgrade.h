// SPDX-License-Identifier: Apache-2.0
/* From a request to a WebSocket, which somebody else serves: HTTP's part ends with the handshake. For a handler's begin()
 * and answer(). */
#ifndef FF_HTTP_UPGRADE_H
#define FF_HTTP_UPGRADE_H

#include <stdbool.h>

#include <microhttpd.h>

#include "guest.h"
#include "request.h"

/* Whether the request asks for a WebSocket. */
bool ff_upgrade_is_asked(const struct ff_request *request);

/* Checks what it brings for that, and where the page that asks came from: the problem is 400, 403 or 426 otherwise. */
void ff_upgrade_check(struct ff_request *request);

/* Answers 101 and hands the connection over, to ff_http.welcome, as `guest`, which is taken over: only what the guest wants
 * to see need be filled in. */
enum MHD_Result ff_upgrade_answer(struct ff_request *request, struct ff_guest *guest);

#endif
