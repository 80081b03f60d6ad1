// SPDX-License-Identifier: Apache-2.0
/* The way from sessions to a board: one bounded queue of bytes and of commands to the line, kept in their order, and the
 * way back for what came of the commands. Nothing is ever dropped unless its sender says so; when there is no room, the
 * sender stops reading from its own peer.
 *
 * One side puts and collects (the bridge's thread), the other one runs (the owner thread). Besides, it holds what the
 * line is like, for everyone to see. init/release; between them any thread. */
#ifndef FF_PORT_INPUT_H
#define FF_PORT_INPUT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>
#include <farflash/transport.h>

#define FF_CONSOLE_BAUD 115200 /* rate of the line while nobody has set another */
#define FF_INPUT_SIZE 65536    /* bytes that may wait; a power of two */
#define FF_INPUT_ITEMS 512     /* runs of bytes and commands, collected or not */
#define FF_INPUT_BARRED 8      /* sources that stay barred */

enum ff_input_kind {
	FF_INPUT_BYTES,
	FF_INPUT_BAUD,      /* value: bits per second */
	FF_INPUT_DATA_BITS, /* value: 5 to 8 */
	FF_INPUT_PARITY,    /* value: enum ff_parity */
	FF_INPUT_STOP_BITS, /* value: enum ff_stop_bits */
	FF_INPUT_FLOW,      /* value: enum ff_flow */
	FF_INPUT_BREAK,     /* value: 1 on, 0 off */
	FF_INPUT_LINES,     /* steps: moves DTR and RTS */
	FF_INPUT_PURGE_RX,  /* drops what has come and was not read */
	FF_INPUT_PURGE_TX,  /* drops what was written and has not left the port */
	FF_INPUT_RESTORE,   /* back to what the line is like between sessions */
};

struct ff_input_command {
	enum ff_input_kind kind;
	uint32_t value;
	const struct ff_line_step *steps; /* constant for the life of the process */
	size_t step_count;
};

/* What the line is like. */
struct ff_line {
	uint32_t baud;
	struct ff_line_format format;
	bool breaking;
	bool dtr;
	bool rts;
};

/* What came of a command. */
struct ff_input_done {
	uint64_t source; /* as given to ff_input_put */
	uint32_t tag;
	enum ff_input_kind kind;
	enum ff_status status;
	struct ff_line line; /* as it was then */
	uint64_t output;     /* what came of it stands behind so many bytes of the board's output */
};

/* A part of the queue. */
struct ff_input_item {
	uint64_t source;
	uint32_t tag;
	struct ff_input_command command;
	size_t size;  /* bytes that are left; FF_INPUT_BYTES only */
	bool dropped; /* its bytes go nowhere, or it is a command that is not run */
	enum ff_status status;
	struct ff_line line;
	uint64_t output;
};

struct ff_input {
	pthread_mutex_t mutex;
	uint8_t *bytes;              /* FF_INPUT_SIZE, a ring, owned */
	struct ff_input_item *items; /* FF_INPUT_ITEMS, a ring, owned */
	uint64_t put_bytes;          /* counts for ever, as the rest */
	uint64_t run_bytes;
	uint64_t put_items;
	uint64_t run_items;
	uint64_t collected_items;
	uint64_t barred[FF_INPUT_BARRED]; /* sources of which nothing is taken any more, the last ones */
	size_t barred_count;              /* ever */
	bool starved;                     /* the putting side has found no room */
	bool watched;
	struct ff_line line;
	uint64_t output; /* bytes that the board has said so far */
	bool has_status;
	struct ff_line_status status;
};

FF_WARN_UNUSED enum ff_status ff_input_init(struct ff_input *input);

void ff_input_release(struct ff_input *input);

/* ---- the putting side ---- */

/* Whether `bytes` bytes and `items` items fit. If not, the running side says so when that has changed. */
bool ff_input_has_room(struct ff_input *input, size_t bytes, size_t items);

/* Appends what fits and answers how much. What a barred source puts always fits, and goes nowhere. */
size_t ff_input_put_bytes(struct ff_input *input, uint64_t source, const uint8_t *bytes, size_t size);

/* Appends a command. False: no room. */
bool ff_input_put(struct ff_input *input, uint64_t source, uint32_t tag, const struct ff_input_command *command);

/* Drops the bytes of this source that wait. Commands stay. */
void ff_input_drop(struct ff_input *input, uint64_t source);

/* Drops everything that waits, bytes and commands of every source, and what `source` (FF_INPUT_NOBODY: none) puts from now
 * on, as if there were room. A purge of what the port has not sent yet and FF_INPUT_RESTORE follow, with the source
 * FF_INPUT_NOBODY, unless there was nothing. The last FF_INPUT_BARRED sources stay barred: a thread that was in the middle of
 * a message may be late, but not by so many leases. Any thread. */
#define FF_INPUT_NOBODY 0
void ff_input_bar(struct ff_input *input, uint64_t source);

/* Takes the outcome of the oldest command that has been run. False: there is none. */
bool ff_input_collect(struct ff_input *input, struct ff_input_done *done);

/* Whether anyone wants to know about modem lines and line errors. */
void ff_input_watch(struct ff_input *input, bool wanted);

/* ---- for everyone ---- */

/* Whether nothing waits to be run. */
bool ff_input_is_empty(struct ff_input *input);

void ff_input_line(struct ff_input *input, struct ff_line *line);

/* False: the port has no modem lines, or nobody has asked for them. */
bool ff_input_status(struct ff_input *input, struct ff_line_status *status);

/* ---- the running side ---- */

/* The oldest item: false if there is none. With bytes, `*bytes` and item->size are a run that lies together and stays
 * until it is consumed. */
bool ff_input_front(struct ff_input *input, struct ff_input_item *item, const uint8_t **bytes);

/* The first `size` bytes of the front are done. True: the putting side waits for room. */
bool ff_input_consume(struct ff_input *input, size_t size);

/* The command at the front is done. True as above, and always, since its outcome is to be collected. */
bool ff_input_finish(struct ff_input *input, enum ff_status status);

/* What the line is like from now on. */
void ff_input_set_line(struct ff_input *input, const struct ff_line *line);

/* The board has said so many bytes so far. */
void ff_input_set_output(struct ff_input *input, uint64_t output);

bool ff_input_is_watched(struct ff_input *input);

/* True: that was news. */
bool ff_input_set_status(struct ff_input *input, const struct ff_line_status *status);

#endif
