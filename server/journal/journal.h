// SPDX-License-Identifier: Apache-2.0
/* The log: one line per event on standard error, as text, "2026-01-31T12:00:00.000Z info  lab1: message", or as JSON,
 * {"time":"2026-01-31T12:00:00.000Z","level":"info","board":"lab1","job":"7","message":"message"}, with board and job where
 * the event has one. Where systemd's journal reads it, a line begins with its priority instead, as in "<6>", and has no time:
 * the journal has its own. Lines of several threads never mix. Constant once it is open; any thread. */
#ifndef FF_JOURNAL_JOURNAL_H
#define FF_JOURNAL_JOURNAL_H

#include <stdbool.h>

#include <farflash/log.h>

#include "config.h"

struct ff_journal {
	const struct ff_config *config; /* level, format, and the boards by whose names lines begin */
	bool systemd;                   /* standard error leads to systemd's journal */
};

/* `config` must outlive the journal. */
void ff_journal_open(struct ff_journal *journal, const struct ff_config *config);

/* A sink that lets lines up to the configured level through. `journal` must outlive it. */
struct ff_log ff_journal_log(struct ff_journal *journal);

#endif
