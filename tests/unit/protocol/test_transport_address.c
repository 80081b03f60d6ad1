// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <farflash/transport.h>

#include "address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct good {
	const char *text;
	enum ff_address_kind kind;
	const char *path;
	const char *host;
	const char *port;
};

static const struct good good[] = {
	{ "/dev/ttyUSB0", FF_ADDRESS_DEVICE, "/dev/ttyUSB0", "", "" },
	{ "serial:/dev/serial/by-id/usb-1a86", FF_ADDRESS_DEVICE, "/dev/serial/by-id/usb-1a86", "", "" },
	{ "serial:board", FF_ADDRESS_DEVICE, "board", "", "" },
	{ "rfc2217://lab:2217", FF_ADDRESS_RFC2217, "", "lab", "2217" },
	{ "rfc2217://10.0.0.7:1", FF_ADDRESS_RFC2217, "", "10.0.0.7", "1" },
	{ "rfc2217://[::1]:65535", FF_ADDRESS_RFC2217, "", "::1", "65535" },
	{ "rfc2217://[fe80::1%eth0]:4000", FF_ADDRESS_RFC2217, "", "fe80::1%eth0", "4000" },
	{ "rfc2217://lab.example:2217?ign_set_control", FF_ADDRESS_RFC2217, "", "lab.example", "2217" },
	{ "rfc2217://lab:2217/?timeout=3&logging=debug", FF_ADDRESS_RFC2217, "", "lab", "2217" },
	{ "socket://lab:3217", FF_ADDRESS_SOCKET, "", "lab", "3217" },
	{ "socket://[2001:db8::7]:80?logging=debug", FF_ADDRESS_SOCKET, "", "2001:db8::7", "80" },
};

static void test_address__takes_pysersials_notation(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct ff_address address;
		struct ff_error error = FF_ERROR_NONE;
		if (ff_address_parse(&address, good[i].text, &error) != FF_OK) {
			fail_msg("%s: %s", good[i].text, error.text);
		}
		assert_int_equal(address.kind, good[i].kind);
		assert_string_equal(address.text, good[i].text);
		assert_string_equal(address.path, good[i].path);
		assert_string_equal(address.host, good[i].host);
		assert_string_equal(address.port, good[i].port);
	}
}

/* The text, and a word of the reason. */
static const char *const bad[][2] = {
	{ "", "empty" },
	{ "ttyUSB0", "no board address" },
	{ "COM3", "no board address" },
	{ "http://lab:80", "no board address" },
	{ "RFC2217://lab:80", "no board address" },
	{ "serial:", "names no device" },
	{ "rfc2217://", "names no host" },
	{ "rfc2217://:2217", "names no host" },
	{ "rfc2217://[]:2217", "names no host" },
	{ "rfc2217://[::1:2217", "names no host" },
	{ "rfc2217://lab", "names no port" },
	{ "rfc2217://lab/2217", "names no port" },
	{ "rfc2217://[::1]", "names no port" },
	{ "rfc2217://[::1]2217", "names no port" },
	{ "rfc2217://user@lab:2217", "names no port" },
	{ "rfc2217://::1:2217", "names no host" },
	{ "rfc2217://lab:", "1 to 65535" },
	{ "rfc2217://lab:0", "1 to 65535" },
	{ "rfc2217://lab:65536", "1 to 65535" },
	{ "rfc2217://lab:-1", "1 to 65535" },
	{ "rfc2217://lab:+1", "1 to 65535" },
	{ "rfc2217://lab:22x", "1 to 65535" },
	{ "rfc2217://lab:0000001", "1 to 65535" },
	{ "socket://lab:1/path", "end after the port" },
	{ "/dev/tty USB0", "spaces" },
	{ "/dev/tty\nUSB0", "spaces" },
};

static void test_address__says_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(ff_transport_check_address(bad[i][0], &error), FF_ERR_ARGUMENT);
		if (!strstr(error.text, bad[i][1])) {
			fail_msg("\"%s\": %s", bad[i][0], error.text);
		}
	}
	assert_int_equal(ff_transport_check_address(NULL, NULL), FF_ERR_ARGUMENT);
}

static void test_address__has_a_longest_length(void **state)
{
	(void)state;
	char text[2 * FF_ADDRESS_SIZE];
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[FF_ADDRESS_SIZE - 1] = 0;
	assert_int_equal(ff_transport_check_address(text, NULL), FF_OK);
	text[FF_ADDRESS_SIZE - 1] = 'a';
	text[FF_ADDRESS_SIZE] = 0;
	assert_int_equal(ff_transport_check_address(text, NULL), FF_ERR_ARGUMENT);
	memset(text, 'a', sizeof(text));
	memcpy(text, "socket://", 9);
	memcpy(text + 9 + FF_ADDRESS_HOST_SIZE, ":80", 4);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_transport_check_address(text, &error), FF_ERR_ARGUMENT);
	assert_non_null(strstr(error.text, "names no host"));
}

static void test_address__failure_leaves_the_result_alone(void **state)
{
	(void)state;
	struct ff_address address = { .path = "before" };
	assert_int_equal(ff_address_parse(&address, "rfc2217://lab:0", NULL), FF_ERR_ARGUMENT);
	assert_string_equal(address.path, "before");
	assert_string_equal(address.host, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address__takes_pysersials_notation),
		cmocka_unit_test(test_address__says_what_is_wrong),
		cmocka_unit_test(test_address__has_a_longest_length),
		cmocka_unit_test(test_address__failure_leaves_the_result_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
