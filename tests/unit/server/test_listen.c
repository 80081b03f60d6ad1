// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "listen.h"

static void test_listen__addresses_have_one_text(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::1", "::1" },
		{ "0:0::1", "::1" },
		{ "2001:DB8::A", "2001:db8::a" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
	};
	static const char *const bad[] = { "",      "localhost",  "192.0.2",   "192.0.2.7:80",
					   "[::1]", "192.0.2.7 ", "fe80::1%lo" };
	char host[FF_LISTEN_ADDRESS_SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(ff_listen_address_text(rows[i][0], host));
		assert_string_equal(host, rows[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(ff_listen_address_text(bad[i], host));
	}
}

static void test_listen__a_peer_has_an_address(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.7:50123", "192.0.2.7" },
		{ "[::1]:50123", "::1" },
		{ "[::ffff:192.0.2.7]:1", "192.0.2.7" },
		{ "[fe80::1%eth0]:1", "fe80::1" },
		{ "?:?", "" },
		{ "", "" },
		{ ":1", "" },
		{ "[]:1", "" },
		{ "[:1", "" },
	};
	char host[FF_LISTEN_ADDRESS_SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ff_listen_peer_address(rows[i][0], host);
		assert_string_equal(host, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listen__addresses_have_one_text),
		cmocka_unit_test(test_listen__a_peer_has_an_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
