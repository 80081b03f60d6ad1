// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "usb.h"

static struct ff_usb device(uint16_t vendor, uint16_t product, const char *serial, const char *path)
{
	struct ff_usb usb = { .known = true, .vendor = vendor, .product = product };
	for (size_t i = 0; serial[i]; i++) {
		usb.serial[i] = serial[i];
	}
	ff_usb_parse_path(&usb, path);
	return usb;
}

static void test_usb__reads_where_it_is_plugged_in(void **state)
{
	(void)state;
	struct ff_usb usb = { .known = true };
	assert_true(ff_usb_parse_path(&usb, "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4.2/1-4.2:1.3/ttyUSB0"));
	assert_string_equal(usb.path, "1-4.2");
	assert_int_equal(usb.interface, 3);
	assert_true(ff_usb_parse_path(&usb, "/sys/devices/platform/soc/usb12/12-1/12-1:1.0"));
	assert_string_equal(usb.path, "12-1");
	assert_int_equal(usb.interface, 0);
}

static void test_usb__other_paths_are_none(void **state)
{
	(void)state;
	static const char *const others[] = {
		"",
		"/",
		"/sys/devices/pnp0/00:01",
		"/sys/devices/usb1/1-4",
		"/1-:1.0",
		"/1-4:1",
		"/1-4:1.",
		"/-4:1.0",
		"/1-4:1.0x",
		"/1-4:1.1234",
		"/1-111111111111111111111111111111111111111111111111111111111111111111:1.0"
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct ff_usb usb = { .interface = 9 };
		if (ff_usb_parse_path(&usb, others[i])) {
			fail_msg("%s was taken", others[i]);
		}
		assert_string_equal(usb.path, "");
		assert_int_equal(usb.interface, 9);
	}
}

static void test_usb__same_place_is_the_same_board(void **state)
{
	(void)state;
	struct ff_usb application = device(0x303A, 0x4001, "abc123", "/1-4:1.2");
	struct ff_usb loader = device(0x303A, 0x0009, "0", "/1-4:1.0");
	struct ff_usb elsewhere = device(0x303A, 0x0009, "0", "/1-5:1.0");
	assert_true(ff_usb_is_same(&application, &loader));
	assert_false(ff_usb_is_same(&application, &elsewhere));
}

static void test_usb__second_interface_is_another_port(void **state)
{
	(void)state;
	struct ff_usb first = device(0x0403, 0x6010, "FT1234", "/1-4:1.0");
	struct ff_usb second = device(0x0403, 0x6010, "FT1234", "/1-4:1.1");
	assert_false(ff_usb_is_same(&first, &second));
}

static void test_usb__serial_number_finds_a_chip_elsewhere(void **state)
{
	(void)state;
	struct ff_usb chip = device(0x303A, 0x1001, "7C:DF:A1:00:00:01", "/1-4:1.0");
	struct ff_usb moved = device(0x303A, 0x1001, "7C:DF:A1:00:00:01", "/1-6:1.0");
	struct ff_usb other = device(0x303A, 0x1001, "7C:DF:A1:00:00:02", "/1-6:1.0");
	assert_true(ff_usb_is_same(&chip, &moved));
	assert_false(ff_usb_is_same(&chip, &other));
}

/* By the dozen they are called "0001". */
static void test_usb__serial_number_of_an_adapter_is_not_trusted(void **state)
{
	(void)state;
	struct ff_usb one = device(0x10C4, 0xEA60, "0001", "/1-4:1.0");
	struct ff_usb two = device(0x10C4, 0xEA60, "0001", "/1-5:1.0");
	struct ff_usb placeless = device(0x10C4, 0xEA60, "0001", "");
	struct ff_usb nothing = { .known = false };
	assert_false(ff_usb_is_same(&one, &two));
	assert_true(ff_usb_is_same(&placeless, &one));
	assert_false(ff_usb_is_same(&nothing, &one));
	assert_false(ff_usb_is_same(&one, &nothing));
}

static void test_usb__ids_tell_the_kind(void **state)
{
	(void)state;
	static const struct {
		uint16_t vendor;
		uint16_t product;
		enum ff_port_kind kind;
	} rows[] = {
		{ 0x303A, 0x1001, FF_PORT_USB_JTAG }, { 0x303A, 0x0002, FF_PORT_USB_OTG },
		{ 0x303A, 0x0009, FF_PORT_USB_OTG },  { 0x303A, 0x0012, FF_PORT_USB_OTG },
		{ 0x303A, 0x0020, FF_PORT_USB_OTG },  { 0x303A, 0x4001, FF_PORT_UART },
		{ 0x10C4, 0xEA60, FF_PORT_UART },     { 0x0002, 0x0009, FF_PORT_UART },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ff_usb usb = device(rows[i].vendor, rows[i].product, "", "");
		assert_int_equal(ff_usb_kind(&usb), rows[i].kind);
		assert_false(ff_usb_keeps_dtr(&usb));
	}
	struct ff_usb none = { .known = false };
	assert_int_equal(ff_usb_kind(&none), FF_PORT_UNKNOWN);
	struct ff_usb cp2102c = device(0x10C4, 0xEA64, "", "");
	assert_true(ff_usb_keeps_dtr(&cp2102c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usb__reads_where_it_is_plugged_in),
		cmocka_unit_test(test_usb__other_paths_are_none),
		cmocka_unit_test(test_usb__same_place_is_the_same_board),
		cmocka_unit_test(test_usb__second_interface_is_another_port),
		cmocka_unit_test(test_usb__serial_number_finds_a_chip_elsewhere),
		cmocka_unit_test(test_usb__serial_number_of_an_adapter_is_not_trusted),
		cmocka_unit_test(test_usb__ids_tell_the_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
