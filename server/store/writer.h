// SPDX-License-Identifier: Apache-2.0
/* The one thread that changes the database. Changes wait in the order in which they came, and all that wait are made in one
 * transaction: so there is one wait for the disk for all of them, however many boards begin their jobs at once. Whoever has to
 * know that his is safe waits for that transaction, and no longer than a few seconds; others go on.
 *
 * open/close from one thread, the rest from any. */
#ifndef FF_STORE_WRITER_H
#define FF_STORE_WRITER_H

#include <stdbool.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "db.h"

/* What to change: runs in the writer's thread, within a transaction, and possibly more than once. */
typedef enum ff_status (*ff_change_function)(struct ff_db *db, const void *what, struct ff_error *error);

struct ff_change {
	ff_change_function make;
	void *what; /* owned by the change */
	void (*release)(void *what);
	bool insists; /* if it cannot be made now, it is tried again until it can */
};

struct ff_writer;

/* Takes the connection over; on failure the caller keeps it. `log` may be NULL and must outlive the writer. FF_ERR_NO_MEMORY,
 * FF_ERR_IO (no thread). */
FF_WARN_UNUSED enum ff_status ff_writer_open(struct ff_writer **writer, const struct ff_db *db,
					     const struct ff_log *log, struct ff_error *error);

/* Makes what waits, once, and ends. NULL is harmless. */
void ff_writer_close(struct ff_writer *writer);

/* Has the change made, and waits until it is safe on disk. It is taken over in any case. FF_ERR_TIMEOUT: it may still be
 * made; FF_ERR_NO_MEMORY; errors of the change and of the database. */
FF_WARN_UNUSED enum ff_status ff_writer_make(struct ff_writer *writer, const struct ff_change *change,
					     struct ff_error *error);

/* Has it made some time. It is taken over. */
void ff_writer_send(struct ff_writer *writer, const struct ff_change *change);

#endif
