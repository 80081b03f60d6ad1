// SPDX-License-Identifier: Apache-2.0
#include "talk.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bytes.h"
#include "control.h"
#include "inner.h"
#include "utf8.h"
#include "web.h"

#define LONGEST_ORDER 256 /* bytes of a text message; bounds how deep the parser goes, too */
#define LONGEST_BREAK_MS 5000
#define USUAL_BREAK_MS 250

/* Of commands; below those of control.c. */
enum { TAG_RESET = 1, TAG_BREAK };

/* Messages wait in session->in as they came, each behind such a head, so that neither orders nor bytes overtake each other
 * and nothing is read while one of them cannot be run. */
enum record_kind { RECORD_BYTES, RECORD_ORDER, RECORD_TOO_LONG };

#define RECORD_HEAD 3 /* its kind and its size; the frame's own head is longer, so that what fits as frames, fits */

enum order_kind { ORDER_RESET, ORDER_BREAK, ORDER_BAUD, ORDER_RELEASE };

struct order {
	enum order_kind kind;
	uint32_t value;
};

struct ff_talk {
	uint32_t break_ms;
	int64_t break_until_us; /* INT64_MAX: there is none, or it has not begun */
};

/* ---- to the peer ---- */

/* Takes the reference. */
static void say(struct ff_session *session, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	json_decref(message);
	if (text) {
		ff_web_send(session, true, text, strlen(text));
		free(text);
	}
}

static void say_error(struct ff_session *session, const char *code, const char *detail)
{
	say(session, json_pack("{s:s, s:s, s:s}", "type", "error", "code", code, "detail", detail));
}

static void output(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	ff_web_send(session, false, bytes, size);
}

static void tell(struct ff_session *session, enum ff_tell kind, const char *text)
{
	say(session, json_pack("{s:s, s:o}", "type", kind == FF_TELL_REFUSED ? "refused" : "notice", "text",
			       ff_utf8_json((const uint8_t *)text, strlen(text))));
}

static void missed(struct ff_session *session, uint64_t bytes)
{
	say(session, json_pack("{s:s, s:I}", "type", "missed", "bytes", (json_int_t)bytes));
}

static void done(struct ff_session *session, const struct ff_input_done *done)
{
	if (done->tag == TAG_RESET) {
		say(session, json_pack("{s:s, s:b}", "type", "reset", "ok", done->status == FF_OK));
	} else if (done->tag == TAG_BREAK) {
		session->talk->break_until_us = ff_deadline_ms(session->talk->break_ms);
	}
}

/* ---- from the peer ---- */

static bool number_of(const json_t *message, const char *key, uint32_t usual, uint32_t most, uint32_t *value)
{
	const json_t *number = json_object_get(message, key);
	json_int_t given = number ? json_integer_value(number) : (json_int_t)usual;
	*value = (uint32_t)given;
	return given > 0 && given <= (json_int_t)most;
}

/* NULL, or what is wrong with it. */
static const char *read_order(struct order *order, const json_t *message)
{
	const char *type = json_string_value(json_object_get(message, "type"));
	if (!type) {
		return "a text message is a JSON object with a \"type\"";
	}
	if (strcmp(type, "reset") == 0) {
		order->kind = ORDER_RESET;
	} else if (strcmp(type, "release") == 0) {
		order->kind = ORDER_RELEASE;
	} else if (strcmp(type, "break") == 0) {
		order->kind = ORDER_BREAK;
		if (!number_of(message, "ms", USUAL_BREAK_MS, LONGEST_BREAK_MS, &order->value)) {
			return "the \"ms\" of a break are from 1 to 5000";
		}
	} else if (strcmp(type, "baud") == 0) {
		order->kind = ORDER_BAUD;
		if (!number_of(message, "rate", 0, FF_CONTROL_HIGHEST_BAUD, &order->value) ||
		    order->value < FF_CONTROL_LOWEST_BAUD) {
			return "the \"rate\" is from 50 to 4000000";
		}
	} else {
		return "the \"type\" is none of reset, break, baud and release";
	}
	return NULL;
}

static void on_message(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	struct ff_session *session = context;
	enum record_kind kind = is_text ? RECORD_ORDER : RECORD_BYTES;
	if (is_text && size > LONGEST_ORDER) {
		kind = RECORD_TOO_LONG;
		size = 0;
	}
	uint8_t *record = session->in + session->in_end;
	record[0] = (uint8_t)kind;
	ff_put_le16(record + 1, (uint16_t)size);
	memcpy(record + RECORD_HEAD, bytes, size);
	session->in_end += RECORD_HEAD + size;
}

/* ---- to the board ---- */

static void release(struct ff_session *session)
{
	session->talk->break_until_us = INT64_MAX;
	ff_room_leave(session->source.room, session);
}

/* One that comes before another has ended takes its place: the end of the first is none for this one. */
static void send_break(struct ff_session *session, uint32_t ms)
{
	static const struct ff_input_command on = { .kind = FF_INPUT_BREAK, .value = 1 };
	if (ff_control_put(session, TAG_BREAK, &on)) {
		session->talk->break_ms = ms;
		session->talk->break_until_us = INT64_MAX;
	}
}

static void end_break(struct ff_session *session)
{
	static const struct ff_input_command off = { .kind = FF_INPUT_BREAK };
	session->talk->break_until_us = INT64_MAX;
	if (ff_session_is_holder(session)) {
		(void)ff_control_put(session, 0, &off);
	}
}

static void run_order(struct ff_session *session, const struct order *order)
{
	const struct ff_input_command baud = { .kind = FF_INPUT_BAUD, .value = order->value };
	switch (order->kind) {
	case ORDER_RESET:
		if (!session->source.room->has_lines) {
			say_error(session, "unsupported",
				  "the board's port has no control lines: press its reset button");
		} else {
			(void)ff_control_reset(session, TAG_RESET);
		}
		break;
	case ORDER_BREAK:
		send_break(session, order->value);
		break;
	case ORDER_BAUD:
		(void)ff_control_put(session, 0, &baud);
		break;
	case ORDER_RELEASE:
		release(session);
		break;
	}
}

static void run_text(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	struct order order = { .value = 0 };
	json_t *message = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);
	const char *wrong = read_order(&order, message);
	json_decref(message);
	if (wrong) {
		say_error(session, "invalid-argument", wrong);
	} else {
		run_order(session, &order);
	}
}

static void run_record(struct ff_session *session, enum record_kind kind, const uint8_t *bytes, size_t size)
{
	switch (kind) {
	case RECORD_BYTES:
		if (size > 0) {
			ff_session_put(session, bytes, size);
		}
		break;
	case RECORD_ORDER:
		run_text(session, bytes, size);
		break;
	case RECORD_TOO_LONG:
		say_error(session, "invalid-argument", "a text message has at most 256 bytes");
		break;
	}
}

static bool run(struct ff_session *session)
{
	bool any = false;
	while (session->in_at < session->in_end && !session->doomed) {
		const uint8_t *record = session->in + session->in_at;
		enum record_kind kind = record[0];
		size_t size = ff_get_le16(record + 1);
		bool answers = kind == RECORD_BYTES || ff_session_pending(session) <= FF_SESSION_OUT_FULL;
		if (!answers || !ff_session_may_put(session, size, 1)) {
			break;
		}
		session->in_at += RECORD_HEAD + size;
		run_record(session, kind, record + RECORD_HEAD, size);
		any = true;
	}
	return any;
}

static int64_t tick(struct ff_session *session, int64_t now_us)
{
	int64_t next = ff_web_tick(session, now_us);
	struct ff_talk *talk = session->talk;
	if (talk->break_until_us <= now_us && ff_session_may_put(session, 0, 1)) {
		end_break(session);
	}
	return talk->break_until_us < next ? talk->break_until_us : next;
}

static void free_talk(struct ff_session *session)
{
	free(session->talk);
}

static const struct ff_speech speech_console = {
	.name = "console",
	.stays_to_read = true, /* until the close frame has gone out */
	.hears_all_marks = true,
	.output = output,
	.tell = tell,
	.missed = missed,
	.run = run,
	.done = done,
	.tick = tick,
	.release = free_talk,
};

/* ---- the beginning ---- */

static void say_hello(struct ff_session *session)
{
	struct ff_room *room = session->source.room;
	struct ff_board_view view;
	ff_worker_view(room->worker, &view);
	say(session, json_pack("{s:s, s:s, s:s, s:I, s:s, s:s?}", "type", "hello", "board",
			       ff_worker_name(room->worker), "epoch", ff_console_epoch(ff_worker_console(room->worker)),
			       "position", (json_int_t)session->position, "state", ff_board_state_name(view.state),
			       "writer", view.holder.kind != FF_HOLDER_NONE ? view.holder.name : NULL));
}

bool ff_talk_open(struct ff_session *session, struct ff_guest *guest)
{
	struct ff_talk *talk = calloc(1, sizeof(*talk));
	if (!talk) {
		return false;
	}
	talk->break_until_us = INT64_MAX;
	session->talk = talk;
	session->speech = &speech_console;
	if (!ff_web_open(session, guest, on_message)) {
		free(talk);
		return false;
	}
	session->position = ff_console_place(ff_worker_console(session->source.room->worker), guest->resumes,
					     guest->epoch, guest->position, guest->history);
	say_hello(session);
	return true;
}
