// SPDX-License-Identifier: Apache-2.0
/* The flash chip's status registers and parameters, alone and through the controllers. Protected areas by hand from the
 * W25Q32JV datasheet, "Status Register Memory Protection". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"
#include "sfdp.h"
#include "status_register.h"

#define MB4 (4u << 20)

static struct bench bench;

static int close_bench(void **state)
{
	(void)state;
	bench_close(&bench);
	return 0;
}

static struct ff_status_registers fresh(void)
{
	struct ff_status_registers registers;
	ff_status_init(&registers);
	return registers;
}

static void test_status__nothing_is_written_without_permission(void **state)
{
	(void)state;
	struct ff_status_registers registers = fresh();
	ff_status_write(&registers, 0, (const uint8_t[]){ 0x1C, 0x00 }, 2);
	assert_memory_equal(registers.now, ((const uint8_t[]){ 0, 2, 0 }), 3);
	ff_status_write_enable(&registers);
	assert_int_equal(registers.now[0], 2);
	ff_status_write(&registers, 0, (const uint8_t[]){ 0x1C, 0x00 }, 2);
	assert_memory_equal(registers.now, ((const uint8_t[]){ 0x1C, 0, 0 }), 3);
	ff_status_write(&registers, 0, (const uint8_t[]){ 0, 2 }, 2);
	assert_memory_equal(registers.now, ((const uint8_t[]){ 0x1C, 0, 0 }), 3);
}

static void test_status__volatile_bits_are_lost_with_the_power(void **state)
{
	(void)state;
	struct ff_status_registers registers = fresh();
	ff_status_write_enable(&registers);
	ff_status_write(&registers, 0, (const uint8_t[]){ 0x04 }, 1);
	ff_status_volatile_write_enable(&registers);
	assert_int_equal(registers.now[0], 0x04);
	ff_status_write(&registers, 0, (const uint8_t[]){ 0x08 }, 1);
	assert_int_equal(registers.now[0], 0x08);
	ff_status_power_up(&registers);
	assert_int_equal(registers.now[0], 0x04);
	assert_int_equal(registers.now[1], 0x02);
}

static void test_status__read_only_bits_stay(void **state)
{
	(void)state;
	struct ff_status_registers registers = fresh();
	for (size_t i = 0; i < FF_STATUS_REGISTERS; i++) {
		ff_status_write_enable(&registers);
		ff_status_write(&registers, i, (const uint8_t[]){ 0xFF }, 1);
	}
	assert_memory_equal(registers.now, ((const uint8_t[]){ 0xFC, 0x7B, 0xE4 }), 3);
}

static void test_status__protects_as_the_datasheet_says(void **state)
{
	(void)state;
	static const struct {
		uint8_t first, second;
		uint32_t start, end;
	} rows[] = {
		{ 0x00, 0x00, 0, 0 },          { 0x04, 0x00, 0x3F0000, MB4 }, /* upper 1/64 */
		{ 0x18, 0x00, 0x200000, MB4 },                                /* upper half */
		{ 0x24, 0x00, 0, 0x010000 },                                  /* lower 1/64 */
		{ 0x38, 0x00, 0, 0x200000 },                                  /* lower half */
		{ 0x1C, 0x00, 0, MB4 },                                       /* all */
		{ 0x44, 0x00, 0x3FF000, MB4 },                                /* upper 4 KB */
		{ 0x50, 0x00, 0x3F8000, MB4 },                                /* upper 32 KB */
		{ 0x6C, 0x00, 0, 0x004000 },                                  /* lower 16 KB */
		{ 0x00, 0x40, 0, MB4 },                                       /* all but none */
		{ 0x04, 0x40, 0, 0x3F0000 },                                  /* lower 63/64 */
		{ 0x24, 0x40, 0x010000, MB4 },                                /* upper 63/64 */
		{ 0x1C, 0x40, 0, 0 },                                         /* none */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ff_status_registers registers = { .now = { rows[i].first, rows[i].second } };
		for (uint32_t at = 0; at < MB4; at += 4096) {
			bool inside = at >= rows[i].start && at < rows[i].end;
			assert_int_equal(ff_status_protects(&registers, MB4, at, 4096), inside);
		}
	}
	struct ff_status_registers upper_half = { .now = { 0x18 } };
	assert_true(ff_status_protects(&upper_half, MB4, 0x1FFFFF, 2));
	assert_false(ff_status_protects(&upper_half, MB4, 0x1FFFFF, 1));
	assert_false(ff_status_protects(&upper_half, MB4, 0x300000, 0));
}

static void test_status__protected_flash_keeps_what_it_has(void **state)
{
	(void)state;
	bench_open(&bench, "esp32c3", false);
	ff_nor_program(bench.nor, 0x10000, (const uint8_t *)"old", 3);
	*ff_nor_registers(bench.nor) = (struct ff_status_registers){ .now = { 0x38 } }; /* lower half */
	ff_nor_erase(bench.nor, 0x10000, 0x1000);
	ff_nor_program(bench.nor, 0x11000, (const uint8_t *)"new", 3);
	ff_nor_program(bench.nor, 0x200000, (const uint8_t *)"new", 3);
	ff_nor_erase(bench.nor, 0, BENCH_FLASH_SIZE);
	char found[3];
	ff_nor_read(bench.nor, 0x10000, found, 3);
	assert_memory_equal(found, "old", 3);
	assert_true(ff_nor_is_blank(bench.nor, 0x11000, 3));
	ff_nor_read(bench.nor, 0x200000, found, 3);
	assert_memory_equal(found, "new", 3);
}

/* ---- through the controllers ---- */

struct controller {
	const char *chip;
	uint32_t base, usr, usr1, usr2, w0, mosi_dlen, miso_dlen;
	bool address_at_top;
};

static const struct controller esp8266 = { "esp8266", 0x60000200, 0x1C, 0x20, 0x24, 0x40, 0, 0, true };
static const struct controller esp32 = { "esp32", 0x3FF42000, 0x1C, 0x20, 0x24, 0x80, 0x28, 0x2C, true };
static const struct controller esp32c6 = { "esp32c6", 0x60003000, 0x18, 0x1C, 0x20, 0x58, 0x24, 0x28, false };

static void poke(uint32_t address, uint32_t value)
{
	bench_words(&bench, 0x09, address, value, 0xFFFFFFFF, 0);
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

/* One user command, set up as esptool 5.3 does it: loader.py, run_spiflash_command(). */
static uint32_t command(const struct controller *c, uint8_t opcode, uint32_t data, unsigned out_bits, unsigned in_bits,
			uint32_t address, unsigned address_bits, unsigned dummy_bits)
{
	uint32_t lengths = dummy_bits ? dummy_bits - 1 : 0;
	lengths |= address_bits ? (address_bits - 1) << 26 : 0;
	if (c->mosi_dlen) {
		poke(c->base + c->mosi_dlen, out_bits ? out_bits - 1 : 0);
		poke(c->base + c->miso_dlen, in_bits ? in_bits - 1 : 0);
	} else {
		lengths |= (out_bits ? out_bits - 1 : 0) << 17 | (in_bits ? in_bits - 1 : 0) << 8;
	}
	poke(c->base + c->usr1, lengths);
	poke(c->base + c->usr, 1u << 31 | (address_bits ? 1u << 30 : 0) | (dummy_bits ? 1u << 29 : 0) |
				       (in_bits ? 1u << 28 : 0) | (out_bits ? 1u << 27 : 0));
	poke(c->base + c->usr2, 7u << 28 | opcode);
	poke(c->base + 4, c->address_at_top && address_bits ? address << (32 - address_bits) : address);
	poke(c->base + c->w0, data);
	poke(c->base, 1u << 18);
	return peek(c->base + c->w0);
}

static void open_chip(const struct controller *c)
{
	bench_open(&bench, c->chip, false);
	bench_sync(&bench);
	if (strcmp(c->chip, "esp8266") == 0) {
		bench_words(&bench, 0x02, 0, 0, 0x400, 0);
	} else {
		bench_attach(&bench);
	}
	bench_drop(&bench);
}

static void test_status__sfdp_tells_the_density(void **state)
{
	(void)state;
	static const struct controller *const controllers[] = { &esp8266, &esp32, &esp32c6 };
	for (size_t i = 0; i < 3; i++) {
		open_chip(controllers[i]);
		ff_nor_set_jedec_id(bench.nor, 0x7F4020);
		assert_int_equal(command(controllers[i], 0x9F, 0, 0, 24, 0, 0, 0), 0x7F4020);
		assert_int_equal(command(controllers[i], 0x5A, 0, 0, 32, 0, 24, 8), 0x50444653); /* "SFDP" */
		assert_int_equal(command(controllers[i], 0x5A, 0, 0, 32, 8, 24, 8), 0x09010000);
		assert_int_equal(command(controllers[i], 0x5A, 0, 0, 24, 12, 24, 8), 0x000080);
		assert_int_equal(command(controllers[i], 0x5A, 0, 0, 32, 0x84, 24, 8), BENCH_FLASH_SIZE * 8 - 1);
		assert_int_equal(command(controllers[i], 0x5A, 0, 0, 32, 0, 24, 0), UINT32_MAX);
		bench_close(&bench);
	}
	open_chip(&esp32);
	assert_int_equal(ff_sfdp_byte(128u << 20, 0x87), 0x3F);
	assert_int_equal(ff_sfdp_byte(128u << 20, 0x184), 0xFF);
}

static void test_status__registers_are_written_one_by_one_or_two_at_once(void **state)
{
	(void)state;
	open_chip(&esp8266);
	assert_int_equal(command(&esp8266, 0x35, 0, 0, 8, 0, 0, 0), 0x02);
	command(&esp8266, 0x06, 0, 0, 0, 0, 0, 0);
	assert_int_equal(command(&esp8266, 0x05, 0, 0, 8, 0, 0, 0), 0x02);
	command(&esp8266, 0x01, 0x4004, 16, 0, 0, 0, 0);
	assert_int_equal(command(&esp8266, 0x05, 0, 0, 8, 0, 0, 0), 0x04);
	assert_int_equal(command(&esp8266, 0x35, 0, 0, 8, 0, 0, 0), 0x40);
	bench_close(&bench);
	open_chip(&esp32c6);
	command(&esp32c6, 0x06, 0, 0, 0, 0, 0, 0);
	command(&esp32c6, 0x01, 0xFF04, 8, 0, 0, 0, 0);
	command(&esp32c6, 0x50, 0, 0, 0, 0, 0, 0);
	command(&esp32c6, 0x11, 0x20, 8, 0, 0, 0, 0);
	command(&esp32c6, 0x31, 0x00, 8, 0, 0, 0, 0); /* nobody has allowed it */
	assert_int_equal(command(&esp32c6, 0x05, 0, 0, 8, 0, 0, 0), 0x04);
	assert_int_equal(command(&esp32c6, 0x35, 0, 0, 8, 0, 0, 0), 0x02);
	assert_int_equal(command(&esp32c6, 0x15, 0, 0, 8, 0, 0, 0), 0x20);
	ff_soc_start(bench.soc, true, bench.now);
	bench_wait(&bench, 100 * MS);
	bench_attach(&bench);
	assert_int_equal(command(&esp32c6, 0x05, 0, 0, 8, 0, 0, 0), 0x04);
	assert_int_equal(command(&esp32c6, 0x15, 0, 0, 8, 0, 0, 0), 0x00);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status__nothing_is_written_without_permission),
		cmocka_unit_test(test_status__volatile_bits_are_lost_with_the_power),
		cmocka_unit_test(test_status__read_only_bits_stay),
		cmocka_unit_test(test_status__protects_as_the_datasheet_says),
		TEST(test_status__protected_flash_keeps_what_it_has),
		TEST(test_status__sfdp_tells_the_density),
		TEST(test_status__registers_are_written_one_by_one_or_two_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
