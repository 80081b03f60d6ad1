// SPDX-License-Identifier: Apache-2.0
/* What the server keeps beyond its process, in DATA-DIR/farflash.db: jobs, leases, boards in quarantine, who did what, how
 * boards have fared. It implements the interfaces of those who own these things (ledger.h, lease_ledger.h,
 * quarantine_ledger.h, audit.h), and is the only user of SQLite.
 *
 * Two connections: one belongs to the writer's thread (writer.h), the other is for reading, behind a mutex of its own; in WAL
 * mode neither waits for the other. open/close from one thread, the interfaces from any. */
#ifndef FF_STORE_STORE_H
#define FF_STORE_STORE_H

#include <farflash/log.h>
#include <farflash/status.h>

#include "audit.h"
#include "lease_ledger.h"
#include "ledger.h"
#include "quarantine_ledger.h"

#define FF_STORE_FILE "farflash.db"
#define FF_STORE_AUDIT_LINES 100000 /* the newest that are kept */

struct ff_store;

/* Opens the database in `data_dir`, which exists, or makes it (mode 0600), and brings it to this version. `log` may be NULL
 * and must outlive the store. FF_ERR_BUSY: another process has it open; FF_ERR_FORMAT: it is damaged; FF_ERR_UNSUPPORTED: it is of a newer version; FF_ERR_DENIED,
 * FF_ERR_NO_SPACE, FF_ERR_IO, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_store_open(struct ff_store **store, const char *data_dir, const struct ff_log *log,
					    struct ff_error *error);

/* Nobody may use it any more. NULL is harmless. */
void ff_store_close(struct ff_store *store);

/* The interfaces. Valid until ff_store_close(). */
const struct ff_ledger *ff_store_ledger(struct ff_store *store);
const struct ff_lease_ledger *ff_store_lease_ledger(struct ff_store *store);
const struct ff_quarantine_ledger *ff_store_quarantine_ledger(struct ff_store *store);
const struct ff_audit *ff_store_audit(struct ff_store *store);

#endif
