// SPDX-License-Identifier: Apache-2.0
/* One HTTP request on its way: from its headers through its capped body to its one answer.
 *
 * A request belongs to libmicrohttpd's thread that serves its connection, and lives from the headers to the end of the
 * answer. Handlers are constant tables of functions; the rules that hold for all of them (unknown boards and parameters,
 * body sizes, early refusals) live here. */
#ifndef FF_HTTP_REQUEST_H
#define FF_HTTP_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <microhttpd.h>

#include <farflash/log.h>

#include "audit.h"
#include "boards.h"
#include "callers.h"
#include "diskcheck.h"
#include "errands.h"
#include "firmware.h"
#include "guest.h"
#include "job.h"
#include "keyring.h"
#include "leases.h"
#include "linger.h"
#include "meters.h"
#include "problem.h"
#include "queue.h"
#include "router.h"
#include "selector.h"
#include "waker.h"
#include "worker.h"

/* What all requests share. Constant while the server runs. */
struct ff_http {
	const struct ff_log *log;
	struct ff_keyring *keyring; /* NULL: nobody needs a token */
	struct ff_boards *boards;
	struct ff_queue *queue;
	struct ff_dispatch *dispatch;
	struct ff_quarantine *quarantine; /* NULL: there is none */
	struct ff_leases *leases;         /* NULL: boards cannot be leased */
	unsigned shortest_lease_s;
	struct ff_tickets *tickets;   /* of those who wait for leases */
	const struct ff_audit *audit; /* NULL: nobody keeps a trail */
	struct ff_firmware_store *store;
	struct ff_waker *waker;
	struct ff_errands *errands;
	struct ff_linger *linger;
	struct ff_metrics *metrics; /* all of the server; NULL: there are none */
	struct ff_meters meters;
	/* Takes over a connection that has become a WebSocket of this board. */
	void (*welcome)(void *context, struct ff_worker *worker, struct ff_guest *guest);
	/* Whether there is a tunnel's session of this name at the board. */
	bool (*has_tunnel)(void *context, struct ff_worker *worker, const char *name);
	bool (*bridge_is_stuck)(void *context, int64_t patience_us);
	void *welcome_context;
	struct ff_diskcheck *disk; /* NULL: nobody looks after it */
	uint64_t max_upload;       /* bytes of image in one request */
	bool jobs_wait_for_writers;
	struct ff_callers *callers;
	uint32_t max_header;  /* bytes */
	uint32_t max_streams; /* at a time */
	atomic_uint streams;
	bool any_host; /* it may be called by any name; otherwise by addresses, localhost and these names */
	const char *const *hosts;
	size_t host_count;
	int64_t started_us;
	atomic_bool stopping;
};

/* Which boards a request leaves the choice of to us. */
struct ff_selection {
	char text[2 * FF_SELECTOR_MAX_TEXT + 2]; /* the query's, and behind it what the token is for */
	struct ff_selector selector;
	bool all; /* instead of any one of them */
};

struct ff_request {
	struct ff_http *http;
	struct MHD_Connection *connection;
	const struct ff_handler *handler; /* NULL: there is none, and `problem` says so */
	enum ff_scope scope;              /* what it needs */
	struct ff_identity identity;      /* who asks; without a name where no token is needed */
	const char *who;                  /* the same: its name, empty for none */
	char method[16];                  /* for the log, like the path; both may be cut */
	char path[128];
	const char *route; /* "/api/v1/boards/..." as in the table; NULL: there is no handler */
	char param[FF_ROUTE_PARAM_SIZE];
	struct ff_worker *worker;       /* of the routes that name a board: a reference */
	struct ff_selection *selection; /* of the routes that leave the board to us; owned */
	int priority;                   /* of the job to be made */
	uint32_t wait_s;                /* how long it is to wait; 0: for ever */
	uint64_t lease;                 /* of that board, which the request comes with; 0: none */
	struct ff_problem problem;
	json_t *problem_members; /* what its JSON has beside the usual; owned; NULL: nothing */
	struct ff_job *job;      /* a reference, once there is a job */
	struct ff_batch *batch;  /* once there are jobs of several boards; owned */

	/* Headers of the answer; empty: none. */
	char location[96];
	char allow[FF_ROUTE_ALLOW_SIZE];
	bool applied_async;
	bool invalid_token; /* one was given, and is none */

	bool noted;                           /* in the audit trail */
	char trail_owner[FF_KEEP_OWNER_SIZE]; /* for it, where nothing else tells: see ff_trail_about() */
	char trail_board[FF_BOARD_NAME_SIZE];
	bool refused_stream;
	bool is_stream; /* one of those that are counted */
	bool has_body;
	bool body_complete;
	uint64_t body_limit;
	uint64_t body_size;

	struct ff_wait wait;
	struct ff_errand errand;
	void *state; /* the handler's */
	void (*free_state)(void *state);
};

enum ff_body {
	FF_BODY_IGNORED, /* read and thrown away, if it is small */
	FF_BODY_SMALL,   /* at most FF_REQUEST_SMALL_BODY bytes */
	FF_BODY_UPLOAD,  /* at most the server's cap, and what a form needs around it */
};

#define FF_REQUEST_SMALL_BODY 4096
#define FF_REQUEST_IGNORED_BODY 65536
#define FF_REQUEST_FORM_OVERHEAD 131072

/* What a request for a board has to do with the board's lease, which its id in Farflash-Lease or "lease" tells. */
enum ff_lease_use {
	FF_LEASE_UNUSED,
	FF_LEASE_OPTIONAL, /* it may come with one */
	FF_LEASE_NEEDED,   /* if the board is leased, it has to come with that lease, or is refused */
};

struct ff_handler {
	bool names_board;   /* "*" of the route is a board */
	bool selects_board; /* "select" of the query says which boards will do, and "all" that all of them are meant */
	enum ff_lease_use lease;
	const char *const *params; /* names of the query parameters, ended by NULL; NULL: none */
	enum ff_body body_kind;
	/* With the headers: may set `problem`, which is then the answer. NULL: nothing to check. */
	void (*begin)(struct ff_request *request);
	/* With each piece of the body: may set `problem`; then the rest is thrown away. NULL: thrown away. */
	void (*body)(struct ff_request *request, const uint8_t *bytes, size_t size);
	/* Once the body is complete, before answer(): what waits for the disk, as an errand (errands.h); may set `problem`. NULL:
	 * nothing does. */
	void (*change)(struct ff_request *request);
	/* Once the body is complete and whenever a parked request is resumed: answers, or parks (ff_request_park). */
	enum MHD_Result (*answer)(struct ff_request *request);
};

/* Looks at the headers. The request's problem is set if they are refused. NULL: out of memory. */
struct ff_request *ff_request_new(struct ff_http *http, struct MHD_Connection *connection, const char *method,
				  const char *path);

/* Gives back whatever the request holds; an upload that is not complete leaves nothing behind. NULL is harmless. */
void ff_request_free(struct ff_request *request);

/* Takes a piece of the body. False: the cap is exceeded and the connection is to be cut with the problem. */
bool ff_request_body(struct ff_request *request, const uint8_t *bytes, size_t size);

/* Suspends the connection until `due` says so; then the handler's answer() is called again. False: the server stops. */
bool ff_request_park(struct ff_request *request, int64_t (*due)(void *context, int64_t now_us));

/* A header field's value, a query parameter's value; NULL if it is not there. */
const char *ff_request_header(const struct ff_request *request, const char *name);
const char *ff_request_param(const struct ff_request *request, const char *name);

/* Its connection; NULL: nobody looks after it. */
struct ff_caller *ff_request_caller(const struct ff_request *request);

/* The socket, -1 if there is none any more. */
int ff_request_socket(const struct ff_request *request);

/* A reference to the board of this name, which a client gave; NULL, and the problem, if there is none. */
struct ff_worker *ff_request_find_board(struct ff_request *request, const char *name);

/* Whether whoever asks may see this board, and jobs and leases of it; NULL: of a board that is no more. */
bool ff_request_may_see(const struct ff_request *request, struct ff_worker *worker);

/* Whether the request may see the job: it may see its board, or has asked for the job, if that has no board yet. */
bool ff_request_may_see_job(const struct ff_request *request, const struct ff_job *job);

/* Whether whoever asked would still be let in: the token may have gone meanwhile. Any thread. */
bool ff_request_is_admitted(const struct ff_request *request);

/* Whether they may end what this token (empty: nobody in particular) has begun. */
bool ff_request_owns(const struct ff_request *request, const char *who);

/* Whether the client has gone away, as far as its socket tells without waiting. */
bool ff_request_is_abandoned(const struct ff_request *request);

#endif
