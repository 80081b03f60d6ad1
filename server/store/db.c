// SPDX-License-Identifier: Apache-2.0
#include "db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS 2000

static const char *const sql_texts[FF_STATEMENT_COUNT] = {
#define SQL_TEXT(name, sql) [name] = sql,
	FF_STATEMENT_MAP(SQL_TEXT)
#undef SQL_TEXT
};

/* SQLite knows ENOSPC only; a quota and a limit on the size of files are failures to write to it, of which it forgets the
 * reason unless it is the last thing that went wrong. */
static enum ff_status translate(const struct ff_db *db, int code)
{
	bool broken = db->handle && sqlite3_system_errno(db->handle) == EIO;
	switch (code & 0xff) {
	case SQLITE_FULL:
		return FF_ERR_NO_SPACE;
	case SQLITE_IOERR:
		return (code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE) && !broken ? FF_ERR_NO_SPACE
											       : FF_ERR_IO;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return FF_ERR_DENIED;
	case SQLITE_NOMEM:
		return FF_ERR_NO_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_MISMATCH:
		return FF_ERR_FORMAT;
	default:
		return FF_ERR_IO;
	}
}

static enum ff_status failure(const struct ff_db *db, int code, struct ff_error *error)
{
	enum ff_status status = translate(db, code);
	switch (status) {
	case FF_ERR_NO_SPACE:
		return ff_error_set(error, status, "%s cannot be written: no space left on the disk", db->path);
	case FF_ERR_FORMAT:
		return ff_error_set(error, status,
				    "%s is damaged (%s): move it away to start without what it knows, or put a copy in "
				    "its place",
				    db->path, sqlite3_errstr(code));
	default:
		return ff_error_set(error, status, "%s: %s", db->path,
				    db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
	}
}

enum ff_status ff_db_open(struct ff_db *db, const char *path, bool writes, struct ff_error *error)
{
	int flags = writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	*db = (struct ff_db){ .path = strdup(path) };
	if (!db->path) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	/* Each connection is behind a lock of ours. */
	flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(path, &db->handle, flags, NULL);
	enum ff_status status = code == SQLITE_OK ? FF_OK : failure(db, code, error);
	if (status == FF_OK) {
		sqlite3_busy_timeout(db->handle, BUSY_MS);
		status = ff_db_exec(
			db, "PRAGMA cache_size = -512; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY", error);
	}
	if (status != FF_OK) {
		ff_db_close(db);
	}
	return status;
}

void ff_db_close(struct ff_db *db)
{
	for (int i = 0; i < FF_STATEMENT_COUNT; i++) {
		sqlite3_finalize(db->statements[i]);
	}
	sqlite3_close(db->handle);
	free(db->path);
	*db = (struct ff_db){ .handle = NULL };
}

enum ff_status ff_db_exec(struct ff_db *db, const char *sql, struct ff_error *error)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? FF_OK : failure(db, code, error);
}

enum ff_status ff_db_number(struct ff_db *db, const char *sql, int64_t *number, struct ff_error *error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
	}
	enum ff_status status = code == SQLITE_ROW ? FF_OK : failure(db, code, error);
	if (status == FF_OK) {
		*number = sqlite3_column_int64(statement, 0);
	}
	sqlite3_finalize(statement);
	return status;
}

static int bind(sqlite3_stmt *statement, const char *types, va_list args)
{
	int code = SQLITE_OK;
	for (int i = 0; types[i] && code == SQLITE_OK; i++) {
		const void *bytes;
		switch (types[i]) {
		case 'i':
			code = sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
			break;
		case 't':
			code = sqlite3_bind_text(statement, i + 1, va_arg(args, const char *), -1, SQLITE_STATIC);
			break;
		default:
			bytes = va_arg(args, const void *);
			code = sqlite3_bind_blob(statement, i + 1, bytes, va_arg(args, int), SQLITE_STATIC);
		}
	}
	return code;
}

static enum ff_status bind_all(struct ff_db *db, enum ff_statement which, struct ff_error *error, const char *types,
			       va_list args)
{
	int code = SQLITE_OK;
	if (!db->statements[which]) {
		code = sqlite3_prepare_v3(db->handle, sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
					  &db->statements[which], NULL);
	}
	if (code == SQLITE_OK) {
		code = bind(db->statements[which], types, args);
	}
	return code == SQLITE_OK ? FF_OK : failure(db, code, error);
}

enum ff_status ff_db_bind(struct ff_db *db, enum ff_statement which, struct ff_error *error, const char *types, ...)
{
	va_list args;
	va_start(args, types);
	enum ff_status status = bind_all(db, which, error, types, args);
	va_end(args);
	return status;
}

enum ff_status ff_db_step(struct ff_db *db, enum ff_statement which, bool *row, struct ff_error *error)
{
	int code = sqlite3_step(db->statements[which]);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		return failure(db, code, error);
	}
	*row = code == SQLITE_ROW;
	return FF_OK;
}

int64_t ff_db_int(struct ff_db *db, enum ff_statement which, int column)
{
	return sqlite3_column_int64(db->statements[which], column);
}

const char *ff_db_text(struct ff_db *db, enum ff_statement which, int column)
{
	const char *text = (const char *)sqlite3_column_text(db->statements[which], column);
	return text ? text : "";
}

bool ff_db_bytes(struct ff_db *db, enum ff_statement which, int column, void *bytes, size_t size)
{
	const void *found = sqlite3_column_blob(db->statements[which], column);
	if (!found || (size_t)sqlite3_column_bytes(db->statements[which], column) != size) {
		return false;
	}
	memcpy(bytes, found, size);
	return true;
}

void ff_db_done(struct ff_db *db, enum ff_statement which)
{
	sqlite3_reset(db->statements[which]);
	sqlite3_clear_bindings(db->statements[which]);
}

enum ff_status ff_db_run(struct ff_db *db, enum ff_statement which, struct ff_error *error, const char *types, ...)
{
	va_list args;
	bool row = false;
	va_start(args, types);
	enum ff_status status = bind_all(db, which, error, types, args);
	va_end(args);
	if (status == FF_OK) {
		status = ff_db_step(db, which, &row, error);
	}
	ff_db_done(db, which);
	return status;
}
