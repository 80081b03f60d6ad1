// SPDX-License-Identifier: Apache-2.0
/* The boards in quarantine. */
#include "store_inner.h"

#include <stdio.h>
#include <stdlib.h>

enum column { COLUMN_BOARD, COLUMN_BY_HAND, COLUMN_WHO, COLUMN_FAILURES, COLUMN_SINCE, COLUMN_REASON };

struct change {
	char board[FF_BOARD_NAME_SIZE];
	struct ff_quarantine_view view;
};

static struct change *make_change(const char *board, const struct ff_quarantine_view *view)
{
	struct change *change = calloc(1, sizeof(*change));
	if (change) {
		snprintf(change->board, sizeof(change->board), "%s", board);
		change->view = *view;
	}
	return change;
}

static enum ff_status set(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct change *change = what;
	const struct ff_quarantine_view *view = &change->view;
	return ff_db_run(db, FF_SQL_QUARANTINE_SET, error, "titiit", change->board, (int64_t)view->by_hand, view->who,
			 (int64_t)view->failures, view->since_ms, view->reason);
}

static enum ff_status drop(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct change *change = what;
	return ff_db_run(db, FF_SQL_QUARANTINE_DROP, error, "t", change->board);
}

static enum ff_status on_set(void *context, const char *board, const struct ff_quarantine_view *view,
			     struct ff_error *error)
{
	struct ff_store *store = context;
	return ff_writer_make(store->writer, &(struct ff_change){ set, make_change(board, view), free, true }, error);
}

static enum ff_status on_drop(void *context, const char *board, struct ff_error *error)
{
	struct ff_store *store = context;
	const struct ff_quarantine_view out = { .in = false };
	return ff_writer_make(store->writer, &(struct ff_change){ drop, make_change(board, &out), free, true }, error);
}

static void tell_row(struct ff_db *db, ff_quarantine_found found, void *found_context)
{
	const enum ff_statement list = FF_SQL_QUARANTINE_LIST;
	struct ff_quarantine_view view = {
		.in = true,
		.by_hand = ff_db_int(db, list, COLUMN_BY_HAND) != 0,
		.failures = (unsigned)ff_db_int(db, list, COLUMN_FAILURES),
		.since_ms = ff_db_int(db, list, COLUMN_SINCE),
	};
	snprintf(view.who, sizeof(view.who), "%s", ff_db_text(db, list, COLUMN_WHO));
	snprintf(view.reason, sizeof(view.reason), "%s", ff_db_text(db, list, COLUMN_REASON));
	found(found_context, ff_db_text(db, list, COLUMN_BOARD), &view);
}

static enum ff_status on_load(void *context, ff_quarantine_found found, void *found_context, struct ff_error *error)
{
	struct ff_store *store = context;
	struct ff_db *db = &store->reader;
	bool row = true;
	pthread_mutex_lock(&store->mutex);
	enum ff_status status = ff_db_bind(db, FF_SQL_QUARANTINE_LIST, error, "");
	while (status == FF_OK && row) {
		status = ff_db_step(db, FF_SQL_QUARANTINE_LIST, &row, error);
		if (status == FF_OK && row) {
			tell_row(db, found, found_context);
		}
	}
	ff_db_done(db, FF_SQL_QUARANTINE_LIST);
	pthread_mutex_unlock(&store->mutex);
	return status;
}

struct ff_quarantine_ledger ff_store_make_quarantine_ledger(struct ff_store *store)
{
	return (struct ff_quarantine_ledger){ .set = on_set, .drop = on_drop, .load = on_load, .context = store };
}
