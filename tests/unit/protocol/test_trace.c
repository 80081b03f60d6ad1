// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "trace.h"

static char line[FF_TRACE_LINE_SIZE];

static struct ff_command command(enum ff_opcode opcode, size_t count, const uint32_t *words)
{
	struct ff_command made;
	ff_packet_start(&made, opcode);
	for (size_t i = 0; i < count; i++) {
		ff_packet_word(&made, words[i]);
	}
	return made;
}

static void expect_command(const struct ff_command *given, const char *expected)
{
	ff_trace_command(line, given);
	assert_string_equal(line, expected);
}

static void expect_received(const char *bytes, size_t size, const char *expected)
{
	ff_trace_received(line, (const uint8_t *)bytes, size);
	assert_string_equal(line, expected);
}

static void test_trace__names_the_fields_of_commands(void **state)
{
	(void)state;
	static const uint32_t words[] = { 0x1000, 2, 0x4000, 0x10000, 1, 0 };
	struct ff_command given = command(FF_OP_DEFLATE_BEGIN, 5, words);
	expect_command(&given, "FLASH_DEFL_BEGIN size=0x1000 blocks=2 block_size=0x4000 offset=0x10000 encrypt=1");
	given = command(FF_OP_READ_REG, 1, words);
	expect_command(&given, "READ_REG address=0x1000");
	given = command(FF_OP_CHANGE_BAUD, 2, words);
	expect_command(&given, "CHANGE_BAUDRATE new=4096 old=2");
	given = command(FF_OP_SECURITY_INFO, 0, NULL);
	expect_command(&given, "GET_SECURITY_INFO");
	/* What has no name is shown all the same. */
	given = command(FF_OP_FLASH_MD5, 3, words);
	expect_command(&given, "SPI_FLASH_MD5 offset=0x1000 size=0x2 00400000");
	given = command((enum ff_opcode)0xEE, 1, words);
	expect_command(&given, "unknown command ee 00100000");
}

static void test_trace__shortens_long_data_and_says_so(void **state)
{
	(void)state;
	static uint8_t block[FF_PACKET_MAX_BLOCK];
	struct ff_command given;
	ff_packet_data(&given, FF_OP_FLASH_DATA, 7, (const uint8_t *)"\x01\x02", 2);
	expect_command(&given, "FLASH_DATA size=0x2 seq=7 checksum=ec data=0102");
	ff_packet_data(&given, FF_OP_FLASH_DATA, 7, block, sizeof(block));
	ff_trace_command(line, &given);
	assert_non_null(strstr(line, "data=0000"));
	assert_non_null(strstr(line, "00... (16384 bytes)"));
	assert_true(strlen(line) < 2 * FF_TRACE_SHOWN + 80);
}

static void test_trace__tells_what_a_status_means(void **state)
{
	(void)state;
	expect_received("\x01\x0A\x02\x00\x83\x1D\xF0\x00\x00\x00", 10, "READ_REG value=0x00f01d83 ok");
	expect_received("\x01\x03\x04\x00\x00\x00\x00\x00\x01\x07\x00\x00", 12,
			"FLASH_DATA value=0x00000000 0107 checksum error");
	expect_received("\x01\x11\x02\x00\x00\x00\x00\x00\xC4\x00", 10,
			"FLASH_DEFL_DATA value=0x00000000 c400 flash operation failed");
	expect_received("\x01\x77\x02\x00\x00\x00\x00\x00\x01\x05", 10,
			"unknown command 77 value=0x00000000 0105 command unknown or malformed");
	expect_received("\x01\x08\x00\x00\x00\x00\x00\x00", 8, "SYNC value=0x00000000 without a status");
}

static void test_trace__shows_answers_apart_from_the_status(void **state)
{
	(void)state;
	expect_received("\x01\x13\x12\x00\x00\x00\x00\x00"
			"0123456789abcdef\x00\x00",
			26, "SPI_FLASH_MD5 value=0x00000000 data=30313233343536373839616263646566 ok");
	expect_received("\x01\x14\x0E\x00\x00\x00\x00\x00"
			"abcdefghijkl\x00\x00",
			22, "GET_SECURITY_INFO value=0x00000000 data=6162636465666768696a6b6c ok");
	expect_received("\x01\x13\x04\x00\x00\x00\x00\x00\x01\x05\x00\x00", 12,
			"SPI_FLASH_MD5 value=0x00000000 0105 command unknown or malformed");
}

static void test_trace__other_frames_and_noise(void **state)
{
	(void)state;
	expect_received("OHAI", 4, "frame of 4: 4f484149");
	expect_received("", 0, "frame of 0: ");
	ff_trace_raw(line, (const uint8_t *)"rst:0x1 \"\\\r\n\x80\x1b", 14);
	assert_string_equal(line, "outside frames \"rst:0x1 \\\"\\\\\\r\\n\\x80\\x1b\"");
	uint8_t noise[2000];
	memset(noise, 0xFF, sizeof(noise));
	ff_trace_raw(line, noise, sizeof(noise));
	assert_non_null(strstr(line, "\\xff\"... (2000 bytes)"));
}

static void test_trace__line_changes(void **state)
{
	(void)state;
	ff_trace_step(line, &(struct ff_line_step){ 0, 1, 100 });
	assert_string_equal(line, "DTR=0 RTS=1 hold=100ms");
	ff_trace_step(line, &(struct ff_line_step){ -1, 0, 0 });
	assert_string_equal(line, "DTR=- RTS=0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trace__names_the_fields_of_commands),
		cmocka_unit_test(test_trace__shortens_long_data_and_says_so),
		cmocka_unit_test(test_trace__tells_what_a_status_means),
		cmocka_unit_test(test_trace__shows_answers_apart_from_the_status),
		cmocka_unit_test(test_trace__other_frames_and_noise),
		cmocka_unit_test(test_trace__line_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
