// SPDX-License-Identifier: Apache-2.0
/* Configuration files: what they set, and what is said of those that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_change.h"
#include "config_file.h"

#define PATH_SIZE 64

static void write_file(char path[PATH_SIZE], const char *text, size_t size)
{
	snprintf(path, PATH_SIZE, "/tmp/farflash-test-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
	close(fd);
}

static enum ff_status load(struct ff_config *config, const char *text, struct ff_error *error)
{
	char path[PATH_SIZE];
	ff_config_init(config);
	write_file(path, text, strlen(text));
	enum ff_status status = ff_config_load(config, path, error);
	unlink(path);
	return status;
}

static void test_config_file__sets_everything(void **state)
{
	(void)state;
	struct ff_config config;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(load(&config,
			      "listen: '[::1]:9000'\n"
			      "data-dir: /srv/ff\n"
			      "max-upload: 1MB\n"
			      "max-content: 2 MB\n"
			      "firmware-quota: 0\n"
			      "log-level: debug\n"
			      "rfc2217: 4000\n"
			      "raw: 0\n"
			      "writer-blocks-jobs: wait\n"
			      "boards:\n"
			      "- name: lab1\n"
			      "  address: /dev/ttyUSB0\n"
			      "  baud: 921600\n"
			      "  rfc2217: 4100\n"
			      "  raw: 0\n"
			      "  reset: passthrough\n"
			      "  reset-sequence: U0,0|U0,1|W0.1|U1,0|W0.05|U0,0\n"
			      "  hard-reset-sequence: R1|W0.1|R0\n"
			      "  labels: [rack=2, has=display, has=lora]\n"
			      "- { name: lab2, address: 'socket://host:3217' }\n",
			      &error),
			 FF_OK);
	assert_string_equal(config.listen.host, "::1");
	assert_string_equal(config.listen.port, "9000");
	assert_string_equal(config.data_dir, "/srv/ff");
	assert_int_equal(config.max_upload, 1 << 20);
	assert_int_equal(config.max_content, 2 << 20);
	assert_int_equal(config.firmware_quota, 0);
	assert_int_equal(config.log_level, FF_LOG_DEBUG);
	assert_int_equal(config.rfc2217_base, 4000);
	assert_int_equal(config.raw_base, 0);
	assert_true(config.jobs_wait_for_writers);
	assert_int_equal(config.board_count, 2);
	const struct ff_config_board *lab1 = &config.boards[0];
	assert_string_equal(lab1->name, "lab1");
	assert_string_equal(lab1->address, "/dev/ttyUSB0");
	assert_int_equal(lab1->baud, 921600);
	assert_int_equal(lab1->rfc2217, 4100);
	assert_int_equal(lab1->raw, 0);
	assert_true(lab1->passthrough);
	assert_string_equal(lab1->resets.enter, "U0,0|U0,1|W0.1|U1,0|W0.05|U0,0");
	assert_string_equal(lab1->resets.hard, "R1|W0.1|R0");
	assert_int_equal(lab1->labels.count, 3);
	assert_true(ff_labels_have(&lab1->labels, "has", "lora"));
	assert_string_equal(config.boards[1].address, "socket://host:3217");
	assert_int_equal(config.boards[1].baud, FF_CONFIG_DEFAULT_BAUD);
	ff_config_release(&config);
}

static void test_config_file__may_be_empty(void **state)
{
	(void)state;
	struct ff_config config;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(load(&config, "", &error), FF_OK);
	ff_config_release(&config);
	assert_int_equal(load(&config, "# nothing\n", &error), FF_OK);
	assert_int_equal(config.board_count, 0);
	ff_config_release(&config);
}

static void test_config_file__says_what_is_wrong_and_where(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
		{ "raw: 1\nlisten: x:1\nlissten: y\n", "near line 2: Unexpected key: lissten" },
		{ "boards:\n- name: a\n  adress: /dev/x\n", "near line 2: Unexpected key: adress" },
		{ "boards:\n- name: a\n", ", line 2: board a: give either its address, or usb, serial or mac" },
		{ "boards:\n- { name: a, address: /dev/x, usb: 1-1 }\n", "board a: give either" },
		{ "boards:\n- { name: a, usb: ttyUSB0 }\n", "\"ttyUSB0\" is no place on the USB" },
		{ "boards:\n- { name: a, serial: '' }\n", "serial: it is empty" },
		{ "boards:\n- { name: a, mac: 7c:df }\n", "\"7c:df\" is no MAC" },
		{ "boards:\n- { name: a, usb: 1-1 }\n- { name: b, usb: 1-1 }\n", ", line 3: the boards a and b" },
		{ "discover: yes\n", ", line 1: \"yes\" is neither true nor false" },
		{ "discover-vendors: [303a, esp]\n", "\"esp\" is no vendor" },
		{ "boards:\n- { name: a b, address: /dev/x }\n", "the board's name \"a b\"" },
		{ "boards:\n- { name: a, address: foo }\n", "board a: " },
		{ "boards:\n- { name: a, address: '' }\n", "board a: the address is missing" },
		{ "boards:\n- { name: a, address: /dev/x, labels: [x] }\n", "\"x\" is not KEY=VALUE" },
		{ "boards:\n- { name: a, address: /dev/x, labels: ['1=2'] }\n", "board a: the label \"1\"" },
		{ "boards:\n- { name: a, address: /dev/x }\n- { name: a, address: /dev/y }\n",
		  "two boards are called a" },
		{ "max-upload: 3\n", "\"3\" is not a size" },
		{ "raw: 99999\n", "raw: \"99999\" is not a TCP port" },
		{ "writer-blocks-jobs: no\n", "neither wait nor refuse" },
		{ "raw: 1\nraw: 2\n", "already seen: raw" },
		{ "listen: &a x:1\ndata-dir: *a\n", "alias" },
		{ "listen: [a]\n", "Expecting STRING" },
		{ "- a\n", "Expecting MAPPING" },
		{ "listen: \"x\n", "" },
		{ "\x01\x02", "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ff_config config;
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(load(&config, rows[i].text, &error), FF_ERR_ARGUMENT);
		if (!strstr(error.text, rows[i].words) || strncmp(error.text, "/tmp/farflash-test-", 19) != 0) {
			fail_msg("\"%s\" is not in \"%s\"", rows[i].words, error.text);
		}
		ff_config_release(&config);
	}
}

static void test_config_file__must_be_readable_and_small(void **state)
{
	(void)state;
	struct ff_config config;
	struct ff_error error = FF_ERROR_NONE;
	char path[PATH_SIZE];
	char *text = malloc(FF_CONFIG_FILE_MAX + 1);
	ff_config_init(&config);
	assert_int_equal(ff_config_load(&config, "/nonexistent/f.yaml", &error), FF_ERR_ARGUMENT);
	assert_non_null(strstr(error.text, "/nonexistent/f.yaml"));
	assert_non_null(text);
	memset(text, '#', FF_CONFIG_FILE_MAX + 1);
	write_file(path, text, FF_CONFIG_FILE_MAX);
	ff_error_clear(&error);
	assert_int_equal(ff_config_load(&config, path, &error), FF_OK);
	ff_config_release(&config);
	ff_config_init(&config);
	unlink(path);
	write_file(path, text, FF_CONFIG_FILE_MAX + 1);
	assert_int_equal(ff_config_load(&config, path, &error), FF_ERR_ARGUMENT);
	assert_non_null(strstr(error.text, "too large"));
	unlink(path);
	free(text);
}

/* ---- a file that is read again ---- */

static bool changed(const char *before, const char *after, char *names, size_t size)
{
	struct ff_config old;
	struct ff_config new;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(load(&old, before, &error), FF_OK);
	assert_int_equal(load(&new, after, &error), FF_OK);
	bool found = ff_config_changed_options(&old, &new, names, size);
	ff_config_release(&old);
	ff_config_release(&new);
	return found;
}

static void test_config_file__names_what_needs_a_restart(void **state)
{
	(void)state;
	char names[64];
	assert_false(changed("", "", names, sizeof(names)));
	assert_false(changed("listen: ':1'\nboards: []\n",
			     "# other words\nlisten:  ':1'\nboards:\n- {name: a, address: /dev/x}\n", names,
			     sizeof(names)));
	assert_true(changed("listen: ':1'\nraw: 0\n", "listen: ':2'\nraw: 0\n", names, sizeof(names)));
	assert_string_equal(names, "listen");
	assert_true(changed("listen: ':1'\nconsole-log: {size: 0}\n", "console-log: {size: 1MB}\nmax-upload: 1MB\n",
			    names, sizeof(names)));
	assert_string_equal(names, "max-upload, console-log, listen");
	assert_true(changed("host: [a, b]\n", "host: [a]\n", names, sizeof(names)));
	assert_string_equal(names, "host");
	assert_true(changed("", "listen: ':1'\nmax-upload: 1MB\n", names, 8));
	assert_string_equal(names, "listen,"); /* what does not fit */
}

#define A_BOARD "boards:\n- {name: a, address: /dev/x%s}\n"

static void test_config_file__says_what_of_a_board_is_other(void **state)
{
	static const struct {
		const char *keys;
		bool ports;
		bool settings;
	} cases[] = {
		{ "", false, false },
		{ ", reset: passthrough", false, false },
		{ ", rfc2217: 0", true, false },
		{ ", raw: 4000", true, false },
		{ ", baud: 115200", false, true },
		{ ", labels: [rack=1]", false, true },
		{ ", reset-sequence: D0", false, true },
		{ ", hard-reset-sequence: D0", false, true },
		{ ", power: {cycle: [/bin/true]}", false, true },
		{ ", power: {timeout: 5}", false, true },
	};
	(void)state;
	struct ff_config plain;
	struct ff_config other;
	struct ff_error error = FF_ERROR_NONE;
	char text[256];
	snprintf(text, sizeof(text), A_BOARD, "");
	assert_int_equal(load(&plain, text, &error), FF_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), A_BOARD, cases[i].keys);
		assert_int_equal(load(&other, text, &error), FF_OK);
		assert_int_equal(ff_config_board_has_other_ports(plain.boards, other.boards), cases[i].ports);
		assert_int_equal(ff_config_board_has_other_settings(plain.boards, other.boards), cases[i].settings);
		ff_config_release(&other);
	}
	ff_config_release(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_file__sets_everything),
		cmocka_unit_test(test_config_file__may_be_empty),
		cmocka_unit_test(test_config_file__says_what_is_wrong_and_where),
		cmocka_unit_test(test_config_file__must_be_readable_and_small),
		cmocka_unit_test(test_config_file__names_what_needs_a_restart),
		cmocka_unit_test(test_config_file__says_what_of_a_board_is_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
