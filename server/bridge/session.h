// SPDX-License-Identifier: Apache-2.0
/* One connection to a board: what is the same for all of them, whatever they speak (speech.h).
 *
 * What the board says comes out of its console, at this session's own pace; one that is too slow loses the oldest of it and
 * is told how much. What the peer sends goes into the board's input; while that is full, nothing is read from the peer. All
 * buffers have a fixed size. Belongs to the bridge's thread. */
#ifndef FF_BRIDGE_SESSION_H
#define FF_BRIDGE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "listen.h"
#include "reset_match.h"
#include "resync.h"
#include "room.h"
#include "speech.h"

#define FF_SESSION_IN_SIZE 16384
#define FF_SESSION_OUT_SIZE 81920
#define FF_SESSION_PEER_SIZE 64
#define FF_SESSION_OUT_FULL 49152 /* nothing goes on top of more than this that can wait, or that will be answered */

struct ff_tunnel;
struct ff_web;
struct ff_talk;

struct ff_session {
	struct ff_watched source; /* first */
	struct ff_session *next;  /* in its room */
	uint64_t id;
	uint64_t lease; /* that it comes with, or came with: for good; 0: none */
	const struct ff_speech *speech;
	const struct ff_wire *wire;
	struct ff_web *web;       /* a WebSocket's part; NULL: it has none */
	struct ff_talk *talk;     /* a console's part; the same */
	struct ff_tunnel *tunnel; /* a tunnel's part; the same */
	bool unread;              /* the wire holds bytes, or its end, of which nobody will be told */
	bool doomed;              /* to be closed at the end of the turn */
	bool broken;              /* nothing can be sent any more; what had come before is still read to its end */
	bool unwatched;           /* the event loop looks at it no more */
	bool gone;                /* closed; its memory goes when no event can mean it any more */
	bool half_closed;         /* the peer sends no more, but may still read */
	uint32_t events;          /* that the event loop waits for */
	int64_t closing_us;       /* when a half closed one ends */
	int64_t tick_us;          /* when its speech wants its turn; INT64_MAX: never */
	int64_t quiet_us;         /* until when refusals are not repeated */
	uint64_t position;        /* in the console */
	unsigned purges; /* of what the board has said, still to be made: until then nothing of that goes out */
	uint64_t marks;  /* that have been told */
	struct ff_access access;
	struct ff_reset_match match;
	struct ff_resync resync;
	char peer[FF_SESSION_PEER_SIZE]; /* "192.0.2.7:50123" */
	char host
		[FF_LISTEN_ADDRESS_SIZE]; /* "192.0.2.7"; empty: another kind of socket, or one that brings a lease itself */
	char signature[FF_ACCESS_SIGNATURE_MAX + 1];
	size_t in_at;
	size_t in_end;
	size_t out_at;
	size_t out_end;
	uint8_t in[FF_SESSION_IN_SIZE];
	uint8_t out[FF_SESSION_OUT_SIZE];
};

/* A session for an accepted connection, with a plain socket that reads from now on; free() it. NULL: out of memory. */
struct ff_session *ff_session_new(struct ff_room *room, int fd, uint64_t id, const struct ff_speech *speech);

/* Reads, runs and writes what can be. `readable`: there may be something to read. True: there is more to do, without
 * waiting. */
bool ff_session_serve(struct ff_session *session, bool readable);

/* The events of epoll that it waits for. */
uint32_t ff_session_wants(const struct ff_session *session);

/* When it wants to be served whatever happens; INT64_MAX: not by the clock. */
int64_t ff_session_deadline(const struct ff_session *session);

/* A line of text for the people at the other end. */
void ff_session_say(struct ff_session *session, const char *format, ...) FF_PRINTF(2, 3);

/* The same about something that may happen again and again: at most one every two seconds. */
void ff_session_refuse(struct ff_session *session, const char *format, ...) FF_PRINTF(2, 3);

/* ---- for speeches and wires ---- */

/* Appends to what goes out. */
void ff_session_send(struct ff_session *session, const uint8_t *bytes, size_t size);

/* How many bytes wait to go out. */
size_t ff_session_pending(const struct ff_session *session);

bool ff_session_is_holder(const struct ff_session *session);

/* Whether the board's input has room for so many bytes and items, and some are left for the end of the session. */
bool ff_session_may_put(const struct ff_session *session, size_t bytes, size_t items);

/* Puts bytes for the board, for which there is room, if the session may write. */
void ff_session_put(struct ff_session *session, const uint8_t *bytes, size_t size);

/* ff_wire.flush of sockets. */
bool ff_wire_flush_socket(struct ff_session *session);

extern const struct ff_access_events ff_speech_access_events;

/* Who it is, for people. */
void ff_session_describe(const struct ff_session *session, char *text, size_t size);

#endif
