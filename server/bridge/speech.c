// SPDX-License-Identifier: Apache-2.0
/* Raw TCP and RFC 2217: bytes with or without telnet around them. */
#include "speech.h"

#include <stdio.h>
#include <string.h>

#include "control.h"
#include "inner.h"
#include "session.h"
#include "tunnel.h"

#define SLICE 512               /* received bytes that are run at once, if there may be anything but data in them */
#define SLICE_ITEMS (SLICE / 3) /* what they can put at most: a byte and two commands for each 8 bytes, and more */
#define LINE_SIZE 416

_Static_assert(FF_SESSION_OUT_FULL + FF_ACCESS_ANSWER_MAX(SLICE) + SLICE_ITEMS * FF_ACCESS_REPLY_MAX +
			       FF_INPUT_ITEMS * FF_ACCESS_REPLY_MAX <
		       FF_SESSION_OUT_SIZE,
	       "answers, now and later, fit");

/* Words look the same on both. */
static void tell(struct ff_session *session, enum ff_tell kind, const char *text)
{
	char line[LINE_SIZE];
	(void)kind;
	int size = snprintf(line, sizeof(line), "\r\n[farflash] %.380s\r\n", text);
	session->speech->output(session, (const uint8_t *)line, (size_t)size);
}

static void tell_missed(struct ff_session *session, uint64_t bytes)
{
	ff_session_say(session, "%llu bytes of output are missing here: this connection is too slow",
		       (unsigned long long)bytes);
}

static const uint8_t *input_of(const struct ff_session *session, size_t *size)
{
	*size = session->in_end - session->in_at;
	return session->in + session->in_at;
}

/* ---- raw ---- */

static bool run_raw(struct ff_session *session)
{
	size_t size;
	const uint8_t *bytes = input_of(session, &size);
	if (size == 0 || !ff_session_may_put(session, size, 1)) {
		return false;
	}
	ff_session_put(session, bytes, size);
	session->in_at += size;
	return true;
}

/* Tools whose bytes these are do not expect words among them. */
static void missed_raw(struct ff_session *session, uint64_t bytes)
{
	if (!ff_session_is_holder(session)) {
		tell_missed(session, bytes);
	}
}

const struct ff_speech ff_speech_raw = {
	.name = "raw TCP",
	.stays_to_read = true,
	.output = ff_session_send,
	.tell = tell,
	.missed = missed_raw,
	.run = run_raw,
};

/* ---- RFC 2217 ---- */

static void output_rfc2217(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	ff_resync_heard(&session->resync, bytes, size);
	ff_access_send_data(&session->access, bytes, size);
}

static void missed_rfc2217(struct ff_session *session, uint64_t bytes)
{
	if (ff_session_is_holder(session)) {
		ff_access_tell_line(&session->access, FF_COMPORT_LINE_OVERRUN);
	} else {
		tell_missed(session, bytes);
	}
}

static bool is_suspended(const struct ff_session *session)
{
	return session->access.suspended;
}

/* How many of the bytes at hand can be run now; 0: there is no room for what they may put. */
static size_t next_slice(const struct ff_session *session)
{
	size_t size;
	const uint8_t *bytes = input_of(session, &size);
	if (ff_telnet_is_in_data(&session->access.telnet) && !memchr(bytes, FF_TELNET_IAC, size)) {
		return ff_session_may_put(session, size, 1) ? size : 0;
	}
	size = size < SLICE ? size : SLICE;
	bool answers = ff_session_pending(session) <= FF_SESSION_OUT_FULL;
	return answers && ff_session_may_put(session, size, SLICE_ITEMS) ? size : 0;
}

static bool run_rfc2217(struct ff_session *session)
{
	bool any = false;
	while (session->in_at < session->in_end && !session->doomed) {
		size_t size = next_slice(session);
		if (size == 0) {
			break;
		}
		ff_access_receive(&session->access, session->in + session->in_at, size);
		session->in_at += size;
		any = true;
	}
	return any;
}

static int64_t tick_rfc2217(struct ff_session *session, int64_t now_us)
{
	if (session->match.deadline_us <= now_us) {
		ff_control_expire(session, now_us);
	}
	return session->match.deadline_us;
}

const struct ff_speech ff_speech_rfc2217 = {
	.name = "RFC 2217",
	.watches_lines = true,
	.output = output_rfc2217,
	.tell = tell,
	.missed = missed_rfc2217,
	.is_suspended = is_suspended,
	.run = run_rfc2217,
	.done = ff_control_done,
	.tick = tick_rfc2217,
};

/* ---- RFC 2217 in a tunnel ---- */

/* The user reads beside the bytes, too: there are tools that throw words among them away. */
static void tell_tunnel(struct ff_session *session, enum ff_tell kind, const char *text)
{
	if (kind == FF_TELL_REFUSED) {
		ff_tunnel_tell(session, "refused", text);
	}
	tell(session, kind, text);
}

static void missed_tunnel(struct ff_session *session, uint64_t bytes)
{
	char text[96];
	snprintf(text, sizeof(text), "%llu bytes of the board's output are missing: the connection is too slow",
		 (unsigned long long)bytes);
	ff_tunnel_tell(session, "missed", text);
	missed_rfc2217(session, bytes);
}

static int64_t tick_tunnel(struct ff_session *session, int64_t now_us)
{
	int64_t match_us = tick_rfc2217(session, now_us);
	int64_t tunnel_us = ff_tunnel_tick(session, now_us);
	return match_us < tunnel_us ? match_us : tunnel_us;
}

const struct ff_speech ff_speech_tunnel = {
	.name = "tunnel",
	.patience_ms = FF_TUNNEL_GRACE_S * 1000, /* it may be away for so long, and shall miss nothing */
	.watches_lines = true,
	.output = output_rfc2217,
	.tell = tell_tunnel,
	.missed = missed_tunnel,
	.is_suspended = is_suspended,
	.run = run_rfc2217,
	.done = ff_control_done,
	.tick = tick_tunnel,
};

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	struct ff_session *session = context;
	ff_resync_sent(&session->resync, bytes, size);
	ff_session_put(session, bytes, size);
}

static void on_request(void *context, enum ff_comport_code code, uint32_t value)
{
	struct ff_session *session = context;
	ff_control_request(session, code, value);
	bool purges = code == FF_COMPORT_PURGE_DATA && (value & FF_COMPORT_PURGE_RX);
	size_t again = ff_resync_request(&session->resync, purges);
	if (again > 0 && session->source.room->smart && ff_session_is_holder(session)) {
		ff_access_send_data(&session->access, session->resync.answer, again);
	}
}

static void on_agreed(void *context)
{
	struct ff_session *session = context;
	session->access.modem = ff_room_modem(session->source.room);
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	ff_session_send(context, bytes, size);
}

const struct ff_access_events ff_speech_access_events = {
	.data = on_data,
	.request = on_request,
	.agreed = on_agreed,
	.send = on_send,
};
