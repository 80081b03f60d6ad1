// SPDX-License-Identifier: Apache-2.0
/* Command lines as users of farflash, esptool and ESP-IDF type them. Wrong usage ends the process: it is tested in a
 * child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <argp.h>
#include <cmocka.h>

#include "commands.h"
#include "options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_ARGUMENTS 24

static void parse(struct ff_options *options, const char *const *arguments)
{
	const char *argv[MAX_ARGUMENTS + 1] = { "farflash" };
	int argc = 1;

	for (; arguments[argc - 1] != NULL; argc++) {
		assert_in_range(argc, 1, MAX_ARGUMENTS - 1);
		argv[argc] = arguments[argc - 1];
	}
	ff_options_parse(options, ff_commands, argc, (char **)argv);
}

#define PARSE(options, ...) parse(options, (const char *const[]){ __VA_ARGS__, NULL })

static void test_options__have_defaults(void **state)
{
	struct ff_options options;

	(void)state;
	PARSE(&options, "boards");
	assert_string_equal(options.command->name, "boards");
	assert_null(options.server);
	assert_null(options.board);
	assert_null(options.port);
	assert_null(options.chip);
	assert_int_equal(options.baud, 460800);
	assert_false(options.baud_given);
	assert_int_equal(options.word_count, 0);
	assert_int_equal(options.before, FF_BEFORE_DEFAULT_RESET);
	assert_int_equal(options.after, FF_AFTER_HARD_RESET);
	ff_options_release(&options);
}

/* Each flag sets its own member and no other. */
static void test_options__flags(void **state)
{
	static const struct {
		const char *word;
		size_t at;
	} flags[] = {
		{ "--no-stub", offsetof(struct ff_options, no_stub) },
		{ "--no-compress", offsetof(struct ff_options, no_compress) },
		{ "-u", offsetof(struct ff_options, no_compress) },
		{ "--no-verify", offsetof(struct ff_options, no_verify) },
		{ "--force", offsetof(struct ff_options, force) },
		{ "--rerun", offsetof(struct ff_options, rerun) },
		{ "--json", offsetof(struct ff_options, json) },
		{ "--verbose", offsetof(struct ff_options, verbose) },
		{ "--encrypt", offsetof(struct ff_options, encrypt) },
		{ "--erase-all", offsetof(struct ff_options, erase_all) },
		{ "--ignore-flash-enc-efuse", offsetof(struct ff_options, ignore_encryption_efuses) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(flags); i++) {
		struct ff_options options;

		PARSE(&options, "write-flash", flags[i].word, "0", "a");
		for (size_t other = 0; other < COUNT(flags); other++) {
			assert_int_equal(*(bool *)((char *)&options + flags[other].at), flags[other].at == flags[i].at);
		}
		ff_options_release(&options);
	}
}

static void test_options__stand_before_or_behind_the_command(void **state)
{
	struct ff_options options;

	(void)state;
	PARSE(&options, "--server", "http://lab:1", "--json", "write-flash", "--board=lab1", "0x1000", "a.bin",
	      "--no-stub", "65536", "b.bin", "--force", "--baud", "921600");
	assert_string_equal(options.command->name, "write-flash");
	assert_string_equal(options.server, "http://lab:1");
	assert_string_equal(options.board, "lab1");
	assert_true(options.json && options.no_stub && options.force);
	assert_false(options.no_compress);
	assert_int_equal(options.baud, 921600);
	assert_true(options.baud_given);
	assert_int_equal(options.word_count, 4);
	assert_string_equal(options.words[0].text, "0x1000");
	assert_string_equal(options.words[3].text, "b.bin");
	assert_null(options.words[3].folder);
	ff_options_release(&options);
}

static void test_options__accept_what_esp_idf_prints(void **state)
{
	struct ff_options options;

	(void)state;
	PARSE(&options, "--chip", "esp32", "-p", "/dev/ttyUSB0", "-b", "460800", "--before", "default_reset", "--after",
	      "hard_reset", "write_flash", "--flash_mode", "dio", "--flash_size=2MB", "-ff", "40m", "-z", "0x1000",
	      "boot_loader.bin");
	assert_string_equal(options.command->name, "write-flash");
	assert_string_equal(options.chip, "esp32");
	assert_string_equal(options.port, "/dev/ttyUSB0");
	assert_string_equal(options.settings.mode, "dio");
	assert_string_equal(options.settings.size, "2MB");
	assert_string_equal(options.settings.freq, "40m");
	assert_string_equal(options.words[1].text, "boot_loader.bin");
	ff_options_release(&options);
}

static void test_options__read_every_command(void **state)
{
	static const char *const names[] = { "boards",   "jobs",     "reset",    "monitor", "flash-id",
					     "flash_id", "read-mac", "read_mac", "chip-id", "chip_id" };
	struct ff_options options;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		PARSE(&options, names[i]);
		assert_memory_equal(options.command->name, names[i], 4);
		ff_options_release(&options);
	}
	PARSE(&options, "jobs", "--cancel", "7");
	assert_string_equal(options.cancel, "7");
	ff_options_release(&options);
	PARSE(&options, "monitor", "--reset", "--seconds", "2.5");
	assert_true(options.reset);
	assert_int_equal(options.limit_us, 2500000);
	assert_null(options.stamps);
	assert_int_equal(options.eol, FF_KEYS_CR);
	ff_options_release(&options);
	PARSE(&options, "monitor", "--timestamps", "--history", "100", "--eol", "CRLF", "--log", "a", "--no-reconnect");
	assert_string_equal(options.stamps, "%Y-%m-%dT%H:%M:%S.%N");
	assert_int_equal(options.history, 100);
	assert_int_equal(options.eol, FF_KEYS_CRLF);
	assert_true(options.eol_given);
	assert_string_equal(options.log, "a");
	assert_true(options.no_reconnect);
	ff_options_release(&options);
	PARSE(&options, "monitor", "--timestamps=%H:%M", "--eol=lf");
	assert_string_equal(options.stamps, "%H:%M");
	assert_int_equal(options.eol, FF_KEYS_LF);
	ff_options_release(&options);
	PARSE(&options, "write_flash_status", "--non_volatile", "--bytes", "3", "0x10");
	assert_true(options.non_volatile);
	assert_int_equal(options.status_bytes, 3);
	assert_string_equal(options.words[0].text, "0x10");
	ff_options_release(&options);
	PARSE(&options, "--port", "socket://h:1", "read-mac", "--connect-attempts", "3", "--before", "no-reset", "-a",
	      "no_reset");
	assert_int_equal(options.attempts, 3);
	assert_int_equal(options.before, FF_BEFORE_NO_RESET);
	assert_int_equal(options.after, FF_AFTER_NO_RESET);
	ff_options_release(&options);
}

static void test_options__take_the_environment_last(void **state)
{
	struct ff_options options;

	(void)state;
	setenv("FARFLASH_SERVER", "http://env:1", 1);
	setenv("FARFLASH_BOARD", "env", 1);
	PARSE(&options, "reset");
	assert_string_equal(options.server, "http://env:1");
	assert_string_equal(options.board, "env");
	ff_options_release(&options);
	PARSE(&options, "reset", "--board", "lab1");
	assert_string_equal(options.board, "lab1");
	ff_options_release(&options);
	PARSE(&options, "reset", "--port", "/dev/ttyUSB0"); /* no quarrel with the environment */
	assert_string_equal(options.port, "/dev/ttyUSB0");
	ff_options_release(&options);
	setenv("FARFLASH_SERVER", "", 1);
	unsetenv("FARFLASH_BOARD");
	PARSE(&options, "reset");
	assert_null(options.server);
	assert_null(options.board);
	ff_options_release(&options);
	unsetenv("FARFLASH_SERVER");
}

/* A file under the test's own folder; its path, to be freed. */
static char *make_file(const char *folder, const char *name, const char *text)
{
	char *path;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return path;
}

static void test_options__read_an_argument_file(void **state)
{
	char folder[] = "/tmp/farflash-test-XXXXXX";
	struct ff_options options;
	char *path, *argument, *prefix;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = make_file(folder, "flash_args",
			 "--flash_mode dio --flash_freq 40m --flash_size 2MB\n0x1000 'boot loader.bin'\n");
	assert_true(asprintf(&argument, "@%s", path) > 0);
	assert_true(asprintf(&prefix, "%s/", folder) > 0);

	PARSE(&options, "write-flash", argument, "0x8000", "parts.bin");
	assert_int_equal(options.word_count, 4);
	assert_string_equal(options.words[0].text, "0x1000");
	assert_string_equal(options.words[1].text, "boot loader.bin");
	assert_string_equal(options.words[1].folder, prefix);
	assert_string_equal(options.words[3].text, "parts.bin");
	assert_null(options.words[3].folder);
	assert_string_equal(options.settings.mode, "dio");
	assert_string_equal(options.settings.freq, "40m");
	assert_string_equal(options.settings.size, "2MB");
	ff_options_release(&options);

	unlink(path);
	rmdir(folder);
	free(path);
	free(argument);
	free(prefix);
}

/* Up to the next option the words belong to --encrypt-files, as in esptool. */
static void test_options__tell_which_files_to_encrypt(void **state)
{
	static const bool expected[] = { false, false, true, true, true, true, false, false };
	struct ff_options options;

	(void)state;
	PARSE(&options, "write-flash", "0x1000", "a.bin", "--encrypt-files", "0x8000", "b.bin", "0x9000", "c.bin",
	      "--erase-all", "0x20000", "d.bin");
	assert_int_equal(options.word_count, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(options.words[i].encrypt, expected[i]);
	}
	assert_true(options.erase_all && options.encrypt_files && !options.encrypt);
	ff_options_release(&options);
	PARSE(&options, "write-flash", "--encrypt_files", "0x8000", "b.bin", "--baud", "115200", "0x9000", "c.bin");
	assert_true(options.words[1].encrypt && !options.words[2].encrypt);
	ff_options_release(&options);
	PARSE(&options, "write_flash", "--encrypt", "-e", "--verify", "--ignore_flash_encryption_efuse_setting",
	      "0x8000", "b.bin");
	assert_true(options.encrypt && options.erase_all && options.ignore_encryption_efuses && !options.no_verify);
	assert_false(options.words[0].encrypt);
	ff_options_release(&options);
}

static void test_options__compare_chips_loosely(void **state)
{
	struct ff_options options;

	(void)state;
	PARSE(&options, "--chip", "esp32c3", "chip-id");
	assert_true(ff_options_accept_chip(&options, "ESP32-C3"));
	assert_false(ff_options_accept_chip(&options, "ESP32"));
	assert_false(ff_options_accept_chip(&options, "ESP32-C31"));
	ff_options_release(&options);
	PARSE(&options, "--chip", "auto", "chip-id");
	assert_true(ff_options_accept_chip(&options, "ESP32"));
	ff_options_release(&options);
}

/* The exit status of a process that parses this, -1 if it did not exit by itself. */
static int exit_status(const char *const *arguments)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct ff_options options;

		fclose(stderr);
		fclose(stdout);
		parse(&options, arguments);
		ff_options_release(&options);
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_options__wrong_usage_exits_with_2(void **state)
{
	static const char *const cases[][7] = {
		{ NULL },
		{ "nonsense" },
		{ "boards", "--nonsense" },
		{ "boards", "word" },
		{ "jobs", "1", "2" },
		{ "write-flash", "@/nonexistent/flash_args" },
		{ "reset", "--baud", "fast" },
		{ "reset", "--baud", "-1" },
		{ "reset", "--baud", "4000001" },
		{ "reset", "--server" },
		{ "reset", "--port", "x", "--connect-attempts", "0" },
		{ "reset", "--port", "x", "--connect-attempts", "101" },
		{ "reset", "--port", "x", "--board", "lab1" },
		{ "reset", "--port", "x", "--server", "lab1" },
		{ "reset", "--port", "x", "--after", "watchdog" },
		{ "monitor", "--seconds", "0" },
		{ "monitor", "--seconds", "soon" },
		{ "monitor", "--seconds", "nan" },
		{ "monitor", "--history", "-1" },
		{ "monitor", "--port", "x", "--history", "100" },
		{ "monitor", "--timestamps=" },
		{ "monitor", "--eol", "crcr" },
		{ "reset", "--no-reconnect" },
		{ "reset", "--seconds", "1" },
		{ "write-flash", "--flash-mode", "a-long-nonsense" },
		{ "write-flash", "--encrypt", "0x0", "a.bin", "--encrypt-files", "0x1000" },
	};

	(void)state;
	argp_err_exit_status = 2; /* as main sets it */
	for (size_t i = 0; i < COUNT(cases); i++) {
		int status = exit_status(cases[i]);

		if (status != 2) {
			fail_msg("case %zu (%s...) exits with %d", i, cases[i][0] ? cases[i][0] : "nothing", status);
		}
	}
}

static void test_options__help_and_version_exit_with_0(void **state)
{
	static const char *const cases[][3] = {
		{ "--help" },     { "-h" },          { "--version" }, { "write-flash", "--help" },
		{ "jobs", "-h" }, { "reset", "-V" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(exit_status(cases[i]), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options__have_defaults),
		cmocka_unit_test(test_options__flags),
		cmocka_unit_test(test_options__stand_before_or_behind_the_command),
		cmocka_unit_test(test_options__accept_what_esp_idf_prints),
		cmocka_unit_test(test_options__read_every_command),
		cmocka_unit_test(test_options__take_the_environment_last),
		cmocka_unit_test(test_options__read_an_argument_file),
		cmocka_unit_test(test_options__tell_which_files_to_encrypt),
		cmocka_unit_test(test_options__compare_chips_loosely),
		cmocka_unit_test(test_options__wrong_usage_exits_with_2),
		cmocka_unit_test(test_options__help_and_version_exit_with_0),
	};

	unsetenv("FARFLASH_SERVER");
	unsetenv("FARFLASH_BOARD");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
