// SPDX-License-Identifier: Apache-2.0
/* An HTTP server that answers by script: each connection is one request, which it writes down, and gets the script's
 * next answer. It runs in a thread of its own until the script is over. */
#ifndef FF_TEST_CANNED_SERVER_H
#define FF_TEST_CANNED_SERVER_H

#include <pthread.h>
#include <stddef.h>

#define CANNED_LOG_SIZE 65536

struct canned_server {
	const char *const *answers; /* whole responses; a NULL ends them */
	int listener;
	pthread_t thread;
	char url[64];
	char log[CANNED_LOG_SIZE]; /* the requests, one behind the other; to be read after stop */
	size_t log_size;
	unsigned served;
};

/* A JSON response of this status. */
#define CANNED_JSON(status, json) \
	"HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" json

/* The start of an event stream, which ends with the connection. */
#define CANNED_STREAM(events) "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" events

void canned_server_start(struct canned_server *server, const char *const *answers);

/* Waits until the whole script has been asked for, at most some seconds, and ends the server. */
void canned_server_stop(struct canned_server *server);

#endif
