// SPDX-License-Identifier: Apache-2.0
/* One WebSocket after its handshake (RFC 6455), either end: bytes of the connection in, messages out, and the other way
 * round. Pings are answered here; a close frame is, too.
 *
 * No I/O and no clock. new/free; one thread at a time. */
#ifndef FF_WEBSOCKET_WEBSOCKET_H
#define FF_WEBSOCKET_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_WEBSOCKET_QUEUE_MAX 262144 /* bytes of messages that may wait to go out */
#define FF_WEBSOCKET_REASON_SIZE 124

/* Codes of close frames (RFC 6455, 7.4.1). */
enum ff_websocket_code {
	FF_WEBSOCKET_NORMAL = 1000,
	FF_WEBSOCKET_GOING_AWAY = 1001,
	FF_WEBSOCKET_PROTOCOL_ERROR = 1002,
	FF_WEBSOCKET_NO_CODE = 1005,  /* the frame has none; never sent */
	FF_WEBSOCKET_NO_FRAME = 1006, /* there was no close frame; never sent */
	FF_WEBSOCKET_POLICY = 1008,
	FF_WEBSOCKET_TOO_BIG = 1009,
	FF_WEBSOCKET_INTERNAL = 1011,
	FF_WEBSOCKET_TRY_LATER = 1013, /* not in the RFC, but registered */
};

enum ff_websocket_role { FF_WEBSOCKET_CLIENT, FF_WEBSOCKET_SERVER };

struct ff_websocket;

/* A whole message; `bytes` is valid during the call. Text is valid UTF-8. May send and close, but must not feed
 * ff_websocket_receive. */
typedef void (*ff_websocket_handler)(void *context, bool is_text, const uint8_t *bytes, size_t size);

/* `max_message` bounds what a message from the peer may have. FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_websocket_new(struct ff_websocket **websocket, enum ff_websocket_role role,
					       size_t max_message, ff_websocket_handler handler, void *context,
					       struct ff_error *error);

/* NULL is harmless. */
void ff_websocket_free(struct ff_websocket *websocket);

/* ---- from the peer ---- */

/* Takes bytes of the connection. Each ping among them makes a pong to send, so whoever feeds it stops while much of its
 * output waits. FF_ERR_PROTOCOL: the peer does not keep to the protocol, or has sent too large a message; a close frame
 * that says so is queued, and nothing is taken any more. FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_websocket_receive(struct ff_websocket *websocket, const uint8_t *bytes, size_t size,
						   struct ff_error *error);

/* The peer has sent a close frame; its code and its reason (at most FF_WEBSOCKET_REASON_SIZE - 1 bytes of UTF-8, borrowed
 * until free). FF_WEBSOCKET_NO_FRAME: it has not. */
unsigned ff_websocket_close_code(const struct ff_websocket *websocket);
const char *ff_websocket_close_reason(const struct ff_websocket *websocket);

/* Whether something that came counts as a sign of life: how many frames have come, pongs included. */
uint64_t ff_websocket_frames(const struct ff_websocket *websocket);

/* ---- to the peer ---- */

/* How many bytes of message may be queued now; 0 also once a close frame is queued. */
size_t ff_websocket_room(const struct ff_websocket *websocket);

/* Queues a message. False: there is no room for it, and nothing of it was taken. */
bool ff_websocket_send(struct ff_websocket *websocket, bool is_text, const void *bytes, size_t size);

/* Asks for a sign of life. */
void ff_websocket_ping(struct ff_websocket *websocket);

/* Queues a close frame, the last frame to go out. `reason` may be NULL; it is cut to what fits. */
void ff_websocket_close(struct ff_websocket *websocket, enum ff_websocket_code code, const char *reason);

/* Whether ff_websocket_output has anything. */
bool ff_websocket_has_output(const struct ff_websocket *websocket);

/* Copies up to `capacity` bytes for the connection, and answers how many. They are gone then. */
size_t ff_websocket_output(struct ff_websocket *websocket, uint8_t *bytes, size_t capacity);

/* Both close frames have passed, or the peer's protocol error has been answered: the connection can be closed once
 * there is no output left. */
bool ff_websocket_is_over(const struct ff_websocket *websocket);

#endif
