// SPDX-License-Identifier: Apache-2.0
/* The database's shape, and how it came to be. */
#ifndef FF_STORE_SCHEMA_H
#define FF_STORE_SCHEMA_H

#include <stddef.h>

#include <farflash/status.h>

#include "db.h"

/* Each leads from the version that is its index to the next one. What has been released is never changed: a new shape is a
 * new row. */
extern const char *const ff_schema_migrations[];
extern const size_t ff_schema_version;

/* Brings the database from the version that it says it has to `version`, each step in a transaction of its own.
 * FF_ERR_UNSUPPORTED: it is newer; errors of the database. */
FF_WARN_UNUSED enum ff_status ff_schema_migrate(struct ff_db *db, const char *const *migrations, size_t version,
						struct ff_error *error);

#endif
