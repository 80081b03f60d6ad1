// SPDX-License-Identifier: Apache-2.0
/* The path through libserialport: its control lines, and the port's one owner. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include <farflash/transport.h>

#include "clock.h"
#include "test_transport_wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_serial__open_and_close_leave_the_board_running(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	assert_true(transport.has_lines);
	expect_lines(wire, "11"); /* the kernel's doing */
	expect_lines(wire, "00"); /* both at once */
	expect_no_lines(wire);
	ff_transport_close(&transport);
	expect_no_lines(wire);
}

/* Even with a line asserted: with HUPCL the kernel would drop it. */
static void test_serial__close_moves_no_line(void **state)
{
	static const struct ff_line_step hold = { 1, 1, 0 };
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	expect_lines(wire, "11");
	expect_lines(wire, "00");
	assert_int_equal(transport.ops->set_lines(transport.self, &hold, 1, NULL), FF_OK);
	expect_lines(wire, "11");
	ff_transport_close(&transport);
	expect_no_lines(wire);
}

static void test_serial__both_lines_change_at_once(void **state)
{
	static const struct ff_line_step tight[] = {
		{ 0, 0, 0 }, { 1, 1, 0 },  { 0, 1, 30 },  { 1, 0, 20 },
		{ 0, 0, 0 }, { -1, 1, 5 }, { -1, -1, 5 }, { -1, 0, 0 },
	};
	static const char *const seen[] = { "11", "01", "10", "00", "01", "00" };
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	expect_lines(wire, "11");
	expect_lines(wire, "00");
	int64_t start_us = ff_now_us();
	assert_int_equal(transport.ops->set_lines(transport.self, tight, COUNT(tight), NULL), FF_OK);
	assert_true(ff_now_us() - start_us >= 60 * 1000);
	for (size_t i = 0; i < COUNT(seen); i++) {
		expect_lines(wire, seen[i]);
	}
	expect_no_lines(wire);
	ff_transport_close(&transport);
}

static void test_serial__a_change_of_baud_moves_no_line(void **state)
{
	static const struct ff_line_step hold = { 1, 0, 0 };
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	expect_lines(wire, "11");
	expect_lines(wire, "00");
	assert_int_equal(transport.ops->set_lines(transport.self, &hold, 1, NULL), FF_OK);
	expect_lines(wire, "10");
	assert_int_equal(transport.ops->set_baud(transport.self, 921600, ff_deadline_ms(1000), NULL), FF_OK);
	assert_int_equal(transport.ops->set_baud(transport.self, 74880, ff_deadline_ms(1000), NULL), FF_OK);
	expect_no_lines(wire);
	ff_transport_close(&transport);
}

static void test_serial__steps_out_of_range_move_nothing(void **state)
{
	static const struct ff_line_step bad[] = { { 0, 1, 0 }, { 0, 3, 0 } };
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	expect_lines(wire, "11");
	expect_lines(wire, "00");
	assert_int_equal(transport.ops->set_lines(transport.self, bad, COUNT(bad), NULL), FF_ERR_ARGUMENT);
	expect_no_lines(wire);
	ff_transport_close(&transport);
}

/* TIOCEXCL turns other programs away, but must not outlive us: on a pty it would, until the master closes. */
static void test_serial__takes_the_exclusive_flag_back(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	int exclusive = -1;
	int watcher = open(wire->slave, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(watcher >= 0);
	open_port(wire, &transport, 0);
	assert_return_code(ioctl(watcher, TIOCGEXCL, &exclusive), errno);
	assert_int_equal(exclusive, 1);
	ff_transport_close(&transport);
	assert_return_code(ioctl(watcher, TIOCGEXCL, &exclusive), errno);
	assert_int_equal(exclusive, 0);
	close(watcher);
}

static void test_serial__comes_back_after_the_device_was_away(void **state)
{
	static const uint8_t hello[] = "hello";
	struct wire *wire = *state;
	struct ff_transport transport;
	struct ff_error error = FF_ERROR_NONE;
	uint8_t bytes[16];
	size_t got = 0;
	open_port(wire, &transport, 230400);
	unplug(wire);
	assert_int_equal(transport.ops->read(transport.self, bytes, sizeof(bytes), &got, ff_deadline_ms(1000), NULL),
			 FF_ERR_LOST);
	assert_int_equal(transport.ops->reopen(&transport, 0, &error), FF_ERR_LOST);
	assert_true(error.text[0] != '\0');
	/* Until then nothing works, and nothing is worse than that. */
	assert_int_equal(transport.ops->read(transport.self, bytes, sizeof(bytes), &got, 0, NULL), FF_ERR_LOST);
	assert_int_equal(transport.ops->write(transport.self, hello, 1, 0, NULL), FF_ERR_LOST);
	static const struct ff_line_step release = { 0, 0, 0 };
	assert_int_equal(transport.ops->set_lines(transport.self, &release, 1, NULL), FF_ERR_LOST);

	assert_int_equal(transport.ops->set_baud(transport.self, 115200, 0, NULL), FF_ERR_LOST);

	plug_in(wire);
	assert_int_equal(transport.ops->reopen(&transport, ff_deadline_ms(1000), NULL), FF_OK);
	assert_int_equal(write(wire->master, hello, 5), 5);
	assert_int_equal(transport.ops->read(transport.self, bytes, sizeof(bytes), &got, ff_deadline_ms(1000), NULL),
			 FF_OK);
	assert_memory_equal(bytes, "hello", got);
	assert_int_equal(transport.kind, FF_PORT_UNKNOWN);
	ff_transport_close(&transport);
}

static void test_serial__may_be_closed_while_the_device_is_away(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	unplug(wire);
	assert_int_equal(transport.ops->reopen(&transport, 0, NULL), FF_ERR_LOST);
	ff_transport_close(&transport);
}

#define ON_SERIAL(test) cmocka_unit_test_setup_teardown(test, setup_serial, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_SERIAL(test_serial__open_and_close_leave_the_board_running),
		ON_SERIAL(test_serial__close_moves_no_line),
		ON_SERIAL(test_serial__both_lines_change_at_once),
		ON_SERIAL(test_serial__a_change_of_baud_moves_no_line),
		ON_SERIAL(test_serial__steps_out_of_range_move_nothing),
		ON_SERIAL(test_serial__takes_the_exclusive_flag_back),
		ON_SERIAL(test_serial__comes_back_after_the_device_was_away),
		ON_SERIAL(test_serial__may_be_closed_while_the_device_is_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
