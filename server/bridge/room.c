// SPDX-License-Identifier: Apache-2.0
#include "room.h"

#include <stdio.h>
#include <string.h>

#include "control.h"
#include "inner.h"

#define UNKNOWN_MODEM (FF_COMPORT_MODEM_CTS | FF_COMPORT_MODEM_DSR | FF_COMPORT_MODEM_DCD)

void ff_room_init(struct ff_room *room, struct ff_bridge *bridge, struct ff_worker *worker, bool smart)
{
	struct ff_board_view view;
	*room = (struct ff_room){ .bridge = bridge, .worker = worker, .smart = smart };
	ff_input_line(ff_worker_input(worker), &room->wanted);
	ff_worker_view(worker, &view);
	room->state = view.state;
	room->has_lines = view.has_lines;
	room->usb_jtag = view.usb_jtag;
	snprintf(room->task, sizeof(room->task), "%s", view.task);
}

/* ---- what has changed ---- */

static struct ff_session *session_of(const struct ff_room *room, uint64_t id)
{
	struct ff_session *session = room->sessions;
	while (session && session->id != id) {
		session = session->next;
	}
	return session;
}

/* Not while the line is still as one has left it who holds the board no more: it is about to be restored. */
static bool tells_the_line(const struct ff_room *room, const struct ff_input_done *done)
{
	bool of_holder = room->holder && room->holder->id == done->source;
	return of_holder || done->kind == FF_INPUT_RESTORE;
}

static void collect(struct ff_room *room)
{
	struct ff_input *input = ff_worker_input(room->worker);
	struct ff_input_done done;
	while (ff_input_collect(input, &done)) {
		if (done.source != FF_INPUT_NOBODY) { /* whose commands are no session's */
			room->pending[done.kind]--;
			room->total_pending--;
		}
		if (room->total_pending == 0 && tells_the_line(room, &done)) {
			room->wanted = done.line; /* what failed is not so after all */
		}
		struct ff_session *session = session_of(room, done.source);
		if (session && session->speech->done) {
			session->speech->done(session, &done);
		}
	}
}

static void mark(struct ff_room *room, const char *before, const char *text, const char *after)
{
	struct ff_mark *made = &room->marks[room->mark_count % FF_ROOM_MARKS];
	made->at = ff_console_end(ff_worker_console(room->worker));
	snprintf(made->text, sizeof(made->text), "%s %s%.140s%s", ff_worker_name(room->worker), before, text, after);
	room->mark_count++;
}

/* A session comes with a lease for good: with the one that it brought, or the first one that names its address. So that
 * an old connection of the holder's does not become a stranger's, which may write, when the lease has ended. */
static void bind(struct ff_session *session, const struct ff_keep *keep)
{
	if (session->lease == 0 && keep->lease != 0 && session->host[0] && strcmp(session->host, keep->peer) == 0) {
		session->lease = keep->lease;
	}
}

/* The holder has lost the board, and what it had put is gone; the line is restored already. */
static void dispossess(struct ff_room *room)
{
	struct ff_session *session = room->holder;
	room->holder = NULL;
	room->wanted = (struct ff_line){ .baud = FF_CONSOLE_BAUD, .format = FF_LINE_FORMAT_8N1 };
	ff_control_close(session);
	if (ff_console_unfollow(ff_worker_console(room->worker))) {
		ff_worker_wake(room->worker);
	}
	ff_bridge_log(room->bridge, room, "%s writes no more: its lease has ended", session->peer);
	ff_session_refuse(session, "the lease of %s has ended: what you send does not reach it any more",
			  ff_worker_name(room->worker));
}

static void look_at_lease(struct ff_room *room, const struct ff_board_view *view)
{
	bool holds = view->holder.kind == FF_HOLDER_SESSION && room->holder && view->holder.id == room->holder->id;
	if (room->holder && !holds) {
		dispossess(room);
	}
	if (view->keep.lease == room->lease) {
		return;
	}
	room->lease = view->keep.lease;
	for (struct ff_session *session = room->sessions; session; session = session->next) {
		bind(session, &view->keep);
	}
}

/* Whether it needs a lease to be there: tokens are in force, and a TCP port carries none. */
static bool needs_lease(const struct ff_room *room, const struct ff_session *session)
{
	const struct ff_bridge *bridge = room->bridge;
	return session->wire == &ff_wire_socket && bridge->guarded && bridge->guarded(bridge->guarded_context);
}

static bool is_stranger(const struct ff_room *room, const struct ff_session *session, const struct ff_keep *keep)
{
	return (keep->lease == 0 || session->lease != keep->lease) && needs_lease(room, session);
}

static void expel(const struct ff_room *room, struct ff_session *session)
{
	ff_session_refuse(session, "%s is for those whose lease names their address: what you send does not reach it",
			  ff_worker_name(room->worker));
	(void)!session->wire->flush(session);
	session->doomed = true;
}

/* Sends those away who had come under a lease that is over, or before there were tokens. */
static void expel_strangers(const struct ff_room *room, const struct ff_keep *keep)
{
	for (struct ff_session *session = room->sessions; session; session = session->next) {
		if (!session->doomed && is_stranger(room, session, keep)) {
			expel(room, session);
		}
	}
}

static void look_at_state(struct ff_room *room)
{
	struct ff_board_view view;
	ff_worker_view(room->worker, &view);
	look_at_lease(room, &view);
	expel_strangers(room, &view.keep);
	room->has_lines = view.has_lines;
	room->usb_jtag = view.usb_jtag;
	if (view.state == room->state && strcmp(view.task, room->task) == 0) {
		return;
	}
	if (view.state == FF_BOARD_LOST) {
		mark(room, "is lost: ", view.detail, "");
	} else if (view.state == FF_BOARD_BUSY) {
		mark(room, "is at work on job ", view.task, ": its output pauses");
	} else if (room->state == FF_BOARD_LOST) {
		mark(room, "is there", "", "");
	} else if (room->state == FF_BOARD_BUSY) {
		mark(room, "has ended job ", room->task, "");
	}
	room->state = view.state;
	snprintf(room->task, sizeof(room->task), "%s", view.task);
}

uint8_t ff_room_modem(const struct ff_room *room)
{
	if (!room->has_status) {
		return UNKNOWN_MODEM;
	}
	uint8_t modem = room->status.modem;
	return (uint8_t)((modem & FF_MODEM_CTS ? FF_COMPORT_MODEM_CTS : 0) |
			 (modem & FF_MODEM_DSR ? FF_COMPORT_MODEM_DSR : 0) |
			 (modem & FF_MODEM_RI ? FF_COMPORT_MODEM_RI : 0) |
			 (modem & FF_MODEM_DCD ? FF_COMPORT_MODEM_DCD : 0));
}

static void look_at_line(struct ff_room *room)
{
	struct ff_line_status now;
	if (!ff_input_status(ff_worker_input(room->worker), &now)) {
		return;
	}
	const struct ff_line_status *old = &room->status;
	uint8_t line = 0;
	if (room->has_status) {
		line = (uint8_t)((now.breaks != old->breaks ? FF_COMPORT_LINE_BREAK : 0) |
				 (now.overruns != old->overruns ? FF_COMPORT_LINE_OVERRUN : 0) |
				 (now.parity_errors != old->parity_errors ? FF_COMPORT_LINE_PARITY : 0) |
				 (now.framing_errors != old->framing_errors ? FF_COMPORT_LINE_FRAMING : 0));
	}
	room->status = now;
	room->has_status = true;
	for (struct ff_session *session = room->sessions; session; session = session->next) {
		if (session->speech->watches_lines) {
			ff_access_tell_modem(&session->access, ff_room_modem(room));
			ff_access_tell_line(&session->access, line);
		}
	}
}

void ff_room_refresh(struct ff_room *room)
{
	collect(room);
	look_at_state(room);
	look_at_line(room);
}

/* ---- holding ---- */

void ff_room_enter(struct ff_room *room, struct ff_session *session)
{
	struct ff_board_view view;
	ff_worker_view(room->worker, &view);
	bind(session, &view.keep);
}

bool ff_room_admits(const struct ff_room *room, const struct ff_session *session)
{
	struct ff_board_view view;
	ff_worker_view(room->worker, &view);
	return !is_stranger(room, session, &view.keep);
}

static void refuse(const struct ff_room *room, struct ff_session *session, const struct ff_board_view *view)
{
	const char *board = ff_worker_name(room->worker);
	if (session->lease != 0 && session->lease != view->keep.lease) {
		ff_session_refuse(session,
				  "the lease of %s has ended: what you send does not reach it any more; connect anew",
				  board);
	} else if (session->lease != view->keep.lease) {
		ff_session_refuse(session, "%s is leased to %s: what you send does not reach it", board,
				  view->keep.owner);
	} else {
		ff_session_refuse(session, "%s is in use by the %s: what you send does not reach it", board,
				  view->holder.name);
	}
}

static void tell_writer(const struct ff_room *room, const struct ff_session *session, const char *owner)
{
	const struct ff_bridge *bridge = room->bridge;
	char address[FF_SESSION_PEER_SIZE];
	ff_listen_peer_address(session->peer, address);
	if (bridge->writes) {
		bridge->writes(bridge->writes_context, room->worker, session->speech->name, address, owner);
	}
}

bool ff_room_claim(struct ff_room *room, struct ff_session *session)
{
	/* The end of a lease may not have been seen here yet; what is put then goes nowhere, and must not be called accepted. */
	if (room->holder == session && ff_worker_admits(room->worker, session->lease) &&
	    (session->lease != 0 || !needs_lease(room, session))) {
		return true;
	}
	struct ff_board_view view;
	ff_worker_view(room->worker, &view);
	look_at_lease(room, &view);
	bind(session, &view.keep);
	if (is_stranger(room, session, &view.keep)) {
		expel(room, session);
		return false;
	}
	struct ff_holder who = { .kind = FF_HOLDER_SESSION, .id = session->id, .lease = session->lease };
	ff_session_describe(session, who.name, sizeof(who.name));
	if (ff_worker_claim(room->worker, &who)) {
		room->holder = session;
		ff_bridge_log(room->bridge, room, "%s writes from now on", who.name);
		tell_writer(room, session, session->lease != 0 ? view.keep.owner : NULL);
		return true;
	}
	ff_worker_view(room->worker, &view);
	refuse(room, session, &view);
	return false;
}

bool ff_room_command(struct ff_room *room, const struct ff_session *session, uint32_t tag,
		     const struct ff_input_command *command)
{
	if (!ff_input_put(ff_worker_input(room->worker), session->id, tag, command)) {
		return false;
	}
	room->pending[command->kind]++;
	room->total_pending++;
	ff_worker_wake(room->worker);
	return true;
}

void ff_room_leave(struct ff_room *room, struct ff_session *session)
{
	static const struct ff_input_command restore = { .kind = FF_INPUT_RESTORE };
	ff_control_close(session);
	if (room->holder != session) {
		return;
	}
	/* There is room: whoever puts anything leaves some for this. */
	if (ff_room_command(room, session, 0, &restore)) {
		room->wanted = (struct ff_line){ .baud = FF_CONSOLE_BAUD, .format = FF_LINE_FORMAT_8N1 };
	}
	room->holder = NULL;
	if (ff_console_unfollow(ff_worker_console(room->worker))) {
		ff_worker_wake(room->worker);
	}
	ff_worker_release(room->worker, session->id);
}

void ff_room_watch(struct ff_room *room, bool more)
{
	bool before = room->watchers > 0;
	room->watchers = more ? room->watchers + 1 : room->watchers - 1;
	if ((room->watchers > 0) != before) {
		ff_input_watch(ff_worker_input(room->worker), room->watchers > 0);
		ff_worker_wake(room->worker);
	}
}
