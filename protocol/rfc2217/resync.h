// SPDX-License-Identifier: Apache-2.0
/* Helps a tool that is too far away to hear a bootloader's answer in time.
 *
 * esptool 5.3 waits 100 ms for the answer to SYNC, which is less than the round trip of many networks; then it purges what
 * has come and asks again, for ever in vain. So when it has given up on two answers in a row, the latest one is sent to it
 * once more as soon as it has purged: it finds it when it asks the next time. The chip has not been reset in between, so
 * the answer still holds. This may be done beside the board, where answers come at once, or beside the tool, where they come
 * when it has long given up.
 *
 * Pure: no I/O, no clock. A plain value; one thread. SYNC is command 08 of Espressif's serial protocol; esptool: loader.py,
 * sync() and _connect_attempt(). */
#ifndef FF_RFC2217_RESYNC_H
#define FF_RFC2217_RESYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FF_RESYNC_ANSWER_MAX 32 /* bytes of an answer to SYNC, framed */

struct ff_resync {
	bool far;        /* from the board: what is heard may answer an earlier SYNC than the last one */
	bool hears;      /* something of the board's may be an answer */
	uint8_t matched; /* bytes of a SYNC that have come from the client */
	uint8_t missed;  /* answers in a row that the client has purged */
	bool asked;      /* the last thing that the client has sent is a SYNC */
	bool due;        /* the answer is to be sent again */
	uint8_t size;    /* of the frame that the board is in the middle of */
	uint8_t answer_size;
	uint8_t frame[FF_RESYNC_ANSWER_MAX];
	uint8_t answer[FF_RESYNC_ANSWER_MAX];
};

/* A board that has not answered. `far`: this is done beside the tool. */
void ff_resync_init(struct ff_resync *resync, bool far);

/* The board was reset: what it has answered holds no more. */
void ff_resync_forget(struct ff_resync *resync);

/* The client has sent these bytes to the board. */
void ff_resync_sent(struct ff_resync *resync, const uint8_t *bytes, size_t size);

/* These bytes of the board's output have come by; whether the client still wants them does not matter. */
void ff_resync_heard(struct ff_resync *resync, const uint8_t *bytes, size_t size);

/* The client has made a request; `purges`: that what has come be dropped. Answers how many bytes of resync->answer are to
 * be sent to it now, usually 0. */
size_t ff_resync_request(struct ff_resync *resync, bool purges);

#endif
