// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"

static int set_up(void **state)
{
	struct ff_config *config = calloc(1, sizeof(*config));
	ff_config_init(config);
	*state = config;
	return 0;
}

static int tear_down(void **state)
{
	ff_config_release(*state);
	free(*state);
	return 0;
}

static void test_config__reads_boards(void **state)
{
	struct ff_config *config = *state;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_config_add_board(config, "lab1=rfc2217://host:2217?ign_set_control", &error), FF_OK);
	assert_int_equal(ff_config_add_board(config, "b-2._x=/dev/ttyUSB0,baud=921600", &error), FF_OK);
	assert_int_equal(config->board_count, 2);
	assert_string_equal(config->boards[0].name, "lab1");
	assert_string_equal(config->boards[0].address, "rfc2217://host:2217?ign_set_control");
	assert_int_equal(config->boards[0].baud, 460800);
	assert_string_equal(config->boards[1].name, "b-2._x");
	assert_string_equal(config->boards[1].address, "/dev/ttyUSB0");
	assert_int_equal(config->boards[1].baud, 921600);
}

/* A comma belongs to a value unless a key follows. */
static void test_config__reads_reset_sequences(void **state)
{
	struct ff_config *config = *state;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(
		ff_config_add_board(
			config,
			"a=/dev/a,reset-sequence=U0,0|U0,1|W0.1|U1,0|W.05|U0,0,baud=9600,hard-reset-sequence=R1|W1|R0",
			&error),
		FF_OK);
	assert_string_equal(config->boards[0].resets.enter, "U0,0|U0,1|W0.1|U1,0|W.05|U0,0");
	assert_string_equal(config->boards[0].resets.hard, "R1|W1|R0");
	assert_int_equal(config->boards[0].baud, 9600);
	assert_int_equal(ff_config_add_board(config, "b=/dev/b,baud=9600,hard-reset-sequence=U0,1|U0,0", &error),
			 FF_OK);
	assert_string_equal(config->boards[1].resets.hard, "U0,1|U0,0");
	assert_string_equal(config->boards[1].resets.enter, "");
}

static void test_config__reads_the_ports_of_boards(void **state)
{
	struct ff_config *config = *state;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_config_add_board(config, "a=/dev/ttyUSB0", &error), FF_OK);
	assert_int_equal(config->boards[0].rfc2217, FF_PORTS_DEFAULT);
	assert_int_equal(config->boards[0].raw, FF_PORTS_DEFAULT);
	assert_false(config->boards[0].passthrough);
	assert_int_equal(ff_config_add_board(config, "b=/dev/ttyUSB1,raw=0,rfc2217=65535,reset=passthrough", &error),
			 FF_OK);
	assert_int_equal(config->boards[1].rfc2217, 65535);
	assert_int_equal(config->boards[1].raw, 0);
	assert_true(config->boards[1].passthrough);
	assert_int_equal(ff_config_set_port(&config->raw_base, "--raw", "4000", &error), FF_OK);
	assert_int_equal(config->raw_base, 4000);
	assert_int_equal(ff_config_set_port(&config->raw_base, "--raw", "65536", &error), FF_ERR_ARGUMENT);
	assert_int_equal(ff_config_set_port(&config->raw_base, "--raw", "", &error), FF_ERR_ARGUMENT);
	assert_int_equal(ff_config_set_writer(config, "wait", &error), FF_OK);
	assert_true(config->jobs_wait_for_writers);
	assert_int_equal(ff_config_set_writer(config, "perhaps", &error), FF_ERR_ARGUMENT);
}

static void test_config__refuses_boards_with_the_reason(void **state)
{
	struct ff_config *config = *state;
	struct ff_error error = FF_ERROR_NONE;
	static const struct {
		const char *text;
		const char *reason;
	} rows[] = {
		{ "lab1", "is not NAME=ADDRESS" },
		{ "", "is not NAME=ADDRESS" },
		{ "=/dev/ttyUSB0", "name \"\" must be" },
		{ "a/b=/dev/ttyUSB0", "name \"a/b\" must be" },
		{ "..=/dev/ttyUSB0", "must be" },
		{ "lab1=", "the address is missing" },
		{ "lab1=,baud=1", "the address is missing" },
		{ "lab1=/dev/ttyUSB0,raw=x", "board lab1, raw: \"x\" is not a TCP port" },
		{ "lab1=/dev/ttyUSB0,reset=clever", "must be smart or passthrough" },
		{ "lab1=/dev/tty USB0", "strange characters" },
		{ "lab1=ftp://host", "board lab1: " },
		{ "lab1=/dev/ttyUSB0,speed=1", "no key \"speed\"" },
		{ "lab1=/dev/ttyUSB0,", "no key \"\"" },
		{ "lab1=/dev/ttyUSB0,baud=", "\"baud=\" must be" },
		{ "lab1=/dev/ttyUSB0,baud=9", "\"baud=9\" must be" },
		{ "lab1=/dev/ttyUSB0,baud=1,2", "\"baud=1,2\" must be" },
		{ "lab1=/dev/ttyUSB0,reset-sequence=", "reset-sequence: " },
		{ "lab1=/dev/ttyUSB0,reset-sequence=D1|Q", "\"Q\" is no step" },
		{ "lab1=/dev/ttyUSB0,hard-reset-sequence=U1,2,baud=9600", "\"U1,2\" is no step" },
		{ "taken=/dev/ttyUSB1", "two boards are called taken" },
		{ "other=/dev/ttyUSB7", "have the same address" },
	};
	assert_int_equal(ff_config_add_board(config, "taken=/dev/ttyUSB7", &error), FF_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ff_error_clear(&error);
		assert_int_equal(ff_config_add_board(config, rows[i].text, &error), FF_ERR_ARGUMENT);
		if (!strstr(error.text, rows[i].reason)) {
			fail_msg("\"%s\": \"%s\" lacks \"%s\"", rows[i].text, error.text, rows[i].reason);
		}
	}
	assert_int_equal(config->board_count, 1);
}

static void test_config__reads_sizes(void **state)
{
	struct ff_config *config = *state;
	struct ff_error error = FF_ERROR_NONE;
	static const struct {
		const char *text;
		uint64_t size; /* 0: refused */
	} rows[] = {
		{ "4096", 4096 },
		{ "64MB", (uint64_t)64 << 20 },
		{ "1500 kb", (uint64_t)1500 << 10 },
		{ "2GiB", (uint64_t)2 << 30 },
		{ "4G", (uint64_t)4 << 30 },
		{ "4095", 0 },
		{ "0", 0 },
		{ "", 0 },
		{ "MB", 0 },
		{ "-1", 0 },
		{ "1.5MB", 0 },
		{ "64MBx", 0 },
		{ "5G", 0 },
		{ "99999999999999999999999", 0 },
		{ "18014398509481985k", 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ff_error_clear(&error);
		config->max_upload = 0;
		enum ff_status status = ff_config_set_max_upload(config, rows[i].text, &error);
		assert_int_equal(status, rows[i].size ? FF_OK : FF_ERR_ARGUMENT);
		assert_int_equal(config->max_upload, rows[i].size);
		config->max_content = 0;
		assert_int_equal(ff_config_set_max_content(config, rows[i].text, &error), status);
		assert_int_equal(config->max_content, rows[i].size);
	}
}

static void test_config__reads_the_quota(void **state)
{
	struct ff_config *config = *state;
	struct ff_error error = FF_ERROR_NONE;
	static const struct {
		const char *text;
		uint64_t size; /* UINT64_MAX: refused */
	} rows[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "3GB", (uint64_t)3 << 30 },
		{ "1024TB", (uint64_t)1 << 50 },
		{ "1024TiBi", UINT64_MAX },
		{ "1025T", UINT64_MAX },
		{ "99999999T", UINT64_MAX },
		{ "18446744073709551615", UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX },
		{ "-1", UINT64_MAX },
		{ "", UINT64_MAX },
		{ "none", UINT64_MAX },
	};
	assert_int_equal(config->firmware_quota, FF_CONFIG_DEFAULT_FIRMWARE_QUOTA);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ff_error_clear(&error);
		config->firmware_quota = UINT64_MAX;
		enum ff_status status = ff_config_set_firmware_quota(config, rows[i].text, &error);
		assert_int_equal(status, rows[i].size == UINT64_MAX ? FF_ERR_ARGUMENT : FF_OK);
		assert_int_equal(config->firmware_quota, rows[i].size);
	}
}

static void test_config__reads_counts_and_times(void **state)
{
	struct ff_config *config = *state;
	static const struct {
		ff_config_set_function set;
		size_t at;
		unsigned least;
		unsigned most;
	} rows[] = {
		{ ff_config_set_quarantine_after, offsetof(struct ff_config, quarantine_after), 0, 1000 },
		{ ff_config_set_quarantine_probe, offsetof(struct ff_config, quarantine_probe_s), 0, 86400 },
		{ ff_config_set_shortest_lease, offsetof(struct ff_config, shortest_lease_s), 1, 3600 },
	};
	static const char *const bad[] = { "", "-1", "1s", " 1", "0x1", "99999999999999999999" };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const unsigned *value = (const unsigned *)((const char *)config + rows[i].at);
		struct ff_error error = FF_ERROR_NONE;
		char text[32];
		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
			ff_error_clear(&error);
			assert_int_equal(rows[i].set(config, bad[j], &error), FF_ERR_ARGUMENT);
		}
		for (unsigned step = 0; step < 2; step++) {
			unsigned good = step ? rows[i].most : rows[i].least;
			snprintf(text, sizeof(text), "%u", good);
			assert_int_equal(rows[i].set(config, text, &error), FF_OK);
			assert_int_equal(*value, good);
		}
		snprintf(text, sizeof(text), "%u", rows[i].most + 1);
		ff_error_clear(&error);
		assert_int_equal(rows[i].set(config, text, &error), FF_ERR_ARGUMENT);
		assert_int_equal(*value, rows[i].most);
	}
}

static void test_config__reads_log_levels(void **state)
{
	struct ff_config *config = *state;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_config_set_log_level(config, "debug", &error), FF_OK);
	assert_int_equal(config->log_level, FF_LOG_DEBUG);
	assert_int_equal(ff_config_set_log_level(config, "loud", &error), FF_ERR_ARGUMENT);
	assert_non_null(strstr(error.text, "\"loud\""));
}

static void test_config__finds_the_data_directory(void **state)
{
	struct ff_config *config = *state;
	struct ff_error error = FF_ERROR_NONE;
	setenv("XDG_STATE_HOME", "/state", 1);
	assert_int_equal(ff_config_set_data_dir(config, NULL, &error), FF_OK);
	assert_string_equal(config->data_dir, "/state/farflash");
	assert_int_equal(ff_config_set_data_dir(config, "mine", &error), FF_OK);
	assert_string_equal(config->data_dir, "mine");
	assert_int_equal(ff_config_set_data_dir(config, "", &error), FF_ERR_ARGUMENT);
}

static void test_listen__takes_addresses_apart(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	static const struct {
		const char *text;
		const char *host; /* NULL: refused */
		const char *port;
	} rows[] = {
		{ "127.0.0.1:8217", "127.0.0.1", "8217" },
		{ "[::1]:0", "::1", "0" },
		{ "localhost:65535", "localhost", "65535" },
		{ ":80", "", "80" },
		{ "8217", NULL, NULL },
		{ "localhost", NULL, NULL },
		{ "localhost:", NULL, NULL },
		{ "localhost:65536", NULL, NULL },
		{ "localhost:-1", NULL, NULL },
		{ "localhost:80x", NULL, NULL },
		{ "::1:80", NULL, NULL },
		{ "", NULL, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ff_listen_address address = { .host = "untouched" };
		ff_error_clear(&error);
		enum ff_status status = ff_listen_parse(rows[i].text, &address, &error);
		if (!rows[i].host) {
			assert_int_equal(status, FF_ERR_ARGUMENT);
			assert_non_null(strstr(error.text, "ADDR:PORT"));
			assert_string_equal(address.host, "untouched");
			continue;
		}
		assert_int_equal(status, FF_OK);
		assert_string_equal(address.host, rows[i].host);
		assert_string_equal(address.port, rows[i].port);
	}
}

static void test_listen__tells_what_to_do_about_a_port_in_use(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_listen_address address = { .host = "127.0.0.1", .port = "0" };
	struct ff_listener first;
	struct ff_listener second;
	assert_int_equal(ff_listen_open(&first, &address, "--listen", &error), FF_OK);
	assert_true(first.loopback);
	unsigned port = 0;
	assert_int_equal(sscanf(first.url, "http://127.0.0.1:%u", &port), 1);
	assert_true(port > 0 && port <= 65535);
	snprintf(address.port, sizeof(address.port), "%u", port % 65536);
	assert_int_equal(ff_listen_open(&second, &address, "--listen", &error), FF_ERR_BUSY);
	assert_non_null(strstr(error.text, "--listen"));
	assert_int_equal(close(first.fd), 0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_config__reads_boards),
		WITH(test_config__reads_reset_sequences),
		WITH(test_config__reads_the_ports_of_boards),
		WITH(test_config__refuses_boards_with_the_reason),
		WITH(test_config__reads_sizes),
		WITH(test_config__reads_the_quota),
		WITH(test_config__reads_counts_and_times),
		WITH(test_config__reads_log_levels),
		WITH(test_config__finds_the_data_directory),
		cmocka_unit_test(test_listen__takes_addresses_apart),
		cmocka_unit_test(test_listen__tells_what_to_do_about_a_port_in_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
