// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "link.h"
#include "test_link_script.h"

/* READ_REG's reply with the value 9, as Espressif's "Serial Protocol" page prints it. */
static const uint8_t nine[] = { 0xC0, 0x01, 0x0A, 0x02, 0x00, 0x09, 0, 0, 0, 0, 0, 0xC0 };
/* A SYNC reply of an ESP32's ROM. */
static const uint8_t sync[] = { 0xC0, 0x01, 0x08, 0x04, 0x00, 0x07, 0x07, 0x12, 0x20, 0, 0, 0, 0, 0xC0 };
/* What an ESP32's ROM answers an unknown command with, once after each reply to the SYNC before. */
static const uint8_t unknown[] = { 0xC0, 0x01, 0x08, 0x04, 0x00, 0x07, 0x07, 0x12, 0x20, 1, 5, 0, 0, 0xC0 };

struct fixture {
	struct script script;
	struct ff_link link;
	unsigned asked;
	unsigned cancel_at; /* 0: never */
	const uint8_t *answer;
	size_t answer_size;
};

static bool cancelled(void *context)
{
	struct fixture *fixture = context;
	fixture->asked++;
	return fixture->cancel_at != 0 && fixture->asked >= fixture->cancel_at;
}

static void answer(struct script *script, const uint8_t *frame, size_t size)
{
	struct fixture *fixture = script->context;
	(void)frame;
	(void)size;
	if (fixture->answer) {
		script_put(script, fixture->answer, fixture->answer_size);
	}
}

static struct fixture *start(void)
{
	static struct fixture fixture;
	memset(&fixture, 0, sizeof(fixture));
	script_init(&fixture.script, answer, &fixture);
	struct ff_link_hooks hooks = { .cancelled = cancelled, .context = &fixture };
	ff_link_init(&fixture.link, &fixture.script.transport, 115200, &hooks);
	return &fixture;
}

static enum ff_status read_register(struct fixture *fixture, uint32_t timeout_ms, uint32_t *value,
				    struct ff_error *error)
{
	struct ff_command command;
	struct ff_reply reply = { 0 };
	ff_packet_start(&command, FF_OP_READ_REG);
	ff_packet_word(&command, 0x40001000);
	enum ff_status status = ff_link_call(&fixture->link, &command, 0, timeout_ms, &reply, error);
	*value = reply.value;
	return status;
}

/* Lets the board say `bytes` in answer to one READ_REG, and expects 9. */
static void expect_nine(struct fixture *fixture, const void *bytes, size_t size)
{
	uint32_t value = 0;
	struct ff_error error = FF_ERROR_NONE;
	fixture->answer = bytes;
	fixture->answer_size = size;
	assert_int_equal(read_register(fixture, 1000, &value, &error), FF_OK);
	assert_int_equal(value, 9);
	assert_int_equal(error.status, FF_OK);
}

static void test_link__call(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	expect_nine(fixture, nine, sizeof(nine));
	for (size_t piece = 1; piece <= sizeof(nine); piece++) {
		fixture->script.piece = piece;
		expect_nine(fixture, nine, sizeof(nine));
	}
}

static void test_link__skips_stale_replies(void **state)
{
	(void)state;
	uint8_t bytes[8 * sizeof(sync) + sizeof(nine)];
	for (size_t i = 0; i < 8; i++) {
		memcpy(bytes + i * sizeof(sync), sync, sizeof(sync));
	}
	memcpy(bytes + 8 * sizeof(sync), nine, sizeof(nine));
	expect_nine(start(), bytes, sizeof(bytes));
}

static void test_link__skips_noise(void **state)
{
	(void)state;
	static const char *const noises[] = {
		"ets Jun  8 2016 00:22:57\r\nwaiting\r\n",
		"\xC0\x01\x0A\xC0",                                 /* half a reply */
		"\xC0\x01\x0A\x09\x01\x09\x01\x01\x01\x01\x01\xC0", /* its length does not match */
		"\xC0\x02\x0A\x02\x01\x09\x01\x01\x01\x01\x01\xC0", /* no reply */
		"\xC0\xDB\x41\x42\xC0",                             /* a bad escape */
		"\xC0\xC0\xC0",                                     /* empty frames */
	};
	for (size_t i = 0; i < sizeof(noises) / sizeof(noises[0]); i++) {
		uint8_t bytes[128];
		size_t size = strlen(noises[i]);
		memcpy(bytes, noises[i], size);
		memcpy(bytes + size, nine, sizeof(nine));
		expect_nine(start(), bytes, size + sizeof(nine));
	}
}

static void test_link__skips_a_frame_longer_than_its_buffer(void **state)
{
	(void)state;
	static uint8_t bytes[FF_LINK_FRAME_SIZE + 2 + sizeof(nine)];
	memset(bytes, 0x41, sizeof(bytes));
	bytes[0] = 0xC0;
	bytes[FF_LINK_FRAME_SIZE + 1] = 0xC0;
	memcpy(bytes + FF_LINK_FRAME_SIZE + 2, nine, sizeof(nine));
	expect_nine(start(), bytes, sizeof(bytes));
}

static void test_link__refusal(void **state)
{
	(void)state;
	static const uint8_t refusal[] = { 0xC0, 0x01, 0x0A, 0x04, 0, 0, 0, 0, 0, 0x01, 0x07, 0, 0, 0xC0 };
	struct fixture *fixture = start();
	struct ff_error error = FF_ERROR_NONE;
	uint32_t value = 0;
	fixture->answer = refusal;
	fixture->answer_size = sizeof(refusal);
	assert_int_equal(read_register(fixture, 1000, &value, &error), FF_ERR_REFUSED);
	assert_int_equal(error.rom_code, 0x0107);
	assert_non_null(strstr(error.text, "READ_REG"));
	assert_non_null(strstr(error.text, "checksum"));
}

/* Eight refusals with the opcode of the SYNC before: all of them belong to this command, none to the next. */
static void test_link__unknown_command_of_a_rom(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	uint8_t bytes[8 * sizeof(unknown)];
	for (size_t i = 0; i < 8; i++) {
		memcpy(bytes + i * sizeof(unknown), unknown, sizeof(unknown));
	}
	struct ff_error error = FF_ERROR_NONE;
	uint32_t value = 0;
	fixture->answer = bytes;
	fixture->answer_size = sizeof(bytes);
	assert_int_equal(read_register(fixture, 1000, &value, &error), FF_ERR_REFUSED);
	assert_int_equal(error.rom_code, 0x0105);
	assert_int_equal(fixture->script.to_host_at, sizeof(bytes));
	expect_nine(fixture, nine, sizeof(nine));
}

static void test_link__reply_too_short(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	struct ff_command command;
	struct ff_error error = FF_ERROR_NONE;
	fixture->answer = nine;
	fixture->answer_size = sizeof(nine);
	ff_packet_start(&command, FF_OP_READ_REG);
	assert_int_equal(ff_link_call(&fixture->link, &command, 16, 1000, NULL, &error), FF_ERR_PROTOCOL);
	assert_non_null(strstr(error.text, "18"));
}

static void test_link__silence_times_out(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	struct ff_error error = FF_ERROR_NONE;
	uint32_t value = 0;
	int64_t start_us = ff_now_us();
	assert_int_equal(read_register(fixture, 30, &value, &error), FF_ERR_TIMEOUT);
	int64_t took_us = ff_now_us() - start_us;
	assert_true(took_us >= 30000);
	assert_non_null(strstr(error.text, "READ_REG"));
}

/* A board that talks without end, and says no frame. */
static void test_link__noise_does_not_outlast_the_deadline(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	static uint8_t noise[SCRIPT_BYTES];
	memset(noise, 'x', sizeof(noise));
	script_put(&fixture->script, noise, sizeof(noise) - 1);
	fixture->script.piece = 1;
	const uint8_t *frame = NULL;
	size_t size = 0;
	assert_int_equal(ff_link_receive(&fixture->link, ff_now_us() - 1, &frame, &size, NULL), FF_ERR_TIMEOUT);
	assert_in_range(fixture->script.to_host_at, 1, 100); /* it looks all the same, but not at everything */
}

/* The wait grows by the time that the bytes need on the wire: 14 of them at 300 baud take 467 ms. */
static void test_link__deadline_includes_the_wire(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	fixture->link.baud = 300;
	struct ff_command command;
	ff_packet_start(&command, FF_OP_READ_REG);
	ff_packet_word(&command, 0x40001000);
	assert_int_equal(ff_link_send(&fixture->link, &command, NULL), FF_OK);
	int64_t left = ff_link_deadline(&fixture->link, 100) - ff_now_us();
	assert_true(left > 500000 && left <= 567000);
	fixture->script.transport.latency_ms = 200;
	left = ff_link_deadline(&fixture->link, 100) - ff_now_us();
	assert_true(left > 900000 && left <= 967000);
}

static void test_link__boot_log_ends_the_wait(void **state)
{
	(void)state;
	static const char log[] = "ets Jul 29 2019 12:21:46\r\n\r\nrst:0xf (BROWNOUT_RST),boot:0x13\r\n";
	struct fixture *fixture = start();
	struct ff_error error = FF_ERROR_NONE;
	uint32_t value = 0;
	fixture->answer = (const uint8_t *)log;
	fixture->answer_size = sizeof(log) - 1;
	int64_t start_us = ff_now_us();
	assert_int_equal(read_register(fixture, 60000, &value, &error), FF_ERR_TIMEOUT);
	assert_true(ff_now_us() - start_us < 30000000);
	assert_non_null(strstr(error.text, "restarted"));
	assert_non_null(strstr(error.text, "BROWNOUT_RST"));
}

static void test_link__lost_port_ends_at_once(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	struct ff_error error = FF_ERROR_NONE;
	uint32_t value = 0;
	fixture->script.silence = FF_ERR_LOST;
	assert_int_equal(read_register(fixture, 60000, &value, &error), FF_ERR_LOST);
	assert_string_equal(error.text, "the port went away");

	ff_error_clear(&error);
	fixture->script.refusal = FF_ERR_LOST;
	assert_int_equal(read_register(fixture, 60000, &value, &error), FF_ERR_LOST);
	assert_string_equal(error.text, "the port went away");
}

static void test_link__cancel_ends_a_wait(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	struct ff_error error = FF_ERROR_NONE;
	uint32_t value = 0;
	fixture->cancel_at = 4;
	int64_t start_us = ff_now_us();
	assert_int_equal(read_register(fixture, 60000, &value, &error), FF_ERR_CANCELLED);
	assert_true(ff_now_us() - start_us < 30000000);
}

static void test_link__cancel_ends_a_long_write(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	static uint8_t block[FF_PACKET_MAX_BLOCK];
	struct ff_command command;
	struct ff_error error = FF_ERROR_NONE;
	ff_packet_data(&command, FF_OP_FLASH_DATA, 0, block, sizeof(block));
	assert_int_equal(ff_link_send(&fixture->link, &command, &error), FF_OK);
	assert_true(fixture->asked >= 14); /* 16 KB at 115200 baud take 1.4 s: every 100 ms at least */
	fixture->cancel_at = fixture->asked + 2;
	assert_int_equal(ff_link_send(&fixture->link, &command, &error), FF_ERR_CANCELLED);
}

static void test_link__pause_keeps_an_ear_open(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	script_put(&fixture->script, "boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n", 33);
	int64_t start_us = ff_now_us();
	assert_int_equal(ff_link_pause(&fixture->link, 20, NULL), FF_OK);
	assert_true(ff_now_us() - start_us >= 20000);
	assert_true(ff_link_has_heard(&fixture->link, "boot:0x13"));
	ff_link_forget(&fixture->link);
	assert_false(ff_link_has_heard(&fixture->link, "boot:0x13"));
}

static void test_link__heard_is_printable(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	char text[24];
	ff_link_heard(&fixture->link, text, sizeof(text));
	assert_string_equal(text, "");
	script_put(&fixture->script, "\x01\x80noise\r\nrst:0x1 (POWERON)\r\n\r\n", 29);
	assert_int_equal(ff_link_pause(&fixture->link, 1, NULL), FF_OK);
	ff_link_heard(&fixture->link, text, sizeof(text));
	assert_string_equal(text, "rst:0x1 (POWERON)");
	ff_link_heard(&fixture->link, text, 8);
	assert_string_equal(text, "rst:0x1");
}

static void test_link__flush_forgets_half_a_frame(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	script_put(&fixture->script, "\xC0noise", 6);
	assert_int_equal(ff_link_flush(&fixture->link, NULL), FF_OK);
	expect_nine(fixture, nine, sizeof(nine));
	script_put(&fixture->script, "\xC0noise", 6);
	assert_int_equal(ff_link_discard(&fixture->link, NULL), FF_OK);
	assert_int_equal(fixture->script.discards, 1);
	expect_nine(fixture, nine, sizeof(nine));
}

/* Enough of a frame, or all of it; never what came before it, nor noise, nor a doubled END. */
static void test_link__awaits_a_frame(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	struct ff_link *link = &fixture->link;
	const uint8_t *frame = NULL;
	size_t size = 0;
	fixture->script.piece = 1;
	script_put(&fixture->script, "noise\xC0one\xC0\xC0\xC0tw", 14);
	assert_int_equal(ff_link_receive(link, ff_link_deadline(link, 1000), &frame, &size, NULL), FF_OK);
	assert_memory_equal(frame, "one", size);
	assert_int_equal(ff_link_await_frame(link, 3, ff_link_deadline(link, 0), NULL), FF_ERR_TIMEOUT);
	script_put(&fixture->script, "o", 1);
	assert_int_equal(ff_link_await_frame(link, 3, ff_link_deadline(link, 0), NULL), FF_OK);
	assert_int_equal(ff_link_receive(link, ff_link_deadline(link, 0), &frame, &size, NULL), FF_ERR_TIMEOUT);
	script_put(&fixture->script, "\xC0\xC0x\xC0", 4);
	assert_int_equal(ff_link_receive(link, ff_link_deadline(link, 1000), &frame, &size, NULL), FF_OK);
	assert_int_equal(size, 3);
	assert_memory_equal(frame, "two", size);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ff_link_await_frame(link, 3, ff_link_deadline(link, 1000), NULL), FF_OK);
	}
	assert_int_equal(ff_link_receive(link, ff_link_deadline(link, 0), &frame, &size, NULL), FF_OK);
	assert_int_equal(size, 1);
	assert_int_equal(*frame, 'x');
	assert_int_equal(ff_link_await_frame(link, 1, ff_link_deadline(link, 0), NULL), FF_ERR_TIMEOUT);
}

static void test_link__a_held_frame_is_discarded_too(void **state)
{
	(void)state;
	struct fixture *fixture = start();
	struct ff_link *link = &fixture->link;
	script_put(&fixture->script, "\xC0stale\xC0", 7);
	assert_int_equal(ff_link_await_frame(link, 16, ff_link_deadline(link, 1000), NULL), FF_OK);
	assert_int_equal(ff_link_discard(link, NULL), FF_OK);
	assert_int_equal(ff_link_await_frame(link, 1, ff_link_deadline(link, 0), NULL), FF_ERR_TIMEOUT);
	expect_nine(fixture, nine, sizeof(nine));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link__call),
		cmocka_unit_test(test_link__skips_stale_replies),
		cmocka_unit_test(test_link__skips_noise),
		cmocka_unit_test(test_link__skips_a_frame_longer_than_its_buffer),
		cmocka_unit_test(test_link__refusal),
		cmocka_unit_test(test_link__unknown_command_of_a_rom),
		cmocka_unit_test(test_link__reply_too_short),
		cmocka_unit_test(test_link__silence_times_out),
		cmocka_unit_test(test_link__noise_does_not_outlast_the_deadline),
		cmocka_unit_test(test_link__deadline_includes_the_wire),
		cmocka_unit_test(test_link__boot_log_ends_the_wait),
		cmocka_unit_test(test_link__lost_port_ends_at_once),
		cmocka_unit_test(test_link__cancel_ends_a_wait),
		cmocka_unit_test(test_link__cancel_ends_a_long_write),
		cmocka_unit_test(test_link__pause_keeps_an_ear_open),
		cmocka_unit_test(test_link__heard_is_printable),
		cmocka_unit_test(test_link__flush_forgets_half_a_frame),
		cmocka_unit_test(test_link__awaits_a_frame),
		cmocka_unit_test(test_link__a_held_frame_is_discarded_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
