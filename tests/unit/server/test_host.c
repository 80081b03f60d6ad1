// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"

static void test_host__takes_the_name(void **state)
{
	(void)state;
	static const char *const good[][2] = {
		{ "lab", "lab" },        { "LAB.Example.com:8217", "lab.example.com" },
		{ "lab.:80", "lab" },    { "127.0.0.1:8217", "127.0.0.1" },
		{ "[::1]:8217", "::1" }, { "[::1]", "::1" },
		{ "lab:", "lab" },
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char name[FF_HOST_NAME_SIZE];
		assert_true(ff_host_parse(good[i][0], name));
		assert_string_equal(name, good[i][1]);
	}
}

static void test_host__refuses_what_is_no_host(void **state)
{
	(void)state;
	static const char *const bad[] = { "",           ":80",      "[::1",     "[::1]80", "lab:80:80", "lab:x",
					   "lab:123456", "user@lab", "lab/path", "a b",     "::1",       "lab\\evil" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char name[FF_HOST_NAME_SIZE];
		assert_false(ff_host_parse(bad[i], name));
	}
}

static void test_host__knows_what_nobody_can_rebind(void **state)
{
	(void)state;
	static const char *const plain[] = { "localhost", "lab.localhost", "127.0.0.1", "192.0.2.7", "::1" };
	static const char *const names[] = { "evil.example", "localhost.evil.example",
					     "notlocalhost", "127.0.0.1.nip.io",
					     "2130706433",   "0x7f.1" };
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		assert_true(ff_host_is_plain(plain[i]));
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_false(ff_host_is_plain(names[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host__takes_the_name),
		cmocka_unit_test(test_host__refuses_what_is_no_host),
		cmocka_unit_test(test_host__knows_what_nobody_can_rebind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
