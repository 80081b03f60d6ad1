// SPDX-License-Identifier: Apache-2.0
/* What serial ports and ptys have in common, and why a port cannot be opened. */
#include <asm/termbits.h> /* the master's view of odd baud rates; not with <termios.h> */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <farflash/transport.h>

#include "clock.h"
#include "test_transport_wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t wire_baud(const struct wire *wire)
{
	struct termios2 settings;
	assert_return_code(ioctl(wire->master, TCGETS2, &settings), errno);
	return settings.c_ospeed;
}

/* ---- both kinds: each of these runs once over the plain pty and once through the shim ---- */

static void test_local__carries_every_byte_unchanged(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	uint8_t bytes[256], seen[256];
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)i; /* XON, XOFF, CR, EOF, INTR among them */
	}
	int64_t deadline = ff_deadline_ms(5000);
	assert_int_equal(transport.ops->write(transport.self, bytes, sizeof(bytes), deadline, NULL), FF_OK);
	assert_int_equal(transport.ops->drain(transport.self, deadline, NULL), FF_OK);
	for (size_t have = 0; have < sizeof(seen);) {
		ssize_t size = read(wire->master, seen + have, sizeof(seen) - have);
		assert_true(size > 0);
		have += (size_t)size;
	}
	assert_memory_equal(seen, bytes, sizeof(bytes));
	assert_int_equal(write(wire->master, bytes, sizeof(bytes)), sizeof(bytes));
	for (size_t have = 0, got = 0; have < sizeof(seen); have += got) {
		assert_int_equal(
			transport.ops->read(transport.self, seen + have, sizeof(seen) - have, &got, deadline, NULL),
			FF_OK);
	}
	assert_memory_equal(seen, bytes, sizeof(bytes));
	ff_transport_close(&transport);
}

static void test_local__read_ends_at_its_deadline(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	uint8_t byte = 0;
	size_t got = 77;
	int64_t deadline = ff_deadline_ms(50);
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, deadline, NULL), FF_ERR_TIMEOUT);
	assert_true(ff_now_us() >= deadline);
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, 0, NULL), FF_ERR_TIMEOUT);
	assert_int_equal(got, 77);
	ff_transport_close(&transport);
}

static void test_local__write_ends_at_its_deadline(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	static const uint8_t block[1 << 20]; /* nobody reads the master: a pty takes some kilobytes */
	int64_t deadline = ff_deadline_ms(50);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(transport.ops->write(transport.self, block, sizeof(block), deadline, &error), FF_ERR_TIMEOUT);
	assert_true(ff_now_us() >= deadline);
	ff_transport_close(&transport);
}

static void test_local__discards_what_has_arrived(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	assert_int_equal(write(wire->master, "stale", 5), 5);
	int arrived = 0;
	int64_t deadline = ff_deadline_ms(5000);
	while (arrived < 5 && ff_now_us() < deadline) {
		assert_return_code(ioctl(transport.ops->poll_fd(transport.self), FIONREAD, &arrived), errno);
		ff_sleep_ms(1);
	}
	assert_int_equal(transport.ops->discard(transport.self, deadline, NULL), FF_OK);
	assert_int_equal(write(wire->master, "new", 3), 3);
	uint8_t bytes[8];
	size_t got = 0;
	assert_int_equal(transport.ops->read(transport.self, bytes, sizeof(bytes), &got, deadline, NULL), FF_OK);
	assert_int_equal(bytes[0], 'n');
	ff_transport_close(&transport);
}

static void test_local__a_hangup_is_a_lost_board(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	assert_int_equal(write(wire->master, "x", 1), 1);
	uint8_t byte = 0;
	size_t got = 0;
	struct ff_error error = FF_ERROR_NONE;
	int64_t deadline = ff_deadline_ms(5000);
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, deadline, NULL), FF_OK);
	close(wire->master);
	wire->master = -1;
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, deadline, &error), FF_ERR_LOST);
	assert_non_null(strstr(error.text, "went away"));
	assert_int_equal(transport.ops->write(transport.self, &byte, 1, deadline, NULL), FF_ERR_LOST);
	assert_int_equal(transport.ops->set_baud(transport.self, 9600, deadline, NULL), FF_ERR_LOST);
	ff_transport_close(&transport);
}

static void test_local__sets_odd_baud_rates(void **state)
{
	static const uint32_t rates[] = { 300, 74880, 115200, 230400, 460800, 921600, 1500000, 2000000, 3000000 };
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 74880);
	assert_int_equal(wire_baud(wire), 74880);
	for (size_t i = 0; i < COUNT(rates); i++) {
		assert_int_equal(transport.ops->set_baud(transport.self, rates[i], ff_deadline_ms(1000), NULL), FF_OK);
		assert_int_equal(wire_baud(wire), rates[i]);
	}
	assert_int_equal(transport.ops->set_baud(transport.self, 49, ff_deadline_ms(1000), NULL), FF_ERR_ARGUMENT);
	assert_int_equal(transport.ops->set_baud(transport.self, 4000001, ff_deadline_ms(1000), NULL), FF_ERR_ARGUMENT);
	ff_transport_close(&transport);
	open_port(wire, &transport, 0);
	assert_int_equal(wire_baud(wire), 115200);
	ff_transport_close(&transport);
}

/* A program before us may have left anything behind: flow control, echo, 7 bits. */
static void test_local__cleans_up_the_settings(void **state)
{
	struct wire *wire = *state;
	struct termios2 settings;
	int slave = open(wire->slave, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(slave >= 0);
	assert_return_code(ioctl(slave, TCGETS2, &settings), errno);
	settings.c_iflag |= IXON | IXOFF | ICRNL;
	settings.c_lflag |= ECHO | ICANON | ISIG;
	settings.c_cflag = (settings.c_cflag & ~(tcflag_t)CSIZE) | CS7 | PARENB | CSTOPB | CRTSCTS;
	assert_return_code(ioctl(slave, TCSETS2, &settings), errno);
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	assert_return_code(ioctl(slave, TCGETS2, &settings), errno);
	assert_int_equal(settings.c_iflag & (IXON | IXOFF | IXANY | ICRNL), 0);
	assert_int_equal(settings.c_lflag & (ECHO | ICANON | ISIG), 0);
	assert_int_equal(settings.c_oflag & OPOST, 0);
	assert_int_equal(settings.c_cflag & (CRTSCTS | CSTOPB | HUPCL), 0);
	/* a pty itself insists on CS8 without parity */
	assert_int_equal(settings.c_cflag & (CSIZE | CLOCAL | CREAD), CS8 | CLOCAL | CREAD);
	ff_transport_close(&transport);
	close(slave);
}

static void test_local__a_port_has_one_owner(void **state)
{
	struct wire *wire = *state;
	struct ff_transport first, second = { .ops = NULL };
	struct ff_error error = FF_ERROR_NONE;
	open_port(wire, &first, 0);
	assert_int_equal(ff_transport_open(&second, wire->link, NULL, &error), FF_ERR_BUSY);
	assert_non_null(strstr(error.text, "in use by another program"));
	assert_null(second.ops);
	ff_transport_close(&first);
	open_port(wire, &second, 0);
	ff_transport_close(&second);
}

static void test_local__does_not_leak_into_child_programs(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	int flags = fcntl(transport.ops->poll_fd(transport.self), F_GETFD);
	assert_int_equal(flags & FD_CLOEXEC, FD_CLOEXEC);
	ff_transport_close(&transport);
}

static void test_local__drain_waits_no_longer_than_its_deadline(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	static const uint8_t block[1 << 16];
	assert_int_equal(transport.ops->write(transport.self, block, sizeof(block), ff_deadline_ms(10), NULL),
			 FF_ERR_TIMEOUT);
	int64_t start_us = ff_now_us();
	enum ff_status status = transport.ops->drain(transport.self, start_us + 20000, NULL);
	assert_true(status == FF_OK || (status == FF_ERR_TIMEOUT && ff_now_us() - start_us >= 20000));
	ff_transport_close(&transport);
}

/* ---- the plain pty ---- */

static void test_tty__a_pty_has_no_lines(void **state)
{
	static const struct ff_line_step reset = { 0, 1, 1 };
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	assert_false(transport.has_lines);
	assert_false(transport.fixed_baud);
	assert_int_equal(transport.latency_ms, 0);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(transport.ops->set_lines(transport.self, &reset, 1, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "without control lines"));
	ff_transport_close(&transport);
	expect_no_lines(wire);
}

/* ---- what is no port ---- */

static void expect_failure(const char *address, enum ff_status expected, const char *reason)
{
	struct ff_transport transport = { .ops = NULL };
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_transport_open(&transport, address, NULL, &error);
	if (status != expected || !strstr(error.text, reason)) {
		fail_msg("%s: %s, \"%s\"", address, ff_status_code(status), error.text);
	}
	assert_int_equal(error.status, status);
	assert_null(transport.ops);
}

static void test_local__says_why_a_port_cannot_be_opened(void **state)
{
	struct wire *wire = *state;
	char path[128];
	expect_failure("/dev/ttyFarflashMissing0", FF_ERR_NOT_FOUND, "is the board plugged in?");
	expect_failure("serial:/dev/null/ttyUSB0", FF_ERR_NOT_FOUND, "is the board plugged in?");
	expect_failure("/dev/null", FF_ERR_ARGUMENT, "is no serial port");
	/* A terminal that the kernel lists beside the serial ports; where /sys is not mounted nobody can tell. */
	if (access("/sys/class/tty/ptmx", F_OK) == 0) {
		expect_failure("/dev/ptmx", FF_ERR_ARGUMENT, "is no serial port");
	}
	expect_failure("/tmp", FF_ERR_ARGUMENT, "is no serial port");
	snprintf(path, sizeof(path), "serial:%s/dangling", wire->dir);
	expect_failure(path, FF_ERR_NOT_FOUND, "there is no serial:/tmp/ff-wire-");
}

static void test_local__says_how_to_get_the_permission(void **state)
{
	struct wire *wire = *state;
	assert_return_code(chmod(wire->slave, 0), errno);
	bool root = geteuid() == 0; /* root may open anything */
	if (root) {
		assert_return_code(seteuid(65534), errno);
	}
	struct ff_transport transport = { .ops = NULL };
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_transport_open(&transport, wire->slave, NULL, &error);
	if (root) {
		assert_return_code(seteuid(0), errno);
	}
	assert_int_equal(status, FF_ERR_DENIED);
	assert_non_null(strstr(error.text, "dialout"));
}

static void test_local__write_some_takes_what_fits(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	open_port(wire, &transport, 0);
	static const uint8_t block[1 << 20]; /* nobody reads the master */
	size_t done = 0;
	bool writable = false;
	assert_int_equal(transport.port->write_some(transport.self, block, sizeof(block), &done, &writable, NULL),
			 FF_OK);
	assert_true(done > 0 && done < sizeof(block));
	assert_true(writable);
	assert_int_equal(transport.port->discard_output(transport.self, NULL), FF_OK);
	assert_int_equal(transport.port->write_some(transport.self, block, 1, &done, &writable, NULL), FF_OK);
	assert_int_equal(done, 1);
	assert_false(writable);
	ff_transport_close(&transport);
}

static void test_local__sets_the_format(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	struct termios2 settings;
	open_port(wire, &transport, 0);
	struct ff_line_format format = { .data_bits = 8, .stop_bits = FF_STOP_BITS_2, .flow = FF_FLOW_HARDWARE };
	assert_int_equal(transport.port->set_format(transport.self, &format, 0, NULL), FF_OK);
	assert_return_code(ioctl(wire->master, TCGETS2, &settings), errno);
	assert_int_equal(settings.c_cflag & (CSTOPB | CRTSCTS | PARENB | CSIZE), CSTOPB | CRTSCTS | CS8);
	/* The rate changes alone. */
	assert_int_equal(transport.ops->set_baud(transport.self, 57600, 0, NULL), FF_OK);
	assert_return_code(ioctl(wire->master, TCGETS2, &settings), errno);
	assert_int_equal(settings.c_cflag & (CSTOPB | CRTSCTS), CSTOPB | CRTSCTS);
	format = (struct ff_line_format){ .data_bits = 8, .flow = FF_FLOW_XONXOFF };
	assert_int_equal(transport.port->set_format(transport.self, &format, 0, NULL), FF_OK);
	assert_return_code(ioctl(wire->master, TCGETS2, &settings), errno);
	assert_int_equal(settings.c_iflag & (IXON | IXOFF), IXON | IXOFF);
	assert_int_equal(settings.c_cflag & (CSTOPB | CRTSCTS), 0);
	ff_transport_close(&transport);
}

static void test_local__refuses_a_format_that_the_driver_does_not_keep(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	struct termios2 before;
	struct termios2 after;
	open_port(wire, &transport, 0);
	assert_return_code(ioctl(wire->master, TCGETS2, &before), errno);
	/* A pty has no parity and always eight bits; the others exist nowhere. */
	static const struct ff_line_format formats[] = {
		{ .data_bits = 7, .parity = FF_PARITY_EVEN },
		{ .data_bits = 8, .stop_bits = FF_STOP_BITS_1_5 },
		{ .data_bits = 9 },
		{ .data_bits = 8, .parity = 9 },
	};
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(transport.port->set_format(transport.self, &formats[i], 0, &error),
				 FF_ERR_UNSUPPORTED);
		assert_non_null(strstr(error.text, "parity"));
	}
	assert_return_code(ioctl(wire->master, TCGETS2, &after), errno);
	assert_int_equal(after.c_cflag, before.c_cflag);
	ff_transport_close(&transport);
}

static void test_tty__a_pty_has_no_modem_lines(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	struct ff_line_status status;
	open_port(wire, &transport, 0);
	assert_int_equal(transport.port->status(transport.self, &status, NULL), FF_ERR_UNSUPPORTED);
	ff_transport_close(&transport);
}

static void test_serial__tells_its_modem_lines(void **state)
{
	struct wire *wire = *state;
	struct ff_transport transport;
	struct ff_line_status status;
	open_port(wire, &transport, 0);
	assert_int_equal(transport.port->status(transport.self, &status, NULL), FF_OK);
	assert_int_equal(status.modem, FF_MODEM_CTS | FF_MODEM_DSR); /* as the shim has them */
	assert_int_equal(status.breaks, 0);
	assert_int_equal(transport.port->set_break(transport.self, true, 0, NULL), FF_OK);
	assert_int_equal(transport.port->set_break(transport.self, false, 0, NULL), FF_OK);
	ff_transport_close(&transport);
}

#define ON_TTY(test) \
	{ \
#test " (tty)", test, setup_tty, teardown, NULL \
	}
#define ON_SERIAL(test) \
	{ \
#test " (serial)", test, setup_serial, teardown, NULL \
	}
#define ON_BOTH(test) ON_TTY(test), ON_SERIAL(test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_local__carries_every_byte_unchanged),
		ON_BOTH(test_local__read_ends_at_its_deadline),
		ON_BOTH(test_local__write_ends_at_its_deadline),
		ON_BOTH(test_local__discards_what_has_arrived),
		ON_BOTH(test_local__a_hangup_is_a_lost_board),
		ON_BOTH(test_local__sets_odd_baud_rates),
		ON_BOTH(test_local__cleans_up_the_settings),
		ON_BOTH(test_local__a_port_has_one_owner),
		ON_BOTH(test_local__does_not_leak_into_child_programs),
		ON_BOTH(test_local__drain_waits_no_longer_than_its_deadline),
		ON_BOTH(test_local__write_some_takes_what_fits),
		ON_BOTH(test_local__sets_the_format),
		ON_BOTH(test_local__refuses_a_format_that_the_driver_does_not_keep),
		ON_TTY(test_tty__a_pty_has_no_modem_lines),
		ON_SERIAL(test_serial__tells_its_modem_lines),
		ON_TTY(test_tty__a_pty_has_no_lines),
		ON_TTY(test_local__says_why_a_port_cannot_be_opened),
		ON_TTY(test_local__says_how_to_get_the_permission),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
