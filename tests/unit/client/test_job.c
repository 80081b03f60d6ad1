// SPDX-License-Identifier: Apache-2.0
/* Jobs made here have the members that docs/rest-api.md lists; jobs read are that page's example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "job.h"
#include "report.h"
#include "security.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char example[] =
	"{\"id\": \"7\", \"kind\": \"flash\", \"board\": \"lab1\", \"state\": \"done\","
	" \"created\": \"2026-01-31T12:00:00.000Z\", \"started\": \"2026-01-31T12:00:00.100Z\","
	" \"finished\": \"2026-01-31T12:00:13.600Z\","
	" \"progress\": {\"phase\": \"write\", \"done\": 65536, \"total\": 1048576}, \"target\": null,"
	" \"regions\": [{\"offset\": \"0x10000\", \"size\": 1048576, \"sha256\": \"00\", \"name\": \"app.bin\"}],"
	" \"options\": {\"baud\": 460800, \"force\": false, \"stub\": true, \"compress\": true, \"erase_all\": false},"
	" \"result\": {\"bytes\": 1048576, \"wire_bytes\": 601234, \"verified\": true, \"stub\": true, \"baud\": 460800,"
	"            \"phases\": {\"reset\": 0.15, \"sync\": 0.05, \"write\": 13.1, \"verify\": 0.2}},"
	" \"info\": {\"chip\": \"ESP32\", \"revision\": \"v3.1\", \"mac\": \"24:0a:c4:00:00:01\", \"crystal_mhz\": 40,"
	"          \"flash_id\": \"0x1640ef\", \"flash_size\": 4194304, \"probed\": \"2026-01-31T12:00:00.000Z\","
	"          \"description\": \"ESP32-D0WD-V3\", \"features\": [\"Wi-Fi\", \"BT\", \"Dual Core + LP Core\"],"
	"          \"security\": null, \"eui64\": null,"
	"          \"secure_boot\": \"off\", \"flash_encryption\": \"development\"},"
	" \"error\": null, \"notes\": [\"app.bin: look at it\"], \"rerun\": false, \"repeats\": null,"
	" \"repeated_by\": null}";

static json_t *load(const char *text)
{
	json_t *job = json_loads(text, 0, NULL);

	assert_non_null(job);
	return job;
}

/* What a function prints, as a string to be freed. */
static char *printed(void (*print)(const json_t *, FILE *), const json_t *job)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(job, out);
	fclose(out);
	return text;
}

static void test_job__new_has_every_member(void **state)
{
	json_t *job = ff_job_new("flash", "/dev/ttyUSB0");
	json_t *like = load(example);
	const char *key;
	json_t *value;

	(void)state;
	json_object_foreach(like, key, value)
	{
		assert_non_null(json_object_get(job, key));
	}
	assert_int_equal(json_object_size(job), json_object_size(like));
	assert_true(json_is_null(json_object_get(job, "id")));
	assert_string_equal(ff_job_id(job), "");
	assert_string_equal(ff_job_state(job), "running");
	assert_false(ff_job_has_ended(job));
	assert_int_equal(strlen(json_string_value(json_object_get(job, "created"))), 24);
	json_decref(job);
	json_decref(like);
}

static void test_job__comes_back_with_its_server(void **state)
{
	static const struct {
		const char *job;
		bool back;
	} rows[] = {
		{ "{\"error\": {\"code\": \"shutting-down\"}, \"started\": null, \"rerun\": false}", true },
		{ "{\"error\": {\"code\": \"shutting-down\"}, \"started\": \"2026\", \"rerun\": true}", true },
		{ "{\"error\": {\"code\": \"shutting-down\"}, \"started\": \"2026\", \"rerun\": false}", false },
		{ "{\"error\": {\"code\": \"shutting-down\"}, \"started\": \"2026\", \"rerun\": true, "
		  "\"repeated_by\": \"8\"}",
		  false },
		{ "{\"error\": {\"code\": \"cancelled\"}, \"started\": null, \"rerun\": true}", false },
		{ "{\"error\": null, \"started\": null, \"rerun\": true}", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *job = load(rows[i].job);

		assert_int_equal(ff_job_comes_back(job), rows[i].back);
		json_decref(job);
	}
}

static void test_job__info_is_written_as_the_server_writes_it(void **state)
{
	const struct ff_board_info info = { .chip = "ESP32",
					    .revision = 301,
					    .mac = { 0x24, 0x0a, 0xc4, 0, 0, 1 },
					    .crystal_mhz = 40,
					    .flash_id = 0x1640ef,
					    .flash_size = 4194304,
					    .description = "ESP32-D0WD-V3",
					    .features = "Wi-Fi, BT, Dual Core + LP Core",
					    .secure_boot = FF_SECURE_BOOT_OFF,
					    .flash_encryption = FF_FLASH_ENCRYPTION_DEVELOPMENT };
	json_t *job = ff_job_new("info", "lab1");
	json_t *like = load(example);
	json_t *made, *wanted;

	(void)state;
	ff_job_set_info(job, &info, NULL);
	made = json_object_get(job, "info");
	wanted = json_object_get(like, "info");
	json_object_del(wanted, "probed");
	assert_non_null(json_object_get(made, "probed"));
	json_object_del(made, "probed");
	assert_true(json_equal(made, wanted));
	json_decref(job);
	json_decref(like);
}

static void test_job__info_holds_a_long_address(void **state)
{
	const struct ff_board_info info = { .chip = "ESP32-C6",
					    .description = "ESP32-C6 (QFN40)",
					    .features = "Wi-Fi 6",
					    .has_eui64 = true,
					    .eui64 = { 0x60, 0x55, 0xf9, 0xff, 0xfe, 0xf7, 0x2c, 0xa2 } };
	json_t *job = ff_job_new("info", "lab1");

	(void)state;
	ff_job_set_info(job, &info, NULL);
	assert_string_equal(json_string_value(json_object_get(json_object_get(job, "info"), "eui64")),
			    "60:55:f9:ff:fe:f7:2c:a2");
	json_decref(job);
}

static void test_job__unknown_info_is_null(void **state)
{
	const struct ff_board_info info = { .chip = "ESP32-S2", .description = "ESP32-S2", .features = "" };
	json_t *job = ff_job_new("info", "lab1");
	const json_t *made;

	(void)state;
	ff_job_set_info(job, &info, NULL);
	made = json_object_get(job, "info");
	assert_true(json_is_null(json_object_get(made, "revision")));
	assert_true(json_is_null(json_object_get(made, "mac")));
	assert_true(json_is_null(json_object_get(made, "crystal_mhz")));
	assert_true(json_is_null(json_object_get(made, "flash_id")));
	assert_true(json_is_null(json_object_get(made, "flash_size")));
	assert_true(json_is_null(json_object_get(made, "eui64")));
	assert_int_equal(json_array_size(json_object_get(made, "features")), 0);
	assert_true(json_is_array(json_object_get(made, "features")));
	assert_true(json_is_null(json_object_get(made, "secure_boot")));
	assert_true(json_is_null(json_object_get(made, "flash_encryption")));
	json_decref(job);
}

static void test_job__finish_tells_the_verdict(void **state)
{
	static const struct {
		struct ff_failure failure;
		const char *state;
	} cases[] = {
		{ { "", "" }, "done" },
		{ { "verify-failed", "lab1: no" }, "failed" },
		{ { "cancelled", "lab1: stopped" }, "cancelled" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *job = ff_job_new("flash", "lab1");
		struct ff_failure read = { .code = "" };

		ff_job_finish(job, &cases[i].failure);
		assert_string_equal(ff_job_state(job), cases[i].state);
		assert_true(ff_job_has_ended(job));
		assert_true(json_is_string(json_object_get(job, "finished")));
		assert_int_equal(ff_job_check(job, &read), cases[i].failure.code[0] == '\0');
		assert_string_equal(read.code, cases[i].failure.code);
		json_decref(job);
	}
}

static void test_job__check_reads_the_error(void **state)
{
	static const struct {
		const char *job;
		const char *code;
		const char *text;
	} cases[] = {
		{ "{\"id\": \"7\", \"board\": \"lab1\", \"state\": \"failed\","
		  " \"error\": {\"code\": \"verify-failed\", \"detail\": \"lab1: MD5 differs\"}}",
		  "verify-failed", "lab1: MD5 differs" },
		{ "{\"id\": \"7\", \"board\": \"lab1\", \"state\": \"cancelled\", \"error\": null}", "cancelled",
		  "lab1: job 7 was cancelled" },
		{ "{\"id\": \"7\", \"board\": \"lab1\", \"state\": \"cancelled\","
		  " \"error\": {\"code\": \"shutting-down\", \"detail\": \"lab1: cancelled (the server is stopping)\"}}",
		  "shutting-down", "lab1: cancelled (the server is stopping)" },
		{ "{\"id\": \"7\", \"board\": \"lab1\", \"state\": \"failed\", \"error\": null}", "internal-error",
		  "lab1: job 7 failed" },
		{ "{}", "internal-error", "the board: job  " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *job = load(cases[i].job);
		struct ff_failure failure = { .code = "" };

		assert_false(ff_job_check(job, &failure));
		assert_string_equal(failure.code, cases[i].code);
		assert_string_equal(failure.text, cases[i].text);
		json_decref(job);
	}
}

static void test_job__prints_the_summary_of_a_flash(void **state)
{
	json_t *job = load(example);
	char *text = printed(ff_job_print_flash, job);

	(void)state;
	assert_string_equal(text, "lab1: ESP32 (revision v3.1, MAC 24:0a:c4:00:00:01, 4 MB flash)\n"
				  "lab1: wrote 1048576 bytes (601234 compressed) in 13.5 s, 621.4 kbit/s effective, "
				  "verified\n");
	free(text);
	json_decref(job);
}

static void test_job__summary_survives_missing_members(void **state)
{
	json_t *job = load("{\"board\": \"lab1\", \"result\": {\"bytes\": 10, \"verified\": false}, \"info\": null}");
	char *text = printed(ff_job_print_flash, job);

	(void)state;
	assert_string_equal(text, "lab1: wrote 10 bytes, not verified\n");
	free(text);
	json_decref(job);
	job = load("{\"board\": \"lab1\", \"result\": {\"bytes\": 10, \"verified\": false, \"unverified_bytes\": 4}}");
	text = printed(ff_job_print_flash, job);
	assert_string_equal(text, "lab1: wrote 10 bytes, verified but for 4 bytes\n");
	free(text);
	json_decref(job);
}

static void test_job__prints_all_of_a_job(void **state)
{
	json_t *job = load(example);
	char *text = printed(ff_job_print, job);

	(void)state;
	assert_string_equal(text, "job       7, flash on lab1\n"
				  "state     done\n"
				  "created   2026-01-31T12:00:00.000Z\n"
				  "started   2026-01-31T12:00:00.100Z\n"
				  "finished  2026-01-31T12:00:13.600Z\n"
				  "image     0x10000  1048576 bytes  app.bin  sha256:00\n"
				  "board     ESP32 (revision v3.1, MAC 24:0a:c4:00:00:01, 4 MB flash)\n"
				  "note      app.bin: look at it\n");
	free(text);
	json_decref(job);
}

static void test_job__targets_are_written_as_the_server_writes_them(void **state)
{
	const struct {
		json_t *made;
		const char *wanted;
	} cases[] = {
		{ ff_job_flash_target(0x1000, 4096), "{\"offset\": \"0x1000\", \"size\": 4096}" },
		{ ff_job_flash_target(0, 0), "{\"offset\": \"0x0\", \"size\": null}" },
		{ ff_job_memory_target(0x1000, 4), "{\"address\": \"0x00001000\", \"size\": 4}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *wanted = load(cases[i].wanted);

		assert_true(json_equal(cases[i].made, wanted));
		json_decref(wanted);
		json_decref(cases[i].made);
	}
}

static void test_job__knows_how_many_bytes_it_is_about(void **state)
{
	static const struct {
		const char *job;
		long long bytes;
	} cases[] = {
		{ "{\"result\": {\"bytes\": 5}, \"target\": {\"size\": 6}}", 5 },
		{ "{\"result\": null, \"target\": {\"size\": 6}}", 6 },
		{ "{\"result\": null, \"target\": {\"size\": null}}", 0 },
		{ "{\"regions\": [{\"size\": 3}, {\"size\": 4}], \"target\": null}", 7 },
		{ "{}", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *job = load(cases[i].job);

		assert_int_equal(ff_job_bytes(job), cases[i].bytes);
		json_decref(job);
	}
}

static void test_job__prints_target_and_comparison(void **state)
{
	json_t *read = load("{\"id\": \"8\", \"kind\": \"read-memory\", \"board\": \"lab1\", \"state\": \"done\","
			    " \"target\": {\"address\": \"0x40001000\", \"size\": 4},"
			    " \"result\": {\"bytes\": 4, \"value\": \"0x00f01d83\"}}");
	json_t *compared = load(
		"{\"id\": \"9\", \"kind\": \"verify\", \"board\": \"lab1\", \"state\": \"failed\","
		" \"target\": null, \"regions\": [{\"offset\": \"0x0\", \"size\": 4, \"name\": \"a.bin\","
		" \"same\": false}, {\"offset\": \"0x10\", \"size\": 4, \"sha256\": \"01\", \"written\": \"02\"}]}");
	char *text = printed(ff_job_print, read);

	(void)state;
	assert_non_null(strstr(text, "target    0x40001000  4 bytes  0x00f01d83\n"));
	free(text);
	text = printed(ff_job_print, compared);
	assert_non_null(strstr(text, "image     0x0  4 bytes  a.bin  differs\n"));
	assert_non_null(strstr(text, "image     0x10  4 bytes    sha256:02\n"));
	assert_null(strstr(text, "target"));
	free(text);
	json_decref(read);
	json_decref(compared);
}

static const struct ff_security_info security = {
	.flags = FF_SECURITY_BOOT | FF_SECURITY_USB_OFF,
	.crypt_count = 7,
	.key_purposes = { 9, 4, 0, 0, 0, 99 },
	.has_id = true,
	.chip_id = 5,
	.api_version = 3,
};

static void test_job__security_is_a_member_of_info(void **state)
{
	const struct ff_board_info info = { .chip = "ESP32-C3", .description = "ESP32-C3", .features = "" };
	json_t *job = ff_job_new("info", "lab1");
	json_t *told;

	(void)state;
	ff_job_set_info(job, &info, NULL);
	assert_true(json_is_null(json_object_get(json_object_get(job, "info"), "security")));
	ff_job_set_info(job, &info, &security);
	told = json_object_get(json_object_get(job, "info"), "security");
	assert_string_equal(json_string_value(json_object_get(told, "flags")), "0x00000101");
	assert_true(json_is_true(json_object_get(json_object_get(told, "parsed_flags"), "dis_usb")));
	assert_true(json_is_false(json_object_get(json_object_get(told, "parsed_flags"), "secure_download")));
	assert_int_equal(json_object_size(json_object_get(told, "parsed_flags")), 11);
	assert_true(json_is_true(json_object_get(told, "flash_encryption")));
	assert_int_equal(json_array_size(json_object_get(told, "key_purposes")), 6);
	json_decref(job);
}

static void test_job__security_is_printed(void **state)
{
	json_t *told = ff_report_security(&security);
	char *text = printed(ff_security_print, told);

	(void)state;
	assert_string_equal(text,
			    "Flags: 0x00000101\nKey block 0: 9, SECURE_BOOT_DIGEST0\nKey block 1: 4, XTS_AES_128_KEY\n"
			    "Key block 2: 0, user or empty\nKey block 3: 0, user or empty\n"
			    "Key block 4: 0, user or empty\nKey block 5: 99, another purpose\nChip ID: 5\n"
			    "API version: 3\nSecure boot: enabled\n"
			    "Flash encryption: enabled (SPI_BOOT_CRYPT_CNT 0x7)\nUSB: disabled\n");
	free(text);
	json_decref(told);
	told = load("{}");
	text = printed(ff_security_print, told);
	assert_non_null(strstr(text, "Flags: unknown\n"));
	free(text);
	json_decref(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job__new_has_every_member),
		cmocka_unit_test(test_job__comes_back_with_its_server),
		cmocka_unit_test(test_job__info_is_written_as_the_server_writes_it),
		cmocka_unit_test(test_job__info_holds_a_long_address),
		cmocka_unit_test(test_job__unknown_info_is_null),
		cmocka_unit_test(test_job__finish_tells_the_verdict),
		cmocka_unit_test(test_job__check_reads_the_error),
		cmocka_unit_test(test_job__prints_the_summary_of_a_flash),
		cmocka_unit_test(test_job__summary_survives_missing_members),
		cmocka_unit_test(test_job__prints_all_of_a_job),
		cmocka_unit_test(test_job__targets_are_written_as_the_server_writes_them),
		cmocka_unit_test(test_job__knows_how_many_bytes_it_is_about),
		cmocka_unit_test(test_job__prints_target_and_comparison),
		cmocka_unit_test(test_job__security_is_a_member_of_info),
		cmocka_unit_test(test_job__security_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
