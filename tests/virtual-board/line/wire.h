// SPDX-License-Identifier: Apache-2.0
/* One direction of the serial line: bytes queue here until the line has carried them.
 *
 * init/release; one thread. A paced wire takes ten bit times for a byte (8N1) at the rate that it was sent at, with due
 * times computed from one another, so that a late reader loses nothing and nothing adds up. An unpaced one delivers at
 * once. Times are nanoseconds of any one clock that never steps back. */
#ifndef FF_VB_WIRE_H
#define FF_VB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_WIRE_NEVER INT64_MAX
#define FF_WIRE_RUNS 16

/* Neighbours that were sent at one rate. */
struct ff_wire_run {
	size_t count;
	uint32_t baud;
};

struct ff_wire {
	uint8_t *bytes; /* ring, owned */
	int64_t *due;   /* the same ring: when each byte has arrived; NULL when unpaced */
	size_t capacity, head, count;
	struct ff_wire_run runs[FF_WIRE_RUNS]; /* ring */
	size_t run_head, run_count;
	int64_t busy_until; /* when the last byte queued has arrived */
};

struct ff_wire_byte {
	uint8_t value;
	uint32_t baud; /* that it was sent at, 0 for unknown */
	int64_t due;   /* when it arrived; the reader's own time on an unpaced wire */
};

/* FF_ERR_NO_MEMORY. `capacity`: bytes on their way at most. */
FF_WARN_UNUSED enum ff_status ff_wire_init(struct ff_wire *wire, size_t capacity, bool paced);

void ff_wire_release(struct ff_wire *wire);

size_t ff_wire_room(const struct ff_wire *wire);

/* Sends bytes from `now` on, after those before them. `baud` goes with them, 0 for unknown; `pace_baud` sets their speed,
 * 0 for none to wait for. Answers how many fitted. */
size_t ff_wire_send(struct ff_wire *wire, const uint8_t *bytes, size_t size, int64_t now, uint32_t baud,
		    uint32_t pace_baud);

/* Holds up what is sent from now on by `ns`; a paced wire only. */
void ff_wire_stall(struct ff_wire *wire, int64_t now, int64_t ns);

/* When the next byte arrives, FF_WIRE_NEVER when nothing is on its way, INT64_MIN on an unpaced wire that holds some. */
int64_t ff_wire_next_due(const struct ff_wire *wire);

/* The time at which a reader should look again: as soon as the queue is through, but not for each byte alone, which waits for
 * its neighbours for `patience_ns` at most. */
int64_t ff_wire_wake_time(const struct ff_wire *wire, int64_t patience_ns);

/* Takes the next byte if it has arrived by `now`. */
bool ff_wire_receive(struct ff_wire *wire, int64_t now, struct ff_wire_byte *byte);

/* Looks at what has arrived by `now`, up to `limit` bytes: neighbours in memory that were sent at one rate. They stay
 * until ff_wire_consume. Answers how many, 0 for none. */
size_t ff_wire_arrived(const struct ff_wire *wire, int64_t now, size_t limit, const uint8_t **bytes, uint32_t *baud);

/* Takes the first `count` bytes, not more than there are. */
void ff_wire_consume(struct ff_wire *wire, size_t count);

/* Drops everything. */
void ff_wire_clear(struct ff_wire *wire);

/* Drops what has not arrived by `now`: the sender has lost its power. */
void ff_wire_cut(struct ff_wire *wire, int64_t now);

#endif
