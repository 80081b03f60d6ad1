// SPDX-License-Identifier: Apache-2.0
/* Which port is which board's, and what is made of the words of a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port_id.h"

#define ESP 0x303A
#define CP210X 0x10C4

static struct ff_found_port port(uint16_t vendor, const char *usb, unsigned interface, const char *serial)
{
	struct ff_found_port made = { .vendor = vendor, .product_id = 1, .interface = interface };
	strcpy(made.usb, usb);
	strcpy(made.serial, serial);
	return made;
}

static void test_port_id__cleans_what_devices_say(void **state)
{
	static const struct {
		const char *raw;
		const char *clean;
	} cases[] = {
		{ "", "" },
		{ "CP2102N USB to UART", "CP2102N USB to UART" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e",
		  "Gr\xc3\xbc\xc3\x9f"
		  "e" },
		{ "a\nb\tc\x1b[2J\x7f", "a\\x0ab\\x09c\\x1b[2J\\x7f" },
		{ "\xc2\x9b", "\\xc2\\x9b" },                                     /* C1 */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },                            /* turns the order round */
		{ "\xff\xc0\x80\xed\xa0\x80", "\\xff\\xc0\\x80\\xed\\xa0\\x80" }, /* no UTF-8 */
		{ "\xe2\x82", "\\xe2\\x82" },                                     /* cut */
		{ "\\x41", "\\x5cx41" },                                          /* nobody plays an escape */
	};
	(void)state;
	char text[64];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ff_port_id_clean(text, sizeof(text), cases[i].raw);
		assert_string_equal(text, cases[i].clean);
	}
	ff_port_id_clean(text, 6, "abcdefgh");
	assert_string_equal(text, "abcde");
	ff_port_id_clean(text, 6, "abc\x1b");
	assert_string_equal(text, "abc");
	ff_port_id_clean(text, 6, "abcd\xe2\x82\xac");
	assert_string_equal(text, "abcd");
}

static void test_port_id__knows_a_port_again(void **state)
{
	(void)state;
	const struct ff_found_port adapter = port(CP210X, "1-1.2", 0, "ABC12345");
	const struct ff_found_port elsewhere = port(CP210X, "2-4", 0, "ABC12345");
	const struct ff_found_port other = port(CP210X, "1-1.2", 0, "XYZ99999");
	assert_true(ff_port_id_is_same(&adapter, &adapter, true));
	assert_true(ff_port_id_is_same(&adapter, &elsewhere, true));
	assert_false(ff_port_id_is_same(&adapter, &elsewhere, false)); /* twins */
	assert_true(ff_port_id_is_same(&adapter, &adapter, false));
	assert_false(ff_port_id_is_same(&adapter, &other, true)); /* another one in its place */
	const struct ff_found_port twin = port(CP210X, "1-1.2", 0, "0001");
	const struct ff_found_port second = port(CP210X, "1-1.3", 0, "0001");
	assert_true(ff_port_id_is_same(&twin, &twin, false));
	assert_false(ff_port_id_is_same(&twin, &second, true));
	const struct ff_found_port interface = port(CP210X, "1-1.2", 1, "ABC12345");
	assert_false(ff_port_id_is_same(&adapter, &interface, true));
	struct ff_found_port rom = port(ESP, "1-2", 0, "0");
	struct ff_found_port application = port(ESP, "1-2", 2, "7C:DF:A1:00:00:01");
	application.product_id = 2;
	assert_true(ff_port_id_is_same(&rom, &application, true)); /* the chip in another mode */
	const struct ff_found_port maker = port(0x0403, "1-1.2", 0, "ABC12345");
	assert_false(ff_port_id_is_same(&adapter, &maker, true));
}

static void test_port_id__finds_what_an_owner_means(void **state)
{
	(void)state;
	const struct ff_found_port adapter = port(CP210X, "1-1.2", 1, "ABC12345");
	const struct ff_found_port chip = port(ESP, "1-2", 0, "7C:DF:A1:00:00:01");
	struct ff_port_id wanted = { .usb = "" };
	char text[96];
	assert_true(ff_port_id_is_empty(&wanted));
	assert_false(ff_port_id_matches(&wanted, &adapter));
	strcpy(wanted.usb, "1-1.2");
	assert_true(ff_port_id_matches(&wanted, &adapter));
	assert_false(ff_port_id_matches(&wanted, &chip));
	strcpy(wanted.usb, "1-1.2:0");
	assert_false(ff_port_id_matches(&wanted, &adapter));
	strcpy(wanted.usb, "1-1.2:1");
	strcpy(wanted.serial, "abc12345");
	assert_true(ff_port_id_matches(&wanted, &adapter));
	strcpy(wanted.serial, "other");
	assert_false(ff_port_id_matches(&wanted, &adapter));
	wanted = (struct ff_port_id){ .has_mac = true };
	assert_true(ff_port_id_parse_mac("7cdf-a1:000001", wanted.mac));
	assert_true(ff_port_id_matches(&wanted, &chip));
	assert_false(ff_port_id_matches(&wanted, &adapter));
	strcpy(wanted.serial, "x");
	ff_port_id_describe(&wanted, text, sizeof(text));
	assert_string_equal(text, "serial x, MAC 7c:df:a1:00:00:01");
}

static void test_port_id__reads_places_and_macs(void **state)
{
	(void)state;
	uint8_t mac[6];
	static const char *const places[] = { "1-1", "12-1.2.3", "1-1.2:0", "1-1.2:12" };
	static const char *const wrong[] = { "",     "1",     "1-",       "-1",   "usb1",
					     "1-1:", "1-1:x", "1-1:1234", "1-1 ", "1-1/../2" };
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		assert_true(ff_port_id_is_usb(places[i]));
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(ff_port_id_is_usb(wrong[i]));
		assert_false(ff_port_id_parse_mac(wrong[i], mac));
	}
	assert_true(ff_port_id_parse_mac("7CDFA1000001", mac) && mac[0] == 0x7C && mac[5] == 1);
	assert_false(ff_port_id_parse_mac("7c:df:a1:00:00:0", mac));
	assert_false(ff_port_id_parse_mac("7c:df:a1:00:00:01:", mac));
}

static void test_port_id__names_boards(void **state)
{
	(void)state;
	char name[FF_BOARD_NAME_SIZE];
	struct ff_found_port found = port(ESP, "1-1.2", 0, "7C:DF:A1:00:00:01");
	ff_port_id_name(name, &found, false);
	assert_string_equal(name, "esp-7cdfa1000001");
	ff_port_id_name(name, &found, true);
	assert_string_equal(name, "esp-1-1.2");
	found = port(CP210X, "1-1.2", 1, "0001");
	ff_port_id_name(name, &found, false);
	assert_string_equal(name, "cp210x-1-1.2-1");
	found = port(0x1234, "1-1.2", 0, "../../etc; rm -rf /");
	ff_port_id_name(name, &found, false);
	assert_string_equal(name, "usb-..-..-etc--rm--rf--");
	assert_false(ff_port_id_is_usual(&found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port_id__cleans_what_devices_say),
		cmocka_unit_test(test_port_id__knows_a_port_again),
		cmocka_unit_test(test_port_id__finds_what_an_owner_means),
		cmocka_unit_test(test_port_id__reads_places_and_macs),
		cmocka_unit_test(test_port_id__names_boards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
