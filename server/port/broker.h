// SPDX-License-Identifier: Apache-2.0
/* Who may write to a board: nobody in particular, or one holder, for as long as it likes. Jobs that were there before the
 * holder go first; later ones wait for it. While the board is kept for a lease, only those who come with it can be holders.
 * A plain value behind its worker's mutex. */
#ifndef FF_PORT_BROKER_H
#define FF_PORT_BROKER_H

#include <stdbool.h>
#include <stdint.h>

#define FF_HOLDER_NAME_SIZE 96
#define FF_KEEP_OWNER_SIZE 65
#define FF_KEEP_PEER_SIZE 46 /* as INET6_ADDRSTRLEN */

enum ff_holder_kind { FF_HOLDER_NONE, FF_HOLDER_SESSION };

struct ff_holder {
	enum ff_holder_kind kind;
	uint64_t id;                    /* unique in this process, not 0 */
	uint64_t lease;                 /* the lease it comes with, 0: none */
	char name[FF_HOLDER_NAME_SIZE]; /* for people: "RFC 2217 client 192.0.2.7:50123" */
};

/* For whom a board is kept. */
struct ff_keep {
	uint64_t lease;                 /* unique in this process; 0: it is kept for nobody */
	char owner[FF_KEEP_OWNER_SIZE]; /* for people: printable text */
	char peer[FF_KEEP_PEER_SIZE];   /* the address whose connections to the TCP ports come with the lease */
};

struct ff_broker {
	struct ff_keep keep;
	struct ff_holder holder;
	uint64_t last_before; /* number of the last task that was posted before the holder came */
};

/* Makes `who` the holder if there is none, and if it comes with the lease that the board is kept for, or with none if there
 * is none. True: it holds the board now, or did so already. */
bool ff_broker_claim(struct ff_broker *broker, const struct ff_holder *who, uint64_t last_posted);

/* Ends the hold of this id. False: it has none. */
bool ff_broker_release(struct ff_broker *broker, uint64_t id);

/* The number of the last task that need not wait for the holder. */
uint64_t ff_broker_limit(const struct ff_broker *broker);

#endif
