// SPDX-License-Identifier: Apache-2.0
/* The latest output of one board, kept in a ring that any number of readers follow at their own pace.
 *
 * The owner thread writes and never waits; a reader holds nothing but a position in the stream. One that falls behind
 * by more than the ring loses the oldest bytes. One reader at a time may be followed: then the owner thread takes no more
 * from the board than that reader can still get, for as long as it keeps reading. init/release; between them any
 * thread. */
#ifndef FF_PORT_CONSOLE_H
#define FF_PORT_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/status.h>

#define FF_CONSOLE_SIZE 131072 /* bytes kept; a power of two */
#define FF_CONSOLE_EPOCH_SIZE 17
#define FF_CONSOLE_MARKS 32 /* kept */
#define FF_CONSOLE_MARK_SIZE 160

/* Something that happened at a place in the output: a job, a reset, a session that came or went. */
struct ff_console_mark {
	uint64_t position;
	int64_t at_ms; /* Unix time in milliseconds */
	char text[FF_CONSOLE_MARK_SIZE];
};

struct ff_console {
	char epoch[FF_CONSOLE_EPOCH_SIZE];
	pthread_mutex_t mutex;
	uint8_t *ring;                 /* FF_CONSOLE_SIZE bytes, owned */
	uint64_t end;                  /* bytes ever written */
	struct ff_console_mark *marks; /* FF_CONSOLE_MARKS, a ring, owned */
	uint64_t mark_count;           /* ever made */
	bool follows;
	bool held;         /* the owner thread waits for the reader that is followed */
	uint64_t followed; /* that reader's position */
	uint32_t patience_ms;
};

FF_WARN_UNUSED enum ff_status ff_console_init(struct ff_console *console);

void ff_console_release(struct ff_console *console);

/* Appends; of more than FF_CONSOLE_SIZE bytes the last ones stay. */
void ff_console_write(struct ff_console *console, const uint8_t *bytes, size_t size);

/* Marks the end, for those who read later what has happened. Control characters become spaces, what is too long is cut. */
void ff_console_mark(struct ff_console *console, const char *format, ...) FF_PRINTF(2, 3);

/* Copies the mark of this number, or the oldest that is kept if that one is not any more, whose number `*number` then is. The
 * first is 0. False: there is none yet. */
bool ff_console_next_mark(struct ff_console *console, uint64_t *number, struct ff_console_mark *mark);

/* The position after the newest byte: where a reader that wants what comes from now on begins. */
uint64_t ff_console_end(struct ff_console *console);

/* The position `size` bytes before the end, or that of the oldest byte that is kept. */
uint64_t ff_console_before_end(struct ff_console *console, uint64_t size);

/* Where a reader begins. One that resumes goes on at `position`, if that is of this epoch (empty: whatever it is) and has been
 * written; everybody else gets the last `history` bytes first. */
uint64_t ff_console_place(struct ff_console *console, bool resumes, const char *epoch, uint64_t position,
			  uint64_t history);

/* What positions belong to: another one after each start of the server. Constant. */
const char *ff_console_epoch(const struct ff_console *console);

/* Copies up to `capacity` bytes from `*position` on, moves it behind them, and returns their count; 0: nothing new.
 * A position that the ring has left behind is moved to the oldest byte first. */
size_t ff_console_read(struct ff_console *console, uint64_t *position, uint8_t *bytes, size_t capacity);

/* How long the board's output waits for the reader that is followed, when it does not read. */
#define FF_CONSOLE_PATIENCE_MS 1000
void ff_console_set_patience(struct ff_console *console, uint32_t patience_ms);
uint32_t ff_console_patience(struct ff_console *console);

/* Follows a reader that has come to `position`, in place of the one that was followed before. True: the owner thread
 * waits for that and has to be woken. */
bool ff_console_follow(struct ff_console *console, uint64_t position);

/* Follows nobody any more. True as above. */
bool ff_console_unfollow(struct ff_console *console);

/* How much can be written without a loss for the reader that is followed, at most `wanted`. Anything less says that the
 * owner thread waits. Owner thread. */
size_t ff_console_room(struct ff_console *console, size_t wanted);

#endif
