// SPDX-License-Identifier: Apache-2.0
/* What the boards have said, in files: NAME.log for each board, in one folder, rotated and capped.
 *
 * A thread of its own reads the boards' consoles as any reader does, so that a slow disk holds up nobody: what the ring leaves
 * behind meanwhile is missing in the file, which says how much. The bytes are as they came; between them are lines of the
 * console's marks, each with its time. A disk that is full is logged once for each board. new/free; any thread. */
#ifndef FF_PORT_LOGBOOK_H
#define FF_PORT_LOGBOOK_H

#include <farflash/log.h>
#include <farflash/status.h>

#include "console.h"
#include "logfile.h"

struct ff_logbook;
struct ff_logbook_page; /* one board's */

struct ff_logbook_options {
	const char *dir; /* copied */
	struct ff_logfile_limits limits;
	const struct ff_log *log; /* may be NULL; must outlive the logbook */
};

/* Starts the thread; files and folder are made with the first byte. FF_ERR_NO_MEMORY, FF_ERR_IO. */
FF_WARN_UNUSED enum ff_status ff_logbook_new(struct ff_logbook **logbook, const struct ff_logbook_options *options,
					     struct ff_error *error);

/* Writes what there is and ends the thread. One that a disk holds is waited for two seconds, and left alone then. */
void ff_logbook_stop(struct ff_logbook *logbook);

/* After a stop, and after all pages are closed. NULL is harmless. */
void ff_logbook_free(struct ff_logbook *logbook);

/* Begins a board's page with what its console gets from now on. `name` is a file's name without slashes, and copied; the
 * console must live until the page is closed. NULL: out of memory. */
struct ff_logbook_page *ff_logbook_open(struct ff_logbook *logbook, const char *name, struct ff_console *console);

/* The console is not touched any more when it returns, which waits for no disk. NULL is harmless. */
void ff_logbook_close(struct ff_logbook_page *page);

/* There is something new in the console. NULL is harmless. */
void ff_logbook_kick(struct ff_logbook_page *page);

#endif
