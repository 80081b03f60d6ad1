// SPDX-License-Identifier: Apache-2.0
/* What the store's own files share. For nobody else. */
#ifndef FF_STORE_STORE_INNER_H
#define FF_STORE_STORE_INNER_H

#include <pthread.h>

#include "db.h"
#include "store.h"
#include "writer.h"

struct ff_store {
	const struct ff_log *log;
	int fd; /* of the file, and holds the lock */
	struct ff_writer *writer;
	struct ff_ledger ledger;
	struct ff_lease_ledger lease_ledger;
	struct ff_quarantine_ledger quarantine_ledger;
	struct ff_audit audit;

	pthread_mutex_t mutex;
	struct ff_db reader; /* behind the mutex */
};

/* The interfaces, each from a file of its own. */
struct ff_ledger ff_store_make_ledger(struct ff_store *store);
struct ff_lease_ledger ff_store_make_lease_ledger(struct ff_store *store);
struct ff_quarantine_ledger ff_store_make_quarantine_ledger(struct ff_store *store);
struct ff_audit ff_store_make_audit(struct ff_store *store);

/* store_boards.c: counts a job of this board that has ended in this state, within a change. */
FF_WARN_UNUSED enum ff_status ff_store_count_end(struct ff_db *db, const char *board, enum ff_job_state state,
						 int64_t finished_ms, struct ff_error *error);

/* The history of a board; zero if there is none. */
FF_WARN_UNUSED enum ff_status ff_store_read_history(struct ff_db *db, const char *board,
						    struct ff_board_history *history, struct ff_error *error);

/* What is known of a board's chip. `known`: whether there is anything that makes sense. */
FF_WARN_UNUSED enum ff_status ff_store_read_facts(struct ff_db *db, const char *board, struct ff_board_facts *facts,
						  bool *known, struct ff_error *error);

/* store_audit.c: adds a line, whose texts have been cleaned, within a change, and drops those that are too old. */
FF_WARN_UNUSED enum ff_status ff_store_add_line(struct ff_db *db, const struct ff_audit_line *line,
						struct ff_error *error);

#endif
