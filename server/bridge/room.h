// SPDX-License-Identifier: Apache-2.0
/* A board as its sessions share it. Everyone reads. The first session that writes, moves a line or changes a setting
 * becomes the holder, until it goes; what others send meanwhile is refused, in words. While the board is leased, only
 * sessions of the lease can do so, and when the lease ends, they have written for the last time. All of it belongs to the
 * bridge's thread. */
#ifndef FF_BRIDGE_ROOM_H
#define FF_BRIDGE_ROOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker.h"

#define FF_ROOM_MARKS 4
#define FF_ROOM_MARK_SIZE 256
#define FF_ROOM_KINDS (FF_INPUT_RESTORE + 1)

struct ff_bridge;
struct ff_session;

/* What an event of the event loop is about. */
enum ff_watched_kind { FF_WATCHED_WAKE, FF_WATCHED_RFC2217, FF_WATCHED_RAW, FF_WATCHED_SESSION };

struct ff_watched {
	enum ff_watched_kind kind;
	int fd;
	struct ff_room *room;
};

/* A line of text for everybody but the holder, at its place in the board's output. */
struct ff_mark {
	uint64_t at;
	char text[FF_ROOM_MARK_SIZE];
};

struct ff_room {
	struct ff_bridge *bridge;
	size_t place; /* in the bridge */
	struct ff_worker *worker;
	atomic_bool smart;
	struct ff_watched rfc2217;
	struct ff_watched raw;
	struct ff_session *sessions;
	size_t session_count;
	size_t watchers; /* sessions that want to know about modem lines */
	struct ff_session *holder;
	uint64_t lease;        /* that the board is kept for, as last seen; 0: none */
	struct ff_line wanted; /* what the line is like once all commands on their way have been run */
	unsigned pending[FF_ROOM_KINDS];
	unsigned total_pending;
	bool has_lines;
	bool usb_jtag;
	enum ff_board_state state;
	char task[FF_TASK_LABEL_SIZE];
	bool has_status;
	struct ff_line_status status;
	struct ff_mark marks[FF_ROOM_MARKS]; /* a ring */
	uint64_t mark_count;                 /* marks ever made */
};

void ff_room_init(struct ff_room *room, struct ff_bridge *bridge, struct ff_worker *worker, bool smart);

/* Looks at what has changed: hands out what came of commands, and makes marks. */
void ff_room_refresh(struct ff_room *room);

/* A new session: it comes with the board's lease if that names its address. */
void ff_room_enter(struct ff_room *room, struct ff_session *session);

/* Whether it may be there at all: where tokens are in force, one of a TCP port only under a lease that names its address. */
bool ff_room_admits(const struct ff_room *room, const struct ff_session *session);

/* Makes the session the holder, if nobody else is. False: somebody is, and the session has been told. */
bool ff_room_claim(struct ff_room *room, struct ff_session *session);

/* The session goes, or at least will write no more. */
void ff_room_leave(struct ff_room *room, struct ff_session *session);

/* Puts a command of the holder. False: there is no room, which whoever looked for it before need not expect. */
bool ff_room_command(struct ff_room *room, const struct ff_session *session, uint32_t tag,
		     const struct ff_input_command *command);

/* A session more, or less, wants to know about modem lines. */
void ff_room_watch(struct ff_room *room, bool more);

/* The modem lines in RFC 2217's bits; those of a port that has none look as if somebody were there. */
uint8_t ff_room_modem(const struct ff_room *room);

#endif
