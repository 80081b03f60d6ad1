// SPDX-License-Identifier: Apache-2.0
/* The table of docs/rest-api.md, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "problem.h"

struct row {
	const char *code;
	unsigned http_status;
};

static const struct row documented[] = {
	{ "invalid-argument", 400 },  { "missing-offset", 400 },
	{ "bad-offset", 400 },        { "unaligned-offset", 400 },
	{ "empty-image", 400 },       { "overlapping-regions", 400 },
	{ "bad-multipart", 400 },     { "no-such-board", 404 },
	{ "forbidden-origin", 403 },  { "upgrade-required", 426 },
	{ "unknown-host", 421 },      { "unauthorized", 401 },
	{ "forbidden", 403 },         { "headers-too-large", 431 },
	{ "too-many-requests", 429 }, { "too-many-streams", 503 },
	{ "no-such-job", 404 },       { "no-such-resource", 404 },
	{ "no-such-content", 404 },   { "method-not-allowed", 405 },
	{ "length-required", 411 },   { "unsupported-media-type", 415 },
	{ "no-such-firmware", 404 },  { "firmware-in-use", 409 },
	{ "wrong-hash", 422 },        { "no-such-lease", 404 },
	{ "lease-ended", 410 },       { "session-expired", 410 },
	{ "board-busy", 409 },        { "board-leased", 409 },
	{ "cancelled", 409 },         { "job-ended", 409 },
	{ "job-not-ended", 409 },     { "port-busy", 409 },
	{ "upload-too-large", 413 },  { "wrong-chip", 422 },
	{ "wrong-revision", 422 },    { "too-large", 422 },
	{ "bad-format", 422 },        { "unsupported", 422 },
	{ "too-many-jobs", 429 },     { "shutting-down", 503 },
	{ "board-lost", 503 },        { "port-not-found", 503 },
	{ "port-denied", 503 },       { "unreachable", 503 },
	{ "verify-failed", 502 },     { "command-refused", 502 },
	{ "protocol-error", 502 },    { "io-error", 502 },
	{ "unknown-chip", 502 },      { "no-answer", 504 },
	{ "timeout", 504 },           { "no-space", 507 },
	{ "protected", 422 },         { "test-failed", 422 },
	{ "no-memory", 500 },         { "interrupted", 503 },
	{ "not-recorded", 503 },      { "power-failed", 502 },
	{ "no-board-free", 409 },     { "no-such-batch", 404 },
	{ "batch-failed", 502 },      { "board-quarantined", 409 },
};

static unsigned documented_status(const char *code)
{
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++) {
		if (strcmp(documented[i].code, code) == 0) {
			return documented[i].http_status;
		}
	}
	return 0;
}

static void test_problem__engine_codes_have_their_http_status(void **state)
{
	(void)state;
	for (int status = FF_OK + 1; status < FF_STATUS_COUNT; status++) {
		const char *code = ff_status_code((enum ff_status)status);
		unsigned http_status = ff_problem_http_status((enum ff_status)status);
		if (http_status != documented_status(code)) {
			fail_msg("%s has %u", code, http_status);
		}
	}
	assert_int_equal(ff_problem_http_status((enum ff_status)FF_STATUS_COUNT), 500);
}

static void test_problem__server_codes_have_their_http_status(void **state)
{
	(void)state;
	for (int kind = 0; kind < FF_PROBLEM_COUNT; kind++) {
		struct ff_problem problem = { 0 };
		ff_problem_set(&problem, (enum ff_problem_kind)kind, "because of %d", 1);
		if (problem.http_status != documented_status(problem.code)) {
			fail_msg("%s has %u", problem.code, problem.http_status);
		}
		assert_true(problem.title[0] != 0);
		assert_string_equal(problem.detail, "because of 1");
	}
}

static void test_problem__first_one_stays(void **state)
{
	(void)state;
	struct ff_problem problem = { 0 };
	ff_problem_set(&problem, FF_PROBLEM_BAD_OFFSET, "first");
	ff_problem_set(&problem, FF_PROBLEM_BAD_MULTIPART, "second");
	ff_problem_set_status(&problem, FF_ERR_VERIFY, "third");
	assert_string_equal(problem.code, "bad-offset");
	assert_string_equal(problem.detail, "first");
}

static void test_problem__of_a_job_tells_who_cancelled_it(void **state)
{
	(void)state;
	struct ff_job_view view = { .state = FF_JOB_FAILED, .status = FF_ERR_VERIFY, .detail = "lab1: no" };
	assert_string_equal(ff_problem_job_code(&view), "verify-failed");
	view.state = FF_JOB_CANCELLED;
	view.status = FF_ERR_CANCELLED;
	assert_string_equal(ff_problem_job_code(&view), "cancelled");
	view.by_shutdown = true;
	assert_string_equal(ff_problem_job_code(&view), "shutting-down");
	struct ff_problem problem = { 0 };
	ff_problem_set_job(&problem, &view);
	assert_int_equal(problem.http_status, 503);
	assert_string_equal(problem.detail, "lab1: no");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_problem__engine_codes_have_their_http_status),
		cmocka_unit_test(test_problem__server_codes_have_their_http_status),
		cmocka_unit_test(test_problem__first_one_stays),
		cmocka_unit_test(test_problem__of_a_job_tells_who_cancelled_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
