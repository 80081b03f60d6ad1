// SPDX-License-Identifier: Apache-2.0
/* A WebSocket to the server: libcurl's connection, so that proxies, TLS and the server's URL work as they do for REST, and
 * protocol/websocket on top. Only opening waits.
 *
 * open/turn/free; belongs to one thread. */
#ifndef FF_CLIENT_CHANNEL_H
#define FF_CLIENT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"

struct ff_channel;

struct ff_channel_request {
	const char *path;   /* with its query: "/api/v1/boards/lab1/tunnel" */
	size_t max_message; /* from the server */
	uint32_t deadline_ms;
	/* A whole message; the bytes are valid during the call. May send. */
	void (*message)(void *context, bool is_text, const uint8_t *bytes, size_t size);
	/* Asked several times a second while it opens; false gives up, with "cancelled". May be NULL. */
	bool (*go_on)(void *context);
	void *context;
};

enum ff_channel_state {
	FF_CHANNEL_UP,
	FF_CHANNEL_CLOSED, /* the server has said that it is over: ff_channel_code() and ff_channel_reason() */
	FF_CHANNEL_LOST,   /* the connection is gone, or what comes is no WebSocket: ff_channel_reason() */
};

/* Opens it, with the deadline. `api` is borrowed until it returns. False: the failure; a refusal of the server's is the same as for a
 * request ("no-such-board", ...). */
bool ff_channel_open(struct ff_channel **channel, const struct ff_api *api, const struct ff_channel_request *request,
		     struct ff_failure *failure);

/* Drops the connection. NULL is harmless. */
void ff_channel_free(struct ff_channel *channel);

/* Sends what the connection takes, and hands out the messages that are there. */
enum ff_channel_state ff_channel_turn(struct ff_channel *channel);

/* How many bytes of message may be queued now. */
size_t ff_channel_room(const struct ff_channel *channel);

/* Queues a message; turn sends it. False: there is no room. */
bool ff_channel_send(struct ff_channel *channel, bool is_text, const void *bytes, size_t size);

/* Asks for a sign of life. */
void ff_channel_ping(struct ff_channel *channel);

/* Says that it is over, behind everything that is queued. The server's answer makes turn answer FF_CHANNEL_CLOSED. */
void ff_channel_close(struct ff_channel *channel);

/* The descriptor to wait for, and the events of poll. */
int ff_channel_fd(const struct ff_channel *channel, short *events);

/* When something has come last. */
int64_t ff_channel_heard_us(const struct ff_channel *channel);

/* The code of the server's close, enum ff_websocket_code. */
unsigned ff_channel_code(const struct ff_channel *channel);

/* Why it is over, for people. Never NULL. */
const char *ff_channel_reason(const struct ff_channel *channel);

#endif
