// SPDX-License-Identifier: Apache-2.0
/* The flash chip by hand: any command through each kind of SPI controller, its size from SFDP, its status registers, and
 * how it is connected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flash.h"
#include "flash_chip.h"
#include "sfdp.h"
#include "spi_command.h"
#include "test_loader_chip.h"
#include "wiring.h"

#define KINDS 3

struct fixture {
	struct chip chip;
	struct ff_loader loader;
};

static struct fixture *start(enum chip_kind kind)
{
	static const char *const names[KINDS] = { "ESP8266", "ESP32", "ESP32-C3" };
	static struct fixture fixture;
	static const struct ff_link_hooks hooks;
	chip_init(&fixture.chip, kind);
	ff_loader_init(&fixture.loader, &fixture.chip.script.transport, 115200, &hooks);
	fixture.loader.chip = ff_chip_by_name(names[kind]);
	return &fixture;
}

/* Header of JESD216: basic table of 16 words at 0x30. */
static const uint8_t sfdp_header[] = { 'S', 'F', 'D', 'P', 6, 1, 0, 0xFF, 0, 6, 1, 16, 0x30, 0, 0, 0xFF };

static void put_sfdp(struct fixture *fixture, uint32_t density)
{
	static uint8_t sfdp[0x70];
	memset(sfdp, 0xFF, sizeof(sfdp));
	memcpy(sfdp, sfdp_header, sizeof(sfdp_header));
	for (int i = 0; i < 4; i++) {
		sfdp[0x34 + i] = (uint8_t)(density >> (8 * i));
	}
	fixture->chip.sfdp = sfdp;
	fixture->chip.sfdp_size = sizeof(sfdp);
}

static void test_spi_command__reads_as_much_as_the_registers_hold(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct fixture *fixture = start(kind);
		uint8_t sfdp[80];
		uint8_t bytes[FF_SPI_MAX_DATA];
		for (size_t i = 0; i < sizeof(sfdp); i++) {
			sfdp[i] = (uint8_t)(3 * i + 1);
		}
		fixture->chip.sfdp = sfdp;
		fixture->chip.sfdp_size = sizeof(sfdp);
		const struct ff_spi_command command = { .opcode = 0x5A,
							.address_bits = 24,
							.address = 9,
							.dummy_clocks = 8,
							.read = bytes,
							.read_size = sizeof(bytes) };
		assert_int_equal(ff_spi_command_run(&fixture->loader, &command, NULL), FF_OK);
		assert_memory_equal(bytes, sfdp + 9, sizeof(bytes));
		chip_release(&fixture->chip);
	}
}

/* The loader uses the controller too, and finds it as it left it, also when a command has failed in between. */
static void expect_controller_as_it_was(unsigned stuck)
{
	static const uint32_t user[KINDS][3] = { { 0x6000021C, 0x60000220, 0x60000224 },
						 { 0x3FF4201C, 0x3FF42020, 0x3FF42024 },
						 { 0x60002018, 0x6000201C, 0x60002020 } };
	for (int kind = 0; kind < KINDS; kind++) {
		struct fixture *fixture = start(kind);
		uint32_t size = 0;
		for (uint32_t i = 0; i < 3; i++) {
			chip_set_register(&fixture->chip, user[kind][i], 0xABCD0000 + i);
		}
		put_sfdp(fixture, 0x7FFFFF);
		fixture->chip.spi_stuck = stuck;
		if (stuck > 0) {
			assert_int_equal(ff_flash_chip_size(&fixture->loader, &size, NULL), FF_ERR_PROTOCOL);
		}
		assert_int_equal(ff_flash_chip_read_status(&fixture->loader, 1, &size, NULL), FF_OK);
		assert_int_equal(ff_flash_chip_size(&fixture->loader, &size, NULL), FF_OK);
		assert_int_equal(size, 0x100000);
		for (uint32_t i = 0; i < 3; i++) {
			uint32_t value = 0;
			assert_int_equal(ff_loader_read_register(&fixture->loader, user[kind][i], &value, NULL), FF_OK);
			assert_int_equal(value, 0xABCD0000 + i);
		}
		chip_release(&fixture->chip);
	}
}

static void test_spi_command__leaves_the_controller_as_it_was(void **state)
{
	(void)state;
	expect_controller_as_it_was(0);
}

static void test_spi_command__leaves_the_controller_as_it_was_before_a_failure(void **state)
{
	(void)state;
	expect_controller_as_it_was(1);
}

static void test_spi_command__refuses_too_much_data(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32);
	uint8_t bytes[FF_SPI_MAX_DATA + 1];
	const struct ff_spi_command command = { .opcode = 0x5A, .read = bytes, .read_size = sizeof(bytes) };
	assert_int_equal(ff_spi_command_run(&fixture->loader, &command, NULL), FF_ERR_ARGUMENT);
	assert_int_equal(fixture->chip.command_count, 0);
	chip_release(&fixture->chip);
}

static void test_flash__size_of_an_unknown_id_comes_from_sfdp(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct fixture *fixture = start(kind);
		fixture->chip.flash_id = 0x7712C2;
		put_sfdp(fixture, 8 * 0x800000 - 1);
		assert_int_equal(ff_flash_attach(&fixture->loader, NULL), FF_OK);
		assert_int_equal(fixture->loader.flash_id, 0x7712C2);
		assert_int_equal(fixture->loader.flash_size, 0x800000);
		chip_release(&fixture->chip);
	}
}

static void test_flash__a_known_id_needs_no_sfdp(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32C3);
	put_sfdp(fixture, 8 * 0x800000 - 1);
	assert_int_equal(ff_flash_attach(&fixture->loader, NULL), FF_OK);
	assert_int_equal(fixture->loader.flash_size, 0x100000);
	chip_release(&fixture->chip);
}

static void test_flash__neither_id_nor_sfdp_is_no_size(void **state)
{
	(void)state;
	static const uint32_t ids[] = { 0, 0xFFFFFF, 0xFFFF3F, 0x7712C2 };
	for (size_t i = 0; i < 4; i++) {
		struct fixture *fixture = start(CHIP_ESP32C3);
		fixture->chip.flash_id = ids[i];
		assert_int_equal(ff_flash_attach(&fixture->loader, NULL), FF_OK);
		assert_int_equal(fixture->loader.flash_id, i < 3 ? 0 : ids[i]);
		assert_int_equal(fixture->loader.flash_size, 0);
		chip_release(&fixture->chip);
	}
}

static void test_sfdp__finds_the_table(void **state)
{
	(void)state;
	uint8_t header[FF_SFDP_HEADER_SIZE];
	uint32_t address = 0;
	memcpy(header, sfdp_header, sizeof(header));
	assert_true(ff_sfdp_find_table(header, &address));
	assert_int_equal(address, 0x30);
	header[13] = 0x12;
	header[14] = 0x34;
	assert_true(ff_sfdp_find_table(header, &address));
	assert_int_equal(address, 0x341230);
}

/* Each byte in its turn: signature, major revisions, id, and a table too short to hold a density. */
static void test_sfdp__refuses_what_is_no_header(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = { { 0, 's' },  { 1, 0xFF }, { 2, 0 },  { 3, 0xFF }, { 5, 0 },
		      { 5, 0xFF }, { 8, 1 },    { 10, 2 }, { 11, 1 },   { 15, 0 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t header[FF_SFDP_HEADER_SIZE];
		uint32_t address = 7;
		memcpy(header, sfdp_header, sizeof(header));
		header[cases[i].at] = cases[i].value;
		assert_false(ff_sfdp_find_table(header, &address));
		assert_int_equal(address, 7);
	}
}

static void test_sfdp__size_in_both_notations(void **state)
{
	(void)state;
	static const struct {
		uint32_t density;
		uint32_t size;
	} cases[] = {
		{ 0x007FFFFF, 0x100000 },      /* 8 Mbit less one */
		{ 0x7FFFFFFF, 0x10000000 },    /* the largest of the plain notation: 256 MiB */
		{ 0x80000000 | 32, 1u << 29 }, /* 2^32 bits */
		{ 0x80000000 | 34, 1u << 31 }, /* the largest that an address reaches */
		{ 0x80000000 | 15, 4096 },
		{ 0x80000000 | 14, 0 }, /* less than a sector */
		{ 0x80000000 | 35, 0 },
		{ 0xFFFFFFFF, 0 },
		{ 0, 0 },
		{ 0x00800000, 0 }, /* no whole sectors */
		{ 8 * 0x300000 - 1, 0x300000 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ff_sfdp_size(cases[i].density), cases[i].size);
	}
}

static void test_status__reads_the_registers_asked_for(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		struct fixture *fixture = start(kind);
		uint32_t value = 0;
		memcpy(fixture->chip.status, (const uint8_t[]){ 0x1C, 0x02, 0x60 }, 3);
		assert_int_equal(ff_flash_chip_read_status(&fixture->loader, 1, &value, NULL), FF_OK);
		assert_int_equal(value, 0x1C);
		assert_int_equal(ff_flash_chip_read_status(&fixture->loader, 2, &value, NULL), FF_OK);
		assert_int_equal(value, 0x021C);
		assert_int_equal(ff_flash_chip_read_status(&fixture->loader, 3, &value, NULL), FF_OK);
		assert_int_equal(value, 0x60021C);
		chip_release(&fixture->chip);
	}
}

static void expect_written(struct fixture *fixture, unsigned count, uint32_t value, bool non_volatile)
{
	assert_int_equal(ff_flash_chip_write_status(&fixture->loader, count, value, non_volatile, NULL), FF_OK);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(fixture->chip.status[i], value >> (8 * i) & (i == 0 ? 0xFC : 0xFF));
	}
	assert_int_equal(fixture->chip.status_enable, 0);
}

static void test_status__writes_each_chips_way(void **state)
{
	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		for (int pairs = 0; pairs < 2; pairs++) {
			struct fixture *fixture = start(kind);
			fixture->chip.status_pairs = pairs == 1;
			fixture->chip.status_slow = 3;
			expect_written(fixture, 1, 0x3C, true);
			expect_written(fixture, 2, 0x021C, true);
			expect_written(fixture, 2, 0x0200, false);
			expect_written(fixture, 2, 0x0000, false);
			chip_release(&fixture->chip);
		}
	}
}

static void test_status__writes_three_registers(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32);
	expect_written(fixture, 3, 0x60021C, false);
	chip_release(&fixture->chip);
}

static unsigned opcodes_sent(const struct fixture *fixture, uint8_t opcode)
{
	unsigned count = 0;
	for (unsigned i = 0; i < chip_count(&fixture->chip, 0x09); i++) {
		const struct chip_command *command = chip_find(&fixture->chip, 0x09, i);
		count += command->words[0] == 0x60002020 && command->words[1] == (0x70000000U | opcode);
	}
	return count;
}

static void test_status__only_a_lasting_write_enables_lasting_bits(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32C3);
	expect_written(fixture, 1, 0x04, false);
	assert_int_equal(opcodes_sent(fixture, 0x06), 0);
	assert_int_equal(opcodes_sent(fixture, 0x50), 1);
	expect_written(fixture, 1, 0x08, true);
	assert_int_equal(opcodes_sent(fixture, 0x06), 1);
	assert_int_equal(opcodes_sent(fixture, 0x50), 1);
	chip_release(&fixture->chip);
}

static void test_status__a_write_that_does_not_take_is_a_failure(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32);
	struct ff_error error = FF_ERROR_NONE;
	fixture->chip.status[0] = 0x80;
	fixture->chip.status_locked = true;
	assert_int_equal(ff_flash_chip_write_status(&fixture->loader, 2, 0x021C, true, &error), FF_ERR_VERIFY);
	assert_non_null(strstr(error.text, "0x021c"));
	assert_non_null(strstr(error.text, "0x0080"));
	chip_release(&fixture->chip);
}

/* A chip that takes all but one bit keeps the rest of what was asked for, whichever way it is written. */
static void test_status__a_bit_that_does_not_take_costs_no_other(void **state)
{
	(void)state;
	for (int pairs = 0; pairs < 2; pairs++) {
		struct fixture *fixture = start(CHIP_ESP32);
		fixture->chip.status_pairs = pairs == 1;
		fixture->chip.status_fixed = 0x40;
		assert_int_equal(ff_flash_chip_write_status(&fixture->loader, 2, 0x4204, true, NULL), FF_ERR_VERIFY);
		assert_int_equal(fixture->chip.status[0], 0x04);
		assert_int_equal(fixture->chip.status[1], 0x02);
		chip_release(&fixture->chip);
	}
}

static void test_status__a_chip_that_stays_busy_is_given_up(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32);
	struct ff_error error = FF_ERROR_NONE;
	fixture->chip.status_slow = 1000000;
	assert_int_equal(ff_flash_chip_write_status(&fixture->loader, 1, 0x1C, true, &error), FF_ERR_TIMEOUT);
	assert_non_null(strstr(error.text, "busy"));
	chip_release(&fixture->chip);
}

static void test_wiring__as_efuses_and_pins_have_it(void **state)
{
	(void)state;
	static const struct {
		const char *chip;
		struct chip_register words[3];
		unsigned lines;
		const char *voltage;
		const char *set_by;
	} cases[] = {
		{ "ESP32", { { 0 } }, 0, "3.3V", "a strapping pin" },
		{ "ESP32", { { 0x3FF44038, 1 << 5 } }, 0, "1.8V", "a strapping pin" },
		{ "ESP32", { { 0x3FF5A010, 7 << 14 }, { 0x3FF44038, 1 << 5 } }, 0, "3.3V", "eFuse" },
		{ "ESP32", { { 0x3FF5A010, 5 << 14 } }, 0, "1.8V", "eFuse" },
		{ "ESP32", { { 0x3FF5A010, 6 << 14 } }, 0, "OFF", "eFuse" },
		{ "ESP32", { { 0x3FF5A010, 3 << 14 } }, 0, "3.3V", "a strapping pin" },
		{ "ESP32", { { 0x3FF48074, 3u << 29 | 1 << 22 }, { 0x3FF5A010, 7 << 14 } }, 0, "1.9V", "RTC_CNTL" },
		{ "ESP32", { { 0x3FF48074, 1u << 31 | 1 << 22 } }, 0, "1.8V", "RTC_CNTL" },
		{ "ESP32", { { 0x3FF48074, 1 << 22 } }, 0, "OFF", "RTC_CNTL" },
		{ "ESP32", { { 0x3FF48074, 7u << 29 } }, 0, "3.3V", "a strapping pin" },
		{ "ESP32-S2", { { 0x3F41A034, 5 << 4 } }, 4, "1.8V", "eFuse" },
		{ "ESP32-S2", { { 0x3F41A03C, 1 << 9 }, { 0x3F404038, 1 << 4 } }, 8, "1.8V", "a strapping pin" },
		{ "ESP32-S3", { { 0x6000703C, 1 << 9 }, { 0x60007034, 7 << 4 } }, 8, "3.3V", "eFuse" },
		{ "ESP32-S3", { { 0x60004038, 1 << 4 } }, 4, "1.8V", "a strapping pin" },
		{ "ESP32-C3", { { 0 } }, 0, NULL, NULL },
		{ "ESP8266", { { 0 } }, 0, NULL, NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *fixture = start(CHIP_ESP32C3);
		struct ff_flash_wiring wiring = { .data_lines = 7 };
		fixture->loader.chip = ff_chip_by_name(cases[i].chip);
		for (size_t w = 0; w < 3 && cases[i].words[w].address != 0; w++) {
			chip_set_register(&fixture->chip, cases[i].words[w].address, cases[i].words[w].value);
		}
		fixture->chip.kind = strcmp(cases[i].chip, "ESP8266") == 0 ? CHIP_ESP8266 : CHIP_ESP32C3;
		assert_int_equal(ff_wiring_read(&fixture->loader, &wiring, NULL), FF_OK);
		assert_int_equal(wiring.data_lines, cases[i].lines);
		if (cases[i].voltage) {
			assert_string_equal(wiring.voltage, cases[i].voltage);
			assert_string_equal(wiring.voltage_set_by, cases[i].set_by);
		} else {
			assert_null(wiring.voltage);
			assert_null(wiring.voltage_set_by);
		}
		chip_release(&fixture->chip);
	}
}

static void test_wiring__nothing_in_secure_download_mode(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32C3);
	struct ff_flash_wiring wiring = { .data_lines = 7 };
	fixture->loader.chip = ff_chip_by_name("ESP32-S3");
	fixture->loader.secure_download = true;
	assert_int_equal(ff_wiring_read(&fixture->loader, &wiring, NULL), FF_OK);
	assert_int_equal(wiring.data_lines, 0);
	assert_null(wiring.voltage);
	assert_int_equal(fixture->chip.command_count, 0);
	chip_release(&fixture->chip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spi_command__reads_as_much_as_the_registers_hold),
		cmocka_unit_test(test_spi_command__leaves_the_controller_as_it_was),
		cmocka_unit_test(test_spi_command__leaves_the_controller_as_it_was_before_a_failure),
		cmocka_unit_test(test_spi_command__refuses_too_much_data),
		cmocka_unit_test(test_flash__size_of_an_unknown_id_comes_from_sfdp),
		cmocka_unit_test(test_flash__a_known_id_needs_no_sfdp),
		cmocka_unit_test(test_flash__neither_id_nor_sfdp_is_no_size),
		cmocka_unit_test(test_sfdp__finds_the_table),
		cmocka_unit_test(test_sfdp__refuses_what_is_no_header),
		cmocka_unit_test(test_sfdp__size_in_both_notations),
		cmocka_unit_test(test_status__reads_the_registers_asked_for),
		cmocka_unit_test(test_status__writes_each_chips_way),
		cmocka_unit_test(test_status__writes_three_registers),
		cmocka_unit_test(test_status__only_a_lasting_write_enables_lasting_bits),
		cmocka_unit_test(test_status__a_write_that_does_not_take_is_a_failure),
		cmocka_unit_test(test_status__a_bit_that_does_not_take_costs_no_other),
		cmocka_unit_test(test_status__a_chip_that_stays_busy_is_given_up),
		cmocka_unit_test(test_wiring__as_efuses_and_pins_have_it),
		cmocka_unit_test(test_wiring__nothing_in_secure_download_mode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
