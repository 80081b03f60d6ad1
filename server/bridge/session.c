// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "control.h"
#include "inner.h"
#include "listen.h"

#define SPARE_ITEMS 8                 /* left for the end of the session */
#define OUT_HIGH FF_SPEECH_OUTPUT_MAX /* no console output goes on top of more than this */
#define TURNS 8                       /* rounds of reading or writing before others have their turn */
#define REFUSAL_PAUSE_US 2000000
#define HALF_CLOSED_US 10000000
#define LINE_SIZE 384

_Static_assert(OUT_HIGH * 3 < FF_SESSION_OUT_SIZE, "escaped output and answers fit");

/* ---- what goes out ---- */

size_t ff_session_pending(const struct ff_session *session)
{
	return session->out_end - session->out_at;
}

void ff_session_send(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	if (session->broken) {
		return;
	}
	if (size > FF_SESSION_OUT_SIZE - session->out_end) {
		memmove(session->out, session->out + session->out_at, ff_session_pending(session));
		session->out_end -= session->out_at;
		session->out_at = 0;
	}
	if (size > FF_SESSION_OUT_SIZE - session->out_end) {
		session->doomed = true; /* a peer that asks and never reads */
		return;
	}
	memcpy(session->out + session->out_end, bytes, size);
	session->out_end += size;
}

static FF_PRINTF(3, 0) void say(struct ff_session *session, enum ff_tell kind, const char *format, va_list arguments)
{
	char text[LINE_SIZE];
	vsnprintf(text, sizeof(text), format, arguments);
	if (ff_session_pending(session) < FF_SESSION_OUT_FULL) {
		session->speech->tell(session, kind, text);
	}
}

void ff_session_say(struct ff_session *session, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(session, FF_TELL_NOTICE, format, arguments);
	va_end(arguments);
}

void ff_session_refuse(struct ff_session *session, const char *format, ...)
{
	int64_t now = ff_now_us();
	if (now < session->quiet_us) {
		return;
	}
	session->quiet_us = now + REFUSAL_PAUSE_US;
	va_list arguments;
	va_start(arguments, format);
	say(session, FF_TELL_REFUSED, format, arguments);
	va_end(arguments);
}

/* ---- from the console ---- */

bool ff_session_is_holder(const struct ff_session *session)
{
	return session->source.room->holder == session;
}

/* The next mark that this session has not been told; NULL: none. Marks that the ring has left behind are gone. */
static const struct ff_mark *next_mark(struct ff_session *session)
{
	const struct ff_room *room = session->source.room;
	if (room->mark_count - session->marks > FF_ROOM_MARKS) {
		session->marks = room->mark_count - FF_ROOM_MARKS;
	}
	return session->marks < room->mark_count ? &room->marks[session->marks % FF_ROOM_MARKS] : NULL;
}

static void tell_missed(struct ff_session *session, uint64_t missed)
{
	struct ff_room *room = session->source.room;
	ff_bridge_log(room->bridge, room, "%s is too slow: it missed %llu bytes of output", session->peer,
		      (unsigned long long)missed);
	session->speech->missed(session, missed);
}

/* Appends a piece of the board's output, or a mark whose place has been reached. False: there is nothing new. */
static bool take_output(struct ff_session *session)
{
	struct ff_room *room = session->source.room;
	struct ff_console *console = ff_worker_console(room->worker);
	uint8_t bytes[OUT_HIGH];
	size_t most = sizeof(bytes);
	if (session->purges > 0) {
		return false;
	}
	const struct ff_mark *mark = next_mark(session);
	if (mark && mark->at <= session->position) {
		session->marks++;
		if (session->speech->hears_all_marks || !ff_session_is_holder(session)) {
			ff_session_say(session, "%s", mark->text);
		}
		return true;
	}
	if (mark && mark->at - session->position < most) {
		most = (size_t)(mark->at - session->position);
	}
	uint64_t before = session->position;
	size_t got = ff_console_read(console, &session->position, bytes, most);
	if (session->position - got != before) {
		tell_missed(session, session->position - got - before);
	}
	if (got > 0) {
		session->speech->output(session, bytes, got);
	}
	if (ff_session_is_holder(session)) {
		ff_console_set_patience(console, session->speech->patience_ms);
	}
	if (ff_session_is_holder(session) && ff_console_follow(console, session->position)) {
		ff_worker_wake(room->worker);
	}
	return got > 0;
}

/* True: there is more, and the peer takes it. */
static bool write_output(struct ff_session *session)
{
	for (int i = 0; i < TURNS; i++) {
		bool more = ff_session_pending(session) >= OUT_HIGH; /* once that has gone */
		if (!more && !(session->speech->is_suspended && session->speech->is_suspended(session))) {
			more = take_output(session);
		}
		if (!session->wire->flush(session) || !more) {
			return false;
		}
	}
	return true;
}

/* ---- to the board ---- */

bool ff_session_may_put(const struct ff_session *session, size_t bytes, size_t items)
{
	return ff_input_has_room(ff_worker_input(session->source.room->worker), bytes, items + SPARE_ITEMS);
}

void ff_session_put(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	struct ff_room *room = session->source.room;
	if (!ff_room_claim(room, session)) {
		return;
	}
	/* There is room, or this would not have been reached. */
	if (ff_input_put_bytes(ff_worker_input(room->worker), session->id, bytes, size) != size) {
		session->doomed = true;
	}
}

static void run_input(struct ff_session *session)
{
	if (!session->doomed && session->speech->run(session) && ff_session_is_holder(session)) {
		ff_worker_wake(session->source.room->worker);
	}
}

/* The peer sends no more, but may want to read what comes of it: then it stays for a little while. */
static void end_input(struct ff_session *session)
{
	if (!session->speech->stays_to_read) {
		session->doomed = true;
		return;
	}
	session->half_closed = true;
	session->closing_us = ff_now_us() + HALF_CLOSED_US;
	ff_room_leave(session->source.room, session);
}

/* True: something came. */
static bool read_peer(struct ff_session *session)
{
	if (session->in_at < session->in_end || session->half_closed || session->doomed) {
		return false;
	}
	switch (session->wire->read(session)) {
	case FF_WIRE_SOME:
		return true;
	case FF_WIRE_END:
		end_input(session);
		return false;
	case FF_WIRE_BROKEN:
		session->doomed = true;
		return false;
	default:
		return false;
	}
}

/* ---- the whole ---- */

/* Ends it if its peer may not be there any more: what let it in may have gone since, or expired, of which nobody tells. Before
 * anything is taken from the peer. */
static void check_pass(struct ff_session *session)
{
	const struct ff_guest *guest = session->wire->guest ? session->wire->guest(session) : NULL;
	if (session->doomed || !guest || !guest->admitted || guest->admitted(guest->pass)) {
		return;
	}
	ff_bridge_log(session->source.room->bridge, session->source.room,
		      "%s is turned out: its token is not in force any more", session->peer);
	if (session->wire->part) {
		session->wire->part(session, "the token is not in force any more");
	}
	session->doomed = true;
}

static void tick(struct ff_session *session, int64_t now_us)
{
	if (session->speech->tick && !session->doomed) {
		session->tick_us = session->speech->tick(session, now_us);
	}
}

bool ff_session_serve(struct ff_session *session, bool readable)
{
	int64_t now = ff_now_us();
	bool more = false;
	check_pass(session);
	tick(session, now);
	if (session->wire->pump) {
		session->wire->pump(session, readable);
	}
	session->doomed |= session->half_closed && (session->closing_us <= now || session->broken);
	run_input(session);
	while ((readable || session->broken || session->unread) && read_peer(session)) {
		run_input(session);
		readable = false;
	}
	if (!session->doomed && !session->broken) {
		more = write_output(session);
	}
	if (session->broken) {
		more = session->in_at == session->in_end; /* until the read fails too */
	}
	tick(session, now); /* for the next time */
	more |= session->unread && session->in_at == session->in_end && (ff_session_wants(session) & EPOLLIN);
	return more && !session->doomed;
}

uint32_t ff_session_wants(const struct ff_session *session)
{
	if (session->wire->wants) {
		return session->wire->wants(session);
	}
	bool reads = session->in_at == session->in_end && !session->half_closed &&
		     ff_session_pending(session) <= FF_SESSION_OUT_FULL;
	return (reads ? EPOLLIN : 0u) | (ff_session_pending(session) > 0 ? EPOLLOUT : 0u);
}

int64_t ff_session_deadline(const struct ff_session *session)
{
	int64_t closing = session->half_closed ? session->closing_us : INT64_MAX;
	return closing < session->tick_us ? closing : session->tick_us;
}

void ff_session_describe(const struct ff_session *session, char *text, size_t size)
{
	snprintf(text, size, "%s client at %s", session->speech->name, session->peer);
}

struct ff_session *ff_session_new(struct ff_room *room, int fd, uint64_t id, const struct ff_speech *speech)
{
	struct ff_session *session = malloc(sizeof(*session)); /* its buffers take memory only when they are used */
	if (!session) {
		return NULL;
	}
	memset(session, 0, offsetof(struct ff_session, in));
	session->source = (struct ff_watched){ .kind = FF_WATCHED_SESSION, .fd = fd, .room = room };
	session->id = id;
	session->speech = speech;
	session->wire = &ff_wire_socket;
	session->tick_us = INT64_MAX;
	session->position = ff_console_end(ff_worker_console(room->worker));
	session->marks = room->mark_count;
	ff_listen_peer(fd, session->peer, sizeof(session->peer));
	ff_listen_peer_address(session->peer, session->host);
	snprintf(session->signature, sizeof(session->signature), "farflashd %.*s",
		 (int)(sizeof(session->signature) - sizeof("farflashd ")), ff_worker_name(room->worker));
	ff_access_init(&session->access, &ff_speech_access_events, session, session->signature, ff_room_modem(room));
	ff_reset_match_init(&session->match);
	ff_resync_init(&session->resync, false);
	return session;
}
