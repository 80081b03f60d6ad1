// SPDX-License-Identifier: Apache-2.0
/* Vectors by hand, from RFC 1055 and the bootloader's framing (END on both sides). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "slip.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Feeds the bytes and writes down what happened: frames as "[size]", broken ones as "!e" or "!o". */
static void decode_to_text(char *text, size_t text_size, uint8_t *buffer, size_t capacity, const uint8_t *bytes,
			   size_t size, size_t piece)
{
	struct ff_slip_decoder decoder;
	ff_slip_decoder_init(&decoder, buffer, capacity);
	size_t at = 0;
	text[0] = 0;
	while (at < size) {
		size_t part = size - at < piece ? size - at : piece;
		size_t used = 0;
		enum ff_slip_event event = ff_slip_decode(&decoder, bytes + at, part, &used);
		assert_true(used > 0 && used <= part);
		at += used;
		size_t end = strlen(text);
		if (event == FF_SLIP_FRAME) {
			snprintf(text + end, text_size - end, "[%zu]", decoder.size);
		} else if (event == FF_SLIP_BAD) {
			snprintf(text + end, text_size - end, decoder.fault == FF_SLIP_FAULT_ESCAPE ? "!e" : "!o");
		} else {
			assert_int_equal(used, part);
		}
	}
	size_t end = strlen(text);
	snprintf(text + end, text_size - end, "~%u", (unsigned)decoder.stray);
}

static void test_slip__decodes_a_sync_reply(void **state)
{
	(void)state;
	/* SYNC's reply of an ESP32 ROM: direction 01, command 08, size 4, value 20120707, status 00 00 00 00. */
	static const uint8_t wire[] = { 0xC0, 0x01, 0x08, 0x04, 0x00, 0x07, 0x07, 0x12, 0x20, 0, 0, 0, 0, 0xC0 };
	uint8_t buffer[32];
	struct ff_slip_decoder decoder;
	ff_slip_decoder_init(&decoder, buffer, sizeof(buffer));
	size_t used = 0;
	assert_int_equal(ff_slip_decode(&decoder, wire, sizeof(wire), &used), FF_SLIP_FRAME);
	assert_int_equal(used, sizeof(wire));
	assert_int_equal(decoder.size, 12);
	assert_memory_equal(decoder.bytes, wire + 1, 12);
	assert_int_equal(decoder.stray, 0);
}

static void test_slip__unescapes(void **state)
{
	(void)state;
	static const uint8_t wire[] = { 0xC0, 0xDB, 0xDC, 0x01, 0xDB, 0xDD, 0xDC, 0xDD, 0xC0 };
	static const uint8_t plain[] = { 0xC0, 0x01, 0xDB, 0xDC, 0xDD };
	uint8_t buffer[5];
	struct ff_slip_decoder decoder;
	ff_slip_decoder_init(&decoder, buffer, sizeof(buffer));
	size_t used = 0;
	assert_int_equal(ff_slip_decode(&decoder, wire, sizeof(wire), &used), FF_SLIP_FRAME);
	assert_int_equal(decoder.size, sizeof(plain));
	assert_memory_equal(decoder.bytes, plain, sizeof(plain));
}

struct event_case {
	const char *name;
	const uint8_t *wire;
	size_t size;
	const char *events;
};

#define EVENTS(name, events, ...) \
	{ \
		name, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), events \
	}

/* The buffer of these holds 4 bytes. */
static const struct event_case event_cases[] = {
	EVENTS("two frames", "[1][2]~0", 0xC0, 1, 0xC0, 0xC0, 2, 3, 0xC0),
	EVENTS("empty frames are no event", "[1]~0", 0xC0, 0xC0, 0xC0, 1, 0xC0),
	EVENTS("boot log before a frame", "[1]~4", 'e', 't', 's', '\n', 0xC0, 1, 0xC0),
	EVENTS("noise between frames", "[1][1]~2", 0xC0, 1, 0xC0, 7, 7, 0xC0, 2, 0xC0),
	EVENTS("escape outside a frame is noise", "[1]~2", 0xDB, 1, 0xC0, 1, 0xC0),
	EVENTS("bad escape", "!e[1]~0", 0xC0, 0xDB, 0x01, 5, 0xC0, 0xC0, 2, 0xC0),
	EVENTS("escape cut off by END", "!e[1]~0", 0xC0, 1, 0xDB, 0xC0, 0xC0, 2, 0xC0),
	EVENTS("exactly full", "[4]~0", 0xC0, 1, 2, 3, 4, 0xC0),
	EVENTS("one too long", "!o[1]~0", 0xC0, 1, 2, 3, 4, 5, 0xC0, 0xC0, 2, 0xC0),
	EVENTS("too long by an escaped byte", "!o~0", 0xC0, 1, 2, 3, 4, 0xDB, 0xDC, 0xC0),
	EVENTS("END in noise does not cost the next frame", "!o[2]~0", 0xC0, 1, 2, 3, 4, 5, 6, 0xC0, 8, 9, 0xC0),
	EVENTS("lost closing END costs one frame", "[1][1]~1", 0xC0, 1, 0xC0, 2, 0xC0, 0xC0, 3, 0xC0),
	EVENTS("lost opening END costs one frame", "[1]~1", 1, 0xC0, 0xC0, 2, 0xC0),
	EVENTS("unfinished", "~0", 0xC0, 1, 2),
};

static void test_slip__events_do_not_depend_on_the_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(event_cases); i++) {
		const struct event_case *c = &event_cases[i];
		for (size_t piece = 1; piece <= c->size; piece++) {
			uint8_t buffer[4];
			char text[64];
			decode_to_text(text, sizeof(text), buffer, sizeof(buffer), c->wire, c->size, piece);
			if (strcmp(text, c->events) != 0) {
				fail_msg("%s, in pieces of %zu: %s", c->name, piece, text);
			}
		}
	}
}

static void test_slip__hands_out_frames_one_by_one(void **state)
{
	(void)state;
	static const uint8_t wire[] = { 0xC0, 1, 0xC0, 0xC0, 2, 0xC0 };
	uint8_t buffer[4];
	struct ff_slip_decoder decoder;
	ff_slip_decoder_init(&decoder, buffer, sizeof(buffer));
	size_t used = 0;
	assert_int_equal(ff_slip_decode(&decoder, wire, sizeof(wire), &used), FF_SLIP_FRAME);
	assert_int_equal(used, 3);
	assert_int_equal(decoder.bytes[0], 1);
	assert_int_equal(ff_slip_decode(&decoder, wire + 3, 3, &used), FF_SLIP_FRAME);
	assert_int_equal(used, 3);
	assert_int_equal(decoder.size, 1);
	assert_int_equal(decoder.bytes[0], 2);
}

static void test_slip__reset_forgets_a_half_frame(void **state)
{
	(void)state;
	uint8_t buffer[4];
	struct ff_slip_decoder decoder;
	ff_slip_decoder_init(&decoder, buffer, sizeof(buffer));
	size_t used = 0;
	assert_int_equal(ff_slip_decode(&decoder, (const uint8_t[]){ 9, 0xC0, 1, 0xDB }, 4, &used), FF_SLIP_NONE);
	ff_slip_decoder_reset(&decoder);
	assert_int_equal(decoder.stray, 1);
	assert_int_equal(ff_slip_decode(&decoder, (const uint8_t[]){ 0xC0, 2, 0xC0 }, 3, &used), FF_SLIP_FRAME);
	assert_int_equal(decoder.size, 1);
	assert_int_equal(decoder.bytes[0], 2);
}

static void test_slip__encodes_with_end_on_both_sides(void **state)
{
	(void)state;
	static const uint8_t plain[] = { 0x01, 0xC0, 0x02, 0xDB, 0xDC };
	static const uint8_t wire[] = { 0xC0, 0x01, 0xDB, 0xDC, 0x02, 0xDB, 0xDD, 0xDC, 0xC0 };
	uint8_t out[FF_SLIP_ENCODED_MAX(sizeof(plain))];
	assert_int_equal(ff_slip_encode(out, sizeof(out), plain, sizeof(plain)), sizeof(wire));
	assert_memory_equal(out, wire, sizeof(wire));
}

static void test_slip__encodes_in_pieces(void **state)
{
	(void)state;
	static const uint8_t wire[] = { 0xC0, 0x00, 0x08, 0xDB, 0xDC, 0x55, 0xC0 };
	uint8_t out[16];
	struct ff_slip_encoder encoder;
	ff_slip_begin(&encoder, out, sizeof(out));
	ff_slip_put(&encoder, (const uint8_t[]){ 0x00, 0x08 }, 2);
	ff_slip_put(&encoder, NULL, 0);
	ff_slip_put(&encoder, (const uint8_t[]){ 0xC0, 0x55 }, 2);
	assert_int_equal(ff_slip_end(&encoder), sizeof(wire));
	assert_memory_equal(out, wire, sizeof(wire));
}

static void test_slip__encoder_says_when_it_does_not_fit(void **state)
{
	(void)state;
	static const uint8_t plain[] = { 0xC0, 0x01 };
	uint8_t out[8];
	memset(out, 0xEE, sizeof(out));
	for (size_t capacity = 0; capacity < 5; capacity++) {
		assert_int_equal(ff_slip_encode(out, capacity, plain, sizeof(plain)), 0);
		assert_int_equal(out[capacity], 0xEE);
	}
	assert_int_equal(ff_slip_encode(out, 5, plain, sizeof(plain)), 5);
}

static void test_slip__encoded_max_is_reached(void **state)
{
	(void)state;
	static const uint8_t worst[] = { 0xC0, 0xDB, 0xC0 };
	uint8_t out[8];
	assert_int_equal(ff_slip_encoded_max(sizeof(worst)), 8);
	assert_int_equal(ff_slip_encode(out, sizeof(out), worst, sizeof(worst)), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slip__decodes_a_sync_reply),
		cmocka_unit_test(test_slip__unescapes),
		cmocka_unit_test(test_slip__events_do_not_depend_on_the_split),
		cmocka_unit_test(test_slip__hands_out_frames_one_by_one),
		cmocka_unit_test(test_slip__reset_forgets_a_half_frame),
		cmocka_unit_test(test_slip__encodes_with_end_on_both_sides),
		cmocka_unit_test(test_slip__encodes_in_pieces),
		cmocka_unit_test(test_slip__encoder_says_when_it_does_not_fit),
		cmocka_unit_test(test_slip__encoded_max_is_reached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
