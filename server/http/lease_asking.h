// SPDX-License-Identifier: Apache-2.0
/* What a request for a lease asks for: whose board, for how long, how long it waits. It stands in the query or in the body, a
 * small JSON object. For the request's thread; lives as long as the request, as its state. */
#ifndef FF_HTTP_LEASE_ASKING_H
#define FF_HTTP_LEASE_ASKING_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "lease_wait.h"
#include "request.h"
#include "selector.h"

/* What a request says, and how its wait stands. */
struct ff_lease_asking {
	char body[FF_REQUEST_SMALL_BODY + 1];
	size_t body_size;
	json_t *json; /* NULL: there is no body */

	/* Of one that takes a board. */
	bool understood;
	struct ff_worker *board; /* a reference; NULL: the selector says */
	struct ff_lease_wait wait;
	struct ff_selector selector;
	char owner[FF_KEEP_OWNER_SIZE];
	char peer[FF_KEEP_PEER_SIZE];
	uint32_t seconds;
	const char *ticket; /* of an earlier one that has waited; NULL: none */
	int64_t look_us;    /* when it is looked next whether the client still waits */

	struct ff_lease renewed; /* of one that renews a lease */
};

/* The names of what may be said, each array with a NULL at its end: to take a lease, and to renew one. */
extern const char *const ff_lease_asking_take_params[];
extern const char *const ff_lease_asking_renew_params[];

/* Functions of a handler with a body of FF_BODY_SMALL: makes request->state a new struct ff_lease_asking, or sets the problem. */
void ff_lease_asking_begin(struct ff_request *request);
void ff_lease_asking_take_body(struct ff_request *request, const uint8_t *bytes, size_t size);

/* Fills in request->state, all that a request says that takes a board, or sets the problem. */
void ff_lease_asking_read_take(struct ff_request *request);

/* The same for one that renews a lease: it says `seconds` alone. */
void ff_lease_asking_read_renew(struct ff_request *request);

#endif
