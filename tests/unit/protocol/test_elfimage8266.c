// SPDX-License-Identifier: Apache-2.0
/* Images for the ESP8266. What is expected was worked out by hand from the rules of the three forms; the images
 * themselves were compared byte by byte with those of esptool 5.3 for random ELF files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "bytes.h"
#include "elf.h"
#include "elfimage8266.h"
#include "espimage.h"
#include "test_elfimage_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct test_section app[] = {
	{ ".data", 0x3FFE8000, 5, 0x11, 0 }, { ".bss", 0x3FFE8100, 100, 0, NOBITS },
	{ ".text", 0x40100000, 4, 0x22, 0 }, { ".irom0.text", 0x40210000, 5, 0x33, 0 },
	{ ".debug_info", 0, 100, 0x44, 0 },  { NULL }
};

/* What the ROM loads of it, without padding and checksum (0xFE). */
#define RAM_PART \
	0xE9, 2, 0, 0x20, 0x04, 0x00, 0x38, 0x40, 0x00, 0x80, 0xFE, 0x3F, 8, 0, 0, 0, 0x11, 0x11, 0x11, 0x11, 0x11, 0, \
		0, 0, 0x00, 0x00, 0x10, 0x40, 4, 0, 0, 0, 0x22, 0x22, 0x22, 0x22

static enum ff_status make_with(struct ff_elfimage8266 *made, const struct ff_elfimage_options *options,
				unsigned version, uint8_t machine, const struct test_section *sections,
				struct ff_error *error)
{
	struct ff_buf elf = test_elf_make(machine, sections);
	enum ff_status status;

	ff_elfimage8266_init(made, 1 << 20);
	status = ff_elfimage8266_make(made, options, version, elf.bytes, elf.size, error);
	ff_buf_release(&elf);
	return status;
}

static struct ff_elfimage8266 make(unsigned version, const struct test_section *sections)
{
	const struct ff_elfimage_options options = test_elf_options("esp8266");
	struct ff_error error = FF_ERROR_NONE;
	struct ff_elfimage8266 made;

	if (make_with(&made, &options, version, FF_ELF_XTENSA, sections, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
	return made;
}

static void test_elfimage8266__version_1_is_what_the_rom_loads_and_the_rest_beside_it(void **state)
{
	static const uint8_t expected[48] = { RAM_PART, [47] = 0xFE };
	struct ff_elfimage8266 made = make(1, app);

	(void)state;
	assert_int_equal(made.image.size, sizeof(expected));
	assert_memory_equal(made.image.bytes, expected, sizeof(expected));
	assert_int_equal(made.irom.size, 8);
	assert_memory_equal(made.irom.bytes, "\x33\x33\x33\x33\x33\0\0\0", 8);
	assert_int_equal(made.irom_at, 0x10000);
	ff_elfimage8266_release(&made);
}

static void test_elfimage8266__version_1_can_do_without_flash(void **state)
{
	static const struct test_section sections[] = { { ".text", 0x40100000, 4, 0x22, 0 }, { NULL } };
	struct ff_elfimage8266 made = make(1, sections);

	(void)state;
	assert_int_equal(made.image.size, 32);
	assert_int_equal(made.irom.size, 0);
	assert_int_equal(made.irom_at, 0);
	ff_elfimage8266_release(&made);
}

/* The CRC is the usual one, turned over where it would be negative and one more where not. */
static void test_elfimage8266__version_2_is_one_file_with_a_crc(void **state)
{
	static const struct {
		uint8_t fill;
		uint32_t crc;
	} cases[] = { { 0x33, 0x5DAB2DE7 }, { 0x35, 0x08CC83EE } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const uint8_t fill = cases[i].fill;
		const uint8_t expected[80] = { 0xEA, 4, 0, 0x20, 0x04, 0x00, 0x38, 0x40, 0,        0,          0, 0,
					       16,   0, 0, 0,    fill, fill, fill, fill, fill,     0,          0, 0,
					       0,    0, 0, 0,    0,    0,    0,    0,    RAM_PART, [79] = 0xFE };
		struct test_section sections[COUNT(app)];
		struct ff_elfimage8266 made;

		memcpy(sections, app, sizeof(app));
		sections[3].fill = fill;
		made = make(2, sections);
		assert_int_equal(made.image.size, sizeof(expected) + 4);
		assert_memory_equal(made.image.bytes, expected, sizeof(expected));
		assert_int_equal(ff_get_le32(made.image.bytes + sizeof(expected)), cases[i].crc);
		assert_int_equal(made.irom.size, 0);
		assert_int_equal(made.irom_at, 0x10000);
		ff_elfimage8266_release(&made);
	}
}

/* Flash first, without the gap in front of its constants, then RAM by address; sizes as the ESP32 numbers them. */
static void test_elfimage8266__version_3_is_like_the_esp32s(void **state)
{
	static const struct test_section sections[] = { { ".iram0.text", 0x40100000, 4, 0x22, 0 },
							{ ".dram0.data", 0x3FFE8000, 5, 0x11, 0 },
							{ ".flash.rodata", 0x40230000, 12, 0x55, 0 },
							{ ".flash.text", 0x40210010, 4, 0x33, 0 },
							{ NULL } };
	static const uint8_t expected[64] = { 0xE9, 4,    0,    0,    0x04, 0x00, 0x38, 0x40, 0x10, 0x00, 0x21,
					      0x40, 4,    0,    0,    0,    0x33, 0x33, 0x33, 0x33, 0x00, 0x00,
					      0x23, 0x40, 4,    0,    0,    0,    0x55, 0x55, 0x55, 0x55, 0x00,
					      0x80, 0xFE, 0x3F, 8,    0,    0,    0,    0x11, 0x11, 0x11, 0x11,
					      0x11, 0,    0,    0,    0x00, 0x00, 0x10, 0x40, 4,    0,    0,
					      0,    0x22, 0x22, 0x22, 0x22, 0,    0,    0,    0xFE };
	struct ff_elfimage8266 made = make(3, sections);
	uint8_t digest[SHA256_DIGEST_LENGTH];

	(void)state;
	assert_int_equal(made.image.size, sizeof(expected) + sizeof(digest));
	assert_memory_equal(made.image.bytes, expected, sizeof(expected));
	SHA256(expected, sizeof(expected), digest);
	assert_memory_equal(made.image.bytes + sizeof(expected), digest, sizeof(digest));
	assert_int_equal(made.irom.size, 0);
	ff_elfimage8266_release(&made);
}

static void test_elfimage8266__version_3_gets_the_elf_files_digest(void **state)
{
	static const struct test_section sections[] = { { ".flash.appdesc", 0x40210010, 0x100, 0, 0 },
							{ ".iram0.text", 0x40100000, 4, 0x22, 0 },
							{ NULL } };
	struct ff_buf elf = test_elf_make(FF_ELF_XTENSA, sections);
	struct ff_elfimage8266 made = make(3, sections);
	uint8_t digest[SHA256_DIGEST_LENGTH];

	(void)state;
	SHA256(elf.bytes, elf.size, digest);
	assert_memory_equal(made.image.bytes + 0xB0, digest, sizeof(digest));
	ff_elfimage8266_release(&made);
	ff_buf_release(&elf);
}

/* What is made can be read: as each form says it, and whole. */
static void test_elfimage8266__makes_what_can_be_read_back(void **state)
{
	(void)state;
	for (unsigned version = 1; version <= FF_ELFIMAGE8266_VERSIONS; version++) {
		struct ff_elfimage8266 made = make(version, app);
		struct ff_espimage parsed;

		assert_int_equal(ff_espimage_parse(&parsed, made.image.bytes, made.image.size, NULL, NULL), FF_OK);
		assert_true(ff_espimage_is_whole(&parsed));
		assert_ptr_equal(parsed.chip, ff_imagechip_by_name("esp8266"));
		assert_int_equal(parsed.version, version == 2 ? 2 : 1);
		assert_int_equal(parsed.segment_count, version == 1 ? 2 : 3);
		ff_elfimage8266_release(&made);
	}
}

static void test_elfimage8266__takes_settings(void **state)
{
	struct ff_elfimage_options options = test_elf_options("esp8266");
	struct ff_elfimage8266 made;

	(void)state;
	options.settings = (struct ff_settings){ "dout", "80m", "4MB-c1" };
	assert_int_equal(make_with(&made, &options, 1, FF_ELF_XTENSA, app, NULL), FF_OK);
	assert_memory_equal(made.image.bytes + 2, "\x03\x6F", 2);
	ff_elfimage8266_release(&made);
	options.settings.size = "keep"; /* as in an image that has none yet */
	assert_int_equal(make_with(&made, &options, 2, FF_ELF_XTENSA, app, NULL), FF_OK);
	assert_memory_equal(made.image.bytes + 2, "\x03\x2F", 2);
	assert_memory_equal(made.image.bytes + 34, "\x03\x2F", 2);
	ff_elfimage8266_release(&made);
	options.settings.size = "64MB"; /* which version 3 numbers as the ESP32 */
	assert_int_equal(make_with(&made, &options, 3, FF_ELF_XTENSA, app, NULL), FF_OK);
	assert_memory_equal(made.image.bytes + 2, "\x03\x6F", 2);
	ff_elfimage8266_release(&made);
}

static void refuse(unsigned version, uint8_t machine, const struct test_section *sections, enum ff_status expected,
		   const char *why)
{
	const struct ff_elfimage_options options = test_elf_options("esp8266");
	struct ff_error error = FF_ERROR_NONE;
	struct ff_elfimage8266 made;

	assert_int_equal(make_with(&made, &options, version, machine, sections, &error), expected);
	if (strstr(error.text, why) == NULL) {
		fail_msg("'%s' does not say '%s'", error.text, why);
	}
	ff_elfimage8266_release(&made);
}

static void test_elfimage8266__refuses_what_no_image_can_hold(void **state)
{
	static const struct test_section two[] = { { ".text", 0x40100000, 4, 1, 0 },
						   { ".irom0.text", 0x40210000, 4, 1, 0 },
						   { ".irom0.more", 0x40210100, 4, 1, 0 },
						   { NULL } };
	static const struct test_section flash[] = { { ".irom0.text", 0x40210000, 4, 1, 0 }, { NULL } };
	static const struct test_section ram[] = { { ".text", 0x40100000, 4, 1, 0 }, { NULL } };

	(void)state;
	for (unsigned version = 1; version <= 2; version++) {
		refuse(version, FF_ELF_XTENSA, two, FF_ERR_FORMAT, "0x40210000 and 0x40210100 are both in flash");
		refuse(version, FF_ELF_XTENSA, flash, FF_ERR_FORMAT, "nothing for RAM");
	}
	refuse(3, FF_ELF_XTENSA, two, FF_ERR_FORMAT, "0x40210000 and 0x40210100 lie in one page of 64 KiB");
	refuse(2, FF_ELF_XTENSA, ram, FF_ERR_FORMAT, "version 1 does without");
	refuse(1, FF_ELF_RISCV, ram, FF_ERR_WRONG_CHIP, "for a RISC-V processor");
}

static void test_elfimage8266__keeps_to_its_cap(void **state)
{
	static const struct test_section large[] = { { ".text", 0x40100000, 4, 1, 0 },
						     { ".irom0.text", 0x40210000, 0x100000, 1, 0 },
						     { NULL } };

	(void)state;
	for (unsigned version = 1; version <= FF_ELFIMAGE8266_VERSIONS; version++) {
		refuse(version, FF_ELF_XTENSA, large, FF_ERR_TOO_LARGE, "larger than any flash");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elfimage8266__version_1_is_what_the_rom_loads_and_the_rest_beside_it),
		cmocka_unit_test(test_elfimage8266__version_1_can_do_without_flash),
		cmocka_unit_test(test_elfimage8266__version_2_is_one_file_with_a_crc),
		cmocka_unit_test(test_elfimage8266__version_3_is_like_the_esp32s),
		cmocka_unit_test(test_elfimage8266__version_3_gets_the_elf_files_digest),
		cmocka_unit_test(test_elfimage8266__makes_what_can_be_read_back),
		cmocka_unit_test(test_elfimage8266__takes_settings),
		cmocka_unit_test(test_elfimage8266__refuses_what_no_image_can_hold),
		cmocka_unit_test(test_elfimage8266__keeps_to_its_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
