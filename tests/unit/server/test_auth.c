// SPDX-License-Identifier: Apache-2.0
/* Tokens, their file, and a keyring that watches it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "error.h"
#include "keyring.h"
#include "token_file.h"

#define PATIENCE_MS 10000

struct fixture {
	char dir[64];
	char path[96];
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	strcpy(fixture->dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	snprintf(fixture->path, sizeof(fixture->path), "%s/tokens.json", fixture->dir);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", fixture->dir);
	assert_int_equal(system(command), 0);
	free(fixture);
	return 0;
}

/* ---- scopes ---- */

static void test_scope__each_allows_what_it_says(void **state)
{
	(void)state;
	static const struct {
		const char *scopes;
		bool read, console, flash, admin;
	} rows[] = {
		{ "read", true, false, false, false },        { "console", true, true, false, false },
		{ "flash", true, false, true, false },        { "admin", true, true, true, true },
		{ "flash,console", true, true, true, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ff_scopes scopes = 0;
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(ff_scopes_parse(&scopes, rows[i].scopes, &error), FF_OK);
		assert_true(ff_scopes_allow(scopes, FF_SCOPE_OPEN));
		assert_int_equal(ff_scopes_allow(scopes, FF_SCOPE_READ), rows[i].read);
		assert_int_equal(ff_scopes_allow(scopes, FF_SCOPE_CONSOLE), rows[i].console);
		assert_int_equal(ff_scopes_allow(scopes, FF_SCOPE_FLASH), rows[i].flash);
		assert_int_equal(ff_scopes_allow(scopes, FF_SCOPE_ADMIN), rows[i].admin);
		assert_false(ff_scopes_allow(scopes, FF_SCOPE_UNSET));
	}
}

static void test_scope__refuses_other_words(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "write", "flash,", ",flash", "open", "unset", "flash console", "FLASH" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ff_scopes scopes = 0;
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(ff_scopes_parse(&scopes, bad[i], &error), FF_ERR_ARGUMENT);
		assert_int_not_equal(error.text[0], 0);
	}
}

/* ---- sets ---- */

static void test_tokens__no_two_are_alike(void **state)
{
	(void)state;
	char one[FF_TOKEN_TEXT_SIZE];
	char two[FF_TOKEN_TEXT_SIZE];
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_token_make(one, &error), FF_OK);
	assert_int_equal(ff_token_make(two, &error), FF_OK);
	assert_string_not_equal(one, two);
	assert_int_equal(strlen(one), FF_TOKEN_TEXT_SIZE - 1);
	assert_memory_equal(one, FF_TOKEN_PREFIX, 3);
}

#define HASH "a557db7355a38b2eb058e332cfbfbdab540b9cd5ed109dfc4e91f00199e83aa9"
#define ONE(more) \
	"{\"tokens\": [{\"name\": \"ci\", \"sha256\": \"" HASH "\", \"scopes\": \"flash\", \"created\": 1" more "}]}"

static enum ff_status parse(struct ff_tokens *tokens, const char *text)
{
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_tokens_parse(tokens, text, strlen(text), &error);
	assert_int_equal(status == FF_OK, error.text[0] == 0);
	return status;
}

static void test_tokens__print_and_parse_agree(void **state)
{
	(void)state;
	struct ff_tokens tokens = { .list = NULL };
	struct ff_tokens again = { .list = NULL };
	assert_int_equal(parse(&tokens, ONE(", \"boards\": \"rack=2,!lost\", \"expires\": 99")), FF_OK);
	char *text = ff_tokens_print(&tokens);
	assert_non_null(text);
	assert_int_equal(parse(&again, text), FF_OK);
	assert_int_equal(again.count, 1);
	assert_string_equal(again.list[0].name, "ci");
	assert_string_equal(again.list[0].boards_text, "rack=2,!lost");
	assert_true(again.list[0].has_boards);
	assert_int_equal(again.list[0].expires_s, 99);
	assert_memory_equal(again.list[0].hash, tokens.list[0].hash, FF_TOKEN_HASH_SIZE);
	free(text);
	ff_tokens_release(&tokens);
	ff_tokens_release(&again);
}

static void test_tokens__refuses_what_is_not_its_own(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"tokens\": {}}",
		"{\"tokens\": [], \"more\": 1}",
		"{\"tokens\": [1]}",
		"{\"tokens\": [{}]}",
		"{\"tokens\": [[[[]]]]}",
		ONE(", \"admin\": true"),
		ONE(", \"created\": 2"),
		ONE(", \"boards\": \"\""),
		ONE(", \"boards\": 1"),
		ONE(", \"expires\": -1"),
		ONE(", \"expires\": \"never\""),
		"{\"tokens\": [{\"name\": \"a b\", \"sha256\": \"" HASH "\", \"scopes\": \"flash\", \"created\": 1}]}",
		"{\"tokens\": [{\"name\": \"ci\", \"sha256\": \"00\", \"scopes\": \"flash\", \"created\": 1}]}",
		"{\"tokens\": [{\"name\": \"ci\", \"sha256\": \"" HASH "\", \"scopes\": \"root\", \"created\": 1}]}",
		"{\"tokens\": [{\"name\": \"ci\", \"sha256\": \"" HASH "\", \"scopes\": \"flash\"}]}",
		"{\"tokens\": [{\"name\": \"ci\", \"sha256\": \"" HASH "\", \"scopes\": \"flash\", \"created\": 1},"
		"{\"name\": \"ci\", \"sha256\": \"" HASH "\", \"scopes\": \"flash\", \"created\": 1}]}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_tokens tokens = { .list = NULL };
		assert_int_equal(parse(&tokens, bad[i]), FF_ERR_FORMAT);
		assert_null(tokens.list);
	}
}

/* ---- the file ---- */

struct wish {
	const char *name;
	const char *text;
	int64_t expires_s;
};

static enum ff_status add(void *context, struct ff_tokens *tokens, struct ff_error *error)
{
	const struct wish *wish = context;
	struct ff_token token = { .scopes = 1U << FF_SCOPE_FLASH, .created_s = 1, .expires_s = wish->expires_s };
	snprintf(token.name, sizeof(token.name), "%s", wish->name);
	assert_true(ff_token_hash(token.hash, wish->text));
	return ff_tokens_add(tokens, &token, error);
}

static enum ff_status drop(void *context, struct ff_tokens *tokens, struct ff_error *error)
{
	return ff_tokens_remove(tokens, context) ? FF_OK : ff_error_set(error, FF_ERR_NOT_FOUND, "none");
}

static void give(const struct fixture *fixture, const char *name, const char *text, int64_t expires_s)
{
	struct ff_error error = FF_ERROR_NONE;
	struct wish wish = { name, text, expires_s };
	assert_int_equal(ff_token_file_change(fixture->path, add, &wish, &error), FF_OK);
}

static void remove_token(const struct fixture *fixture, const char *name)
{
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_token_file_change(fixture->path, drop, (void *)name, &error), FF_OK);
}

static void test_file__is_its_owners_alone(void **state)
{
	const struct fixture *fixture = *state;
	struct ff_tokens tokens = { .list = NULL };
	struct ff_error error = FF_ERROR_NONE;
	struct stat stat_of;
	assert_int_equal(ff_token_file_read(&tokens, fixture->path, &error), FF_ERR_NOT_FOUND);
	give(fixture, "ci", "ff_1", 0);
	assert_int_equal(stat(fixture->path, &stat_of), 0);
	assert_int_equal(stat_of.st_mode & 0777, 0600);
	ff_error_clear(&error);
	assert_int_equal(ff_token_file_read(&tokens, fixture->path, &error), FF_OK);
	ff_tokens_release(&tokens);
	assert_int_equal(chmod(fixture->path, 0640), 0);
	assert_int_equal(ff_token_file_read(&tokens, fixture->path, &error), FF_ERR_DENIED);
	assert_non_null(strstr(error.text, "chmod 600"));
}

static void test_file__a_damaged_one_is_not_written_over(void **state)
{
	const struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	struct wish wish = { "ci", "ff_1", 0 };
	FILE *file = fopen(fixture->path, "w");
	assert_non_null(file);
	fputs("{\"tokens\": [", file);
	fclose(file);
	assert_int_equal(chmod(fixture->path, 0600), 0);
	assert_int_equal(ff_token_file_change(fixture->path, add, &wish, &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, fixture->path));
}

/* ---- the keyring ---- */

static struct ff_keyring *open_keyring(const struct fixture *fixture, bool required)
{
	struct ff_keyring_options options = { .path = fixture->path, .required = required };
	struct ff_keyring *keyring = NULL;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_keyring_new(&keyring, &options, &error), FF_OK);
	return keyring;
}

static enum ff_keyring_answer ask(struct ff_keyring *keyring, const char *text)
{
	struct ff_identity identity;
	return ff_keyring_ask(keyring, text, &identity);
}

/* Until the keyring has noticed. */
static void wait_answer(struct ff_keyring *keyring, const char *text, enum ff_keyring_answer answer)
{
	int64_t deadline = ff_deadline_ms(PATIENCE_MS);
	while (ask(keyring, text) != answer) {
		assert_true(ff_now_us() < deadline);
		ff_sleep_ms(2);
	}
}

static void test_keyring__is_open_until_there_is_a_token(void **state)
{
	const struct fixture *fixture = *state;
	struct ff_keyring *keyring = open_keyring(fixture, false);
	assert_false(ff_keyring_is_in_force(keyring));
	assert_int_equal(ask(keyring, NULL), FF_KEYRING_KNOWN);
	give(fixture, "ci", "ff_1", 0);
	wait_answer(keyring, NULL, FF_KEYRING_NONE);
	assert_true(ff_keyring_is_in_force(keyring));
	wait_answer(keyring, "ff_1", FF_KEYRING_KNOWN);
	assert_int_equal(ask(keyring, "ff_2"), FF_KEYRING_UNKNOWN);
	assert_int_equal(ask(keyring, ""), FF_KEYRING_UNKNOWN);
	ff_keyring_free(keyring);
}

static void test_keyring__removed_and_expired_ones_fail(void **state)
{
	const struct fixture *fixture = *state;
	give(fixture, "ci", "ff_1", 0);
	give(fixture, "old", "ff_2", 1000);
	struct ff_keyring *keyring = open_keyring(fixture, false);
	assert_int_equal(ask(keyring, "ff_1"), FF_KEYRING_KNOWN);
	assert_int_equal(ask(keyring, "ff_2"), FF_KEYRING_EXPIRED);
	remove_token(fixture, "ci");
	wait_answer(keyring, "ff_1", FF_KEYRING_UNKNOWN);
	remove_token(fixture, "old");
	wait_answer(keyring, "ff_2", FF_KEYRING_UNKNOWN);
	assert_int_equal(ask(keyring, NULL), FF_KEYRING_NONE); /* the last one is gone, and the door stays shut */
	ff_keyring_free(keyring);
}

static void test_keyring__fails_closed(void **state)
{
	const struct fixture *fixture = *state;
	give(fixture, "ci", "ff_1", 0);
	struct ff_keyring *keyring = open_keyring(fixture, false);
	assert_int_equal(unlink(fixture->path), 0);
	wait_answer(keyring, "ff_1", FF_KEYRING_UNKNOWN);
	assert_int_equal(ask(keyring, NULL), FF_KEYRING_NONE);
	give(fixture, "ci", "ff_3", 0);
	wait_answer(keyring, "ff_3", FF_KEYRING_KNOWN);
	assert_int_equal(chmod(fixture->path, 0644), 0);
	wait_answer(keyring, "ff_3", FF_KEYRING_UNKNOWN);
	ff_keyring_free(keyring);

	keyring = open_keyring(fixture, false); /* and from the start */
	assert_int_equal(ask(keyring, NULL), FF_KEYRING_NONE);
	assert_int_equal(ask(keyring, "ff_3"), FF_KEYRING_UNKNOWN);
	ff_keyring_free(keyring);
}

static void test_keyring__may_require_tokens_where_there_are_none(void **state)
{
	struct ff_keyring *keyring = open_keyring(*state, true);
	assert_int_equal(ask(keyring, NULL), FF_KEYRING_NONE);
	assert_int_equal(ask(keyring, "ff_1"), FF_KEYRING_UNKNOWN);
	ff_keyring_free(keyring);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scope__each_allows_what_it_says),
		cmocka_unit_test(test_scope__refuses_other_words),
		cmocka_unit_test(test_tokens__no_two_are_alike),
		cmocka_unit_test(test_tokens__print_and_parse_agree),
		cmocka_unit_test(test_tokens__refuses_what_is_not_its_own),
		WITH_DIR(test_file__is_its_owners_alone),
		WITH_DIR(test_file__a_damaged_one_is_not_written_over),
		WITH_DIR(test_keyring__is_open_until_there_is_a_token),
		WITH_DIR(test_keyring__removed_and_expired_ones_fail),
		WITH_DIR(test_keyring__fails_closed),
		WITH_DIR(test_keyring__may_require_tokens_where_there_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
