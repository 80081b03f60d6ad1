// SPDX-License-Identifier: Apache-2.0
/* A chip on its own USB port: lines, watchdogs, straps. Register addresses by hand from esptool 5.3, targets/NAME.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"

#define KEY 0x50D83AA1u
#define ALL 0xFFFFFFFFu

static struct bench bench;

static int close_bench(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

/* ---- the command line ---- */

static void test_usb__parses_what_help_says(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_usb usb;
	assert_int_equal(ff_usb_parse(&usb, "jtag", &error), FF_OK);
	assert_int_equal(usb.kind, FF_USB_JTAG);
	assert_false(usb.reenumerates);
	assert_int_equal(usb.watchdog_ms, 5000);
	assert_int_equal(ff_usb_parse(&usb, "jtag,reenumerate,watchdog=0.5", &error), FF_OK);
	assert_true(usb.reenumerates);
	assert_int_equal(usb.watchdog_ms, 500);
	assert_int_equal(ff_usb_parse(&usb, "otg", &error), FF_OK);
	assert_int_equal(usb.kind, FF_USB_OTG);
	assert_true(usb.reenumerates);
	assert_int_equal(usb.watchdog_ms, 0);
	assert_int_equal(ff_usb_parse(&usb, "otg,persist", &error), FF_OK);
	assert_false(usb.reenumerates);
	static const char *const bad[] = { "",
					   "usb",
					   "jtag,",
					   "jtag,x",
					   "jtag,watchdog",
					   "jtag,watchdog=",
					   "jtag,watchdog=-1",
					   "jtag,watchdog=1s",
					   "jtag,watchdog=nan",
					   "otg;reenumerate",
					   "jtagx" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ff_error reason = FF_ERROR_NONE;
		assert_int_equal(ff_usb_parse(&usb, bad[i], &reason), FF_ERR_ARGUMENT);
	}
}

static void test_usb__each_chip_has_its_ports(void **state)
{
	(void)state;
	static const struct {
		const char *chip;
		bool jtag, otg;
	} rows[] = {
		{ "esp8266", false, false }, { "esp32", false, false },  { "esp32s2", false, true },
		{ "esp32s3", true, true },   { "esp32s31", true, true }, { "esp32c2", false, false },
		{ "esp32c3", true, false },  { "esp32c5", true, false }, { "esp32c6", true, false },
		{ "esp32c61", true, false }, { "esp32h2", true, false }, { "esp32h21", true, false },
		{ "esp32h4", true, false },  { "esp32p4", true, true },
	};
	const struct ff_usb jtag = { .kind = FF_USB_JTAG }, otg = { .kind = FF_USB_OTG };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ff_error error = FF_ERROR_NONE;
		const struct ff_model *model = ff_model_find(rows[i].chip);
		assert_int_equal(ff_usb_check(&jtag, model, &error) == FF_OK, rows[i].jtag);
		assert_int_equal(ff_usb_check(&otg, model, &error) == FF_OK, rows[i].otg);
	}
}

/* ---- the lines ---- */

struct step {
	bool dtr, rts;
};

/* The steps at which the chip resets, as bits; *download is what the last of them enters. */
static unsigned resets(enum ff_usb_kind kind, const struct step *steps, size_t count, bool *download)
{
	struct ff_usb_lines lines = { 0 };
	unsigned found = 0;
	for (size_t i = 0; i < count; i++) {
		if (ff_usb_lines_set(&lines, kind, steps[i].dtr, steps[i].rts)) {
			found |= 1u << i;
			*download = lines.download;
		}
	}
	return found;
}

#define RESETS(kind, download, ...) \
	resets(kind, (const struct step[]){ __VA_ARGS__ }, \
	       sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step), download)

static void test_usb__jtag_lines(void **state)
{
	(void)state;
	bool download;
	/* esptool's sequence for it: idle, flag, through both to the reset, out of it */
	assert_int_equal(RESETS(FF_USB_JTAG, &download, { 0, 0 }, { 1, 0 }, { 1, 1 }, { 0, 1 }, { 0, 0 }), 1u << 3);
	assert_true(download);
	/* the same not through both but through neither, which clears the flag */
	assert_int_equal(RESETS(FF_USB_JTAG, &download, { 1, 0 }, { 0, 0 }, { 0, 1 }, { 0, 0 }), 1u << 2);
	assert_false(download);
	/* a hard reset, and the opening of a port */
	assert_int_equal(RESETS(FF_USB_JTAG, &download, { 0, 1 }, { 0, 0 }), 1u << 0);
	assert_false(download);
	assert_int_equal(RESETS(FF_USB_JTAG, &download, { 1, 1 }), 0);
	/* two transistors would enter download mode by this one: here the flag comes too late */
	assert_int_equal(RESETS(FF_USB_JTAG, &download, { 0, 1 }, { 1, 0 }, { 0, 0 }), 1u << 0);
	assert_false(download);
	/* held, it resets once */
	assert_int_equal(RESETS(FF_USB_JTAG, &download, { 0, 1 }, { 0, 1 }), 1u << 0);
}

static void test_usb__otg_lines(void **state)
{
	(void)state;
	bool download;
	assert_int_equal(RESETS(FF_USB_OTG, &download, { 0, 1 }, { 1, 0 }, { 0, 0 }), 1u << 1);
	assert_true(download);
	assert_int_equal(RESETS(FF_USB_OTG, &download, { 0, 1 }, { 0, 0 }), 1u << 1);
	assert_false(download);
	assert_int_equal(RESETS(FF_USB_OTG, &download, { 0, 0 }, { 1, 0 }, { 1, 1 }, { 0, 1 }, { 0, 0 }), 1u << 4);
	assert_false(download);
}

/* ---- the chip ---- */

static void poke(uint32_t address, uint32_t value)
{
	bench_words(&bench, 0x09, address, value, ALL, 0);
	bench_drop(&bench);
}

static uint32_t peek(uint32_t address)
{
	bench_drop(&bench);
	bench_words(&bench, 0x0A, address);
	uint32_t value = 0;
	size_t at = 5; /* END, direction, opcode, size */
	for (int i = 0; i < 4; i++, at++) {
		uint8_t byte = bench.out[at];
		if (byte == 0xDB) {
			byte = bench.out[++at] == 0xDC ? 0xC0 : 0xDB;
		}
		value |= (uint32_t)byte << 8 * i;
	}
	bench_drop(&bench);
	return value;
}

static bool waits_for_download(void)
{
	bench_drop(&bench);
	bench_sync(&bench);
	bool answers = bench.out_size > 0;
	bench_drop(&bench);
	return answers;
}

/* The rate of the UART plays no part, whoever asks for one. */
static void test_usb__rom_says_which_port_it_serves(void **state)
{
	(void)state;
	static const struct {
		const char *chip, *usb;
		uint32_t address, number;
	} rows[] = {
		{ "esp32s2", "otg", 0x3FFFFD14, 2 },  { "esp32s3", "jtag", 0x3FCEF14C, 4 },
		{ "esp32s3", "otg", 0x3FCEF14C, 3 },  { "esp32c3", "jtag", 0x3FCDF07C, 3 },
		{ "esp32c6", "jtag", 0x4087F580, 3 }, { "esp32p4", "otg", 0x4FF3FEC8, 5 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bench_open_usb(&bench, rows[i].chip, rows[i].usb);
		assert_int_equal(peek(rows[i].address), rows[i].number);
		bench_words(&bench, 0x0F, 921600, 0);
		bench_drop(&bench);
		assert_int_equal(ff_soc_tune(bench.soc, 115200), FF_USB_BAUD);
		bench_close(&bench);
	}
	assert_int_equal(ff_usb_console_address(ff_model_find("esp32c3"), 101), 0x3FCDF078);
	assert_int_equal(ff_usb_console_address(ff_model_find("esp32p4"), 300), 0x4FFBFEC8);
	bench_open(&bench, "esp32c3", false);
	assert_int_equal(peek(0x3FCDF07C), 0);
}

static void test_usb__watchdog_bites_an_idle_loader(void **state)
{
	(void)state;
	bench_open_usb(&bench, "esp32c3", "jtag,watchdog=2");
	bench_wait(&bench, 1800 * MS);
	assert_true(waits_for_download());
	bench_wait(&bench, 300 * MS);
	assert_true(bench_printed(&bench, "rst:0x10 (RTCWDT_RTC_RST),boot:0xc (SPI_FAST_FLASH_BOOT)"));
	assert_false(waits_for_download());
	bench_close(&bench);
	bench_open(&bench, "esp32c3", false); /* behind an adapter it never does */
	bench_wait(&bench, 3600 * 1000 * MS);
	assert_true(waits_for_download());
}

static void stop_rtc(uint32_t config0, uint32_t protect)
{
	poke(protect, KEY);
	poke(config0, 0);
	poke(protect, 0);
}

static void test_usb__both_watchdogs_have_to_be_stopped(void **state)
{
	(void)state;
	bench_open_usb(&bench, "esp32s3", "jtag,watchdog=2");
	stop_rtc(0x60008098, 0x600080B0);
	bench_wait(&bench, 2100 * MS);
	assert_false(waits_for_download());
	bench_close(&bench);
	bench_open_usb(&bench, "esp32s3", "jtag,watchdog=2");
	stop_rtc(0x60008098, 0x600080B0);
	poke(0x600080B8, 0x8F1D312A);
	poke(0x600080B4, peek(0x600080B4) | 1u << 31);
	poke(0x600080B8, 0);
	bench_wait(&bench, 3600 * 1000 * MS);
	assert_true(waits_for_download());
	bench_close(&bench);
	bench_open_usb(&bench, "esp32c6", "jtag,watchdog=2");
	stop_rtc(0x600B1C00, 0x600B1C18);
	poke(0x600B1C20, KEY);
	poke(0x600B1C1C, 1u << 18);
	poke(0x600B1C20, 0);
	bench_wait(&bench, 3600 * 1000 * MS);
	assert_true(waits_for_download());
}

static void test_usb__watchdogs_are_write_protected(void **state)
{
	(void)state;
	bench_open_usb(&bench, "esp32c3", "jtag,watchdog=2");
	assert_int_equal(peek(0x60008090) >> 31, 1);
	poke(0x60008090, 0);
	assert_int_equal(peek(0x60008090) >> 31, 1);
	poke(0x600080A8, KEY + 1);
	poke(0x60008090, 0);
	poke(0x600080B0, KEY); /* not the key of this one */
	poke(0x600080AC, 1u << 31);
	assert_int_equal(peek(0x600080AC), 0);
	bench_wait(&bench, 2100 * MS);
	assert_false(waits_for_download());
}

static void test_usb__feeding_puts_the_bite_off(void **state)
{
	(void)state;
	bench_open_usb(&bench, "esp32h2", "jtag,watchdog=2");
	poke(0x600B1C24, KEY);
	poke(0x600B1C20, 1u << 18);
	poke(0x600B1C1C, KEY);
	for (int i = 0; i < 5; i++) {
		bench_wait(&bench, 1500 * MS);
		poke(0x600B1C18, 1u << 31);
	}
	assert_true(waits_for_download());
	bench_wait(&bench, 2100 * MS);
	assert_false(waits_for_download());
}

/* esptool 5.3 targets/esp32s3.py, watchdog_reset() */
static void arm(uint32_t config0, uint32_t config1, uint32_t protect)
{
	poke(protect, KEY);
	poke(config1, 2000);
	poke(config0, 1u << 31 | 5u << 28 | 1u << 8 | 2);
	poke(protect, 0);
}

static void test_usb__client_resets_the_chip_by_its_watchdog(void **state)
{
	(void)state;
	bench_open(&bench, "esp32s3", false); /* on any port */
	arm(0x60008098, 0x6000809C, 0x600080B0);
	assert_true(waits_for_download());
	bench_wait(&bench, 20 * MS);
	assert_true(bench_printed(&bench, "rst:0x10 (RTCWDT_RTC_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)"));
	bench_close(&bench);
	bench_open(&bench, "esp32s3", false);
	bench.io0_low = true; /* somebody still holds the button */
	arm(0x60008098, 0x6000809C, 0x600080B0);
	bench_wait(&bench, 20 * MS);
	assert_true(waits_for_download());
}

static void test_usb__button_outlives_a_reset_by_the_lines_but_not_one_by_the_watchdog(void **state)
{
	(void)state;
	bench_open_usb(&bench, "esp32s2", "otg");
	assert_int_equal(peek(0x3F404038) & 8, 0);
	ff_soc_reset_by_usb(bench.soc, false, bench.now);
	bench_wait(&bench, 20 * MS);
	assert_true(waits_for_download());
	assert_int_equal(bench.unplugged, 1);
	arm(0x3F408094, 0x3F408098, 0x3F4080AC);
	bench_wait(&bench, 30 * MS);
	assert_false(waits_for_download());
	assert_int_equal(bench.unplugged, 2);
}

static void test_usb__application_enters_download_mode_by_the_force_bit(void **state)
{
	(void)state;
	bench_open_usb(&bench, "esp32s3", "otg");
	ff_soc_start(bench.soc, false, bench.now);
	bench_wait(&bench, 100 * MS);
	ff_soc_reset_by_usb(bench.soc, true, bench.now);
	bench_wait(&bench, 20 * MS);
	assert_true(waits_for_download());
	assert_int_equal(peek(0x6000812C) & 1, 1);
	assert_int_equal(peek(0x60004038) & 8, 8);
	bench_start_stub(&bench);
	bench_words(&bench, 0x09, 0x6000812C, 0, 1, 0);
	ff_soc_reset_by_usb(bench.soc, false, bench.now);
	bench_wait(&bench, 20 * MS);
	assert_false(waits_for_download());
}

static void test_usb__jtag_flag_serves_for_one_reset(void **state)
{
	(void)state;
	bench_open_usb(&bench, "esp32c3", "jtag");
	ff_soc_start(bench.soc, false, bench.now);
	bench_wait(&bench, 20 * MS);
	ff_soc_hang(bench.soc); /* which the controller does not mind */
	ff_soc_reset_by_usb(bench.soc, true, bench.now);
	bench_wait(&bench, 20 * MS);
	assert_true(bench_printed(&bench, "rst:0x15 (USB_UART_CHIP_RESET),boot:0x4 (DOWNLOAD"));
	assert_true(waits_for_download());
	ff_soc_reset_by_usb(bench.soc, false, bench.now);
	bench_wait(&bench, 20 * MS);
	assert_false(waits_for_download());
	assert_int_equal(bench.unplugged, 0);
}

static void test_usb__hung_software_hears_no_lines(void **state)
{
	(void)state;
	bench_open_usb(&bench, "esp32s3", "otg");
	ff_soc_hang(bench.soc);
	ff_soc_reset_by_usb(bench.soc, true, bench.now);
	bench_wait(&bench, 100 * MS);
	assert_false(waits_for_download());
	assert_int_equal(bench.unplugged, 0);
}

static void test_usb__otg_loses_blocks_over_800(void **state)
{
	(void)state;
	static const uint8_t block[0x801] = { 0 };
	bench_open_usb(&bench, "esp32s3", "otg");
	bench_words(&bench, 0x05, 0x1001, 3, 0x801, 0x3FCA0000);
	bench_drop(&bench);
	bench_block(&bench, 0x07, block, 0x801, 0);
	bench_expect_silence(&bench);
	bench_block(&bench, 0x07, block, 0x800, 0);
	assert_int_not_equal(bench.out_size, 0);
	bench_close(&bench);
	bench_open_usb(&bench, "esp32s3", "jtag");
	bench_words(&bench, 0x05, 0x1001, 3, 0x801, 0x3FCA0000);
	bench_drop(&bench);
	bench_block(&bench, 0x07, block, 0x801, 0);
	assert_int_not_equal(bench.out_size, 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usb__parses_what_help_says),
		cmocka_unit_test(test_usb__each_chip_has_its_ports),
		cmocka_unit_test(test_usb__jtag_lines),
		cmocka_unit_test(test_usb__otg_lines),
		TEST(test_usb__rom_says_which_port_it_serves),
		TEST(test_usb__watchdog_bites_an_idle_loader),
		TEST(test_usb__both_watchdogs_have_to_be_stopped),
		TEST(test_usb__watchdogs_are_write_protected),
		TEST(test_usb__feeding_puts_the_bite_off),
		TEST(test_usb__client_resets_the_chip_by_its_watchdog),
		TEST(test_usb__button_outlives_a_reset_by_the_lines_but_not_one_by_the_watchdog),
		TEST(test_usb__application_enters_download_mode_by_the_force_bit),
		TEST(test_usb__jtag_flag_serves_for_one_reset),
		TEST(test_usb__hung_software_hears_no_lines),
		TEST(test_usb__otg_loses_blocks_over_800),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
