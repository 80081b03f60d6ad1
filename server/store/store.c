// SPDX-License-Identifier: Apache-2.0
#include "store_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema.h"

#define MODE 0600

static enum ff_status file_failure(struct ff_error *error, int reason, const char *path)
{
	if (reason == EWOULDBLOCK) {
		return ff_error_set(error, FF_ERR_BUSY,
				    "%s is in use by another farflashd: each needs its own --data-dir", path);
	}
	enum ff_status status = FF_ERR_IO;
	if (reason == EACCES || reason == EPERM || reason == EROFS) {
		status = FF_ERR_DENIED;
	} else if (reason == ENOSPC || reason == EDQUOT) {
		status = FF_ERR_NO_SPACE;
	}
	return ff_error_set_errno(error, status, reason, "%s cannot be opened", path);
}

/* SQLite would make it readable for others; its companions get the file's mode. The lock is of another kind than SQLite's,
 * which are lost when any descriptor of the file is closed: so this one is closed last. */
static enum ff_status take_file(struct ff_store *store, const char *path, struct ff_error *error)
{
	store->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (store->fd < 0 || flock(store->fd, LOCK_EX | LOCK_NB) != 0 || fchmod(store->fd, MODE) != 0) {
		return file_failure(error, errno, path);
	}
	return FF_OK;
}

/* A damaged page may be found only when it is needed, months later; so all of them are looked at now. */
static enum ff_status check(struct ff_db *db, struct ff_error *error)
{
	int64_t wrong = 0;
	enum ff_status status =
		ff_db_number(db, "SELECT COUNT(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'", &wrong, error);
	if (status == FF_OK && wrong > 0) {
		status =
			ff_error_set(error, FF_ERR_FORMAT,
				     "%s is damaged: move it away to start without what it knows, or put a copy in its "
				     "place",
				     db->path);
	}
	return status;
}

/* FULL: what has been committed is on the disk, whatever becomes of the power. The log is cut when it has been large. */
static const char settings[] =
	"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304; "
	"PRAGMA wal_autocheckpoint = 500";

static enum ff_status open_writer(struct ff_store *store, const char *path, struct ff_error *error)
{
	struct ff_db db;
	enum ff_status status = ff_db_open(&db, path, true, error);
	if (status != FF_OK) {
		return status;
	}
	status = ff_db_exec(&db, settings, error);
	if (status == FF_OK) {
		status = check(&db, error);
	}
	if (status == FF_OK) {
		status = ff_schema_migrate(&db, ff_schema_migrations, ff_schema_version, error);
	}
	if (status == FF_OK) {
		status = ff_writer_open(&store->writer, &db, store->log, error);
	}
	if (status != FF_OK) {
		ff_db_close(&db);
	}
	return status;
}

enum ff_status ff_store_open(struct ff_store **result, const char *data_dir, const struct ff_log *log,
			     struct ff_error *error)
{
	char *path = NULL;
	struct ff_store *store = calloc(1, sizeof(*store));
	if (!store || asprintf(&path, "%s/" FF_STORE_FILE, data_dir) < 0) {
		free(store);
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	store->log = log;
	pthread_mutex_init(&store->mutex, NULL);
	enum ff_status status = take_file(store, path, error);
	if (status == FF_OK) {
		status = open_writer(store, path, error);
	}
	if (status == FF_OK) {
		status = ff_db_open(&store->reader, path, false, error);
	}
	free(path);
	if (status != FF_OK) {
		ff_store_close(store);
		return status;
	}
	store->ledger = ff_store_make_ledger(store);
	store->lease_ledger = ff_store_make_lease_ledger(store);
	store->quarantine_ledger = ff_store_make_quarantine_ledger(store);
	store->audit = ff_store_make_audit(store);
	*result = store;
	return FF_OK;
}

void ff_store_close(struct ff_store *store)
{
	if (store) {
		/* The writer last: then it leaves a single file behind. */
		ff_db_close(&store->reader);
		ff_writer_close(store->writer);
		if (store->fd >= 0) {
			close(store->fd);
		}
		pthread_mutex_destroy(&store->mutex);
		free(store);
	}
}

const struct ff_ledger *ff_store_ledger(struct ff_store *store)
{
	return &store->ledger;
}

const struct ff_lease_ledger *ff_store_lease_ledger(struct ff_store *store)
{
	return &store->lease_ledger;
}

const struct ff_quarantine_ledger *ff_store_quarantine_ledger(struct ff_store *store)
{
	return &store->quarantine_ledger;
}

const struct ff_audit *ff_store_audit(struct ff_store *store)
{
	return &store->audit;
}
