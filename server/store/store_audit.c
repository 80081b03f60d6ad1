// SPDX-License-Identifier: Apache-2.0
/* Who did what, and from where. */
#include "store_inner.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "utf8.h"
#include "worker.h"

#define LONGEST_TEXT 192 /* bytes of each of a line's texts */

enum text { TEXT_WHO, TEXT_FROM, TEXT_ACTION, TEXT_BOARD, TEXT_JOB, TEXT_RESULT, TEXT_COUNT };

struct change {
	int64_t at_ms;
	json_t *texts[TEXT_COUNT]; /* valid UTF-8; NULL: nothing to say */
};

static void free_change(void *what)
{
	struct change *change = what;
	if (change) {
		for (int i = 0; i < TEXT_COUNT; i++) {
			json_decref(change->texts[i]);
		}
		free(change);
	}
}

/* Cut, and without what is no UTF-8. */
static json_t *clean(const char *text)
{
	size_t size = text ? strnlen(text, LONGEST_TEXT) : 0;
	if (!text) {
		return NULL;
	}
	size -= size == LONGEST_TEXT ? ff_utf8_unfinished((const uint8_t *)text, size) : 0;
	return ff_utf8_json((const uint8_t *)text, size);
}

static struct change *make_change(const struct ff_audit_line *line)
{
	struct change *change = calloc(1, sizeof(*change));
	if (change) {
		change->at_ms = ff_wall_ms();
		change->texts[TEXT_WHO] = clean(line->who);
		change->texts[TEXT_FROM] = clean(line->from);
		change->texts[TEXT_ACTION] = clean(line->action);
		change->texts[TEXT_BOARD] = clean(line->board);
		change->texts[TEXT_JOB] = clean(line->job);
		change->texts[TEXT_RESULT] = clean(line->result);
	}
	return change;
}

enum ff_status ff_store_add_line(struct ff_db *db, const struct ff_audit_line *line, struct ff_error *error)
{
	enum ff_status status = ff_db_run(db, FF_SQL_AUDIT_ADD, error, "itttttt", line->at_ms, line->who, line->from,
					  line->action ? line->action : "", line->board, line->job, line->result);
	int64_t oldest = sqlite3_last_insert_rowid(db->handle) - FF_STORE_AUDIT_LINES;
	if (status == FF_OK && oldest > 0) {
		status = ff_db_run(db, FF_SQL_AUDIT_PRUNE, error, "i", oldest);
	}
	return status;
}

static enum ff_status add(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct change *change = what;
	return ff_store_add_line(db,
				 &(struct ff_audit_line){
					 .at_ms = change->at_ms,
					 .who = json_string_value(change->texts[TEXT_WHO]),
					 .from = json_string_value(change->texts[TEXT_FROM]),
					 .action = json_string_value(change->texts[TEXT_ACTION]),
					 .board = json_string_value(change->texts[TEXT_BOARD]),
					 .job = json_string_value(change->texts[TEXT_JOB]),
					 .result = json_string_value(change->texts[TEXT_RESULT]),
				 },
				 error);
}

static void on_note(void *context, const struct ff_audit_line *line)
{
	struct ff_store *store = context;
	struct change *change = make_change(line);
	if (change) {
		ff_writer_send(store->writer, &(struct ff_change){ add, change, free_change, false });
	}
}

/* ---- reading ---- */

static const char *column_text(struct ff_db *db, enum ff_statement which, int column)
{
	const char *text = ff_db_text(db, which, column);
	return text[0] ? text : NULL;
}

static void tell_row(struct ff_db *db, enum ff_statement which, ff_audit_found found, void *found_context)
{
	struct ff_audit_line line = {
		.number = (uint64_t)ff_db_int(db, which, 0),
		.at_ms = ff_db_int(db, which, 1),
		.who = column_text(db, which, 2),
		.from = column_text(db, which, 3),
		.action = column_text(db, which, 4),
		.board = column_text(db, which, 5),
		.job = column_text(db, which, 6),
		.result = column_text(db, which, 7),
	};
	found(found_context, &line);
}

static enum ff_status on_list(void *context, const struct ff_audit_query *query, ff_audit_found found,
			      void *found_context, struct ff_error *error)
{
	struct ff_store *store = context;
	struct ff_db *db = &store->reader;
	enum ff_statement which = query->board ? FF_SQL_AUDIT_LIST_OF_BOARD : FF_SQL_AUDIT_LIST;
	int64_t limit = (int64_t)query->limit;
	bool row = true;
	pthread_mutex_lock(&store->mutex);
	enum ff_status status = query->board ? ff_db_bind(db, which, error, "tii", query->board, query->since_ms, limit)
					     : ff_db_bind(db, which, error, "ii", query->since_ms, limit);
	while (status == FF_OK && row) {
		status = ff_db_step(db, which, &row, error);
		if (status == FF_OK && row) {
			tell_row(db, which, found, found_context);
		}
	}
	ff_db_done(db, which);
	pthread_mutex_unlock(&store->mutex);
	return status;
}

struct ff_audit ff_store_make_audit(struct ff_store *store)
{
	return (struct ff_audit){ .note = on_note, .list = on_list, .context = store };
}
