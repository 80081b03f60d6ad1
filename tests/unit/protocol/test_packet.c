// SPDX-License-Identifier: Apache-2.0
/* Frames by hand, and the two that Espressif's "Serial Protocol" page prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "packet.h"

static void test_packet__builds_read_reg_as_the_page_prints_it(void **state)
{
	(void)state;
	static const uint8_t expected[] = { 0xC0, 0, 0x0A, 4, 0, 0, 0, 0, 0, 0x00, 0x10, 0x00, 0x40, 0xC0 };
	uint8_t out[64];
	struct ff_command command;
	ff_packet_start(&command, FF_OP_READ_REG);
	ff_packet_word(&command, 0x40001000);
	assert_int_equal(ff_packet_encode(&command, out, sizeof(out)), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void test_packet__builds_sync_as_the_page_prints_it(void **state)
{
	(void)state;
	uint8_t expected[46] = { 0xC0, 0, 0x08, 0x24, 0, 0, 0, 0, 0, 0x07, 0x07, 0x12, 0x20 };
	memset(expected + 13, 0x55, 32);
	expected[45] = 0xC0;
	uint8_t out[64];
	struct ff_command command;
	ff_packet_start(&command, FF_OP_SYNC);
	ff_packet_word(&command, 0x20120707);
	for (int i = 0; i < 8; i++) {
		ff_packet_word(&command, 0x55555555);
	}
	assert_int_equal(ff_packet_encode(&command, out, sizeof(out)), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

/* The checksum is over the payload before it is escaped: EF ^ C0 ^ DB ^ 01 = F5. */
static void test_packet__sums_and_escapes_data(void **state)
{
	(void)state;
	static const uint8_t payload[] = { 0xC0, 0xDB, 0x01 };
	static const uint8_t expected[] = { 0xC0, 0, 0x07, 0x13, 0, 0xF5, 0, 0, 0, 3,    0,    0,    0,    7,    0,   0,
					    0,    0, 0,    0,    0, 0,    0, 0, 0, 0xDB, 0xDC, 0xDB, 0xDD, 0x01, 0xC0 };
	uint8_t out[64];
	struct ff_command command;
	ff_packet_data(&command, FF_OP_MEM_DATA, 7, payload, sizeof(payload));
	assert_int_equal(ff_packet_encode(&command, out, sizeof(out)), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void test_packet__checksum_starts_at_ef(void **state)
{
	(void)state;
	assert_int_equal(ff_packet_checksum(NULL, 0), 0xEF);
	assert_int_equal(ff_packet_checksum((const uint8_t *)"\xEF", 1), 0);
}

static void test_packet__refuses_a_buffer_that_is_too_small(void **state)
{
	(void)state;
	uint8_t out[13];
	struct ff_command command;
	ff_packet_start(&command, FF_OP_READ_REG);
	ff_packet_word(&command, 1);
	assert_int_equal(ff_packet_encode(&command, out, sizeof(out)), 0);
}

static void test_packet__drops_fields_that_do_not_fit(void **state)
{
	(void)state;
	struct ff_command command;
	ff_packet_start(&command, FF_OP_SYNC);
	for (int i = 0; i < 20; i++) {
		ff_packet_word(&command, 0);
	}
	assert_int_equal(command.fields_size, FF_PACKET_MAX_FIELDS);
}

static void test_packet__parses_the_replies_that_the_page_prints(void **state)
{
	(void)state;
	static const uint8_t read_reg[] = { 0x01, 0x0A, 0x02, 0x00, 0x09, 0, 0, 0, 0, 0 };
	static const uint8_t sync[] = { 0x01, 0x08, 0x04, 0x00, 0x07, 0x07, 0x12, 0x20, 0, 0, 0, 0 };
	struct ff_reply reply;
	uint16_t status = 1;
	assert_true(ff_packet_parse(&reply, read_reg, sizeof(read_reg)));
	assert_int_equal(reply.opcode, FF_OP_READ_REG);
	assert_int_equal(reply.value, 9);
	assert_int_equal(reply.size, 2);
	assert_true(ff_packet_status(&reply, 0, &status));
	assert_int_equal(status, 0);

	assert_true(ff_packet_parse(&reply, sync, sizeof(sync)));
	assert_int_equal(reply.opcode, FF_OP_SYNC);
	assert_int_equal(reply.value, 0x20120707);
	assert_true(ff_packet_status(&reply, 0, &status));
	assert_int_equal(status, 0);
}

static void test_packet__refuses_what_is_no_reply(void **state)
{
	(void)state;
	static const uint8_t good[] = { 0x01, 0x0A, 0x02, 0x00, 0x09, 0, 0, 0, 0, 0 };
	struct ff_reply reply;
	for (size_t size = 0; size < sizeof(good); size++) {
		assert_false(ff_packet_parse(&reply, good, size));
	}
	uint8_t bytes[11];
	memcpy(bytes, good, sizeof(good));
	assert_false(ff_packet_parse(&reply, bytes, 11)); /* longer than it says */
	bytes[0] = 0x00;                                  /* a request */
	assert_false(ff_packet_parse(&reply, bytes, 10));
}

/* The first two bytes behind the answer are the status, whether two reserved ones follow (ROM) or not (stub). */
static void test_packet__finds_the_status_of_both_dialects(void **state)
{
	(void)state;
	uint8_t data[36] = { 0 };
	struct ff_reply reply = { .opcode = FF_OP_FLASH_MD5, .data = data };
	uint16_t status = 0;

	reply.size = 18; /* stub: 16 raw bytes, then C4 00 */
	data[16] = 0xC4;
	assert_true(ff_packet_status(&reply, 16, &status));
	assert_int_equal(status, 0xC400);

	memset(data, 'a', sizeof(data));
	reply.size = 36; /* ROM: 32 digits, then 01 06 and two reserved bytes */
	data[32] = 0x01;
	data[33] = 0x06;
	assert_true(ff_packet_status(&reply, 32, &status));
	assert_int_equal(status, 0x0106);
}

/* Seen on the mask ROM of an ESP32: after a failure the second byte of a success is a leftover. */
static void test_packet__success_has_no_reason(void **state)
{
	(void)state;
	static const uint8_t data[] = { 0x00, 0x05, 0xFF, 0xFF };
	struct ff_reply reply = { .data = data, .size = sizeof(data) };
	uint16_t status = 1;
	assert_true(ff_packet_status(&reply, 0, &status));
	assert_int_equal(status, 0);
}

static void test_packet__refusal_may_come_without_the_answer(void **state)
{
	(void)state;
	static const uint8_t refusal[] = { 0x01, 0x09, 0, 0 };
	static const uint8_t success[] = { 0x00, 0x00, 0, 0 };
	struct ff_reply reply = { .data = refusal, .size = sizeof(refusal) };
	uint16_t status = 0;
	assert_true(ff_packet_status(&reply, 32, &status));
	assert_int_equal(status, 0x0109);
	reply.data = success;
	assert_false(ff_packet_status(&reply, 32, &status));
	reply.size = 1;
	assert_false(ff_packet_status(&reply, 0, &status));
}

static void test_packet__names_opcodes_and_reasons(void **state)
{
	(void)state;
	assert_string_equal(ff_packet_opcode_name(FF_OP_DEFLATE_DATA), "FLASH_DEFL_DATA");
	assert_string_equal(ff_packet_opcode_name(0x77), "unknown command");
	assert_string_equal(ff_packet_reason(0x0107), "checksum error");
	assert_string_equal(ff_packet_reason(0xC100), "checksum error");
	assert_string_equal(ff_packet_reason(0xFF00), "not implemented");
	assert_string_equal(ff_packet_reason(0x4242), "reason unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet__builds_read_reg_as_the_page_prints_it),
		cmocka_unit_test(test_packet__builds_sync_as_the_page_prints_it),
		cmocka_unit_test(test_packet__sums_and_escapes_data),
		cmocka_unit_test(test_packet__checksum_starts_at_ef),
		cmocka_unit_test(test_packet__refuses_a_buffer_that_is_too_small),
		cmocka_unit_test(test_packet__drops_fields_that_do_not_fit),
		cmocka_unit_test(test_packet__parses_the_replies_that_the_page_prints),
		cmocka_unit_test(test_packet__refuses_what_is_no_reply),
		cmocka_unit_test(test_packet__finds_the_status_of_both_dialects),
		cmocka_unit_test(test_packet__success_has_no_reason),
		cmocka_unit_test(test_packet__refusal_may_come_without_the_answer),
		cmocka_unit_test(test_packet__names_opcodes_and_reasons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
