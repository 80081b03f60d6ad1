// SPDX-License-Identifier: Apache-2.0
/* The HTTP server: the only user of libmicrohttpd together with the files beside it. Handlers never wait for a board.
 * start/stop; both from one thread. */
#ifndef FF_HTTP_HTTPD_H
#define FF_HTTP_HTTPD_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "audit.h"
#include "boards.h"
#include "callers.h"
#include "diskcheck.h"
#include "firmware.h"
#include "guest.h"
#include "keyring.h"
#include "leases.h"
#include "metrics.h"
#include "queue.h"
#include "tls.h"
#include "waker.h"
#include "worker.h"

struct ff_httpd;

struct ff_httpd_options {
	int listen_fd; /* bound and listening; the server's from the start on, whether it succeeds or not */
	const struct ff_log *log;
	const struct ff_tls *tls;   /* NULL, or without a certificate: plain HTTP; needed during the start only */
	struct ff_keyring *keyring; /* NULL: nobody needs a token */
	struct ff_boards *boards;   /* it and all below must outlive the server */
	struct ff_queue *queue;
	const struct ff_audit *audit;     /* who did what; NULL: nobody keeps that */
	struct ff_dispatch *dispatch;     /* what the queue has */
	struct ff_quarantine *quarantine; /* NULL: there is none */
	struct ff_leases *leases;         /* NULL: boards cannot be leased */
	struct ff_firmware_store *store;
	struct ff_waker *waker;
	struct ff_metrics *metrics; /* what /metrics shows, and gets those of the requests; may be NULL */
	/* Takes over a connection that has become a WebSocket of a board, from libmicrohttpd's threads; must not wait. All of
	 * them must be closed before ff_httpd_stop(). */
	void (*welcome)(void *context, struct ff_worker *worker, struct ff_guest *guest);
	/* Whether there is a tunnel's session of this name at the board; from the same threads. */
	bool (*has_tunnel)(void *context, struct ff_worker *worker, const char *name);
	/* Whether the thread behind it has not answered for so long; must not wait. May be NULL; gets the same context. */
	bool (*bridge_is_stuck)(void *context, int64_t patience_us);
	struct ff_diskcheck *disk; /* of the data directory; may be NULL */
	void *welcome_context;     /* of both */
	uint64_t max_upload;       /* bytes of image in one request */
	unsigned shortest_lease_s;
	struct ff_callers_limits callers; /* 0: the usual times and numbers of connections */
	uint32_t idle_timeout_s;          /* 0: the usual number, like the next two */
	uint32_t max_header;              /* bytes */
	uint32_t max_streams;
	bool any_host; /* clients may call the server what they like; otherwise by address, localhost, or one of these names */
	const char *const *hosts;
	size_t host_count;
	bool jobs_wait_for_writers; /* instead of being refused while a client of the bridge writes to their board */
};

/* FF_ERR_NO_MEMORY, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_httpd_start(struct ff_httpd **httpd, const struct ff_httpd_options *options,
					     struct ff_error *error);

/* Reads certificate and key again; who comes from now on gets them, and `is_new` says whether they are others. Without TLS nothing
 * happens. Errors as of ff_credentials_renew(). Main thread. */
FF_WARN_UNUSED enum ff_status ff_httpd_renew_certificate(struct ff_httpd *httpd, const char *certificate_path,
							 const char *key_path, bool *is_new, struct ff_error *error);

/* Accepts no more connections; those that are open go on, and new work on them is refused. */
void ff_httpd_quiesce(struct ff_httpd *httpd);

/* Ends streams and waits, lets answers that are on their way go out for two seconds at most, and stops.
 * Once at most after ff_httpd_quiesce(); NULL is harmless. */
void ff_httpd_stop(struct ff_httpd *httpd);

#endif
