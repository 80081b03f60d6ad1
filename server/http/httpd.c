// SPDX-License-Identifier: Apache-2.0
#include "httpd.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "credentials.h"
#include "lease_wait.h"
#include "linger.h"
#include "reply.h"
#include "request.h"

#define THREADS 4
/* WebSockets count, until the bridge lets go of them. So one address, which may be a proxy's, can fill a board with
 * consoles (FF_BRIDGE_MAX_ROOM_SESSIONS) and still ask for something. */
#define MAX_CONNECTIONS 512
#define MAX_CONNECTIONS_PER_ADDRESS 256
#define IDLE_SECONDS 60
/* Of a connection, beside twice the largest headers (as they came, and as libmicrohttpd sorts them). It is also the window through
 * which an upload passes; what is used stays resident until the request ends, which for many is the end of a job. */
#define CONNECTION_MEMORY ((size_t)8 * 1024)
#define STACK_SIZE ((size_t)256 * 1024)
#define FLUSH_SECONDS 2

#define MAX_HEADER 16384
#define MAX_STREAMS 256
#define HEADER_SECONDS 20
#define BODY_SECONDS 60

static char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"; /* libmicrohttpd takes no constant */

struct ff_httpd {
	struct ff_http http;
	struct MHD_Daemon *daemon;
	struct ff_credentials *credentials; /* NULL: plain HTTP */

	/* Requests between their headers and the end of their answer. */
	pthread_mutex_t mutex;
	pthread_cond_t none_active;
	size_t active;
	struct ff_tickets tickets;
};

static void count_active(struct ff_httpd *httpd, int change)
{
	pthread_mutex_lock(&httpd->mutex);
	httpd->active += (size_t)change;
	if (httpd->active == 0) {
		pthread_cond_broadcast(&httpd->none_active);
	}
	pthread_mutex_unlock(&httpd->mutex);
}

static enum MHD_Result begin(struct ff_httpd *httpd, struct MHD_Connection *connection, const char *method,
			     const char *path, void **state)
{
	struct ff_request *request = ff_request_new(&httpd->http, connection, method, path);
	if (!request) {
		return MHD_NO;
	}
	*state = request;
	count_active(httpd, 1);
	/* Without a body libmicrohttpd comes again at once, and an answer then keeps the connection alive. */
	return request->problem.http_status && request->has_body ? ff_reply_problem(request) : MHD_YES;
}

static void make_change(struct ff_request *request, void *context)
{
	(void)context;
	request->handler->change(request);
}

static enum MHD_Result answer(struct ff_request *request)
{
	/* A server that stops resumes everybody. */
	ff_errand_wait(request);
	if (request->problem.http_status) {
		return ff_reply_problem(request);
	}
	bool is_changed = !request->handler->change || request->errand.work;
	return is_changed ? request->handler->answer(request) : ff_errand_run(request, make_change, NULL);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload, size_t *upload_size,
				  void **state)
{
	(void)version;
	struct ff_request *request = *state;
	if (!request) {
		return begin(context, connection, method, path, state);
	}
	if (*upload_size > 0) {
		size_t size = *upload_size;
		ff_callers_body(request->http->callers, ff_request_caller(request), size);
		*upload_size = 0;
		return ff_request_body(request, (const uint8_t *)upload, size) ? MHD_YES : ff_reply_cut(request);
	}
	if (request->has_body && !request->body_complete) {
		ff_callers_body(request->http->callers, ff_request_caller(request), 0);
	}
	request->body_complete = true;
	return answer(request);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode reason)
{
	(void)connection;
	struct ff_httpd *httpd = context;
	struct ff_request *request = *state;
	if (!request) {
		return;
	}
	*state = NULL;
	if (reason != MHD_REQUEST_TERMINATED_COMPLETED_OK && request->has_body && !request->body_complete &&
	    !request->problem.http_status) {
		ff_log(httpd->http.log, FF_LOG_INFO, "%s %s: the client went away in mid-upload, after %llu bytes",
		       request->method, request->path, (unsigned long long)request->body_size);
	}
	ff_callers_end(httpd->http.callers, ff_request_caller(request));
	ff_request_free(request);
	count_active(httpd, -1);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **state,
			  enum MHD_ConnectionNotificationCode code)
{
	struct ff_httpd *httpd = context;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*state = info ? ff_callers_add(httpd->http.callers, info->connect_fd) : NULL;
		ff_credentials_give(httpd->credentials, connection);
	} else {
		ff_callers_remove(httpd->http.callers, *state);
		*state = NULL;
	}
	ff_metric_count(httpd->http.meters.connections, 0, 0, code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1);
}

static void __attribute__((format(printf, 2, 0))) on_log(void *context, const char *format, va_list args)
{
	char line[256];
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = 0;
	ff_log(context, FF_LOG_DEBUG, "libmicrohttpd: %s", line);
}

static struct ff_callers_limits limits_of(const struct ff_httpd_options *options)
{
	struct ff_callers_limits limits = options->callers;
	if (limits.header_timeout_s == 0) {
		limits.header_timeout_s = HEADER_SECONDS;
		limits.body_timeout_s = BODY_SECONDS;
	}
	limits.max_connections = limits.max_connections ? limits.max_connections : MAX_CONNECTIONS;
	limits.max_connections_per_address =
		limits.max_connections_per_address ? limits.max_connections_per_address : MAX_CONNECTIONS_PER_ADDRESS;
	return limits;
}

static struct MHD_Daemon *start_daemon(struct ff_httpd *httpd, const struct ff_httpd_options *options)
{
	const struct ff_tls *tls = options->tls;
	const struct ff_callers_limits limits = limits_of(options);
	unsigned idle_s = options->idle_timeout_s ? options->idle_timeout_s : IDLE_SECONDS;
	/* Not epoll: after a short read libmicrohttpd 0.9.75 takes an edge-triggered socket for drained and misses an end of
	 * stream that came together with the last bytes, so that a client who left would hold its upload for a minute. */
	unsigned flags =
		MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem secure[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, tls ? tls->certificate : NULL },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, tls ? tls->key : NULL },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, tls_priorities },
		{ MHD_OPTION_END, 0, NULL },
	};
	bool is_secure = tls && tls->certificate;
	if (is_secure && !(httpd->credentials = ff_credentials_new(tls->certificate))) {
		return NULL;
	}
	if (!is_secure) {
		secure[0].option = MHD_OPTION_END;
	}
	return MHD_start_daemon(
		flags | (is_secure ? (unsigned)MHD_USE_TLS : 0U), 0, NULL, NULL, on_request, httpd,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, (void *)httpd->http.log, MHD_OPTION_LISTEN_SOCKET,
		options->listen_fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS, MHD_OPTION_THREAD_STACK_SIZE,
		STACK_SIZE, MHD_OPTION_CONNECTION_LIMIT, (unsigned)limits.max_connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)limits.max_connections_per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		CONNECTION_MEMORY + 2 * (size_t)httpd->http.max_header, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		httpd, MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd, MHD_OPTION_ARRAY, secure, MHD_OPTION_END);
}

static void release(struct ff_httpd *httpd)
{
	ff_callers_free(httpd->http.callers);
	ff_credentials_free(httpd->credentials);
	ff_errands_free(httpd->http.errands);
	ff_tickets_release(&httpd->tickets);
	ff_linger_free(httpd->http.linger);
	pthread_cond_destroy(&httpd->none_active);
	pthread_mutex_destroy(&httpd->mutex);
	free(httpd);
}

enum ff_status ff_httpd_start(struct ff_httpd **result, const struct ff_httpd_options *options, struct ff_error *error)
{
	const struct ff_callers_limits limits = limits_of(options);
	struct ff_httpd *httpd = calloc(1, sizeof(*httpd));
	if (!httpd) {
		close(options->listen_fd);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	httpd->http = (struct ff_http){
		.log = options->log,
		.keyring = options->keyring,
		.boards = options->boards,
		.queue = options->queue,
		.dispatch = options->dispatch,
		.quarantine = options->quarantine,
		.leases = options->leases,
		.audit = options->audit,
		.shortest_lease_s = options->shortest_lease_s,
		.store = options->store,
		.waker = options->waker,
		.metrics = options->metrics,
		.linger = ff_linger_new(),
		.errands = ff_errands_new(options->waker),
		.tickets = &httpd->tickets,
		.welcome = options->welcome,
		.has_tunnel = options->has_tunnel,
		.bridge_is_stuck = options->bridge_is_stuck,
		.welcome_context = options->welcome_context,
		.disk = options->disk,
		.max_upload = options->max_upload,
		.jobs_wait_for_writers = options->jobs_wait_for_writers,
		.callers = ff_callers_new(&limits),
		.max_header = options->max_header ? options->max_header : MAX_HEADER,
		.max_streams = options->max_streams ? options->max_streams : MAX_STREAMS,
		.any_host = options->any_host,
		.hosts = options->hosts,
		.host_count = options->host_count,
		.started_us = ff_now_us(),
	};
	ff_tickets_init(&httpd->tickets);
	ff_meters_init(&httpd->http.meters, options->metrics);
	pthread_mutex_init(&httpd->mutex, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&httpd->none_active, &attributes);
	pthread_condattr_destroy(&attributes);
	httpd->daemon =
		httpd->http.linger && httpd->http.callers && httpd->http.errands ? start_daemon(httpd, options) : NULL;
	if (!httpd->daemon) {
		close(options->listen_fd);
		release(httpd);
		return ff_error_set(error, FF_ERR_IO,
				    "the HTTP server cannot be started: no thread or descriptor left");
	}
	*result = httpd;
	return FF_OK;
}

enum ff_status ff_httpd_renew_certificate(struct ff_httpd *httpd, const char *certificate_path, const char *key_path,
					  bool *is_new, struct ff_error *error)
{
	*is_new = false;
	return httpd->credentials ? ff_credentials_renew(httpd->credentials, certificate_path, key_path, is_new, error)
				  : FF_OK;
}

void ff_httpd_quiesce(struct ff_httpd *httpd)
{
	atomic_store(&httpd->http.stopping, true);
	int fd = MHD_quiesce_daemon(httpd->daemon);
	if (fd >= 0) {
		close(fd);
	}
}

void ff_httpd_stop(struct ff_httpd *httpd)
{
	if (!httpd) {
		return;
	}
	atomic_store(&httpd->http.stopping, true);
	/* MHD_stop_daemon() aborts the process if a connection is suspended. */
	ff_waker_drain(httpd->http.waker);

	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += FLUSH_SECONDS;
	int waited = 0;
	pthread_mutex_lock(&httpd->mutex);
	while (httpd->active > 0 && waited == 0) {
		waited = pthread_cond_timedwait(&httpd->none_active, &httpd->mutex, &until);
	}
	pthread_mutex_unlock(&httpd->mutex);

	MHD_stop_daemon(httpd->daemon);
	release(httpd);
}
