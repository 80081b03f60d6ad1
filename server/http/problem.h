// SPDX-License-Identifier: Apache-2.0
/* Everything that can go wrong with a request, and the HTTP status that says so: the one place where the two meet.
 * Plain values; any thread. */
#ifndef FF_HTTP_PROBLEM_H
#define FF_HTTP_PROBLEM_H

#include <farflash/status.h>

#include "job.h"

/* Problems that are the server's own. X(constant, HTTP status, code, title) */
#define FF_PROBLEM_MAP(X) \
	X(FF_PROBLEM_BAD_REQUEST, 400, "invalid-argument", "an argument is not valid") \
	X(FF_PROBLEM_MISSING_OFFSET, 400, "missing-offset", "the flash offset is missing") \
	X(FF_PROBLEM_BAD_OFFSET, 400, "bad-offset", "not a flash offset") \
	X(FF_PROBLEM_BAD_MULTIPART, 400, "bad-multipart", "the form is malformed") \
	X(FF_PROBLEM_UNAUTHORIZED, 401, "unauthorized", "a token is needed") \
	X(FF_PROBLEM_FORBIDDEN, 403, "forbidden", "the token does not allow this") \
	X(FF_PROBLEM_FORBIDDEN_ORIGIN, 403, "forbidden-origin", "a page from elsewhere may not do this") \
	X(FF_PROBLEM_NO_SUCH_BOARD, 404, "no-such-board", "there is no such board") \
	X(FF_PROBLEM_NO_SUCH_JOB, 404, "no-such-job", "there is no such job") \
	X(FF_PROBLEM_NO_SUCH_FIRMWARE, 404, "no-such-firmware", "the server does not have this image") \
	X(FF_PROBLEM_NO_SUCH_LEASE, 404, "no-such-lease", "there is no such lease") \
	X(FF_PROBLEM_NO_SUCH_RESOURCE, 404, "no-such-resource", "there is no such resource") \
	X(FF_PROBLEM_NO_SUCH_CONTENT, 404, "no-such-content", "the job has nothing to fetch") \
	X(FF_PROBLEM_NO_SUCH_BATCH, 404, "no-such-batch", "there is no such batch") \
	X(FF_PROBLEM_METHOD_NOT_ALLOWED, 405, "method-not-allowed", "the resource does not have this method") \
	X(FF_PROBLEM_BOARD_BUSY, 409, "board-busy", "the board is busy") \
	X(FF_PROBLEM_BOARD_LEASED, 409, "board-leased", "the board is leased to somebody else") \
	X(FF_PROBLEM_BOARD_QUARANTINED, 409, "board-quarantined", "the board is in quarantine") \
	X(FF_PROBLEM_JOB_ENDED, 409, "job-ended", "the job has ended") \
	X(FF_PROBLEM_JOB_NOT_ENDED, 409, "job-not-ended", "the job has not ended yet") \
	X(FF_PROBLEM_FIRMWARE_IN_USE, 409, "firmware-in-use", "the image is in use") \
	X(FF_PROBLEM_LEASE_ENDED, 410, "lease-ended", "the lease has ended") \
	X(FF_PROBLEM_SESSION_EXPIRED, 410, "session-expired", "the session is no more") \
	X(FF_PROBLEM_LENGTH_REQUIRED, 411, "length-required", "the request has no body") \
	X(FF_PROBLEM_UPLOAD_TOO_LARGE, 413, "upload-too-large", "the body is larger than the server accepts") \
	X(FF_PROBLEM_MEDIA_TYPE, 415, "unsupported-media-type", "the body's type is not one that is understood here") \
	X(FF_PROBLEM_UNKNOWN_HOST, 421, "unknown-host", "the server is not known by this name") \
	X(FF_PROBLEM_WRONG_HASH, 422, "wrong-hash", "the bytes have another hash") \
	X(FF_PROBLEM_UPGRADE_REQUIRED, 426, "upgrade-required", "the resource is a WebSocket of version 13") \
	X(FF_PROBLEM_TOO_MANY_REQUESTS, 429, "too-many-requests", "too many requests from this address") \
	X(FF_PROBLEM_TOO_MANY_JOBS, 429, "too-many-jobs", "too many jobs wait for this board") \
	X(FF_PROBLEM_HEADERS_TOO_LARGE, 431, "headers-too-large", "the request's headers are too large") \
	X(FF_PROBLEM_TOO_MANY_STREAMS, 503, "too-many-streams", "too many streams are open") \
	X(FF_PROBLEM_BATCH_FAILED, 502, "batch-failed", "the work has failed on some of the boards") \
	X(FF_PROBLEM_INTERRUPTED, 503, "interrupted", "the server ended in the middle of the job") \
	X(FF_PROBLEM_NOT_RECORDED, 503, "not-recorded", "the server cannot keep what it would have to") \
	X(FF_PROBLEM_SHUTTING_DOWN, 503, "shutting-down", "the server is shutting down")

enum ff_problem_kind {
#define FF_PROBLEM_ENUM(name, http, code, title) name,
	FF_PROBLEM_MAP(FF_PROBLEM_ENUM)
#undef FF_PROBLEM_ENUM
		FF_PROBLEM_COUNT
};

/* One problem of one request; http_status 0: none. The first one stays. */
struct ff_problem {
	unsigned http_status;
	const char *code;
	const char *title;
	char detail[FF_JOB_DETAIL_SIZE];
};

void ff_problem_set(struct ff_problem *problem, enum ff_problem_kind kind, const char *format, ...) FF_PRINTF(3, 4);

/* The problem behind a failure of the engine, the port or the disk. */
void ff_problem_set_status(struct ff_problem *problem, enum ff_status status, const char *detail);

/* The problem of a job that has failed or was cancelled. */
void ff_problem_set_job(struct ff_problem *problem, const struct ff_job_view *view);

/* The code of a job that has failed or was cancelled, as in its `error`. */
const char *ff_problem_job_code(const struct ff_job_view *view);

/* HTTP status of a failure. 500 for a status that no row knows. */
unsigned ff_problem_http_status(enum ff_status status);

#endif
