// SPDX-License-Identifier: Apache-2.0
/* Jobs. A change carries a row of its own, because the job goes on. */
#include "store_inner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "job_json.h"

enum column {
	COLUMN_NUMBER,
	COLUMN_KIND,
	COLUMN_BOARD,
	COLUMN_STATE,
	COLUMN_LEASE,
	COLUMN_REPEATS,
	COLUMN_CREATED,
	COLUMN_STARTED,
	COLUMN_FINISHED,
	COLUMN_ASKED,
	COLUMN_KNOWN
};

struct row {
	uint64_t number;
	enum ff_job_kind kind;
	enum ff_job_state state;
	uint64_t lease;
	uint64_t repeats;
	int64_t created_ms;
	int64_t started_ms;
	int64_t finished_ms;
	char board[FF_BOARD_NAME_SIZE];
	char *asked; /* owned; NULL where the change does not need it */
	char *known; /* the same */
	char *facts; /* the same; NULL also where nothing is known */
};

/* Those of a batch. */
struct rows {
	size_t count;
	struct row *rows[];
};

static void free_row(void *what)
{
	struct row *row = what;
	if (row) {
		free(row->asked);
		free(row->known);
		free(row->facts);
		free(row);
	}
}

static void free_rows(void *what)
{
	struct rows *rows = what;
	for (size_t i = 0; rows && i < rows->count; i++) {
		free_row(rows->rows[i]);
	}
	free(rows);
}

/* NULL: out of memory. */
static struct row *make_row(const struct ff_job *job)
{
	struct row *row = calloc(1, sizeof(*row));
	if (row) {
		row->number = ff_job_number(job);
		row->kind = ff_job_kind(job);
		row->lease = ff_job_lease(job);
		row->repeats = ff_job_repeats(job);
		snprintf(row->board, sizeof(row->board), "%s", ff_job_board(job));
	}
	return row;
}

/* ---- changes, in the writer's thread ---- */

static enum ff_status add_row(struct ff_db *db, const struct row *row, struct ff_error *error)
{
	return ff_db_run(db, FF_SQL_JOB_ADD, error, "itttiiiiitt", (int64_t)row->number, ff_job_kind_name(row->kind),
			 row->board, ff_job_state_name(row->state), (int64_t)row->lease, (int64_t)row->repeats,
			 row->created_ms, row->started_ms, row->finished_ms, row->asked, row->known);
}

static enum ff_status add(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct rows *rows = what;
	enum ff_status status = FF_OK;
	for (size_t i = 0; i < rows->count && status == FF_OK; i++) {
		status = add_row(db, rows->rows[i], error);
	}
	return status;
}

static enum ff_status begin(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct row *row = what;
	return ff_db_run(db, FF_SQL_JOB_BEGIN, error, "ttii", ff_job_state_name(FF_JOB_RUNNING), row->board,
			 row->started_ms, (int64_t)row->number);
}

static enum ff_status reach(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct row *row = what;
	return ff_db_run(db, FF_SQL_JOB_REACH, error, "ti", row->known, (int64_t)row->number);
}

static enum ff_status end(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct row *row = what;
	enum ff_status status =
		ff_db_run(db, FF_SQL_JOB_END, error, "ttiiti", ff_job_state_name(row->state), row->board,
			  row->started_ms, row->finished_ms, row->known, (int64_t)row->number);
	if (status == FF_OK && row->facts) {
		status = ff_db_run(db, FF_SQL_FACTS_SET, error, "tt", row->board, row->facts);
	}
	return status == FF_OK ? ff_store_count_end(db, row->board, row->state, row->finished_ms, error) : status;
}

static enum ff_status forget(struct ff_db *db, const void *what, struct ff_error *error)
{
	const struct row *row = what;
	return ff_db_run(db, FF_SQL_JOB_FORGET, error, "i", (int64_t)row->number);
}

/* ---- the ledger ---- */

/* NULL: out of memory. */
static struct row *make_accepted(struct ff_job *job)
{
	struct ff_job_view view;
	struct row *row = make_row(job);
	ff_job_view(job, &view);
	if (row) {
		row->state = view.state;
		row->created_ms = view.created_ms;
		row->asked = ff_job_json_asked(job);
		row->known = ff_job_json_known(job, &view);
	}
	if (row && (!row->asked || !row->known)) {
		free_row(row);
		row = NULL;
	}
	return row;
}

static enum ff_status on_accept(void *context, struct ff_job *const *jobs, size_t count, struct ff_error *error)
{
	struct ff_store *store = context;
	struct rows *rows = calloc(1, sizeof(*rows) + count * sizeof(struct row *));
	for (size_t i = 0; rows && i < count; i++) {
		rows->count = i + 1;
		rows->rows[i] = make_accepted(jobs[i]);
		if (!rows->rows[i]) {
			free_rows(rows);
			rows = NULL;
		}
	}
	return rows ? ff_writer_make(store->writer, &(struct ff_change){ add, rows, free_rows, false }, error)
		    : ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
}

static enum ff_status on_begin(void *context, struct ff_job *job, int64_t started_ms, struct ff_error *error)
{
	struct ff_store *store = context;
	struct row *row = make_row(job);
	if (row) {
		row->started_ms = started_ms;
	}
	return ff_writer_make(store->writer, &(struct ff_change){ begin, row, free_row, false }, error);
}

static enum ff_status on_reach(void *context, struct ff_job *job, struct ff_error *error)
{
	struct ff_store *store = context;
	struct ff_job_view view;
	struct row *row = make_row(job);
	ff_job_view(job, &view);
	if (row) {
		row->known = ff_job_json_known(job, &view);
	}
	if (!row || !row->known) {
		free_row(row);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	return ff_writer_make(store->writer, &(struct ff_change){ reach, row, free_row, true }, error);
}

static enum ff_status on_end(void *context, struct ff_job *job, const struct ff_job_view *view, struct ff_error *error)
{
	struct ff_store *store = context;
	struct row *row = make_row(job);
	if (row) {
		row->state = view->state;
		row->started_ms = view->started_ms;
		row->finished_ms = view->finished_ms;
		row->known = ff_job_json_known(job, view);
		row->facts = view->facts.known ? ff_job_json_facts(&view->facts) : NULL;
	}
	if (!row || !row->known || (view->facts.known && !row->facts)) {
		free_row(row);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	return ff_writer_make(store->writer, &(struct ff_change){ end, row, free_row, true }, error);
}

static void on_forget(void *context, uint64_t number)
{
	struct ff_store *store = context;
	struct row *row = calloc(1, sizeof(*row));
	if (row) {
		row->number = number;
		ff_writer_send(store->writer, &(struct ff_change){ forget, row, free_row, true });
	}
}

static void on_history(void *context, const char *board, struct ff_board_history *history)
{
	struct ff_store *store = context;
	struct ff_error error = FF_ERROR_NONE;
	*history = (struct ff_board_history){ .last_success_ms = 0 };
	pthread_mutex_lock(&store->mutex);
	enum ff_status status = ff_store_read_history(&store->reader, board, history, &error);
	pthread_mutex_unlock(&store->mutex);
	if (status != FF_OK) {
		ff_log(store->log, FF_LOG_ERROR, "the history of %s cannot be read: %s", board, error.text);
	}
}

static bool on_facts(void *context, const char *board, struct ff_board_facts *facts)
{
	struct ff_store *store = context;
	struct ff_error error = FF_ERROR_NONE;
	bool known = false;
	pthread_mutex_lock(&store->mutex);
	enum ff_status status = ff_store_read_facts(&store->reader, board, facts, &known, &error);
	pthread_mutex_unlock(&store->mutex);
	if (status != FF_OK) {
		ff_log(store->log, FF_LOG_ERROR, "what was known of %s cannot be read: %s", board, error.text);
	}
	return status == FF_OK && known;
}

/* ---- loading ---- */

static const char *kind_name(int value)
{
	return ff_job_kind_name((enum ff_job_kind)value);
}

static const char *state_name(int value)
{
	return ff_job_state_name((enum ff_job_state)value);
}

static int64_t number_of(struct ff_db *db, enum column column)
{
	return ff_db_int(db, FF_SQL_JOB_LIST, (int)column);
}

static const char *text_of(struct ff_db *db, enum column column)
{
	return ff_db_text(db, FF_SQL_JOB_LIST, (int)column);
}

/* False: the row makes no sense, or there is no memory; then nothing is allocated. */
static bool read_row(struct ff_db *db, struct ff_job_spec *spec, struct ff_job_past *past)
{
	int kind = ff_fields_value(kind_name, FF_JOB_KIND_COUNT, text_of(db, COLUMN_KIND));
	int state = ff_fields_value(state_name, FF_JOB_STATE_COUNT, text_of(db, COLUMN_STATE));
	if (kind < 0 || state < 0 || number_of(db, COLUMN_NUMBER) <= 0) {
		return false;
	}
	*spec = (struct ff_job_spec){
		.kind = (enum ff_job_kind)kind,
		.number = (uint64_t)number_of(db, COLUMN_NUMBER),
		.repeats = (uint64_t)number_of(db, COLUMN_REPEATS),
		.lease = (uint64_t)number_of(db, COLUMN_LEASE),
	};
	*past = (struct ff_job_past){
		.view = {
			.state = (enum ff_job_state)state,
			.created_ms = number_of(db, COLUMN_CREATED),
			.started_ms = number_of(db, COLUMN_STARTED),
			.finished_ms = number_of(db, COLUMN_FINISHED),
		},
	};
	snprintf(spec->board, sizeof(spec->board), "%s", text_of(db, COLUMN_BOARD));
	if (!ff_job_json_read_asked(text_of(db, COLUMN_ASKED), spec)) {
		return false;
	}
	if (!ff_job_json_read_known(text_of(db, COLUMN_KNOWN), spec->region_count, past)) {
		ff_job_spec_release(spec);
		return false;
	}
	return true;
}

static enum ff_status on_load(void *context, ff_ledger_found found, void *found_context, struct ff_error *error)
{
	struct ff_store *store = context;
	struct ff_db *db = &store->reader;
	struct ff_job_spec spec;
	struct ff_job_past past;
	bool row = true;
	pthread_mutex_lock(&store->mutex);
	enum ff_status status = ff_db_bind(db, FF_SQL_JOB_LIST, error, "");
	while (status == FF_OK && row) {
		status = ff_db_step(db, FF_SQL_JOB_LIST, &row, error);
		if (status != FF_OK || !row) {
			continue;
		}
		if (read_row(db, &spec, &past)) {
			found(found_context, &spec, &past);
		} else {
			status = ff_error_set(error, FF_ERR_FORMAT, "%s: job %" PRId64 " makes no sense", db->path,
					      number_of(db, COLUMN_NUMBER));
		}
	}
	ff_db_done(db, FF_SQL_JOB_LIST);
	pthread_mutex_unlock(&store->mutex);
	return status;
}

struct ff_ledger ff_store_make_ledger(struct ff_store *store)
{
	return (struct ff_ledger){
		.accept = on_accept,
		.begin = on_begin,
		.reach = on_reach,
		.end = on_end,
		.forget = on_forget,
		.load = on_load,
		.history = on_history,
		.facts = on_facts,
		.context = store,
	};
}
