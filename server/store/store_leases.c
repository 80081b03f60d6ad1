// SPDX-License-Identifier: Apache-2.0
/* Leases. What becomes of one is a line of the audit trail as well, in the same transaction. */
#include "store_inner.h"

#include <stdio.h>
#include <stdlib.h>

#include "leases.h"

enum column {
	COLUMN_NUMBER,
	COLUMN_HASH,
	COLUMN_BOARD,
	COLUMN_OWNER,
	COLUMN_PEER,
	COLUMN_CREATED,
	COLUMN_EXPIRES,
	COLUMN_ENDED
};

struct change {
	struct ff_lease_record record;
	char why[16];
};

static struct change *make_change(const struct ff_lease_record *record)
{
	struct change *change = calloc(1, sizeof(*change));
	if (change) {
		change->record = *record;
	}
	return change;
}

static enum ff_status note(struct ff_db *db, const struct change *change, const char *action, int64_t at_ms,
			   const char *result, struct ff_error *error)
{
	return ff_store_add_line(db,
				 &(struct ff_audit_line){
					 .at_ms = at_ms,
					 .who = change->record.keep.owner,
					 .from = change->record.keep.peer,
					 .action = action,
					 .board = change->record.board,
					 .result = result,
				 },
				 error);
}

static enum ff_status take(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct change *change = what;
	const struct ff_lease_record *record = &change->record;
	enum ff_status status = ff_db_run(db, FF_SQL_LEASE_ADD, error, "ibtttii", (int64_t)record->keep.lease,
					  record->hash, FF_LEASE_HASH_SIZE, record->board, record->keep.owner,
					  record->keep.peer, record->created_ms, record->expires_ms);
	return status == FF_OK ? note(db, change, "lease-taken", record->created_ms, NULL, error) : status;
}

static enum ff_status renew(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct change *change = what;
	return ff_db_run(db, FF_SQL_LEASE_RENEW, error, "ii", change->record.expires_ms,
			 (int64_t)change->record.keep.lease);
}

static enum ff_status end(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct change *change = what;
	enum ff_status status = ff_db_run(db, FF_SQL_LEASE_END, error, "ii", change->record.ended_ms,
					  (int64_t)change->record.keep.lease);
	if (status == FF_OK) {
		status = ff_db_run(db, FF_SQL_LEASE_PRUNE, error, "i", (int64_t)FF_LEASES_REMEMBERED);
	}
	return status == FF_OK ? note(db, change, "lease-ended", change->record.ended_ms, change->why, error) : status;
}

static struct change *make_end(const struct ff_lease_record *record, const char *why)
{
	struct change *change = make_change(record);
	if (change) {
		snprintf(change->why, sizeof(change->why), "%s", why);
	}
	return change;
}

/* One that comes too late to be given would keep its board for nobody, and nobody else could ever take it. */
static enum ff_status on_take(void *context, const struct ff_lease_record *record, struct ff_error *error)
{
	struct ff_store *store = context;
	enum ff_status status =
		ff_writer_make(store->writer, &(struct ff_change){ take, make_change(record), free, false }, error);
	if (status == FF_ERR_TIMEOUT) {
		struct ff_lease_record ended = *record;
		ended.ended_ms = ff_wall_ms();
		ff_writer_send(store->writer, &(struct ff_change){ end, make_end(&ended, "not-given"), free, true });
	}
	return status;
}

static enum ff_status on_renew(void *context, uint64_t lease, int64_t expires_ms, struct ff_error *error)
{
	struct ff_store *store = context;
	struct ff_lease_record record = { .keep = { .lease = lease }, .expires_ms = expires_ms };
	return ff_writer_make(store->writer, &(struct ff_change){ renew, make_change(&record), free, false }, error);
}

static enum ff_status on_end(void *context, const struct ff_lease_record *record, const char *why,
			     struct ff_error *error)
{
	struct ff_store *store = context;
	return ff_writer_make(store->writer, &(struct ff_change){ end, make_end(record, why), free, true }, error);
}

static void read_record(struct ff_db *db, struct ff_lease_record *record)
{
	const enum ff_statement list = FF_SQL_LEASE_LIST;
	*record = (struct ff_lease_record){
		.keep.lease = (uint64_t)ff_db_int(db, list, COLUMN_NUMBER),
		.created_ms = ff_db_int(db, list, COLUMN_CREATED),
		.expires_ms = ff_db_int(db, list, COLUMN_EXPIRES),
		.ended_ms = ff_db_int(db, list, COLUMN_ENDED),
	};
	snprintf(record->board, sizeof(record->board), "%s", ff_db_text(db, list, COLUMN_BOARD));
	snprintf(record->keep.owner, sizeof(record->keep.owner), "%s", ff_db_text(db, list, COLUMN_OWNER));
	snprintf(record->keep.peer, sizeof(record->keep.peer), "%s", ff_db_text(db, list, COLUMN_PEER));
}

static enum ff_status list(struct ff_db *db, ff_lease_found found, void *found_context, struct ff_error *error)
{
	struct ff_lease_record record;
	bool row = true;
	enum ff_status status = ff_db_bind(db, FF_SQL_LEASE_LIST, error, "");
	while (status == FF_OK && row) {
		status = ff_db_step(db, FF_SQL_LEASE_LIST, &row, error);
		if (status != FF_OK || !row) {
			continue;
		}
		read_record(db, &record);
		if (ff_db_bytes(db, FF_SQL_LEASE_LIST, COLUMN_HASH, record.hash, sizeof(record.hash))) {
			found(found_context, &record);
		} else {
			status = ff_error_set(error, FF_ERR_FORMAT, "%s: a lease has no hash", db->path);
		}
	}
	ff_db_done(db, FF_SQL_LEASE_LIST);
	return status;
}

static enum ff_status on_load(void *context, ff_lease_found found, void *found_context, uint64_t *last_number,
			      struct ff_error *error)
{
	struct ff_store *store = context;
	struct ff_db *db = &store->reader;
	bool row = false;
	pthread_mutex_lock(&store->mutex);
	enum ff_status status = ff_db_bind(db, FF_SQL_LEASE_LAST, error, "");
	if (status == FF_OK) {
		status = ff_db_step(db, FF_SQL_LEASE_LAST, &row, error);
	}
	if (row) {
		*last_number = (uint64_t)ff_db_int(db, FF_SQL_LEASE_LAST, 0);
	}
	ff_db_done(db, FF_SQL_LEASE_LAST);
	if (status == FF_OK) {
		status = list(db, found, found_context, error);
	}
	pthread_mutex_unlock(&store->mutex);
	return status;
}

struct ff_lease_ledger ff_store_make_lease_ledger(struct ff_store *store)
{
	return (struct ff_lease_ledger){
		.take = on_take,
		.renew = on_renew,
		.end = on_end,
		.load = on_load,
		.context = store,
	};
}
