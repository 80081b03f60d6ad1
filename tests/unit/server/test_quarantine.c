// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quarantine.h"
#include "quarantine_ledger.h"

static unsigned told;

static void count_change(void *context)
{
	(void)context;
	told++;
}

static struct ff_quarantine *make(unsigned after)
{
	struct ff_quarantine *quarantine =
		ff_quarantine_new(&(struct ff_quarantine_options){ .after = after, .changed = count_change });
	assert_non_null(quarantine);
	told = 0;
	return quarantine;
}

static bool is_in(struct ff_quarantine *quarantine, const char *board)
{
	struct ff_quarantine_view view;
	return ff_quarantine_look(quarantine, board, &view);
}

static bool end(struct ff_quarantine *quarantine, const char *board)
{
	bool was_in = false;
	assert_int_equal(ff_quarantine_end(quarantine, board, &was_in, NULL), FF_OK);
	return was_in;
}

static enum ff_quarantine_news fail_job(struct ff_quarantine *quarantine, enum ff_status status)
{
	return ff_quarantine_note(quarantine, "lab1", status, "no sync", false, NULL);
}

static void test_quarantine__failures_in_a_row_begin_it(void **state)
{
	(void)state;
	struct ff_quarantine *quarantine = make(3);
	struct ff_quarantine_view view;
	assert_int_equal(fail_job(quarantine, FF_ERR_NO_ANSWER), FF_QUARANTINE_NOTHING);
	assert_int_equal(fail_job(quarantine, FF_ERR_LOST), FF_QUARANTINE_NOTHING);
	assert_false(is_in(quarantine, "lab1"));
	assert_int_equal(fail_job(quarantine, FF_ERR_VERIFY), FF_QUARANTINE_BEGINS);
	assert_int_equal(fail_job(quarantine, FF_ERR_VERIFY), FF_QUARANTINE_NOTHING);
	assert_true(ff_quarantine_look(quarantine, "lab1", &view));
	assert_false(view.by_hand);
	assert_int_equal(view.failures, 4);
	assert_non_null(strstr(view.reason, "no sync"));
	assert_true(view.since_ms > 0);
	assert_false(is_in(quarantine, "lab2"));
	assert_int_equal(told, 1);
	ff_quarantine_free(quarantine);
}

static void test_quarantine__success_in_between_counts_anew(void **state)
{
	(void)state;
	struct ff_quarantine *quarantine = make(2);
	fail_job(quarantine, FF_ERR_NO_ANSWER);
	fail_job(quarantine, FF_OK);
	fail_job(quarantine, FF_ERR_NO_ANSWER);
	fail_job(quarantine, FF_ERR_TEST); /* the board has worked */
	fail_job(quarantine, FF_ERR_NO_ANSWER);
	assert_false(is_in(quarantine, "lab1"));
	fail_job(quarantine, FF_ERR_NO_ANSWER);
	assert_true(is_in(quarantine, "lab1"));
	ff_quarantine_free(quarantine);
}

/* Whatever is not in one of the two lists leaves everything as it is. */
static void test_quarantine__blames_the_board_for_its_own_alone(void **state)
{
	static const enum ff_status its_own[] = { FF_ERR_IO,   FF_ERR_TIMEOUT,   FF_ERR_NOT_FOUND, FF_ERR_UNREACHABLE,
						  FF_ERR_LOST, FF_ERR_NO_ANSWER, FF_ERR_PROTOCOL,  FF_ERR_VERIFY };
	(void)state;
	for (int status = FF_OK; status < FF_STATUS_COUNT; status++) {
		bool expected = false;
		for (size_t i = 0; i < sizeof(its_own) / sizeof(its_own[0]); i++) {
			expected |= its_own[i] == (enum ff_status)status;
		}
		assert_int_equal(ff_quarantine_blames((enum ff_status)status), expected);
	}
	struct ff_quarantine *quarantine = make(2);
	fail_job(quarantine, FF_ERR_NO_ANSWER);
	fail_job(quarantine, FF_ERR_CANCELLED);
	fail_job(quarantine, FF_ERR_WRONG_CHIP);
	fail_job(quarantine, FF_ERR_NO_BOARD);
	assert_false(is_in(quarantine, "lab1"));
	fail_job(quarantine, FF_ERR_NO_ANSWER);
	assert_true(is_in(quarantine, "lab1"));
	ff_quarantine_free(quarantine);
}

static void test_quarantine__a_probe_ends_it_and_other_work_does_not(void **state)
{
	(void)state;
	struct ff_quarantine *quarantine = make(1);
	fail_job(quarantine, FF_ERR_NO_ANSWER);
	assert_int_equal(fail_job(quarantine, FF_OK), FF_QUARANTINE_NOTHING);
	assert_int_equal(ff_quarantine_note(quarantine, "lab1", FF_ERR_NO_ANSWER, "no", true, NULL),
			 FF_QUARANTINE_NOTHING);
	assert_true(is_in(quarantine, "lab1"));
	assert_int_equal(ff_quarantine_note(quarantine, "lab1", FF_OK, "", true, NULL), FF_QUARANTINE_ENDS);
	assert_false(is_in(quarantine, "lab1"));
	assert_int_equal(told, 2);
	ff_quarantine_free(quarantine);
}

static void test_quarantine__by_hand(void **state)
{
	(void)state;
	struct ff_quarantine *quarantine = make(0);
	struct ff_quarantine_view view;
	for (int i = 0; i < 20; i++) {
		fail_job(quarantine, FF_ERR_NO_ANSWER);
	}
	assert_false(is_in(quarantine, "lab1"));
	assert_int_equal(ff_quarantine_put(quarantine, "lab1", "ann", "its cable is being replaced", NULL), FF_OK);
	assert_int_equal(ff_quarantine_note(quarantine, "lab1", FF_OK, "", true, NULL), FF_QUARANTINE_NOTHING);
	assert_true(ff_quarantine_look(quarantine, "lab1", &view));
	assert_true(view.by_hand);
	assert_string_equal(view.reason, "its cable is being replaced");
	assert_true(end(quarantine, "lab1"));
	assert_false(end(quarantine, "lab1"));
	assert_false(end(quarantine, "lab9"));
	assert_false(is_in(quarantine, "lab1"));
	assert_false(is_in(NULL, "lab1"));
	ff_quarantine_free(quarantine);
	ff_quarantine_free(NULL);
}

/* A ledger of one board, which may be a full disk. */
struct records {
	struct ff_quarantine *quarantine;
	enum ff_status answer;
	unsigned told;
	struct ff_quarantine_view kept;
	bool seen; /* whether others saw the board in quarantine while the ledger was told */
};

static enum ff_status answer(struct records *records, const struct ff_quarantine_view *view, struct ff_error *error)
{
	records->told++;
	records->seen = is_in(records->quarantine, "lab1"); /* and looking does not wait for the ledger */
	records->kept = *view;
	return records->answer == FF_OK ? FF_OK : ff_error_set(error, records->answer, "no room");
}

static enum ff_status on_set(void *context, const char *board, const struct ff_quarantine_view *view,
			     struct ff_error *error)
{
	assert_string_equal(board, "lab1");
	return answer(context, view, error);
}

static enum ff_status on_drop(void *context, const char *board, struct ff_error *error)
{
	assert_string_equal(board, "lab1");
	return answer(context, &(struct ff_quarantine_view){ .in = false }, error);
}

static enum ff_status on_load(void *context, ff_quarantine_found found, void *found_context, struct ff_error *error)
{
	(void)error;
	found(found_context, "lab1", &((struct records *)context)->kept);
	return FF_OK;
}

static void test_quarantine__its_ledger_hears_of_it_first(void **state)
{
	(void)state;
	struct records records = { .answer = FF_OK };
	const struct ff_quarantine_ledger ledger = { on_set, on_drop, on_load, &records };
	const struct ff_quarantine_options options = { .after = 2, .ledger = &ledger };
	struct ff_error error = FF_ERROR_NONE;
	struct ff_quarantine_view view;
	records.quarantine = ff_quarantine_new(&options);
	fail_job(records.quarantine, FF_ERR_NO_ANSWER);
	fail_job(records.quarantine, FF_OK);
	assert_int_equal(records.told, 0);
	assert_int_equal(ff_quarantine_put(records.quarantine, "lab1", "ann", "smoke", &error), FF_OK);
	assert_int_equal(records.told, 1);
	assert_false(records.seen);
	struct ff_quarantine *next = ff_quarantine_new(&options);
	assert_int_equal(ff_quarantine_restore(next, &error), FF_OK);
	assert_true(ff_quarantine_look(next, "lab1", &view));
	assert_string_equal(view.who, "ann");
	assert_int_equal(view.since_ms, records.kept.since_ms);
	ff_quarantine_free(next);
	/* What is not recorded is true all the same, and said. */
	records.answer = FF_ERR_NO_SPACE;
	bool was_in = false;
	assert_int_equal(ff_quarantine_end(records.quarantine, "lab1", &was_in, &error), FF_ERR_NO_SPACE);
	assert_true(was_in);
	assert_true(records.seen);
	assert_false(is_in(records.quarantine, "lab1"));
	ff_error_clear(&error);
	fail_job(records.quarantine, FF_ERR_NO_ANSWER);
	assert_int_equal(records.told, 2);
	assert_int_equal(ff_quarantine_note(records.quarantine, "lab1", FF_ERR_LOST, "no", false, &error),
			 FF_QUARANTINE_BEGINS);
	assert_int_equal(error.status, FF_ERR_NO_SPACE);
	assert_int_equal(records.told, 3);
	assert_true(is_in(records.quarantine, "lab1"));
	ff_quarantine_free(records.quarantine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quarantine__failures_in_a_row_begin_it),
		cmocka_unit_test(test_quarantine__success_in_between_counts_anew),
		cmocka_unit_test(test_quarantine__blames_the_board_for_its_own_alone),
		cmocka_unit_test(test_quarantine__a_probe_ends_it_and_other_work_does_not),
		cmocka_unit_test(test_quarantine__by_hand),
		cmocka_unit_test(test_quarantine__its_ledger_hears_of_it_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
