// SPDX-License-Identifier: Apache-2.0
#include "schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* `asked` and `known` are JSON (job_json.h): columns are for what is looked for. No table grows without end: the queue has its
 * oldest jobs forgotten, and the store prunes the others. */
static const char first[] = "CREATE TABLE jobs ("
			    "  number INTEGER PRIMARY KEY,"
			    "  kind TEXT NOT NULL,"
			    "  board TEXT NOT NULL,"
			    "  state TEXT NOT NULL,"
			    "  lease INTEGER NOT NULL,"   /* 0: none */
			    "  repeats INTEGER NOT NULL," /* 0: none */
			    "  created_ms INTEGER NOT NULL,"
			    "  started_ms INTEGER NOT NULL,"  /* 0: not yet */
			    "  finished_ms INTEGER NOT NULL," /* 0: not yet */
			    "  asked TEXT NOT NULL,"
			    "  known TEXT NOT NULL"
			    ") STRICT;"
			    "CREATE TABLE boards ("
			    "  name TEXT PRIMARY KEY,"
			    "  done INTEGER NOT NULL,"
			    "  failed INTEGER NOT NULL,"
			    "  cancelled INTEGER NOT NULL,"
			    "  interrupted INTEGER NOT NULL,"
			    "  last_success_ms INTEGER NOT NULL,"
			    "  recent TEXT NOT NULL" /* how the last jobs ended, oldest first: a letter each */
			    ") STRICT, WITHOUT ROWID;"
			    "CREATE TABLE leases ("
			    "  number INTEGER PRIMARY KEY,"
			    "  hash BLOB NOT NULL UNIQUE,"
			    "  board TEXT NOT NULL,"
			    "  owner TEXT NOT NULL,"
			    "  peer TEXT NOT NULL,"
			    "  created_ms INTEGER NOT NULL,"
			    "  expires_ms INTEGER NOT NULL,"
			    "  ended_ms INTEGER NOT NULL" /* 0: in force */
			    ") STRICT;"
			    "CREATE UNIQUE INDEX lease_in_force ON leases (board) WHERE ended_ms = 0;"
			    "CREATE TABLE audit ("
			    "  number INTEGER PRIMARY KEY AUTOINCREMENT,"
			    "  at_ms INTEGER NOT NULL,"
			    "  who TEXT,"
			    "  peer TEXT,"
			    "  action TEXT NOT NULL,"
			    "  board TEXT,"
			    "  job TEXT,"
			    "  result TEXT"
			    ") STRICT;"
			    "CREATE INDEX audit_of_board ON audit (board, number);";

static const char quarantine[] = "CREATE TABLE quarantine ("
				 "  board TEXT PRIMARY KEY,"
				 "  by_hand INTEGER NOT NULL,"
				 "  who TEXT NOT NULL," /* empty: its own failures */
				 "  failures INTEGER NOT NULL,"
				 "  since_ms INTEGER NOT NULL,"
				 "  reason TEXT NOT NULL"
				 ") STRICT, WITHOUT ROWID;";

/* What is known of a board's chip. Of those that jobs of before have met, the newest word. */
static const char facts[] =
	"CREATE TABLE facts ("
	"  board TEXT PRIMARY KEY,"
	"  known TEXT NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"INSERT OR REPLACE INTO facts (board, known) SELECT board, facts FROM ("
	"  SELECT number, board, CASE WHEN json_valid(known) THEN json_extract(known, '$.facts') END AS facts"
	"  FROM jobs"
	") WHERE facts IS NOT NULL ORDER BY number;";

const char *const ff_schema_migrations[] = { first, quarantine, facts };
const size_t ff_schema_version = sizeof(ff_schema_migrations) / sizeof(ff_schema_migrations[0]);

static enum ff_status migrate(struct ff_db *db, const char *migration, size_t version, struct ff_error *error)
{
	char *sql = NULL;
	if (asprintf(&sql, "BEGIN IMMEDIATE; %s PRAGMA user_version = %zu; COMMIT", migration, version) < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	enum ff_status status = ff_db_exec(db, sql, error);
	free(sql);
	if (status != FF_OK) {
		(void)!ff_db_exec(db, "ROLLBACK", NULL); /* the first error is the one that matters */
	}
	return status;
}

enum ff_status ff_schema_migrate(struct ff_db *db, const char *const *migrations, size_t version,
				 struct ff_error *error)
{
	int64_t found = 0;
	enum ff_status status = ff_db_number(db, "PRAGMA user_version", &found, error);
	if (status == FF_OK && (found < 0 || (uint64_t)found > version)) {
		status = ff_error_set(error, FF_ERR_UNSUPPORTED,
				      "%s is of version %" PRId64
				      ", and this farflashd knows versions up to %zu: start the "
				      "newer one, or give another --data-dir",
				      db->path, found, version);
	}
	for (size_t at = (size_t)found; at < version && status == FF_OK; at++) {
		status = migrate(db, migrations[at], at + 1, error);
	}
	return status;
}
