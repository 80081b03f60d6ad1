// SPDX-License-Identifier: Apache-2.0
/* The log: one line per event on standard error, "2026-01-31T12:00:00.000Z info  lab1: message". Lines of several threads
 * never mix. Stateless; any thread. */
#ifndef FF_SERVER_JOURNAL_H
#define FF_SERVER_JOURNAL_H

#include <farflash/log.h>

/* A sink that lets lines up to `level` through. */
struct ff_log ff_journal(enum ff_log_level level);

#endif
