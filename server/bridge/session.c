// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "control.h"
#include "inner.h"

#define SLICE 512               /* received bytes that are run at once, if there may be anything but data in them */
#define SLICE_ITEMS (SLICE / 3) /* what they can put at most: a byte and two commands for each 8 bytes, and more */
#define SPARE_ITEMS 8           /* left for the end of the session */
#define OUT_HIGH 16384          /* no console output goes on top of more than this */
#define OUT_FULL 49152          /* nor does anything that will be answered */
#define TURNS 8                 /* rounds of reading or writing before others have their turn */
#define REFUSAL_PAUSE_US 2000000
#define HALF_CLOSED_US 10000000
#define LINE_SIZE 384

_Static_assert(OUT_HIGH * 3 < FF_SESSION_OUT_SIZE, "escaped output and answers fit");
_Static_assert(OUT_FULL + FF_ACCESS_ANSWER_MAX(SLICE) + SLICE_ITEMS * FF_ACCESS_REPLY_MAX +
			       FF_INPUT_ITEMS * FF_ACCESS_REPLY_MAX <
		       FF_SESSION_OUT_SIZE,
	       "answers, now and later, fit");

/* ---- what goes out ---- */

static size_t out_pending(const struct ff_session *session)
{
	return session->out_end - session->out_at;
}

void ff_session_send(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	if (session->broken) {
		return;
	}
	if (size > FF_SESSION_OUT_SIZE - session->out_end) {
		memmove(session->out, session->out + session->out_at, out_pending(session));
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

static void send_data(struct ff_session *session, const uint8_t *bytes, size_t size)
{
	if (session->rfc2217) {
		ff_access_send_data(&session->access, bytes, size);
	} else {
		ff_session_send(session, bytes, size);
	}
}

static void say(struct ff_session *session, const char *format, va_list arguments)
{
	char text[LINE_SIZE];
	char line[LINE_SIZE + 32];
	vsnprintf(text, sizeof(text), format, arguments);
	int size = snprintf(line, sizeof(line), "\r\n[farflash] %s\r\n", text);
	if (out_pending(session) < OUT_FULL) {
		send_data(session, (const uint8_t *)line, (size_t)size);
	}
}

void ff_session_say(struct ff_session *session, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(session, format, arguments);
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
	say(session, format, arguments);
	va_end(arguments);
}

/* Sends what the socket takes. True: all of it. */
static bool flush(struct ff_session *session)
{
	while (out_pending(session) > 0) {
		ssize_t sent =
			send(session->source.fd, session->out + session->out_at, out_pending(session), MSG_NOSIGNAL);
		if (sent < 0) {
			session->broken |= errno != EAGAIN && errno != EINTR;
			return false;
		}
		session->out_at += (size_t)sent;
	}
	session->out_at = 0;
	session->out_end = 0;
	return true;
}

/* ---- from the console ---- */

static bool is_holder(const struct ff_session *session)
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

/* Tools whose bytes these are do not expect words among them. */
static void tell_lost(struct ff_session *session, uint64_t lost)
{
	struct ff_room *room = session->source.room;
	ff_bridge_log(room->bridge, room, "%s is too slow: it missed %llu bytes of output", session->peer,
		      (unsigned long long)lost);
	if (!is_holder(session)) {
		ff_session_say(session, "%llu bytes of output are missing here: this connection is too slow",
			       (unsigned long long)lost);
	} else if (session->rfc2217) {
		ff_access_tell_line(&session->access, FF_COMPORT_LINE_OVERRUN);
	}
}

/* Appends a piece of the board's output, or a mark whose place has been reached. False: there is nothing new. */
static bool take_output(struct ff_session *session)
{
	struct ff_room *room = session->source.room;
	struct ff_console *console = ff_worker_console(room->worker);
	uint8_t bytes[OUT_HIGH];
	size_t most = sizeof(bytes);
	const struct ff_mark *mark = next_mark(session);
	if (mark && mark->at <= session->position) {
		session->marks++;
		if (!is_holder(session)) {
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
		tell_lost(session, session->position - got - before);
	}
	if (got > 0) {
		send_data(session, bytes, got);
	}
	if (is_holder(session) && ff_console_follow(console, session->position)) {
		ff_worker_wake(room->worker);
	}
	return got > 0;
}

/* True: there is more, and the peer takes it. */
static bool write_output(struct ff_session *session)
{
	for (int i = 0; i < TURNS; i++) {
		bool more = out_pending(session) >= OUT_HIGH; /* once that has gone */
		if (!more && !(session->rfc2217 && session->access.suspended)) {
			more = take_output(session);
		}
		if (!flush(session) || !more) {
			return false;
		}
	}
	return true;
}

/* ---- to the board ---- */

static void put_bytes(struct ff_session *session, const uint8_t *bytes, size_t size)
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

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	put_bytes(context, bytes, size);
}

static void on_request(void *context, enum ff_comport_code code, uint32_t value)
{
	ff_control_request(context, code, value);
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

static const struct ff_access_events events = {
	.data = on_data,
	.request = on_request,
	.agreed = on_agreed,
	.send = on_send,
};

/* How many of the bytes at hand can be run now; 0: there is no room for what they may put. */
static size_t next_slice(const struct ff_session *session)
{
	struct ff_input *input = ff_worker_input(session->source.room->worker);
	const uint8_t *bytes = session->in + session->in_at;
	size_t size = session->in_end - session->in_at;
	bool only_data = !session->rfc2217 ||
			 (ff_telnet_is_in_data(&session->access.telnet) && !memchr(bytes, FF_TELNET_IAC, size));
	if (only_data) {
		size_t items = 1 + SPARE_ITEMS;
		return ff_input_has_room(input, size, items) ? size : 0;
	}
	size = size < SLICE ? size : SLICE;
	return out_pending(session) <= OUT_FULL && ff_input_has_room(input, size, SLICE_ITEMS + SPARE_ITEMS) ? size : 0;
}

static void run_input(struct ff_session *session)
{
	bool any = false;
	while (session->in_at < session->in_end && !session->doomed) {
		size_t size = next_slice(session);
		if (size == 0) {
			break;
		}
		const uint8_t *bytes = session->in + session->in_at;
		if (session->rfc2217) {
			ff_access_receive(&session->access, bytes, size);
		} else {
			put_bytes(session, bytes, size);
		}
		session->in_at += size;
		any = true;
	}
	if (any && is_holder(session)) {
		ff_worker_wake(session->source.room->worker);
	}
}

/* The peer of a raw port sends no more, but may want to read what comes of it: it stays for a little while. */
static void end_input(struct ff_session *session)
{
	if (session->rfc2217) {
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
	ssize_t got = recv(session->source.fd, session->in, sizeof(session->in), 0);
	if (got < 0) {
		session->doomed = errno != EAGAIN && errno != EINTR;
		return false;
	}
	if (got == 0) {
		end_input(session);
		return false;
	}
	session->in_at = 0;
	session->in_end = (size_t)got;
	return true;
}

/* ---- the whole ---- */

bool ff_session_serve(struct ff_session *session, bool readable)
{
	int64_t now = ff_now_us();
	bool more = false;
	if (session->match.deadline_us <= now) {
		ff_control_expire(session, now);
	}
	session->doomed |= session->half_closed && (session->closing_us <= now || session->broken);
	run_input(session);
	while ((readable || session->broken) && read_peer(session)) {
		run_input(session);
		readable = false;
	}
	if (!session->doomed && !session->broken) {
		more = write_output(session);
	}
	if (session->broken) {
		more = session->in_at == session->in_end; /* until the read fails too */
	}
	return more && !session->doomed;
}

uint32_t ff_session_wants(const struct ff_session *session)
{
	bool reads = session->in_at == session->in_end && !session->half_closed;
	return (reads ? EPOLLIN : 0u) | (out_pending(session) > 0 ? EPOLLOUT : 0u);
}

int64_t ff_session_deadline(const struct ff_session *session)
{
	int64_t closing = session->half_closed ? session->closing_us : INT64_MAX;
	return closing < session->match.deadline_us ? closing : session->match.deadline_us;
}

void ff_session_describe(const struct ff_session *session, char *text, size_t size)
{
	snprintf(text, size, "%s client at %s", session->rfc2217 ? "RFC 2217" : "raw TCP", session->peer);
}

static void name_peer(struct ff_session *session)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "?";
	char port[8] = "?";
	if (getpeername(session->source.fd, (struct sockaddr *)&address, &size) == 0) {
		(void)!getnameinfo((struct sockaddr *)&address, size, host, sizeof(host), port, sizeof(port),
				   NI_NUMERICHOST | NI_NUMERICSERV);
	}
	bool brackets = strchr(host, ':') != NULL;
	snprintf(session->peer, sizeof(session->peer), "%s%s%s:%s", brackets ? "[" : "", host, brackets ? "]" : "",
		 port);
}

struct ff_session *ff_session_new(struct ff_room *room, int fd, uint64_t id, bool rfc2217)
{
	struct ff_session *session = malloc(sizeof(*session)); /* its buffers take memory only when they are used */
	if (!session) {
		return NULL;
	}
	memset(session, 0, offsetof(struct ff_session, in));
	session->source = (struct ff_watched){ .kind = FF_WATCHED_SESSION, .fd = fd, .room = room };
	session->id = id;
	session->rfc2217 = rfc2217;
	session->position = ff_console_end(ff_worker_console(room->worker));
	session->marks = room->mark_count;
	name_peer(session);
	snprintf(session->signature, sizeof(session->signature), "farflashd %.*s",
		 (int)(sizeof(session->signature) - sizeof("farflashd ")), ff_worker_name(room->worker));
	ff_access_init(&session->access, &events, session, session->signature, ff_room_modem(room));
	ff_reset_match_init(&session->match);
	return session;
}
