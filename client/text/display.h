// SPDX-License-Identifier: Apache-2.0
/* How far a job is, for people: one line redrawn in place on a terminal, a line now and then elsewhere. The first half
 * formats and is pure; the second half draws on a stream. Belongs to one thread. */
#ifndef FF_CLIENT_DISPLAY_H
#define FF_CLIENT_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <farflash/status.h>

struct ff_display_view {
	char phase[24]; /* "write" */
	uint64_t done;  /* bytes */
	uint64_t total; /* 0: this phase has no bytes to count */
	int64_t elapsed_us;
};

/* Formats a view into at most `width` columns (its parts drop out as it gets narrow: first the time left and the rate,
 * then the bar) and at most `size` bytes with the ending zero. ASCII, no newline. */
void ff_display_line(char *line, size_t size, const struct ff_display_view *view, unsigned width);

/* What the plain form printed last. Start from zero. */
struct ff_display_mark {
	char phase[24];
	unsigned tenth;
};

/* The plain form: true, and a line, when the phase is new or another tenth of it is done. */
bool ff_display_plain(char *line, size_t size, const struct ff_display_view *view, struct ff_display_mark *mark);

/* A drawing on a stream. */
struct ff_display {
	FILE *out; /* NULL: draws nothing */
	bool terminal;
	bool drawn; /* the line holds something that clear must wipe */
	struct ff_display_view view;
	struct ff_display_mark mark;
	int64_t phase_since_us;
	int64_t drawn_at_us;
};

/* `out` may be NULL, and must outlive the record. Whether it is a terminal is asked once. */
void ff_display_init(struct ff_display *display, FILE *out);

/* The job is in `phase` and has done `done` of `total`. Draws at most ten times a second. */
void ff_display_update(struct ff_display *display, const char *phase, uint64_t done, uint64_t total);

/* Nothing new, but time goes by. */
void ff_display_tick(struct ff_display *display);

/* Wipes the line, so that other text can be printed. */
void ff_display_clear(struct ff_display *display);

/* A remark that is no failure, as a line of its own on stderr. */
void ff_display_note(struct ff_display *display, const char *format, ...) FF_PRINTF(2, 3);

/* What a board says goes to standard output as it is, unless nobody is to be told anything. */
void ff_display_output(struct ff_display *display, const char *text, size_t size);

#endif
