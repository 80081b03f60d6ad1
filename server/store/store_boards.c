// SPDX-License-Identifier: Apache-2.0
/* How boards have fared, and what is known of their chips. The jobs' own rows do not last long enough for either. */
#include "store_inner.h"

#include <stdio.h>
#include <string.h>

#include "job_json.h"

enum column { COLUMN_DONE, COLUMN_FAILED, COLUMN_CANCELLED, COLUMN_INTERRUPTED, COLUMN_LAST_SUCCESS, COLUMN_RECENT };

struct record {
	struct ff_board_history history;
	char recent[FF_LEDGER_RECENT + 2]; /* a letter for each, oldest first, and room for one more */
};

static char letter_of(enum ff_job_state state)
{
	return ff_job_state_name(state)[0]; /* d, f, c or i */
}

static void count_recent(struct record *record)
{
	static const enum ff_job_state states[] = { FF_JOB_DONE, FF_JOB_FAILED, FF_JOB_CANCELLED, FF_JOB_INTERRUPTED };
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		for (const char *at = record->recent; *at; at++) {
			record->history.recent[states[i]] += *at == letter_of(states[i]);
		}
	}
}

static enum ff_status read_record(struct ff_db *db, const char *board, struct record *record, struct ff_error *error)
{
	const enum ff_statement find = FF_SQL_BOARD_FIND;
	bool row = false;
	*record = (struct record){ .recent = "" };
	enum ff_status status = ff_db_bind(db, find, error, "t", board);
	if (status == FF_OK) {
		status = ff_db_step(db, find, &row, error);
	}
	if (row) {
		record->history.counts[FF_JOB_DONE] = (uint64_t)ff_db_int(db, find, COLUMN_DONE);
		record->history.counts[FF_JOB_FAILED] = (uint64_t)ff_db_int(db, find, COLUMN_FAILED);
		record->history.counts[FF_JOB_CANCELLED] = (uint64_t)ff_db_int(db, find, COLUMN_CANCELLED);
		record->history.counts[FF_JOB_INTERRUPTED] = (uint64_t)ff_db_int(db, find, COLUMN_INTERRUPTED);
		record->history.last_success_ms = ff_db_int(db, find, COLUMN_LAST_SUCCESS);
		snprintf(record->recent, FF_LEDGER_RECENT + 1, "%s", ff_db_text(db, find, COLUMN_RECENT));
	}
	ff_db_done(db, find);
	return status;
}

enum ff_status ff_store_read_history(struct ff_db *db, const char *board, struct ff_board_history *history,
				     struct ff_error *error)
{
	struct record record;
	enum ff_status status = read_record(db, board, &record, error);
	if (status == FF_OK) {
		count_recent(&record);
		*history = record.history;
	}
	return status;
}

enum ff_status ff_store_count_end(struct ff_db *db, const char *board, enum ff_job_state state, int64_t finished_ms,
				  struct ff_error *error)
{
	struct record record;
	enum ff_status status = read_record(db, board, &record, error);
	if (status != FF_OK) {
		return status;
	}
	struct ff_board_history *history = &record.history;
	size_t used = strlen(record.recent);
	record.recent[used] = letter_of(state);
	const char *recent = record.recent + (used == FF_LEDGER_RECENT ? 1 : 0);
	history->counts[state]++;
	if (state == FF_JOB_DONE) {
		history->last_success_ms = finished_ms;
	}
	return ff_db_run(db, FF_SQL_BOARD_SET, error, "tiiiiit", board, (int64_t)history->counts[FF_JOB_DONE],
			 (int64_t)history->counts[FF_JOB_FAILED], (int64_t)history->counts[FF_JOB_CANCELLED],
			 (int64_t)history->counts[FF_JOB_INTERRUPTED], history->last_success_ms, recent);
}

enum ff_status ff_store_read_facts(struct ff_db *db, const char *board, struct ff_board_facts *facts, bool *known,
				   struct ff_error *error)
{
	const enum ff_statement find = FF_SQL_FACTS_FIND;
	bool row = false;
	enum ff_status status = ff_db_bind(db, find, error, "t", board);
	if (status == FF_OK) {
		status = ff_db_step(db, find, &row, error);
	}
	*known = row && ff_job_json_read_facts(ff_db_text(db, find, 0), facts);
	ff_db_done(db, find);
	return status;
}
