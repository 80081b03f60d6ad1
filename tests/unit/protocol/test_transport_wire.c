// SPDX-License-Identifier: Apache-2.0
#include "test_transport_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

void plug_in(struct wire *wire)
{
	wire->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(wire->master >= 0);
	assert_return_code(grantpt(wire->master), errno);
	assert_return_code(unlockpt(wire->master), errno);
	assert_int_equal(ptsname_r(wire->master, wire->slave, sizeof(wire->slave)), 0);
	assert_return_code(symlink(wire->slave, wire->link), errno);
}

void unplug(struct wire *wire)
{
	close(wire->master);
	wire->master = -1;
	assert_return_code(unlink(wire->link), errno);
}

static void wire_setup(struct wire *wire)
{
	snprintf(wire->dir, sizeof(wire->dir), "/tmp/ff-wire-XXXXXX");
	assert_non_null(mkdtemp(wire->dir));
	snprintf(wire->link, sizeof(wire->link), "%s/board", wire->dir);
	snprintf(wire->socket, sizeof(wire->socket), "%s.lines", wire->link);
	plug_in(wire);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", wire->socket);
	wire->lines = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(wire->lines, (struct sockaddr *)&name, sizeof(name)), errno);
	static const struct timeval patience = { .tv_sec = 5 };
	setsockopt(wire->lines, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

static void wire_teardown(struct wire *wire)
{
	if (wire->master >= 0) {
		close(wire->master);
	}
	close(wire->lines);
	unlink(wire->socket);
	unlink(wire->link);
	rmdir(wire->dir);
	unsetenv("FF_SHIM_LINK");
}

void expect_lines(struct wire *wire, const char *expected)
{
	char text[8] = "";
	ssize_t size = recv(wire->lines, text, sizeof(text) - 1, 0);
	if (size != 2) {
		fail_msg("no change of lines came, expected %s", expected);
	}
	assert_string_equal(text, expected);
}

void expect_no_lines(struct wire *wire)
{
	char text[8] = "";
	if (recv(wire->lines, text, sizeof(text) - 1, MSG_DONTWAIT) >= 0) {
		fail_msg("unexpected change of lines to %s", text);
	}
}

void open_port(struct wire *wire, struct ff_transport *transport, uint32_t baud)
{
	const struct ff_transport_options options = { .baud = baud };
	struct ff_error error = FF_ERROR_NONE;
	if (ff_transport_open(transport, wire->link, &options, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

int setup_tty(void **state)
{
	static struct wire wire;
	wire_setup(&wire);
	*state = &wire;
	return 0;
}

int setup_serial(void **state)
{
	setup_tty(state);
	const struct wire *wire = *state;
	return setenv("FF_SHIM_LINK", wire->link, 1);
}

int teardown(void **state)
{
	wire_teardown(*state);
	return 0;
}
