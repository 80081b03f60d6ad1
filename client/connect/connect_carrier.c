// SPDX-License-Identifier: Apache-2.0
#include "connect_carrier.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <farflash/transport.h>

#include "channel.h"
#include "websocket.h"

#define OPEN_MS 10000
#define STEP_MS 100
#define EXPIRED "session-expired"
#define RETRY_FIRST_US 100000
#define RETRY_LAST_US 2000000
#define TEXT_MAX 4096
/* A server that is silent is asked for a sign of life, and taken for lost if there is none. */
#define ASK_AFTER_US 10000000
#define LOST_AFTER_US 20000000
#define QUEUE_LOW (4 * FF_PIPE_FRAME_MAX) /* frames are made when less than this waits to go out */

struct ff_carrier {
	const struct ff_api *api;
	const char *board;
	struct ff_pipe *pipe;
	const struct ff_carrier_events *events;
	void *context;
	struct ff_channel *channel; /* NULL: there is no connection */
	bool greeted;               /* the server has said how much it has */
	bool finishing;
	bool closing; /* has said on this connection that it is over */
	bool ended;
	char session[72]; /* empty until the server has named it */
	int64_t grace_us;
	int64_t lost_us; /* since when there is no connection; 0: there is one */
	int64_t retry_us;
	int64_t pause_us; /* between two tries */
	int64_t asked_us;
	struct ff_failure failure;
	uint8_t frame[FF_PIPE_FRAME_MAX];
};

struct ff_carrier *ff_carrier_new(const struct ff_api *api, const char *board, struct ff_pipe *pipe,
				  const struct ff_carrier_events *events, void *context)
{
	struct ff_carrier *carrier = calloc(1, sizeof(*carrier));

	if (carrier != NULL) {
		carrier->api = api;
		carrier->board = board;
		carrier->pipe = pipe;
		carrier->events = events;
		carrier->context = context;
	}
	return carrier;
}

void ff_carrier_free(struct ff_carrier *carrier)
{
	if (carrier == NULL) {
		return;
	}
	if (carrier->channel != NULL && !carrier->ended) {
		/* The server need not wait for a session that nobody comes back to. */
		ff_channel_close(carrier->channel);
		(void)!ff_channel_turn(carrier->channel);
	}
	ff_channel_free(carrier->channel);
	free(carrier);
}

const struct ff_failure *ff_carrier_failure(const struct ff_carrier *carrier)
{
	return &carrier->failure;
}

static enum ff_carrier_state end(struct ff_carrier *carrier)
{
	carrier->ended = true;
	return FF_CARRIER_ENDED;
}

static void tell(struct ff_carrier *carrier, const char *before, const char *behind)
{
	char text[512];

	snprintf(text, sizeof(text), "the connection to %s %s%s", ff_http_url(carrier->api->http), before, behind);
	carrier->events->tell(carrier->context, text);
}

/* ---- what the server says ---- */

/* {"type": "hello", "session": "…", "received": 0, "grace": 30}: the first thing on each connection. */
static void greet(struct ff_carrier *carrier, const json_t *hello)
{
	const char *session = json_string_value(json_object_get(hello, "session"));
	json_int_t received = json_integer_value(json_object_get(hello, "received"));
	json_int_t grace = json_integer_value(json_object_get(hello, "grace"));
	struct ff_error error = FF_ERROR_NONE;

	if (carrier->greeted || session == NULL || strlen(session) >= sizeof(carrier->session) || received < 0 ||
	    grace < 0 || grace > 86400 || (carrier->session[0] != '\0' && strcmp(carrier->session, session) != 0)) {
		ff_failure_set(&carrier->failure, "not-a-server", "%s does not open a tunnel as a farflash server does",
			       ff_http_url(carrier->api->http));
		return;
	}
	if (ff_pipe_resume(carrier->pipe, (uint64_t)received, &error) != FF_OK) {
		ff_failure_set(&carrier->failure, "not-a-server", "%s", error.text);
		return;
	}
	snprintf(carrier->session, sizeof(carrier->session), "%s", session);
	carrier->grace_us = grace * 1000000;
	carrier->greeted = true;
	carrier->pause_us = 0;
	if (carrier->lost_us != 0) {
		tell(carrier, "is there again", "");
		carrier->lost_us = 0;
	}
}

static void take_text(struct ff_carrier *carrier, const char *text, size_t size)
{
	json_t *message = json_loadb(text, size, 0, NULL);
	const char *type = json_string_value(json_object_get(message, "type"));
	const char *words = json_string_value(json_object_get(message, "text"));

	if (type != NULL && strcmp(type, "hello") == 0) {
		greet(carrier, message);
	} else if (type != NULL && words != NULL && (strcmp(type, "refused") == 0 || strcmp(type, "missed") == 0)) {
		carrier->events->tell(carrier->context, words);
	}
	json_decref(message);
}

static void on_message(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	struct ff_carrier *carrier = context;
	struct ff_error error = FF_ERROR_NONE;

	if (is_text) {
		take_text(carrier, (const char *)bytes, size);
	} else if (!carrier->greeted) {
		ff_failure_set(&carrier->failure, "not-a-server", "%s does not open a tunnel as a farflash server does",
			       ff_http_url(carrier->api->http));
	} else if (ff_pipe_receive(carrier->pipe, bytes, size, &error) != FF_OK) {
		ff_failure_set(&carrier->failure, "not-a-server", "%s", error.text);
	}
}

/* ---- connections ---- */

static bool go_on(void *context)
{
	const struct ff_carrier *carrier = context;

	return carrier->events->go_on(carrier->context);
}

static bool open_channel(struct ff_carrier *carrier, struct ff_failure *failure)
{
	char suffix[160] = "/tunnel";
	char *path;
	bool good;

	if (carrier->session[0] != '\0') {
		snprintf(suffix, sizeof(suffix), "/tunnel?session=%s&received=%llu", carrier->session,
			 (unsigned long long)ff_pipe_received(carrier->pipe));
	}
	path = ff_http_path("/api/v1/boards/", carrier->board, suffix);
	if (path == NULL) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	const struct ff_channel_request request = { .path = path,
						    .max_message =
							    TEXT_MAX > FF_PIPE_FRAME_MAX ? TEXT_MAX : FF_PIPE_FRAME_MAX,
						    .deadline_ms = OPEN_MS,
						    .message = on_message,
						    .go_on = go_on,
						    .context = carrier };
	carrier->greeted = carrier->closing = false;
	good = ff_channel_open(&carrier->channel, carrier->api, &request, failure);
	free(path);
	return good;
}

/* There is no connection still: another try follows, ever later, until the server's grace is over. */
static enum ff_carrier_state put_off(struct ff_carrier *carrier, const char *why)
{
	int64_t now_us = ff_now_us();

	if (now_us - carrier->lost_us >= carrier->grace_us) {
		ff_failure_set(
			&carrier->failure, "server-unreachable",
			"the connection to %s did not come back within %lld s, so the session has ended there: %s",
			ff_http_url(carrier->api->http), (long long)(carrier->grace_us / 1000000), why);
		return end(carrier);
	}
	carrier->pause_us = carrier->pause_us == 0 ? RETRY_FIRST_US : 2 * carrier->pause_us;
	carrier->pause_us = carrier->pause_us < RETRY_LAST_US ? carrier->pause_us : RETRY_LAST_US;
	carrier->retry_us = now_us + carrier->pause_us;
	return FF_CARRIER_DOWN;
}

static enum ff_carrier_state lose(struct ff_carrier *carrier)
{
	enum ff_carrier_state state = FF_CARRIER_DOWN;
	const char *reason = ff_channel_reason(carrier->channel);

	reason = reason[0] != '\0' ? reason : "no sign of life";
	if (carrier->session[0] == '\0') {
		ff_failure_set(&carrier->failure, "server-unreachable", "the connection to %s was lost (%s)",
			       ff_http_url(carrier->api->http), reason);
		return end(carrier);
	}
	if (carrier->lost_us != 0) { /* it came to no hello */
		state = put_off(carrier, reason);
	} else {
		carrier->lost_us = carrier->retry_us = ff_now_us();
		tell(carrier, "was lost: ", reason);
	}
	ff_channel_free(carrier->channel);
	carrier->channel = NULL;
	return state;
}

/* What comes of a resume that the server has refused. */
static enum ff_carrier_state refused(struct ff_carrier *carrier, const struct ff_failure *failure)
{
	if (strcmp(failure->code, EXPIRED) == 0) {
		ff_failure_set(
			&carrier->failure, EXPIRED,
			"the server at %s no longer knows of this connection: it was away for too long, or the server "
			"was started anew; the local connection ends",
			ff_http_url(carrier->api->http));
	} else {
		ff_failure_set(&carrier->failure, failure->code, "%s", failure->text);
	}
	return end(carrier);
}

static enum ff_carrier_state try_again(struct ff_carrier *carrier)
{
	struct ff_failure failure = { .code = "" };

	if (open_channel(carrier, &failure)) {
		return FF_CARRIER_UP;
	}
	if (!carrier->events->go_on(carrier->context)) {
		return end(carrier);
	}
	if (!ff_failure_may_pass(&failure)) {
		return refused(carrier, &failure);
	}
	return put_off(carrier, failure.text);
}

/* ---- the work ---- */

static void send_frames(struct ff_carrier *carrier)
{
	while (carrier->greeted && !carrier->closing &&
	       ff_channel_room(carrier->channel) + QUEUE_LOW > FF_WEBSOCKET_QUEUE_MAX) {
		size_t size = ff_pipe_build(carrier->pipe, carrier->frame);

		if (size == 0) {
			break;
		}
		if (!ff_channel_send(carrier->channel, false, carrier->frame, size)) {
			/* There was room, so it is memory that is short. */
			ff_failure_set(&carrier->failure, "no-memory", "out of memory");
			return;
		}
	}
	if (carrier->finishing && carrier->greeted && ff_pipe_is_sent(carrier->pipe)) {
		ff_channel_close(carrier->channel); /* behind which nothing goes out */
		carrier->closing = true;
	}
}

static enum ff_carrier_state closed(struct ff_carrier *carrier)
{
	const char *reason = ff_channel_reason(carrier->channel);
	struct ff_failure failure = { .code = "" };

	if (strcmp(reason, EXPIRED) == 0) { /* while the server opened it */
		ff_failure_set(&failure, EXPIRED, "%s", reason);
		return refused(carrier, &failure);
	}
	if (!carrier->finishing || ff_channel_code(carrier->channel) != FF_WEBSOCKET_NORMAL) {
		ff_failure_set(&carrier->failure, "server-unreachable", "the server at %s has ended the connection%s%s",
			       ff_http_url(carrier->api->http), reason[0] != '\0' ? ": " : "", reason);
	}
	return end(carrier);
}

/* True: there has been no sign of life for too long. */
static bool is_silent(struct ff_carrier *carrier)
{
	int64_t now_us = ff_now_us();
	int64_t heard_us = ff_channel_heard_us(carrier->channel);

	if (now_us - heard_us < ASK_AFTER_US) {
		return false;
	}
	if (carrier->asked_us < heard_us) {
		carrier->asked_us = now_us;
		ff_channel_ping(carrier->channel);
	}
	return now_us - heard_us >= LOST_AFTER_US;
}

enum ff_carrier_state ff_carrier_turn(struct ff_carrier *carrier)
{
	enum ff_channel_state state;

	if (carrier->ended) {
		return FF_CARRIER_ENDED;
	}
	if (carrier->channel == NULL) {
		enum ff_carrier_state tried = FF_CARRIER_DOWN;

		if (ff_now_us() >= carrier->retry_us) {
			tried = try_again(carrier);
		}
		if (tried != FF_CARRIER_UP) {
			return tried;
		}
	}
	send_frames(carrier);
	state = ff_channel_turn(carrier->channel);
	if (carrier->failure.code[0] != '\0') {
		return end(carrier);
	}
	if (state == FF_CHANNEL_CLOSED) {
		return closed(carrier);
	}
	if (state == FF_CHANNEL_UP) {
		send_frames(carrier); /* that the server's hello has let go: who waits next must know of them */
	}
	return state == FF_CHANNEL_LOST || is_silent(carrier) ? lose(carrier) : FF_CARRIER_UP;
}

/* Waits until the server has said hello, which comes with its answer or right behind it. */
bool ff_carrier_open(struct ff_carrier *carrier)
{
	int64_t deadline_us = ff_deadline_ms(OPEN_MS);

	if (!open_channel(carrier, &carrier->failure)) {
		return false;
	}
	while (!carrier->greeted) {
		struct pollfd fd = { .fd = -1 };

		if (ff_carrier_turn(carrier) == FF_CARRIER_ENDED) {
			return false;
		}
		if (ff_now_us() >= deadline_us || !go_on(carrier)) {
			return ff_failure_set(&carrier->failure, "server-unreachable",
					      "the server at %s did not open the tunnel in time",
					      ff_http_url(carrier->api->http));
		}
		fd.fd = ff_carrier_fd(carrier, &fd.events);
		if (!carrier->greeted) {
			(void)!poll(&fd, 1, STEP_MS);
		}
	}
	return true;
}

void ff_carrier_finish(struct ff_carrier *carrier)
{
	carrier->finishing = true;
}

int ff_carrier_fd(const struct ff_carrier *carrier, short *events)
{
	*events = 0;
	return carrier->channel != NULL ? ff_channel_fd(carrier->channel, events) : -1;
}

int64_t ff_carrier_deadline(const struct ff_carrier *carrier)
{
	int64_t heard_us;

	if (carrier->channel == NULL) {
		return carrier->retry_us;
	}
	heard_us = ff_channel_heard_us(carrier->channel);
	return carrier->asked_us < heard_us ? heard_us + ASK_AFTER_US : heard_us + LOST_AFTER_US;
}
