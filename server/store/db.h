// SPDX-License-Identifier: Apache-2.0
/* One connection to the database, and its prepared statements. Errors of SQLite are translated here and nowhere else:
 * FF_ERR_NO_SPACE, FF_ERR_DENIED, FF_ERR_FORMAT (damaged, or not a database), FF_ERR_NO_MEMORY, FF_ERR_IO for the
 * rest, each with the file's name. One thread at a time. */
#ifndef FF_STORE_DB_H
#define FF_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include <farflash/status.h>

#include "statements.h"

struct ff_db {
	sqlite3 *handle;
	char *path;                                   /* owned */
	sqlite3_stmt *statements[FF_STATEMENT_COUNT]; /* prepared when they are first used */
};

/* Opens the file, which is there. On failure nothing is left open. */
FF_WARN_UNUSED enum ff_status ff_db_open(struct ff_db *db, const char *path, bool writes, struct ff_error *error);

/* Harmless on a zeroed one. */
void ff_db_close(struct ff_db *db);

/* Runs SQL that answers nothing, which may be several statements. */
FF_WARN_UNUSED enum ff_status ff_db_exec(struct ff_db *db, const char *sql, struct ff_error *error);

/* The number that `sql` answers. */
FF_WARN_UNUSED enum ff_status ff_db_number(struct ff_db *db, const char *sql, int64_t *number, struct ff_error *error);

/* Gets a statement ready; `types` has a letter for each of its parameters: i (int64_t), t (const char *, NULL: SQL's NULL),
 * b (const void *, and the size as int). What texts and bytes point to must last until ff_db_done(). */
FF_WARN_UNUSED enum ff_status ff_db_bind(struct ff_db *db, enum ff_statement which, struct ff_error *error,
					 const char *types, ...);

/* Goes to the next row; `row` false: there is none more. */
FF_WARN_UNUSED enum ff_status ff_db_step(struct ff_db *db, enum ff_statement which, bool *row, struct ff_error *error);

/* A column of the row. Text is "" where there is none, and valid until the next step. */
int64_t ff_db_int(struct ff_db *db, enum ff_statement which, int column);
const char *ff_db_text(struct ff_db *db, enum ff_statement which, int column);

/* Copies exactly `size` bytes; false: the column has another size. */
bool ff_db_bytes(struct ff_db *db, enum ff_statement which, int column, void *bytes, size_t size);

/* Ends a statement's run. Harmless if there is none. */
void ff_db_done(struct ff_db *db, enum ff_statement which);

/* Binds, runs and ends one that answers nothing. */
FF_WARN_UNUSED enum ff_status ff_db_run(struct ff_db *db, enum ff_statement which, struct ff_error *error,
					const char *types, ...);

#endif
