// SPDX-License-Identifier: Apache-2.0
/* All of the SQL that is used more than once. Constant. */
#ifndef FF_STORE_STATEMENTS_H
#define FF_STORE_STATEMENTS_H

/* X(constant, SQL) */
#define FF_STATEMENT_MAP(X) \
	X(FF_SQL_JOB_ADD, \
	  "INSERT INTO jobs (number, kind, board, state, lease, repeats, created_ms, started_ms, finished_ms, asked, known) " \
	  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") \
	X(FF_SQL_JOB_BEGIN, "UPDATE jobs SET state = ?, board = ?, started_ms = ? WHERE number = ?") \
	X(FF_SQL_JOB_REACH, "UPDATE jobs SET known = ? WHERE number = ?") \
	X(FF_SQL_JOB_END, \
	  "UPDATE jobs SET state = ?, board = ?, started_ms = ?, finished_ms = ?, known = ? WHERE number = ?") \
	X(FF_SQL_JOB_FORGET, "DELETE FROM jobs WHERE number = ?") \
	X(FF_SQL_JOB_LIST, \
	  "SELECT number, kind, board, state, lease, repeats, created_ms, started_ms, finished_ms, asked, known " \
	  "FROM jobs ORDER BY number") \
	X(FF_SQL_BOARD_FIND, \
	  "SELECT done, failed, cancelled, interrupted, last_success_ms, recent FROM boards WHERE name = ?") \
	X(FF_SQL_BOARD_SET, \
	  "INSERT OR REPLACE INTO boards (name, done, failed, cancelled, interrupted, last_success_ms, recent) " \
	  "VALUES (?, ?, ?, ?, ?, ?, ?)") \
	X(FF_SQL_FACTS_FIND, "SELECT known FROM facts WHERE board = ?") \
	X(FF_SQL_FACTS_SET, "INSERT OR REPLACE INTO facts (board, known) VALUES (?, ?)") \
	X(FF_SQL_LEASE_ADD, "INSERT INTO leases (number, hash, board, owner, peer, created_ms, expires_ms, ended_ms) " \
			    "VALUES (?, ?, ?, ?, ?, ?, ?, 0)") \
	X(FF_SQL_LEASE_RENEW, "UPDATE leases SET expires_ms = ? WHERE number = ?") \
	X(FF_SQL_LEASE_END, "UPDATE leases SET ended_ms = ? WHERE number = ?") \
	X(FF_SQL_LEASE_PRUNE, \
	  "DELETE FROM leases WHERE ended_ms > 0 AND number <= (SELECT number FROM leases WHERE ended_ms > 0 " \
	  "ORDER BY number DESC LIMIT 1 OFFSET ?)") \
	X(FF_SQL_LEASE_LIST, \
	  "SELECT number, hash, board, owner, peer, created_ms, expires_ms, ended_ms FROM leases ORDER BY number") \
	X(FF_SQL_LEASE_LAST, \
	  "SELECT MAX((SELECT COALESCE(MAX(number), 0) FROM leases), (SELECT COALESCE(MAX(lease), 0) FROM jobs))") \
	X(FF_SQL_QUARANTINE_SET, \
	  "INSERT OR REPLACE INTO quarantine (board, by_hand, who, failures, since_ms, reason) " \
	  "VALUES (?, ?, ?, ?, ?, ?)") \
	X(FF_SQL_QUARANTINE_DROP, "DELETE FROM quarantine WHERE board = ?") \
	X(FF_SQL_QUARANTINE_LIST, \
	  "SELECT board, by_hand, who, failures, since_ms, reason FROM quarantine ORDER BY board") \
	X(FF_SQL_AUDIT_ADD, \
	  "INSERT INTO audit (at_ms, who, peer, action, board, job, result) VALUES (?, ?, ?, ?, ?, ?, ?)") \
	X(FF_SQL_AUDIT_PRUNE, "DELETE FROM audit WHERE number <= ?") \
	X(FF_SQL_AUDIT_LIST, \
	  "SELECT number, at_ms, who, peer, action, board, job, result FROM audit WHERE at_ms >= ? " \
	  "ORDER BY number DESC LIMIT ?") \
	X(FF_SQL_AUDIT_LIST_OF_BOARD, \
	  "SELECT number, at_ms, who, peer, action, board, job, result FROM audit WHERE board = ? AND at_ms >= ? " \
	  "ORDER BY number DESC LIMIT ?")

enum ff_statement {
#define FF_STATEMENT_ENUM(name, sql) name,
	FF_STATEMENT_MAP(FF_STATEMENT_ENUM)
#undef FF_STATEMENT_ENUM
		FF_STATEMENT_COUNT
};

#endif
