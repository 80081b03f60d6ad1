// SPDX-License-Identifier: Apache-2.0
/* The other end of a TCP connection, played by a thread that follows a script of bytes. */
#ifndef TEST_TRANSPORT_PEER_H
#define TEST_TRANSPORT_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum act_kind {
	ACT_SEND,    /* sends the bytes */
	ACT_EXPECT,  /* receives exactly these bytes, in however many pieces */
	ACT_AT_ONCE, /* the same, and fails if a recv() sees only a part of them: they came as one segment */
	ACT_PAUSE,   /* lets `ms` pass */
	ACT_SILENT,  /* receives nothing for `ms`, or until the client closes */
	ACT_FLOOD,   /* sends `ms` kilobytes of 'x' */
	ACT_SWALLOW, /* receives whatever comes until the client closes */
	ACT_CLOSE,   /* closes; only then may more acts be missing */
};

struct act {
	enum act_kind kind;
	const uint8_t *bytes;
	size_t size;
	unsigned ms;
};

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
#define SEND(...) \
	{ \
		ACT_SEND, BYTES(__VA_ARGS__), 0 \
	}
#define EXPECT(...) \
	{ \
		ACT_EXPECT, BYTES(__VA_ARGS__), 0 \
	}
#define AT_ONCE(...) \
	{ \
		ACT_AT_ONCE, BYTES(__VA_ARGS__), 0 \
	}
#define PAUSE(milliseconds) \
	{ \
		ACT_PAUSE, NULL, 0, milliseconds \
	}
#define SILENT(milliseconds) \
	{ \
		ACT_SILENT, NULL, 0, milliseconds \
	}
#define FLOOD(kilobytes) \
	{ \
		ACT_FLOOD, NULL, 0, kilobytes \
	}
#define SWALLOW \
	{ \
		ACT_SWALLOW, NULL, 0, 0 \
	}
#define CLOSE \
	{ \
		ACT_CLOSE, NULL, 0, 0 \
	}

#define PEER_MAX_ACTS 64

struct peer {
	pthread_t thread;
	int listener;
	struct act acts[PEER_MAX_ACTS];
	size_t count;
	int64_t done_us[PEER_MAX_ACTS]; /* when each act was over; read after peer_join */
	uint8_t held[65536];            /* received, and not yet part of an act */
	size_t held_size;
	char fault[256];  /* what went against the script; empty if nothing */
	char address[64]; /* "rfc2217://127.0.0.1:PORT", or what `scheme` says */
};

/* Listens on a free port of this machine and plays the two scripts, one after the other, to the first client. After the
 * last act the peer waits for the client to close, and any further byte is against the script. */
void peer_start(struct peer *peer, const char *scheme, const struct act *first, size_t first_count,
		const struct act *second, size_t second_count);

/* Waits for the end of the script, which ends at the latest 10 s after the client did, and fails the test if something
 * went against it. */
void peer_join(struct peer *peer);

#endif
