// SPDX-License-Identifier: Apache-2.0
/* How a session speaks with its peer, and over what kind of connection: one const table for each kind of either.
 * All of it belongs to the bridge's thread. */
#ifndef FF_BRIDGE_SPEECH_H
#define FF_BRIDGE_SPEECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

struct ff_guest;
struct ff_session;

enum ff_tell {
	FF_TELL_NOTICE,  /* something has happened to the board */
	FF_TELL_REFUSED, /* what the peer has sent goes nowhere */
};

struct ff_speech {
	const char *name;     /* "RFC 2217": for people, in front of "client" */
	bool stays_to_read;   /* a peer that sends no more is kept for a moment, for what comes of what it sent */
	bool watches_lines;   /* it wants to know about modem lines */
	uint32_t patience_ms; /* that the board's output has with its holder; 0: the usual */
	bool hears_all_marks; /* the holder too: words cannot get among its bytes */
	/* Some of the board's output, at most FF_SPEECH_OUTPUT_MAX bytes, which the session has room for. */
	void (*output)(struct ff_session *session, const uint8_t *bytes, size_t size);
	/* Words for people. */
	void (*tell)(struct ff_session *session, enum ff_tell kind, const char *text);
	/* So much of the output is missing in front of what comes next. */
	void (*missed)(struct ff_session *session, uint64_t bytes);
	/* Whether the peer wants no output for now. May be NULL: never. */
	bool (*is_suspended)(const struct ff_session *session);
	/* Runs what the peer has sent, session->in, as far as there is room for what comes of it. True: some of it. */
	bool (*run)(struct ff_session *session);
	/* What came of a command that the session has put. May be NULL. */
	void (*done)(struct ff_session *session, const struct ff_input_done *done);
	/* The time it asked for has come; answers when the next one is, INT64_MAX: none. May be NULL. */
	int64_t (*tick)(struct ff_session *session, int64_t now_us);
	/* Releases what it keeps of the session. May be NULL: nothing. */
	void (*release)(struct ff_session *session);
};

#define FF_SPEECH_OUTPUT_MAX 16384

extern const struct ff_speech ff_speech_raw;
extern const struct ff_speech ff_speech_rfc2217;
extern const struct ff_speech ff_speech_tunnel; /* the same, in a tunnel */

enum ff_wire_read {
	FF_WIRE_NOTHING,
	FF_WIRE_SOME,  /* something came; not necessarily for session->in */
	FF_WIRE_END,   /* the peer sends no more */
	FF_WIRE_BROKEN /* nor takes any */
};

/* A connection that is accepted elsewhere brings a wire of its own. */
struct ff_wire {
	/* Moves what has come to where the wire keeps it, whether or not anybody takes it from there. May be NULL: it keeps
	 * nothing. */
	void (*pump)(struct ff_session *session, bool readable);
	/* The events of epoll that it waits for. May be NULL: what suits session->in and session->out. */
	uint32_t (*wants)(const struct ff_session *session);
	/* Takes what has come, without waiting, into session->in, which is empty and has FF_SESSION_IN_SIZE bytes. */
	enum ff_wire_read (*read)(struct ff_session *session);
	/* Sends what it takes of session->out, without waiting. True: all of it. */
	bool (*flush)(struct ff_session *session);
	/* Who is at the other end, where that is somebody with a pass; NULL: nobody now. May be NULL: it never is. */
	const struct ff_guest *(*guest)(const struct ff_session *session);
	/* Tells the peer why the session ends, as far as that goes without waiting. May be NULL: close() does. */
	void (*part)(struct ff_session *session, const char *why);
	/* Gives the connection back. The session has left its room. */
	void (*close)(struct ff_session *session);
};

extern const struct ff_wire ff_wire_socket;

#endif
