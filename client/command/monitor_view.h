// SPDX-License-Identifier: Apache-2.0
/* What the monitor shows: the board's bytes on standard output and in the log, words of its own on standard error; or, for
 * --json, nothing until the end. Belongs to one thread. */
#ifndef FF_CLIENT_MONITOR_VIEW_H
#define FF_CLIENT_MONITOR_VIEW_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "failure.h"
#include "stamps.h"

#define FF_VIEW_PATH_SIZE 512

struct ff_view {
	struct ff_stamps stamps;
	const volatile sig_atomic_t *interrupts; /* end a wait for standard output */
	int64_t end_us;                          /* does, too */
	bool json;
	bool on_terminal; /* words of ours would land in the board's line */
	bool in_line;     /* the board's last byte on the terminal was no line feed */
	bool closed;      /* nobody reads us any more */
	bool cut;         /* `collected` has not all */
	uint64_t bytes;   /* of the board's, so far */
	struct ff_buf collected;
	int log_fd; /* -1 for none */
	char log_path[FF_VIEW_PATH_SIZE];
};

/* `stamps`: the format, NULL for none. Release with ff_view_release(). */
void ff_view_init(struct ff_view *view, bool json, const char *stamps, const volatile sig_atomic_t *interrupts);

void ff_view_release(struct ff_view *view);

/* Begins a log, behind what the file has already. False: the failure. */
bool ff_view_open_log(struct ff_view *view, const char *path, struct ff_failure *failure);

/* Ends the log, or begins one: the last one's file, or a new one with the board's name. */
void ff_view_toggle_log(struct ff_view *view, const char *board);

void ff_view_toggle_stamps(struct ff_view *view);

/* The board's bytes, at least one. */
void ff_view_put(struct ff_view *view, const uint8_t *bytes, size_t size);

/* A line of ours, on a line of its own. */
void ff_view_say(struct ff_view *view, const char *format, ...) FF_PRINTF(2, 3);

/* Ends the board's line on a terminal, for whatever comes next. */
void ff_view_end_line(struct ff_view *view);

#endif
