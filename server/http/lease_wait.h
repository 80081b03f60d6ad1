// SPDX-License-Identifier: Apache-2.0
/* A request that waits for a lease, in the same line as jobs (dispatch.h in server/farm). One that has waited in vain gets a ticket,
 * with which it keeps its place if it asks again within FF_TICKET_S. Belongs to the request's thread, but for what the
 * dispatcher does. */
#ifndef FF_HTTP_LEASE_WAIT_H
#define FF_HTTP_LEASE_WAIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dispatch.h"
#include "leases.h"
#include "waker.h"

#define FF_TICKET_SIZE 33 /* 32 hexadecimal digits */
#define FF_TICKET_S 15
#define FF_TICKETS_MOST 256 /* the oldest goes first */

struct ff_ticket {
	char id[FF_TICKET_SIZE];
	int64_t since_us;
	int64_t until_us;
};

/* The places that are kept. init/release; any thread. */
struct ff_tickets {
	pthread_mutex_t mutex;
	struct ff_ticket tickets[FF_TICKETS_MOST];
	size_t next;
};

void ff_tickets_init(struct ff_tickets *tickets);
void ff_tickets_release(struct ff_tickets *tickets);

struct ff_lease_wait {
	/* To be filled in. */
	struct ff_dispatch *dispatch;
	struct ff_leases *leases;
	struct ff_waker *waker;
	struct ff_tickets *tickets;
	const char *owner; /* these three as for ff_leases_take(); must live as long */
	const char *peer;
	unsigned seconds;
	struct ff_wish wish; /* what is wanted and until when */

	/* What has come of it, once it is settled. */
	atomic_bool settled;
	enum ff_status status;
	struct ff_lease lease;
	struct ff_worker *board; /* a reference, if there is a lease */

	bool begun;
	bool answered; /* whoever asked has the lease */
};

/* Gets into the line, at the place of `ticket` if that is still kept (NULL: there is none). Errors of ff_dispatch_add(). */
FF_WARN_UNUSED enum ff_status ff_lease_wait_begin(struct ff_lease_wait *wait, const char *ticket);

/* Keeps its place for a moment. False: no random bits are left. */
bool ff_lease_wait_keep_place(struct ff_lease_wait *wait, char ticket[FF_TICKET_SIZE]);

/* Leaves the line. A lease that nobody has heard of is handed back. Harmless if it has not begun. */
void ff_lease_wait_end(struct ff_lease_wait *wait);

#endif
