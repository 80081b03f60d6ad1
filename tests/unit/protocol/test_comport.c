// SPDX-License-Identifier: Apache-2.0
/* Vectors by hand, from the tables of RFC 2217. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "comport.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct vector {
	struct ff_comport_message message;
	const uint8_t *wire;
	size_t size;
};

#define VECTOR(from, code, value, ...) \
	{ \
		{ from, code, value, NULL, 0 }, (const uint8_t[]){ __VA_ARGS__ }, \
			sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

static const struct vector vectors[] = {
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SET_BAUDRATE, 115200, 1, 0x00, 0x01, 0xC2, 0x00),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SET_BAUDRATE, 0xFFFFFFFF, 1, 0xFF, 0xFF, 0xFF, 0xFF),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_SET_BAUDRATE, 9600, 101, 0x00, 0x00, 0x25, 0x80),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SET_DATASIZE, 8, 2, 8),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_SET_DATASIZE, 8, 102, 8),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SET_PARITY, FF_COMPORT_PARITY_NONE, 3, 1),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_SET_PARITY, FF_COMPORT_PARITY_SPACE, 103, 5),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SET_STOPSIZE, FF_COMPORT_STOP_1_5, 4, 3),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_SET_STOPSIZE, FF_COMPORT_STOP_2, 104, 2),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SET_CONTROL, FF_COMPORT_CONTROL_DTR_ON, 5, 8),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_SET_CONTROL, FF_COMPORT_CONTROL_RTS_OFF, 105, 12),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_NOTIFY_LINESTATE, FF_COMPORT_LINE_BREAK, 106, 0x10),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_NOTIFY_MODEMSTATE, FF_COMPORT_MODEM_CTS | FF_COMPORT_MODEM_DSR, 107, 0x30),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_NOTIFY_MODEMSTATE, 0x80, 7, 0x80),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_FLOWCONTROL_SUSPEND, 0, 8),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_FLOWCONTROL_SUSPEND, 0, 108),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_FLOWCONTROL_RESUME, 0, 9),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_FLOWCONTROL_RESUME, 0, 109),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SET_LINESTATE_MASK, 0, 10, 0),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_SET_LINESTATE_MASK, 255, 110, 255),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SET_MODEMSTATE_MASK, 255, 11, 255),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_SET_MODEMSTATE_MASK, 255, 111, 255),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_PURGE_DATA, FF_COMPORT_PURGE_BOTH, 12, 3),
	VECTOR(FF_COMPORT_SERVER, FF_COMPORT_PURGE_DATA, FF_COMPORT_PURGE_RX, 112, 1),
	VECTOR(FF_COMPORT_CLIENT, FF_COMPORT_SIGNATURE, 0, 0),
};

static void test_comport__parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		struct ff_comport_message message;
		assert_true(ff_comport_parse(&message, vectors[i].wire, vectors[i].size));
		assert_int_equal(message.from, vectors[i].message.from);
		assert_int_equal(message.code, vectors[i].message.code);
		assert_int_equal(message.value, vectors[i].message.value);
		assert_int_equal(message.text_size, 0);
	}
}

static void test_comport__builds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		uint8_t out[FF_COMPORT_MESSAGE_MAX];
		assert_int_equal(ff_comport_build(out, sizeof(out), &vectors[i].message), vectors[i].size);
		assert_memory_equal(out, vectors[i].wire, vectors[i].size);
	}
}

static void test_comport__signature_is_text(void **state)
{
	(void)state;
	static const uint8_t wire[] = { 100, 'l', 'a', 'b', ' ', '1' };
	struct ff_comport_message message;
	assert_true(ff_comport_parse(&message, wire, sizeof(wire)));
	assert_int_equal(message.from, FF_COMPORT_SERVER);
	assert_int_equal(message.code, FF_COMPORT_SIGNATURE);
	assert_int_equal(message.text_size, 5);
	assert_memory_equal(message.text, "lab 1", 5);
	uint8_t out[sizeof(wire)];
	assert_int_equal(ff_comport_build(out, sizeof(out), &message), sizeof(wire));
	assert_memory_equal(out, wire, sizeof(wire));
	assert_int_equal(ff_comport_build(out, sizeof(out) - 1, &message), 0);
}

static void test_comport__polls_without_a_value_come_from_clients_only(void **state)
{
	(void)state;
	struct ff_comport_message message;
	assert_true(ff_comport_parse(&message, (const uint8_t[]){ 7 }, 1));
	assert_int_equal(message.code, FF_COMPORT_NOTIFY_MODEMSTATE);
	assert_true(ff_comport_parse(&message, (const uint8_t[]){ 6 }, 1));
	assert_false(ff_comport_parse(&message, (const uint8_t[]){ 107 }, 1));
	assert_false(ff_comport_parse(&message, (const uint8_t[]){ 106 }, 1));
}

static void test_comport__refuses_wrong_lengths_and_codes(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[7];
		size_t size;
	} bad[] = {
		{ { 0 }, 0 },        { { 1, 9 }, 2 },  { { 1, 0, 1, 0xC2 }, 4 }, { { 1, 0, 0, 1, 0xC2, 0 }, 6 },
		{ { 1 }, 1 },        { { 2 }, 1 },     { { 2, 8, 8 }, 3 },       { { 3 }, 1 },
		{ { 4, 1, 1 }, 3 },  { { 5 }, 1 },     { { 5, 0, 0, 0, 1 }, 5 }, { { 8, 0 }, 2 },
		{ { 109, 0 }, 2 },   { { 10 }, 1 },    { { 11, 1, 1 }, 3 },      { { 12 }, 1 },
		{ { 12, 1, 1 }, 3 }, { { 13, 1 }, 2 }, { { 99, 1 }, 2 },         { { 113, 1 }, 2 },
		{ { 255, 1 }, 2 },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ff_comport_message message = { .value = 77 };
		if (ff_comport_parse(&message, bad[i].bytes, bad[i].size)) {
			fail_msg("code %u with %zu bytes was taken", bad[i].bytes[0], bad[i].size);
		}
		assert_int_equal(message.value, 77);
	}
}

static void test_comport__build_says_when_it_does_not_fit(void **state)
{
	(void)state;
	uint8_t out[FF_COMPORT_MESSAGE_MAX];
	for (size_t i = 0; i < COUNT(vectors); i++) {
		for (size_t capacity = 0; capacity < vectors[i].size; capacity++) {
			assert_int_equal(ff_comport_build(out, capacity, &vectors[i].message), 0);
		}
	}
}

static void test_comport__knows_which_values_have_a_meaning(void **state)
{
	(void)state;
	assert_true(ff_comport_value_known(FF_COMPORT_SET_PARITY, 5));
	assert_false(ff_comport_value_known(FF_COMPORT_SET_PARITY, 9));
	assert_true(ff_comport_value_known(FF_COMPORT_SET_DATASIZE, 0));
	assert_false(ff_comport_value_known(FF_COMPORT_SET_DATASIZE, 4));
	assert_true(ff_comport_value_known(FF_COMPORT_SET_DATASIZE, 5));
	assert_false(ff_comport_value_known(FF_COMPORT_SET_DATASIZE, 9));
	assert_true(ff_comport_value_known(FF_COMPORT_SET_STOPSIZE, 3));
	assert_false(ff_comport_value_known(FF_COMPORT_SET_STOPSIZE, 4));
	assert_true(ff_comport_value_known(FF_COMPORT_SET_CONTROL, 19));
	assert_false(ff_comport_value_known(FF_COMPORT_SET_CONTROL, 20));
	assert_false(ff_comport_value_known(FF_COMPORT_PURGE_DATA, 0));
	assert_true(ff_comport_value_known(FF_COMPORT_PURGE_DATA, 3));
	assert_false(ff_comport_value_known(FF_COMPORT_PURGE_DATA, 4));
	assert_true(ff_comport_value_known(FF_COMPORT_SET_MODEMSTATE_MASK, 255));
}

static void test_comport__names(void **state)
{
	(void)state;
	assert_string_equal(ff_comport_code_name(FF_COMPORT_SET_BAUDRATE), "SET-BAUDRATE");
	assert_string_equal(ff_comport_code_name(FF_COMPORT_PURGE_DATA), "PURGE-DATA");
	assert_string_equal(ff_comport_code_name((enum ff_comport_code)13), "?");
	assert_string_equal(ff_comport_control_name(11), "RTS on");
	assert_string_equal(ff_comport_control_name(19), "DSR flow control");
	assert_string_equal(ff_comport_control_name(20), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comport__parses),
		cmocka_unit_test(test_comport__builds),
		cmocka_unit_test(test_comport__signature_is_text),
		cmocka_unit_test(test_comport__polls_without_a_value_come_from_clients_only),
		cmocka_unit_test(test_comport__refuses_wrong_lengths_and_codes),
		cmocka_unit_test(test_comport__build_says_when_it_does_not_fit),
		cmocka_unit_test(test_comport__knows_which_values_have_a_meaning),
		cmocka_unit_test(test_comport__names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
