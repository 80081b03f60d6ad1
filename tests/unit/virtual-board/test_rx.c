// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rx.h"

static struct ff_rx rx;

static void feed(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		ff_rx_byte(&rx, (uint8_t)bytes[i]);
	}
}

#define FEED(literal) feed(literal, sizeof(literal) - 1)

/* The next frame is this one; it stays polled until it is released. */
static void assert_frame(const char *expected, size_t size)
{
	size_t got;
	const uint8_t *frame = ff_rx_poll(&rx, &got);
	assert_non_null(frame);
	assert_int_equal(got, size);
	assert_memory_equal(frame, expected, size);
}

static void assert_no_frame(void)
{
	size_t got;
	assert_null(ff_rx_poll(&rx, &got));
}

static void test_rx__unescapes(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_STUB);
	FEED("noise\xC0"
	     "a\xDB\xDC"
	     "b\xDB\xDD"
	     "c\xC0");
	assert_frame("a\xC0"
		     "b\xDB"
		     "c",
		     5);
}

static void test_rx__stub_receives_one_frame_while_it_handles_another(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_STUB);
	FEED("\xC0"
	     "one\xC0");
	assert_frame("one", 3);
	FEED("\xC0"
	     "two\xC0");
	FEED("\xC0"
	     "lost\xC0"); /* both buffers are taken */
	ff_rx_release(&rx);
	assert_frame("two", 3);
	FEED("\xC0"
	     "three\xC0");
	ff_rx_release(&rx);
	assert_frame("three", 5);
	ff_rx_release(&rx);
	assert_no_frame();
}

static void test_rx__stub_gives_up_bad_escapes_and_goes_on(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_STUB);
	FEED("\xC0"
	     "a\xDB\x01");
	assert_true(ff_rx_pending(&rx));
	assert_no_frame();
	FEED("\xC0"
	     "good\xC0");
	assert_frame("good", 4);
}

static void test_rx__stub_gives_up_frames_that_are_too_long(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_STUB);
	FEED("\xC0");
	for (size_t i = 0; i <= FF_RX_FRAME_MAX; i++) {
		FEED("x");
	}
	assert_no_frame();
	FEED("\xC0"
	     "good\xC0");
	assert_frame("good", 4);
}

static void test_rx__stub_ends_an_empty_frame(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_STUB);
	FEED("\xC0\xC0"
	     "not in a frame"
	     "\xC0"
	     "frame\xC0");
	assert_frame("frame", 5);
}

static void test_rx__rom_takes_the_end_of_an_empty_frame_for_a_start(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_ROM);
	FEED("\xC0\xC0"
	     "frame\xC0");
	assert_frame("frame", 5);
}

static void test_rx__rom_takes_bad_escapes_for_the_byte(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_ROM);
	FEED("\xC0"
	     "a\xDB"
	     "b\xC0");
	assert_frame("ab", 2);
}

static void test_rx__rom_completes_short_frames_from_older_ones(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_ROM);
	FEED("\xC0"
	     "abcdef\xC0");
	assert_frame("abcdef", 6);
	ff_rx_release(&rx);
	FEED("\xC0"
	     "XY\xC0");
	size_t size;
	assert_memory_equal(ff_rx_poll(&rx, &size), "XYcdef", 6);
	assert_int_equal(size, 2);
}

static void test_rx__rom_drops_what_does_not_fit(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_ROM);
	FEED("\xC0");
	for (size_t i = 0; i < FF_RX_FRAME_MAX + 100; i++) {
		FEED("x");
	}
	FEED("\xC0");
	size_t size;
	assert_non_null(ff_rx_poll(&rx, &size));
	assert_int_equal(size, FF_RX_FRAME_MAX);
}

static void test_rx__rom_is_deaf_while_it_handles_a_frame(void **state)
{
	(void)state;
	ff_rx_init(&rx, FF_RX_ROM);
	FEED("\xC0"
	     "one\xC0");
	assert_frame("one", 3);
	FEED("\xC0"
	     "lost\xC0");
	ff_rx_release(&rx);
	assert_no_frame();
	FEED("\xC0"
	     "two\xC0");
	assert_frame("two", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rx__unescapes),
		cmocka_unit_test(test_rx__stub_receives_one_frame_while_it_handles_another),
		cmocka_unit_test(test_rx__stub_gives_up_bad_escapes_and_goes_on),
		cmocka_unit_test(test_rx__stub_gives_up_frames_that_are_too_long),
		cmocka_unit_test(test_rx__stub_ends_an_empty_frame),
		cmocka_unit_test(test_rx__rom_takes_the_end_of_an_empty_frame_for_a_start),
		cmocka_unit_test(test_rx__rom_takes_bad_escapes_for_the_byte),
		cmocka_unit_test(test_rx__rom_completes_short_frames_from_older_ones),
		cmocka_unit_test(test_rx__rom_drops_what_does_not_fit),
		cmocka_unit_test(test_rx__rom_is_deaf_while_it_handles_a_frame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
