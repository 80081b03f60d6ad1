// SPDX-License-Identifier: Apache-2.0
#include "websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <wslay/wslay.h>

#define CONTROL_MAX 125 /* bytes that a control frame carries */

struct ff_websocket {
	wslay_event_context_ptr wslay;
	ff_websocket_handler handler;
	void *context;
	uint64_t frames;
	bool closing;   /* no message is taken any more */
	bool failed;    /* nothing is taken any more */
	unsigned close; /* code of the close frame that goes out behind the messages that wait; 0: none */
	char close_reason[FF_WEBSOCKET_REASON_SIZE];
	char reason[FF_WEBSOCKET_REASON_SIZE];
	unsigned late_code; /* of the peer's close frame, if it is one that wslay does not know; 0: it is not */
	bool in_close;      /* the frame that comes in is a close frame, with: */
	uint8_t control[CONTROL_MAX];
	size_t control_size;

	/* What the call that runs works on. */
	const uint8_t *in;
	size_t in_size;
	uint8_t *out;
	size_t out_size;
	size_t out_used;
};

static ssize_t give(wslay_event_context_ptr wslay, uint8_t *bytes, size_t size, int flags, void *context)
{
	struct ff_websocket *websocket = context;
	(void)flags;
	if (websocket->in_size == 0) {
		wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	size = size < websocket->in_size ? size : websocket->in_size;
	memcpy(bytes, websocket->in, size);
	websocket->in += size;
	websocket->in_size -= size;
	return (ssize_t)size;
}

static ssize_t take(wslay_event_context_ptr wslay, const uint8_t *bytes, size_t size, int flags, void *context)
{
	struct ff_websocket *websocket = context;
	size_t room = websocket->out_size - websocket->out_used;
	(void)flags;
	if (room == 0) {
		wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	size = size < room ? size : room;
	memcpy(websocket->out + websocket->out_used, bytes, size);
	websocket->out_used += size;
	return (ssize_t)size;
}

static int make_mask(wslay_event_context_ptr wslay, uint8_t *mask, size_t size, void *context)
{
	(void)context;
	if (getrandom(mask, size, 0) == (ssize_t)size) {
		return 0;
	}
	wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static void on_frame(wslay_event_context_ptr wslay, const struct wslay_event_on_frame_recv_start_arg *frame,
		     void *context)
{
	struct ff_websocket *websocket = context;
	(void)wslay;
	websocket->frames++;
	websocket->in_close = frame->opcode == WSLAY_CONNECTION_CLOSE;
	websocket->control_size = 0;
}

static void on_chunk(wslay_event_context_ptr wslay, const struct wslay_event_on_frame_recv_chunk_arg *chunk,
		     void *context)
{
	struct ff_websocket *websocket = context;
	(void)wslay;
	if (websocket->in_close && chunk->data_length <= CONTROL_MAX - websocket->control_size) {
		memcpy(websocket->control + websocket->control_size, chunk->data, chunk->data_length);
		websocket->control_size += chunk->data_length;
	}
}

/* 1012 to 1014 have been registered since the RFC; wslay takes them for the peer's mistake. */
static void on_frame_end(wslay_event_context_ptr wslay, void *context)
{
	struct ff_websocket *websocket = context;
	unsigned code = websocket->control_size >= 2 ? (unsigned)websocket->control[0] << 8 | websocket->control[1] : 0;
	(void)wslay;
	if (websocket->in_close && code >= 1012 && code <= 1014) {
		websocket->late_code = code;
		snprintf(websocket->reason, sizeof(websocket->reason), "%.*s", (int)websocket->control_size - 2,
			 (const char *)websocket->control + 2);
	}
}

static void on_message(wslay_event_context_ptr wslay, const struct wslay_event_on_msg_recv_arg *message, void *context)
{
	struct ff_websocket *websocket = context;
	static const uint8_t nothing[1] = { 0 };
	const uint8_t *bytes = message->msg_length > 0 ? message->msg : nothing;
	(void)wslay;
	if (message->opcode == WSLAY_CONNECTION_CLOSE) {
		if (message->msg_length > 2) { /* the code is in front of the reason */
			snprintf(websocket->reason, sizeof(websocket->reason), "%.*s", (int)message->msg_length - 2,
				 (const char *)bytes + 2);
		}
	} else if (!wslay_is_ctrl_frame(message->opcode)) {
		websocket->handler(websocket->context, message->opcode == WSLAY_TEXT_FRAME, bytes, message->msg_length);
	}
}

enum ff_status ff_websocket_new(struct ff_websocket **result, enum ff_websocket_role role, size_t max_message,
				ff_websocket_handler handler, void *context, struct ff_error *error)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = give,
		.send_callback = take,
		.genmask_callback = make_mask,
		.on_frame_recv_start_callback = on_frame,
		.on_frame_recv_chunk_callback = on_chunk,
		.on_frame_recv_end_callback = on_frame_end,
		.on_msg_recv_callback = on_message,
	};
	struct ff_websocket *websocket = calloc(1, sizeof(*websocket));
	int failed = -1;
	if (websocket && role == FF_WEBSOCKET_SERVER) {
		failed = wslay_event_context_server_init(&websocket->wslay, &callbacks, websocket);
	} else if (websocket) {
		failed = wslay_event_context_client_init(&websocket->wslay, &callbacks, websocket);
	}
	if (failed != 0) {
		free(websocket);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	wslay_event_config_set_max_recv_msg_length(websocket->wslay, max_message);
	websocket->handler = handler;
	websocket->context = context;
	*result = websocket;
	return FF_OK;
}

void ff_websocket_free(struct ff_websocket *websocket)
{
	if (websocket) {
		wslay_event_context_free(websocket->wslay);
		free(websocket);
	}
}

/* ---- from the peer ---- */

enum ff_status ff_websocket_receive(struct ff_websocket *websocket, const uint8_t *bytes, size_t size,
				    struct ff_error *error)
{
	websocket->in = bytes;
	websocket->in_size = size;
	int failed = 0;
	if (!websocket->failed && wslay_event_want_read(websocket->wslay)) {
		failed = wslay_event_recv(websocket->wslay);
	}
	websocket->in_size = 0;
	if (failed == WSLAY_ERR_NOMEM) {
		websocket->failed = true;
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	/* wslay queues a close frame and reads no more; without a close frame from the peer that was the peer's fault. */
	bool deaf = !wslay_event_get_read_enabled(websocket->wslay) &&
		    ff_websocket_close_code(websocket) == FF_WEBSOCKET_NO_FRAME;
	if (failed != 0 || (deaf && !websocket->failed)) {
		websocket->failed = true;
		return ff_error_set(error, FF_ERR_PROTOCOL, "the peer does not keep to the WebSocket protocol");
	}
	return FF_OK;
}

unsigned ff_websocket_close_code(const struct ff_websocket *websocket)
{
	if (websocket->late_code != 0) {
		return websocket->late_code;
	}
	return wslay_event_get_close_received(websocket->wslay) ? wslay_event_get_status_code_received(websocket->wslay)
								: FF_WEBSOCKET_NO_FRAME;
}

const char *ff_websocket_close_reason(const struct ff_websocket *websocket)
{
	return websocket->reason;
}

uint64_t ff_websocket_frames(const struct ff_websocket *websocket)
{
	return websocket->frames;
}

/* ---- to the peer ---- */

size_t ff_websocket_room(const struct ff_websocket *websocket)
{
	size_t queued = wslay_event_get_queued_msg_length(websocket->wslay);
	if (!wslay_event_get_write_enabled(websocket->wslay) || wslay_event_get_close_sent(websocket->wslay) ||
	    websocket->closing || websocket->failed || queued >= FF_WEBSOCKET_QUEUE_MAX) {
		return 0;
	}
	return FF_WEBSOCKET_QUEUE_MAX - queued;
}

bool ff_websocket_send(struct ff_websocket *websocket, bool is_text, const void *bytes, size_t size)
{
	const struct wslay_event_msg message = {
		.opcode = is_text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME,
		.msg = bytes,
		.msg_length = size,
	};
	return size <= ff_websocket_room(websocket) && wslay_event_queue_msg(websocket->wslay, &message) == 0;
}

void ff_websocket_ping(struct ff_websocket *websocket)
{
	const struct wslay_event_msg message = { .opcode = WSLAY_PING };
	/* It fails once the connection closes: then nobody waits for a pong. */
	(void)wslay_event_queue_msg(websocket->wslay, &message);
}

/* wslay sends control frames before messages, and nothing after a close frame. */
static void close_when_drained(struct ff_websocket *websocket)
{
	if (websocket->close != 0 && wslay_event_get_queued_msg_count(websocket->wslay) == 0) {
		(void)wslay_event_queue_close(websocket->wslay, (uint16_t)websocket->close,
					      (const uint8_t *)websocket->close_reason,
					      strlen(websocket->close_reason));
		websocket->close = 0;
	}
}

void ff_websocket_close(struct ff_websocket *websocket, enum ff_websocket_code code, const char *reason)
{
	websocket->closing = true;
	websocket->close = code;
	snprintf(websocket->close_reason, sizeof(websocket->close_reason), "%s", reason ? reason : "");
	close_when_drained(websocket);
}

bool ff_websocket_has_output(const struct ff_websocket *websocket)
{
	return wslay_event_want_write(websocket->wslay);
}

size_t ff_websocket_output(struct ff_websocket *websocket, uint8_t *bytes, size_t capacity)
{
	websocket->out = bytes;
	websocket->out_size = capacity;
	websocket->out_used = 0;
	while (websocket->out_used < capacity && wslay_event_want_write(websocket->wslay)) {
		if (wslay_event_send(websocket->wslay) != 0) {
			websocket->failed = true;
			wslay_event_shutdown_write(websocket->wslay);
		}
		close_when_drained(websocket);
	}
	websocket->out_size = 0;
	return websocket->out_used;
}

bool ff_websocket_is_over(const struct ff_websocket *websocket)
{
	bool closed = ff_websocket_close_code(websocket) != FF_WEBSOCKET_NO_FRAME &&
		      wslay_event_get_close_sent(websocket->wslay);
	return closed || websocket->failed;
}
