// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boards.h"
#include "config.h"
#include "datadir.h"
#include "discovery.h"
#include "diskcheck.h"
#include "dispatch.h"
#include "doors.h"
#include "entrance.h"
#include "firmware.h"
#include "fleet.h"
#include "gate.h"
#include "httpd.h"
#include "journal.h"
#include "leases.h"
#include "listen.h"
#include "logbook.h"
#include "metrics.h"
#include "options.h"
#include "process.h"
#include "queue.h"
#include "standard.h"
#include "store.h"
#include "token_command.h"
#include "upkeep.h"
#include "waker.h"
#include "worker.h"

#define STOP_TIMEOUT_MS 15000

struct server {
	struct ff_config config;
	struct ff_journal journal;
	struct ff_log log;
	struct ff_listener listener;
	struct ff_keyring *keyring;
	struct ff_tls tls;
	struct ff_metrics *metrics;
	struct ff_datadir data_dir;
	struct ff_firmware_store *store;
	struct ff_diskcheck *disk;
	struct ff_logbook *logbook; /* NULL: what boards say is not kept */
	struct ff_waker *waker;
	struct ff_store *records;
	struct ff_quarantine *quarantine;
	struct ff_dispatch *dispatch;
	struct ff_queue *queue;
	struct ff_leases *leases;
	struct ff_boards *boards;
	struct ff_fleet fleet;
	struct ff_discovery discovery;
	struct ff_httpd *httpd;
	struct ff_doors doors;
};

static enum ff_status start_boards(struct server *server, struct ff_error *error)
{
	const struct ff_config *config = &server->config;
	const struct ff_fleet_options fleet = {
		.log = &server->log,
		.config = config,
		.boards = server->boards,
		.doors = &server->doors,
		.queue = server->queue,
		.dispatch = server->dispatch,
		.leases = server->leases,
		.logbook = server->logbook,
		.learned = ff_discovery_learned,
		.learned_context = &server->discovery,
	};
	server->doors.notify = ff_waker_kick;
	server->doors.notify_context = server->waker;
	enum ff_status status = ff_boards_watch(server->boards, ff_waker_kick, server->waker);
	if (status == FF_OK) {
		status = ff_fleet_init(&server->fleet, &fleet, error);
	}
	if (status == FF_OK) {
		status = ff_discovery_init(&server->discovery, config, &server->fleet, &server->log, error);
	}
	if (status == FF_OK) {
		status = ff_fleet_add(&server->fleet, config->boards, config->board_count, error);
	}
	if (status == FF_OK) {
		ff_discovery_look(&server->discovery);
	}
	return status;
}

static enum ff_status start_logbook(struct server *server, struct ff_error *error)
{
	const struct ff_config *config = &server->config;
	char *dir = NULL;
	if (config->console_log.size == 0) {
		return FF_OK;
	}
	if (asprintf(&dir, "%s%s", config->console_dir ? config->console_dir : config->data_dir,
		     config->console_dir ? "" : "/console") < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	struct ff_logbook_options logbook = { .dir = dir, .limits = config->console_log, .log = &server->log };
	enum ff_status status = ff_logbook_new(&server->logbook, &logbook, error);
	free(dir);
	return status;
}

static enum ff_status start_http(struct server *server, struct ff_error *error)
{
	struct ff_httpd_options http = {
		.listen_fd = server->listener.fd,
		.log = &server->log,
		.tls = &server->tls,
		.keyring = server->keyring,
		.boards = server->boards,
		.queue = server->queue,
		.dispatch = server->dispatch,
		.quarantine = server->quarantine,
		.leases = server->leases,
		.audit = ff_store_audit(server->records),
		.shortest_lease_s = server->config.shortest_lease_s,
		.store = server->store,
		.waker = server->waker,
		.metrics = server->metrics,
		.welcome = ff_doors_welcome,
		.has_tunnel = ff_doors_has_tunnel,
		.bridge_is_stuck = ff_doors_are_stuck,
		.welcome_context = &server->doors,
		.disk = server->disk,
		.max_upload = server->config.max_upload,
		.jobs_wait_for_writers = server->config.jobs_wait_for_writers,
		.callers = { .header_timeout_s = server->config.access.header_timeout_s,
			     .body_timeout_s = server->config.access.body_timeout_s,
			     .max_connections = server->config.access.max_connections,
			     .max_connections_per_address = server->config.access.max_connections_per_address,
			     .max_rate = server->config.access.max_rate },
		.idle_timeout_s = server->config.access.idle_timeout_s,
		.max_header = server->config.access.max_header,
		.max_streams = server->config.access.max_streams,
		.any_host = !server->listener.loopback && server->config.access.host_count == 0,
		.hosts = (const char *const *)server->config.access.hosts,
		.host_count = server->config.access.host_count,
	};
	server->listener.fd = -1;
	return ff_httpd_start(&server->httpd, &http, error);
}

/* A session of the bridge has become the writer of a board. */
static void note_writer(void *context, struct ff_worker *worker, const char *kind, const char *peer, const char *owner)
{
	const struct ff_audit *audit = context;
	audit->note(audit->context, &(struct ff_audit_line){
					    .who = owner,
					    .from = peer,
					    .action = "writes",
					    .board = ff_worker_name(worker),
					    .result = kind,
				    });
}

/* Boards do not go while they are taken up, so that no reference is needed. */
static struct ff_worker *find_worker(void *context, const char *name)
{
	const struct server *server = context;
	struct ff_worker *worker = ff_boards_find(server->boards, name);
	ff_worker_unref(worker);
	return worker;
}

/* Takes up what an earlier run has left, before clients can come. Leases go first: they keep boards, and jobs belong to them.
 * When the jobs have their images, others may have to go. */
static enum ff_status restore(struct server *server, struct ff_error *error)
{
	enum ff_status status = ff_leases_restore(server->leases, find_worker, server, error);
	if (status == FF_OK) {
		status = ff_queue_restore(server->queue, find_worker, server, error);
	}
	if (status == FF_OK && ff_leases_start(server->leases) != FF_OK) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory or threads");
	}
	if (status == FF_OK) {
		ff_firmware_store_trim(server->store);
	}
	return status;
}

static enum ff_status open_firmware(struct server *server, struct ff_error *error)
{
	const struct ff_firmware_options firmware = {
		.data_dir = server->data_dir.path,
		.quota = server->config.firmware_quota,
		.log = &server->log,
		.notify = ff_waker_kick,
		.notify_context = server->waker,
	};
	return ff_firmware_store_new(&server->store, &firmware, error);
}

/* A board may be free for others now. */
static void may_be_free(void *context)
{
	const struct server *server = context;
	ff_dispatch_kick(server->dispatch);
	ff_waker_kick(server->waker);
}

static enum ff_status make_dispatch(struct server *server, struct ff_error *error)
{
	const struct ff_quarantine_options quarantine = {
		.after = server->config.quarantine_after,
		.ledger = ff_store_quarantine_ledger(server->records),
		.changed = may_be_free,
		.changed_context = server,
	};
	server->quarantine = ff_quarantine_new(&quarantine);
	const struct ff_dispatch_options dispatch = {
		.boards = server->boards,
		.quarantine = server->quarantine,
		.changed = ff_waker_kick,
		.changed_context = server->waker,
	};
	server->dispatch = ff_dispatch_new(&dispatch);
	if (!server->quarantine || !server->dispatch ||
	    ff_boards_watch(server->boards, ff_dispatch_boards_changed, server->dispatch) != FF_OK) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	return ff_quarantine_restore(server->quarantine, error);
}

/* From now on boards are given to those who wait for them. */
static enum ff_status start_dispatch(struct server *server, struct ff_error *error)
{
	return ff_dispatch_start(server->dispatch) == FF_OK ? FF_OK
							    : ff_error_set(error, FF_ERR_IO, "no thread is left");
}

/* ---- the steps of the start ---- */

static enum ff_status no_memory(struct ff_error *error)
{
	return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory, threads or descriptors");
}

static enum ff_status open_listener(struct server *server, struct ff_error *error)
{
	return ff_listen_open(&server->listener, &server->config.listen, "--listen", error);
}

/* What most of the others are given. */
static enum ff_status make_common(struct server *server, struct ff_error *error)
{
	server->waker = ff_waker_new();
	server->metrics = ff_metrics_new();
	server->boards = ff_boards_new();
	return server->waker && server->metrics && server->boards ? FF_OK : no_memory(error);
}

static enum ff_status open_data(struct server *server, struct ff_error *error)
{
	const char *path = server->config.data_dir;
	enum ff_status status = ff_datadir_open(&server->data_dir, path, &server->log, error);
	if (status == FF_OK) {
		status = open_firmware(server, error);
	}
	if (status == FF_OK) {
		status = ff_diskcheck_new(&server->disk, server->data_dir.path, error);
	}
	return status == FF_OK ? ff_store_open(&server->records, path, &server->log, error) : status;
}

static enum ff_status open_entrance(struct server *server, struct ff_error *error)
{
	const struct ff_config_access *access = &server->config.access;
	enum ff_status status = ff_tls_init(&server->tls, access->tls_cert, access->tls_key, error);
	if (status != FF_OK) {
		return status;
	}
	if (server->tls.certificate) {
		ff_listen_secure(&server->listener);
	}
	return ff_entrance_open(&server->keyring, &server->config, server->listener.loopback, &server->log, error);
}

static enum ff_status make_doors(struct server *server, struct ff_error *error)
{
	server->doors.loopback = server->listener.loopback;
	enum ff_status status = ff_doors_init(&server->doors, server->keyring, &server->log, error);
	if (status == FF_OK) {
		ff_bridge_measure(server->doors.bridge, server->metrics);
		ff_bridge_watch_writers(server->doors.bridge, note_writer, (void *)ff_store_audit(server->records));
	}
	return status;
}

static enum ff_status make_queue(struct server *server, struct ff_error *error)
{
	const struct ff_queue_options queue = {
		.log = &server->log,
		.dispatch = server->dispatch,
		.quarantine = server->quarantine,
		.notify = ff_waker_kick,
		.notify_context = server->waker,
		.store = server->store,
		.ledger = ff_store_ledger(server->records),
		.metrics = server->metrics,
		.max_content = server->config.max_content,
	};
	server->queue = ff_queue_new(&queue);
	return server->queue ? FF_OK : no_memory(error);
}

static enum ff_status make_leases(struct server *server, struct ff_error *error)
{
	const struct ff_leases_options leases = {
		.most = FF_BOARDS_MAX,
		.gate = ff_gate(server->queue),
		.ledger = ff_store_lease_ledger(server->records),
		.changed = may_be_free,
		.changed_context = server,
	};
	server->leases = ff_leases_new(&leases);
	return server->leases ? FF_OK : no_memory(error);
}

/* Other tokens: streams and sessions look whether they may go on. */
static void on_tokens(void *context)
{
	struct server *server = context;
	ff_waker_kick(server->waker);
	ff_bridge_kick_all(server->doors.bridge);
}

static enum ff_status start_doors(struct server *server, struct ff_error *error)
{
	ff_keyring_watch(server->keyring, on_tokens, server);
	return ff_doors_start(&server->doors, error);
}

typedef enum ff_status (*step_function)(struct server *server, struct ff_error *error);

/* Each needs those before it. The boards' owner threads begin with start_boards(); clients come in with the last two. */
static enum ff_status start(struct server *server, struct ff_error *error)
{
	static const step_function steps[] = {
		open_listener, make_common,   open_data,    open_entrance,  make_doors, make_dispatch, make_queue,
		make_leases,   start_logbook, start_boards, start_dispatch, restore,    start_doors,   start_http,
	};
	enum ff_status status = FF_OK;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == FF_OK; i++) {
		status = steps[i](server, error);
	}
	return status;
}

/* ---- while it runs ---- */

static void renew_certificate(void *context)
{
	struct server *server = context;
	const struct ff_config_access *access = &server->config.access;
	struct ff_error error = FF_ERROR_NONE;
	bool is_new = false;
	if (ff_httpd_renew_certificate(server->httpd, access->tls_cert, access->tls_key, &is_new, &error) != FF_OK) {
		ff_log(&server->log, FF_LOG_ERROR, "SIGHUP: the certificate stays as it is: %s", error.text);
	} else if (is_new) {
		ff_log(&server->log, FF_LOG_INFO, "SIGHUP: who comes from now on gets the new certificate of %s",
		       access->tls_cert);
	}
}

/* ---- the end ---- */

/* Ends the jobs and the owner threads. False: one of them does not end. */
static bool stop_boards(struct server *server)
{
	if (server->dispatch) {
		ff_dispatch_stop(server->dispatch);
	}
	if (server->queue) {
		ff_queue_stop(server->queue);
	}
	return ff_fleet_stop(&server->fleet, ff_deadline_ms(STOP_TIMEOUT_MS));
}

static void release(struct server *server)
{
	if (server->keyring) {
		ff_keyring_watch(server->keyring, NULL, NULL);
	}
	if (server->logbook) {
		ff_logbook_stop(server->logbook);
	}
	ff_boards_free(server->boards);
	ff_fleet_release(&server->fleet);
	ff_discovery_release(&server->discovery);
	ff_doors_close(&server->doors);
	ff_leases_free(server->leases);
	ff_queue_free(server->queue);
	ff_dispatch_free(server->dispatch);
	ff_logbook_free(server->logbook); /* the last who had a board has let it go */
	ff_quarantine_free(server->quarantine);
	ff_diskcheck_free(server->disk);
	ff_firmware_store_free(server->store);
	ff_waker_free(server->waker);
	ff_store_close(server->records);
	ff_datadir_close(&server->data_dir);
	if (server->listener.fd >= 0) {
		close(server->listener.fd);
	}
	ff_metrics_free(server->metrics);
	ff_keyring_free(server->keyring);
	ff_tls_release(&server->tls);
}

static bool stop(struct server *server)
{
	if (server->httpd) {
		ff_httpd_quiesce(server->httpd);
	}
	ff_doors_stop(&server->doors);
	if (server->leases) {
		ff_leases_stop(server->leases);
	}
	/* First the jobs, so that clients who wait for one hear how it ended. */
	bool stopped = stop_boards(server);
	if (stopped) {
		ff_httpd_stop(server->httpd);
		release(server);
	}
	return stopped;
}

static void announce(struct server *server)
{
	if (server->fleet.count == 0 && server->config.discover) {
		ff_log(&server->log, FF_LOG_INFO, "no board is plugged in yet: each will be served when it comes");
	} else if (server->fleet.count == 0) {
		ff_log(&server->log, FF_LOG_WARN,
		       "there is no board: give one with --board NAME=ADDRESS, in the file of --config, or --discover those "
		       "that are plugged in");
	}
	printf("listening on %s\n", server->listener.url);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct server server = { .listener = { .fd = -1 } };
	struct ff_error error = FF_ERROR_NONE;
	sigset_t signals;
	ff_standard_occupy();
	if (argc > 1 && strcmp(argv[1], "token") == 0) {
		return ff_token_command(argc - 1, argv + 1);
	}
	ff_process_prepare(&signals);
	enum ff_status status = ff_options_read(&server.config, argc, argv, &error);
	if (status == FF_OK) {
		ff_journal_open(&server.journal, &server.config);
		server.log = ff_journal_log(&server.journal);
		status = start(&server, &error);
	}
	if (status != FF_OK) {
		fprintf(stderr, "farflashd: %s\n", error.text);
		if (!stop(&server)) {
			_exit(EXIT_FAILURE); /* a thread still uses what exit() would tear down */
		}
		ff_config_release(&server.config);
		return status == FF_ERR_ARGUMENT ? FF_OPTIONS_EXIT_USAGE : EXIT_FAILURE;
	}
	announce(&server);

	const struct ff_upkeep upkeep = {
		.signals = &signals,
		.log = &server.log,
		.config = &server.config,
		.fleet = &server.fleet,
		.discovery = &server.discovery,
		.quarantine = server.quarantine,
		.on_reload = renew_certificate,
		.context = &server,
	};
	int received = ff_upkeep_run(&upkeep);
	ff_log(&server.log, FF_LOG_INFO, "%s: ending the jobs that run", strsignal(received));
	if (!stop(&server)) {
		_exit(EXIT_FAILURE); /* a thread still uses what exit() would tear down */
	}
	ff_log(&server.log, FF_LOG_INFO, "stopped");
	ff_config_release(&server.config);
	return EXIT_SUCCESS;
}
