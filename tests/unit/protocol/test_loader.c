// SPDX-License-Identifier: Apache-2.0
/* What the loader asks of the three chips, and what it makes of their answers. Register values by hand, from esptool 5.3
 * targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "connect.h"
#include "flash.h"
#include "identify.h"
#include "loader.h"
#include "speed.h"
#include "test_loader_chip.h"

struct fixture {
	struct chip chip;
	struct ff_loader loader;
};

static struct fixture *start(enum chip_kind kind)
{
	static struct fixture fixture;
	static const struct ff_link_hooks hooks;
	chip_init(&fixture.chip, kind);
	ff_loader_init(&fixture.loader, &fixture.chip.script.transport, 115200, &hooks);
	return &fixture;
}

static void connect_and_detect(struct fixture *fixture)
{
	struct ff_connect_plan plan = { .attempts = 1, .reset = true };
	assert_int_equal(ff_connect(&fixture->loader, &plan, NULL), FF_OK);
	assert_int_equal(ff_connect_detect(&fixture->loader, NULL), FF_OK);
}

static struct fixture *start_detected(enum chip_kind kind, bool stub)
{
	struct fixture *fixture = start(kind);
	fixture->chip.stub = stub;
	connect_and_detect(fixture);
	assert_int_equal(fixture->loader.stub, stub);
	return fixture;
}

static void test_connect__detects_the_chips(void **state)
{
	(void)state;
	static const char *const names[] = { "ESP8266", "ESP32", "ESP32-C3" };
	for (int kind = CHIP_ESP8266; kind <= CHIP_ESP32C3; kind++) {
		for (int stub = 0; stub < 2; stub++) {
			struct fixture *fixture = start_detected(kind, stub);
			assert_string_equal(fixture->loader.chip->name, names[kind]);
			assert_int_equal(fixture->loader.resets, 1);
			assert_int_equal(fixture->loader.syncs, 1);
			chip_release(&fixture->chip);
		}
	}
}

static void test_connect__unknown_magic(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32);
	struct ff_connect_plan plan = { .attempts = 1 };
	struct ff_error error = FF_ERROR_NONE;
	chip_set_register(&fixture->chip, 0x40001000, 0x12345678);
	assert_int_equal(ff_connect(&fixture->loader, &plan, NULL), FF_OK);
	assert_int_equal(ff_connect_detect(&fixture->loader, &error), FF_ERR_UNKNOWN_CHIP);
	assert_non_null(strstr(error.text, "12345678"));
	chip_release(&fixture->chip);
}

static void test_connect__keeps_what_it_knew_of_a_board_that_falls_silent(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32C3);
	fixture->chip.flags = FF_SECURITY_JTAG_HARD_OFF;
	connect_and_detect(fixture);
	fixture->chip.deaf = true;
	assert_int_not_equal(ff_connect_detect(&fixture->loader, NULL), FF_OK);
	assert_string_equal(fixture->loader.chip->name, "ESP32-C3");
	assert_int_equal(fixture->loader.security.flags, FF_SECURITY_JTAG_HARD_OFF);
	chip_release(&fixture->chip);
}

static void test_connect__reads_the_security_flags(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32C3);
	fixture->chip.flags = 1 | 4;
	connect_and_detect(fixture);
	assert_true(fixture->loader.secure_boot);
	assert_true(fixture->loader.secure_download);
	assert_int_equal(ff_identify(&fixture->loader, NULL), FF_OK);
	assert_int_equal(chip_count(&fixture->chip, 0x0A), 0); /* no registers in secure download mode */
	chip_release(&fixture->chip);
}

static void test_connect__no_answer_says_what_was_tried(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32);
	struct ff_connect_plan plan = { .attempts = 2, .reset = true };
	struct ff_error error = FF_ERROR_NONE;
	fixture->chip.deaf = true;
	assert_int_equal(ff_connect(&fixture->loader, &plan, &error), FF_ERR_NO_ANSWER);
	assert_non_null(strstr(error.text, "2 resets"));
	assert_non_null(strstr(error.text, "10 sync attempts"));
	assert_non_null(strstr(error.text, "115200 baud"));
	assert_non_null(strstr(error.text, "nothing at all"));
	chip_release(&fixture->chip);
}

static void boots_into_application(struct script *script, const uint8_t *frame, size_t size)
{
	(void)frame;
	(void)size;
	static const char log[] = "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n";
	script_put(script, log, sizeof(log) - 1);
}

static void test_connect__no_answer_tells_the_boot_log(void **state)
{
	(void)state;
	struct fixture *fixture = start(CHIP_ESP32);
	struct ff_connect_plan plan = { .attempts = 1, .reset = false };
	struct ff_error error = FF_ERROR_NONE;
	fixture->chip.script.on_frame = boots_into_application;
	assert_int_equal(ff_connect(&fixture->loader, &plan, &error), FF_ERR_NO_ANSWER);
	assert_non_null(strstr(error.text, "no reset"));
	assert_non_null(strstr(error.text, "rst:0x1 (POWERON_RESET)"));
	assert_non_null(strstr(error.text, "application"));
	assert_int_equal(fixture->chip.script.line_calls, 0);
	chip_release(&fixture->chip);
}

static void expect_mac(const struct fixture *fixture, const char *mac)
{
	assert_memory_equal(fixture->loader.mac, mac, 6);
}

/* Major revision bits set one after the other: word 3 bit 15, word 5 bit 20, SYSCON date bit 31. */
static void test_identify__esp32(void **state)
{
	(void)state;
	static const struct {
		uint32_t word3;
		uint32_t word5;
		uint32_t date;
		unsigned revision;
	} revisions[] = {
		{ 0, 0, 0, 0 },
		{ 1 << 15, 0, 0, 100 },
		{ 1 << 15, 1 << 20, 0, 200 },
		{ 1 << 15, 1 << 20 | 1 << 24, 1U << 31, 301 },
		{ 0, 1 << 20, 0, 0 }, /* no such chip */
	};
	for (size_t i = 0; i < sizeof(revisions) / sizeof(revisions[0]); i++) {
		struct fixture *fixture = start_detected(CHIP_ESP32, false);
		chip_set_register(&fixture->chip, 0x3FF5A00C, revisions[i].word3);
		chip_set_register(&fixture->chip, 0x3FF5A014, revisions[i].word5);
		chip_set_register(&fixture->chip, 0x3FF6607C, revisions[i].date);
		chip_set_register(&fixture->chip, 0x3FF5A004, 0xC4000001);
		chip_set_register(&fixture->chip, 0x3FF5A008, 0x00FE240A); /* CRC in the upper half */
		chip_set_register(&fixture->chip, 0x3FF40014, 347);
		assert_int_equal(ff_identify(&fixture->loader, NULL), FF_OK);
		assert_int_equal(fixture->loader.revision, revisions[i].revision);
		expect_mac(fixture, "\x24\x0A\xC4\x00\x00\x01");
		assert_int_equal(fixture->loader.crystal_mhz, 40);
		chip_release(&fixture->chip);
	}
}

static void test_identify__esp32c3(void **state)
{
	(void)state;
	struct fixture *fixture = start_detected(CHIP_ESP32C3, false);
	chip_set_register(&fixture->chip, 0x60008850, 3 << 18);           /* minor, low bits */
	chip_set_register(&fixture->chip, 0x60008858, 1 << 23 | 1 << 24); /* minor, high bit; major */
	chip_set_register(&fixture->chip, 0x60008844, 0x01020304);
	chip_set_register(&fixture->chip, 0x60008848, 0xFFFF7CDF);
	assert_int_equal(ff_identify(&fixture->loader, NULL), FF_OK);
	assert_int_equal(fixture->loader.revision, 111);
	expect_mac(fixture, "\x7C\xDF\x01\x02\x03\x04");
	assert_int_equal(fixture->loader.crystal_mhz, 40);
	assert_int_equal(fixture->loader.console, FF_CONSOLE_UART);
	assert_int_equal(chip_count(&fixture->chip, 0x09), 0);
	chip_release(&fixture->chip);
}

static void test_identify__esp8266_mac_has_three_forms(void **state)
{
	(void)state;
	static const struct {
		uint32_t words[4];
		const char *mac;
	} macs[] = {
		{ { 0x33000000, 0x02001122, 0, 0x005CCF7F }, "\x5C\xCF\x7F\x11\x22\x33" },
		{ { 0x33000000, 0x02001122, 0, 0 }, "\x18\xFE\x34\x11\x22\x33" },
		{ { 0x33000000, 0x02011122, 0, 0 }, "\xAC\xD0\x74\x11\x22\x33" },
	};
	for (size_t i = 0; i < 3; i++) {
		struct fixture *fixture = start_detected(CHIP_ESP8266, false);
		for (uint32_t word = 0; word < 4; word++) {
			chip_set_register(&fixture->chip, 0x3FF00050 + 4 * word, macs[i].words[word]);
		}
		chip_set_register(&fixture->chip, 0x60000014, 451); /* 115200 * 451 / 2 = 26 MHz */
		assert_int_equal(ff_identify(&fixture->loader, NULL), FF_OK);
		expect_mac(fixture, macs[i].mac);
		assert_int_equal(fixture->loader.crystal_mhz, 26);
		chip_release(&fixture->chip);
	}
	struct fixture *fixture = start_detected(CHIP_ESP8266, false);
	chip_set_register(&fixture->chip, 0x3FF00054, 0x00021122);
	assert_int_equal(ff_identify(&fixture->loader, NULL), FF_ERR_PROTOCOL);
	chip_release(&fixture->chip);
}

static void test_identify__crystal_stays_unknown_where_it_is_odd(void **state)
{
	(void)state;
	struct fixture *fixture = start_detected(CHIP_ESP32, true);
	chip_set_register(&fixture->chip, 0x3FF40014, 694); /* a stub doubles the clock */
	assert_int_equal(ff_identify(&fixture->loader, NULL), FF_OK);
	assert_int_equal(fixture->loader.crystal_mhz, 0);
	chip_release(&fixture->chip);
}

/* The C3's ROM says port 3 on USB-Serial-JTAG; then, and only then, the watchdogs are stopped. */
static void test_identify__stops_the_watchdogs_on_usb(void **state)
{
	(void)state;
	static const uint32_t expected[][2] = {
		{ 0x600080A8, 0x50D83AA1 }, { 0x60008090, 0 },          { 0x600080A8, 0 },
		{ 0x600080B0, 0x8F1D312A }, { 0x600080AC, 0x80000007 }, { 0x600080B0, 0 },
	};
	struct fixture *fixture = start_detected(CHIP_ESP32C3, false);
	chip_set_register(&fixture->chip, 0x3FCDF07C, 0xFFFFFF03);
	chip_set_register(&fixture->chip, 0x600080AC, 7);
	assert_int_equal(ff_identify(&fixture->loader, NULL), FF_OK);
	assert_int_equal(fixture->loader.console, FF_CONSOLE_USB_JTAG);
	assert_int_equal(chip_count(&fixture->chip, 0x09), 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(chip_find(&fixture->chip, 0x09, i)->words[0], expected[i][0]);
		assert_int_equal(chip_find(&fixture->chip, 0x09, i)->words[1], expected[i][1]);
	}
	chip_release(&fixture->chip);
}

/* esptool 5.3 targets/esp32.py: the ROM believes in calibration * 15625 * CK8M / 40 Hz. */
static void test_identify__rom_baud_of_the_esp32(void **state)
{
	(void)state;
	struct fixture *fixture = start_detected(CHIP_ESP32, false);
	uint32_t asked = 0;
	assert_int_equal(ff_identify_rom_baud(&fixture->loader, 460800, &asked, NULL), FF_OK);
	assert_int_equal(asked, 460800); /* unprogrammed: no belief to correct */
	chip_set_register(&fixture->chip, 0x3FF5F06C, 400 << 7);
	chip_set_register(&fixture->chip, 0x3FF5A010, 0xFF0000F0);
	assert_int_equal(ff_identify_rom_baud(&fixture->loader, 460800, &asked, NULL), FF_OK);
	assert_int_equal(asked, 432000); /* 400 * 15625 * 240 / 40 = 37.5 MHz, taken for 40 */
	chip_set_register(&fixture->chip, 0x3FF5F06C, 260 << 7);
	assert_int_equal(ff_identify_rom_baud(&fixture->loader, 460800, &asked, NULL), FF_OK);
	assert_int_equal(asked, 432000); /* 24.375 MHz, taken for 26 */
	chip_release(&fixture->chip);
}

static void test_loader__baud_change(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		struct fixture *fixture = start_detected(CHIP_ESP32, stub);
		assert_int_equal(ff_speed_set_baud(&fixture->loader, 921600, NULL), FF_OK);
		const struct chip_command *command = chip_find(&fixture->chip, 0x0F, 0);
		assert_int_equal(command->words[0], 921600);
		assert_int_equal(command->words[1], stub ? 115200 : 0);
		assert_int_equal(fixture->chip.script.baud, 921600);
		assert_int_equal(fixture->loader.link.baud, 921600);
		assert_int_equal(fixture->loader.stub, stub);
		chip_release(&fixture->chip);
	}
}

static void test_loader__baud_change_is_not_for_the_esp8266(void **state)
{
	(void)state;
	struct fixture *fixture = start_detected(CHIP_ESP8266, false);
	assert_false(ff_speed_can_set_baud(&fixture->loader));
	assert_int_equal(ff_speed_set_baud(&fixture->loader, 921600, NULL), FF_ERR_UNSUPPORTED);
	assert_int_equal(chip_count(&fixture->chip, 0x0F), 0);
	chip_release(&fixture->chip);
}

static void test_loader__uploads_the_stub_in_blocks(void **state)
{
	(void)state;
	static uint8_t text[0x1801];
	static uint8_t data[100];
	struct ff_stub stub = {
		.entry = 0x400BE02C,
		.text = { .address = 0x400BD000, .size = sizeof(text), .bytes = text },
		.data = { .address = 0x3FFDEBAC, .size = sizeof(data), .bytes = data },
	};
	struct fixture *fixture = start_detected(CHIP_ESP32, false);
	assert_int_equal(ff_speed_run_stub(&fixture->loader, &stub, NULL), FF_OK);
	assert_true(fixture->loader.stub);
	const struct chip_command *begin = chip_find(&fixture->chip, 0x05, 0);
	assert_int_equal(begin->words[0], 0x1801);
	assert_int_equal(begin->words[1], 2);
	assert_int_equal(begin->words[2], 0x1800);
	assert_int_equal(begin->words[3], 0x400BD000);
	assert_int_equal(chip_count(&fixture->chip, 0x07), 3);
	assert_int_equal(chip_find(&fixture->chip, 0x07, 1)->words[0], 1);
	assert_int_equal(chip_find(&fixture->chip, 0x07, 1)->words[1], 1);
	assert_int_equal(chip_find(&fixture->chip, 0x06, 0)->words[0], 0);
	assert_int_equal(chip_find(&fixture->chip, 0x06, 0)->words[1], 0x400BE02C);
	chip_release(&fixture->chip);
}

static void test_flash__attach(void **state)
{
	(void)state;
	static const struct {
		enum chip_kind kind;
		bool stub;
		unsigned attach_size; /* 0: no SPI_ATTACH */
	} cases[] = {
		{ CHIP_ESP8266, false, 0 }, { CHIP_ESP8266, true, 4 },  { CHIP_ESP32, false, 8 },
		{ CHIP_ESP32, true, 4 },    { CHIP_ESP32C3, false, 8 }, { CHIP_ESP32C3, true, 4 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *fixture = start_detected(cases[i].kind, cases[i].stub);
		assert_int_equal(ff_flash_attach(&fixture->loader, NULL), FF_OK);
		assert_int_equal(fixture->loader.flash_id, 0x1440EF);
		assert_int_equal(fixture->loader.flash_size, 1024 * 1024);
		if (cases[i].attach_size == 0) {
			assert_int_equal(chip_find(&fixture->chip, 0x02, 0)->words[0], 0);
			assert_int_equal(chip_count(&fixture->chip, 0x0B), 0);
		} else {
			assert_int_equal(chip_find(&fixture->chip, 0x0D, 0)->size, cases[i].attach_size);
			const struct chip_command *params = chip_find(&fixture->chip, 0x0B, 0);
			assert_int_equal(params->size, 24);
			assert_int_equal(params->words[1], 1024 * 1024);
			assert_int_equal(params->words[2], 64 * 1024);
			assert_int_equal(params->words[3], 4096);
			assert_int_equal(params->words[4], 256);
		}
		chip_release(&fixture->chip);
	}
}

static void test_flash__begin_speaks_the_dialect(void **state)
{
	(void)state;
	static const struct {
		enum chip_kind kind;
		bool stub;
		bool deflated;
		uint32_t size;   /* first word */
		uint32_t blocks; /* second */
		uint32_t block;  /* third */
		uint16_t bytes;
	} cases[] = {
		{ CHIP_ESP32, false, true, 0x19000, 13, 0x1000, 16 }, /* rounded up to 0x400 */
		{ CHIP_ESP32, false, false, 0x18D00, 13, 0x1000, 16 },
		{ CHIP_ESP32, true, true, 0x18D00, 4, 0x4000, 20 },
		{ CHIP_ESP32, true, false, 0x18D00, 4, 0x4000, 20 },
		{ CHIP_ESP32C3, false, true, 0x19000, 13, 0x1000, 20 },
		{ CHIP_ESP32C3, false, false, 0x18D00, 13, 0x1000, 20 },
		{ CHIP_ESP8266, false, false, 0xD000, 50, 0x400, 16 }, /* the erase bug: 25 sectors from 0 as 13 */
		{ CHIP_ESP8266, true, false, 0x18D00, 4, 0x4000, 20 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture *fixture = start_detected(cases[i].kind, cases[i].stub);
		struct ff_flash_write write = {
			.offset = 0, .size = 0x18D00, .wire = 0xC7F1, .deflated = cases[i].deflated
		};
		assert_int_equal(ff_flash_begin(&fixture->loader, &write, NULL), FF_OK);
		const struct chip_command *begin = chip_find(&fixture->chip, cases[i].deflated ? 0x10 : 0x02, 0);
		assert_int_equal(begin->words[0], cases[i].size);
		assert_int_equal(begin->words[1], cases[i].blocks);
		assert_int_equal(begin->words[2], cases[i].block);
		assert_int_equal(begin->words[3], 0);
		assert_int_equal(begin->words[4], 0);
		assert_int_equal(begin->size, cases[i].bytes);
		chip_release(&fixture->chip);
	}
}

static void test_flash__end_is_for_stubs(void **state)
{
	(void)state;
	for (int stub = 0; stub < 2; stub++) {
		struct fixture *fixture = start_detected(CHIP_ESP32, stub);
		struct ff_flash_write write = { .deflated = true };
		assert_int_equal(ff_flash_end(&fixture->loader, &write, NULL), FF_OK);
		assert_int_equal(chip_count(&fixture->chip, 0x12), stub);
		if (stub) {
			assert_int_equal(chip_find(&fixture->chip, 0x12, 0)->size, 4);
			assert_int_equal(chip_find(&fixture->chip, 0x12, 0)->words[0], 1);
		}
		chip_release(&fixture->chip);
	}
}

/* A stub acknowledges before it writes: the time of block N is granted to the wait for block N + 1. */
static void test_flash__time_is_owed_to_the_next_wait(void **state)
{
	(void)state;
	struct fixture *fixture = start_detected(CHIP_ESP32, true);
	struct ff_flash_write write = { .size = 16, .wire = 16 };
	static const uint8_t block[16];
	assert_int_equal(ff_flash_begin(&fixture->loader, &write, NULL), FF_OK);
	assert_int_equal(fixture->loader.owed_ms, 0);
	assert_int_equal(ff_flash_send(&fixture->loader, &write, 0, block, sizeof(block), NULL), FF_OK);
	assert_int_equal(ff_flash_acknowledge(&fixture->loader, &write, 1000000, NULL), FF_OK);
	assert_true(fixture->loader.owed_ms >= 40000); /* 40 s/MB, and its erases */
	assert_int_equal(ff_flash_end(&fixture->loader, &write, NULL), FF_OK);
	assert_int_equal(fixture->loader.owed_ms, 0);
	chip_release(&fixture->chip);
}

static void test_flash__md5_of_both_dialects(void **state)
{
	(void)state;
	/* md5sum of four bytes 5A. */
	static const uint8_t expected[] = { 0x4D, 0xDF, 0x7F, 0xD9, 0x6F, 0xFC, 0xF7, 0x49,
					    0xD2, 0xF1, 0xEE, 0x6E, 0xFB, 0x64, 0xCC, 0x88 };
	for (int stub = 0; stub < 2; stub++) {
		struct fixture *fixture = start_detected(CHIP_ESP32, stub);
		uint8_t md5[16];
		assert_int_equal(ff_flash_md5(&fixture->loader, 0x2000, 4, md5, NULL), FF_OK);
		assert_memory_equal(md5, expected, sizeof(md5));
		assert_int_equal(chip_find(&fixture->chip, 0x13, 0)->size, 16);
		chip_release(&fixture->chip);
	}
	struct fixture *fixture = start_detected(CHIP_ESP8266, false);
	uint8_t md5[16];
	assert_false(ff_flash_can_md5(&fixture->loader));
	assert_int_equal(ff_flash_md5(&fixture->loader, 0, 4, md5, NULL), FF_ERR_UNSUPPORTED);
	chip_release(&fixture->chip);
}

/* Sectors told and sectors erased: the ROM erases up to the next 64 KB boundary twice. */
static void test_flash__esp8266_erase_sizes(void **state)
{
	(void)state;
	static const struct {
		uint32_t first;
		uint32_t sectors;
		uint32_t told;
		uint32_t end;
	} cases[] = {
		{ 0, 1, 1, 2 },    { 0, 2, 1, 2 },    { 0, 16, 8, 16 },      { 0, 25, 13, 26 },
		{ 0, 32, 16, 32 }, { 0, 33, 17, 33 }, { 16, 256, 240, 272 }, { 3, 20, 10, 23 },
		{ 15, 2, 1, 17 },  { 1, 31, 16, 32 }, { 0, 0, 0, 0 },
	};
	struct fixture *fixture = start_detected(CHIP_ESP8266, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t offset = cases[i].first * 4096;
		uint32_t size = cases[i].sectors * 4096;
		assert_int_equal(ff_flash_esp8266_erase_size(offset, size), cases[i].told * 4096);
		assert_int_equal(ff_flash_erase_end(&fixture->loader, offset, size), (uint64_t)cases[i].end * 4096);
	}
	fixture->loader.stub = true;
	assert_int_equal(ff_flash_erase_end(&fixture->loader, 0, 1), 4096);
	chip_release(&fixture->chip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connect__detects_the_chips),
		cmocka_unit_test(test_connect__unknown_magic),
		cmocka_unit_test(test_connect__keeps_what_it_knew_of_a_board_that_falls_silent),
		cmocka_unit_test(test_connect__reads_the_security_flags),
		cmocka_unit_test(test_connect__no_answer_says_what_was_tried),
		cmocka_unit_test(test_connect__no_answer_tells_the_boot_log),
		cmocka_unit_test(test_identify__esp32),
		cmocka_unit_test(test_identify__esp32c3),
		cmocka_unit_test(test_identify__esp8266_mac_has_three_forms),
		cmocka_unit_test(test_identify__crystal_stays_unknown_where_it_is_odd),
		cmocka_unit_test(test_identify__stops_the_watchdogs_on_usb),
		cmocka_unit_test(test_identify__rom_baud_of_the_esp32),
		cmocka_unit_test(test_loader__baud_change),
		cmocka_unit_test(test_loader__baud_change_is_not_for_the_esp8266),
		cmocka_unit_test(test_loader__uploads_the_stub_in_blocks),
		cmocka_unit_test(test_flash__attach),
		cmocka_unit_test(test_flash__begin_speaks_the_dialect),
		cmocka_unit_test(test_flash__end_is_for_stubs),
		cmocka_unit_test(test_flash__time_is_owed_to_the_next_wait),
		cmocka_unit_test(test_flash__md5_of_both_dialects),
		cmocka_unit_test(test_flash__esp8266_erase_sizes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
