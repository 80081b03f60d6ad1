// SPDX-License-Identifier: Apache-2.0
/* A board's console at the server (docs/rest-api.md, "Console"), over a WebSocket. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <farflash/transport.h>

#include "api.h"
#include "channel.h"
#include "follow.h"
#include "job.h"
#include "monitor_feed.h"
#include "websocket.h"

#define OPEN_MS 10000
#define POLL_MS 50
#define PING_US 10000000
#define SILENCE_US 30000000 /* so long without a word, answers to pings included: the connection is dead */
#define MESSAGE_MAX 65536   /* of the server's; it sends far less */
#define WRITE_MAX 4096      /* the server takes twice as much in a message */
#define ALL_HISTORY 100000000
#define HOLD_US 10000000   /* so long after the last key the board is still kept from others */
#define REPEAT_US 10000000 /* a refusal is told again when there was none for so long */
#define RARELY_US 2000000  /* the server refuses in silence when it has said so within this time */

struct remote {
	struct ff_feed feed;
	struct ff_api api;
	struct ff_channel *channel;
	char *board;
	char epoch[64];    /* "" before the first hello */
	uint64_t position; /* of the next byte */
	int64_t pinged_us;
	bool greeted;       /* the hello of this connection is there */
	int64_t typed_us;   /* when the board was last written to; 0: it is not held for that */
	int64_t refused_us; /* when the server last refused to pass something on; 0: not yet */
	char refusal[256];  /* what it said then */
};

static void tell(struct remote *remote, const char *text)
{
	remote->feed.events.told(remote->feed.events.context, text);
}

static void take_hello(struct remote *remote, const json_t *message)
{
	const char *epoch = json_string_value(json_object_get(message, "epoch"));

	if (remote->epoch[0] != '\0' && epoch != NULL && strcmp(epoch, remote->epoch) == 0) {
		tell(remote, "the connection is back");
	} else if (remote->epoch[0] != '\0') {
		tell(remote, "the connection is back, to a server that has started anew: output may be missing here");
	}
	snprintf(remote->epoch, sizeof(remote->epoch), "%s", epoch != NULL ? epoch : "");
	remote->position = (uint64_t)json_integer_value(json_object_get(message, "position"));
	remote->greeted = true;
	remote->feed.events.opened(remote->feed.events.context);
}

static void take_missed(struct remote *remote, const json_t *message)
{
	uint64_t bytes = (uint64_t)json_integer_value(json_object_get(message, "bytes"));
	char text[80];

	remote->position += bytes;
	snprintf(text, sizeof(text), "%" PRIu64 " bytes of the board's output are missing here", bytes);
	tell(remote, text);
}

static void order(struct remote *remote, const char *text)
{
	(void)!ff_channel_send(remote->channel, true, text, strlen(text));
}

/* Whoever has written is the board's writer until it says otherwise: jobs and others would be refused for as long as somebody
 * watches. */
static void release(struct remote *remote)
{
	remote->typed_us = 0;
	order(remote, "{\"type\":\"release\"}");
}

/* Somebody who types on hears it once. */
static void take_refused(struct remote *remote, const char *text)
{
	int64_t now_us = ff_now_us();

	if (remote->refused_us == 0 || now_us - remote->refused_us > REPEAT_US) {
		tell(remote, text);
	}
	remote->refused_us = now_us;
	remote->typed_us = 0;
	snprintf(remote->refusal, sizeof(remote->refusal), "%s", text);
}

static void take_reset(struct remote *remote, bool good)
{
	tell(remote, good ? "the board was reset" : "the board could not be reset");
	if (remote->typed_us == 0) {
		release(remote); /* one who is not typing does not want to keep the board for that */
	}
}

static void take_text(struct remote *remote, const uint8_t *bytes, size_t size)
{
	json_t *message = json_loadb((const char *)bytes, size, 0, NULL);
	const char *type = json_string_value(json_object_get(message, "type"));
	const char *text = json_string_value(json_object_get(message, "text"));
	const char *detail = json_string_value(json_object_get(message, "detail"));

	if (type == NULL) {
		json_decref(message);
		return;
	}
	if (strcmp(type, "hello") == 0) {
		take_hello(remote, message);
	} else if (strcmp(type, "missed") == 0) {
		take_missed(remote, message);
	} else if (strcmp(type, "reset") == 0) {
		take_reset(remote, json_is_true(json_object_get(message, "ok")));
	} else if (strcmp(type, "refused") == 0 && text != NULL) {
		take_refused(remote, text);
	} else if (text != NULL || detail != NULL) {
		tell(remote, text != NULL ? text : detail);
	}
	json_decref(message);
}

static void take_message(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	struct remote *remote = context;

	if (is_text) {
		take_text(remote, bytes, size);
	} else if (size > 0) {
		remote->position += size;
		remote->feed.events.output(remote->feed.events.context, bytes, size);
	}
}

static bool go_on(void *context)
{
	struct remote *remote = context;

	return remote->feed.events.go_on(remote->feed.events.context);
}

/* Where to go on, or how much of before is wanted. A server that has started anew has seen nothing before: all that it has
 * is new then. */
static char *make_path(const struct remote *remote)
{
	char query[192];

	if (remote->epoch[0] != '\0') {
		snprintf(query, sizeof(query), "/console?from=%" PRIu64 "&epoch=%s&history=%d", remote->position,
			 remote->epoch, ALL_HISTORY);
	} else {
		snprintf(query, sizeof(query), "/console?history=%u", remote->feed.run->options->history);
	}
	return ff_http_path("/api/v1/boards/", remote->board, query);
}

/* A failure that may pass by itself; the first connection is held to be a mistake of the user's then all the same. */
static enum ff_feed_state judge(const struct ff_failure *failure)
{
	return ff_failure_may_pass(failure) ? FF_FEED_LOST : FF_FEED_FAILED;
}

static enum ff_feed_state explain_end(struct remote *remote, enum ff_channel_state state, struct ff_failure *failure)
{
	unsigned code = ff_channel_code(remote->channel);
	const char *reason = ff_channel_reason(remote->channel);

	if (code == FF_WEBSOCKET_TRY_LATER) {
		ff_failure_set(failure, "board-busy", "%s: %s", remote->board,
			       reason[0] != '\0' ? reason : "the board has too many listeners");
		return FF_FEED_FAILED;
	}
	if (state == FF_CHANNEL_CLOSED || code != FF_WEBSOCKET_NO_FRAME) {
		ff_failure_set(failure, "server-unreachable", "%s: the server ended the console", remote->board);
	} else {
		ff_failure_set(failure, "server-unreachable", "the connection to %s was lost (%s)",
			       ff_http_url(remote->api.http), reason);
	}
	return FF_FEED_LOST;
}

static enum ff_feed_state turn_remote(struct ff_feed *feed, struct ff_failure *failure)
{
	struct remote *remote = (struct remote *)feed;
	enum ff_channel_state state = ff_channel_turn(remote->channel);
	int64_t now_us = ff_now_us();

	if (state != FF_CHANNEL_UP) {
		return explain_end(remote, state, failure);
	}
	if (now_us - ff_channel_heard_us(remote->channel) > SILENCE_US) {
		ff_failure_set(failure, "server-unreachable", "the server at %s does not answer any more",
			       ff_http_url(remote->api.http));
		return FF_FEED_LOST;
	}
	if (now_us - remote->pinged_us > PING_US) {
		remote->pinged_us = now_us;
		ff_channel_ping(remote->channel);
	}
	if (remote->typed_us != 0 && now_us - remote->typed_us > HOLD_US) {
		release(remote);
	}
	return FF_FEED_UP;
}

static int fd_remote(struct ff_feed *feed, short *events)
{
	return ff_channel_fd(((struct remote *)feed)->channel, events);
}

static enum ff_feed_state wait_hello(struct remote *remote, struct ff_failure *failure)
{
	int64_t deadline_us = ff_deadline_ms(OPEN_MS);
	enum ff_feed_state state = turn_remote(&remote->feed, failure);

	while (state == FF_FEED_UP && !remote->greeted) {
		struct pollfd fd = { .fd = -1 };

		if (!go_on(remote)) {
			ff_failure_set(failure, "cancelled", "interrupted");
			return FF_FEED_FAILED;
		}
		if (ff_now_us() >= deadline_us) {
			ff_failure_set(failure, "server-unreachable", "the server at %s did not answer in time",
				       ff_http_url(remote->api.http));
			return FF_FEED_LOST;
		}
		fd.fd = fd_remote(&remote->feed, &fd.events);
		(void)!poll(&fd, 1, POLL_MS);
		state = turn_remote(&remote->feed, failure);
	}
	if (state == FF_FEED_LOST && remote->greeted) { /* it was open, and the next turn tells the loss again */
		*failure = (struct ff_failure){ .code = "" };
		return FF_FEED_UP;
	}
	return state;
}

static enum ff_feed_state open_remote(struct ff_feed *feed, struct ff_failure *failure)
{
	struct remote *remote = (struct remote *)feed;
	char *path = make_path(remote);
	const struct ff_channel_request request = { .path = path,
						    .max_message = MESSAGE_MAX,
						    .deadline_ms = OPEN_MS,
						    .message = take_message,
						    .go_on = go_on,
						    .context = remote };
	bool opened;

	ff_channel_free(remote->channel);
	remote->channel = NULL;
	remote->greeted = false;
	remote->typed_us = 0;
	remote->refused_us = 0;
	if (path == NULL) {
		ff_failure_set(failure, "no-memory", "out of memory");
		return FF_FEED_FAILED;
	}
	opened = ff_channel_open(&remote->channel, &remote->api, &request, failure);
	free(path);
	if (!opened) {
		remote->channel = NULL;
		ff_api_no_board(&remote->api, remote->board, failure);
		return judge(failure);
	}
	remote->pinged_us = ff_now_us();
	return wait_hello(remote, failure);
}

/* The console while a job is waited for: the server takes a peer that answers no ping for dead. How it ends, the next turn
 * tells again. */
static bool turn_meanwhile(void *context)
{
	struct remote *remote = context;
	struct ff_failure ignored = { .code = "" };

	(void)turn_remote(&remote->feed, &ignored);
	return true;
}

/* As a job, which waits for others and leaves nobody the board's writer. */
static bool begin_remote(struct ff_feed *feed, struct ff_failure *failure)
{
	struct remote *remote = (struct remote *)feed;
	json_t *job = NULL;
	bool good;

	remote->api.meanwhile = turn_meanwhile;
	remote->api.meanwhile_context = remote;
	good = ff_api_start(&remote->api, remote->board, "reset", &job, failure) &&
	       ff_follow_job(&remote->api, &job, feed->run->display, failure) && ff_job_check(job, failure);
	remote->api.meanwhile = NULL;
	json_decref(job);
	return good;
}

static size_t write_remote(struct ff_feed *feed, const uint8_t *bytes, size_t size)
{
	struct remote *remote = (struct remote *)feed;
	size_t room = ff_channel_room(remote->channel);

	size = size < WRITE_MAX ? size : WRITE_MAX;
	size = size < room ? size : room;
	if (size == 0 || !ff_channel_send(remote->channel, false, bytes, size)) {
		return 0;
	}
	remote->typed_us = ff_now_us();
	return size;
}

/* Has something done once; its refusal is worth a word even if the last is not long ago. */
static void order_once(struct remote *remote, const char *text)
{
	if (remote->refused_us != 0 && ff_now_us() - remote->refused_us < RARELY_US) {
		tell(remote, remote->refusal);
	} else {
		remote->refused_us = 0;
	}
	order(remote, text);
}

static void reset_remote(struct ff_feed *feed)
{
	order_once((struct remote *)feed, "{\"type\":\"reset\"}");
}

/* The break ends by itself, as long as the board is ours. */
static void break_remote(struct ff_feed *feed)
{
	struct remote *remote = (struct remote *)feed;

	order_once(remote, "{\"type\":\"break\",\"ms\":250}");
	remote->typed_us = ff_now_us();
}

static void close_remote(struct ff_feed *feed)
{
	struct remote *remote = (struct remote *)feed;

	if (remote->channel != NULL && remote->greeted) {
		ff_channel_close(remote->channel);
		(void)!ff_channel_turn(remote->channel);
	}
	ff_channel_free(remote->channel);
	ff_api_release(&remote->api);
	free(remote->board);
	free(remote);
}

static const struct ff_feed_ops remote_ops = { .open = open_remote,
					       .begin = begin_remote,
					       .turn = turn_remote,
					       .write = write_remote,
					       .reset = reset_remote,
					       .send_break = break_remote,
					       .fd = fd_remote,
					       .close = close_remote };

struct ff_feed *ff_feed_remote(struct ff_run *run, const struct ff_feed_events *events)
{
	struct remote *remote = calloc(1, sizeof(*remote));

	if (remote == NULL) {
		ff_failure_set(&run->failure, "no-memory", "out of memory");
		return NULL;
	}
	remote->feed = (struct ff_feed){ .ops = &remote_ops, .run = run, .events = *events };
	if (ff_api_init(&remote->api, run)) {
		remote->board = ff_api_choose_board(&remote->api, run->options->board, &run->failure);
	}
	if (remote->board == NULL) {
		close_remote(&remote->feed);
		return NULL;
	}
	remote->feed.board = remote->board;
	return &remote->feed;
}
