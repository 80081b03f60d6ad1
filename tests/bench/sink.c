// SPDX-License-Identifier: Apache-2.0
/* The least that an HTTP server on libmicrohttpd can do with an upload: it takes the body, forgets it and answers 204. Started
 * as farflashd starts the library (polling, as many threads, the same memory for a connection), it is what bench.py holds
 * farflashd's uploads against.
 *
 * Prints "listening on http://127.0.0.1:PORT" and serves until SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <microhttpd.h>

/* As server/http/httpd.c has them where nothing is said. */
#define THREADS 4
#define CONNECTION_MEMORY ((size_t)40 * 1024)
#define STACK_SIZE ((size_t)256 * 1024)

static int begun; /* its address says that a request has come before */

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *upload, size_t *upload_size,
				  void **state)
{
	(void)context;
	(void)path;
	(void)method;
	(void)version;
	(void)upload;
	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_NO_CONTENT, response);
	MHD_destroy_response(response);
	return queued;
}

int main(void)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	struct MHD_Daemon *daemon = MHD_start_daemon(
		MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, on_request, NULL, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
		MHD_OPTION_THREAD_STACK_SIZE, STACK_SIZE, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		MHD_OPTION_END);
	if (!daemon) {
		fprintf(stderr, "upload-sink: cannot listen\n");
		return EXIT_FAILURE;
	}
	printf("listening on http://127.0.0.1:%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	int received;
	sigwait(&signals, &received);
	MHD_stop_daemon(daemon);
	return EXIT_SUCCESS;
}
