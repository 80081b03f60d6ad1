// SPDX-License-Identifier: Apache-2.0
/* Images of ELF files that are built here section by section. What is expected was worked out by hand from the rules of
 * the image format; the images themselves were compared byte by byte with those of esptool 5.3 for random ELF files of
 * every chip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "bytes.h"
#include "elf.h"
#include "elfchip.h"
#include "elfimage.h"
#include "espimage.h"
#include "test_elfimage_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum ff_status make_with(struct ff_buf *image, const struct ff_elfimage_options *options,
				const struct test_section *sections, struct ff_error *error)
{
	const struct ff_elfchip *chip = ff_elfchip_by_id(options->chip->id);
	struct ff_buf elf = test_elf_make(chip != NULL ? (uint8_t)chip->machine : FF_ELF_XTENSA, sections);
	enum ff_status status;

	ff_buf_init(image, 1 << 24);
	status = ff_elfimage_make(options, elf.bytes, elf.size, image, error);
	ff_buf_release(&elf);
	return status;
}

/* Makes an image and reads it back; it must be whole. */
static struct ff_buf make(struct ff_espimage *parsed, const struct ff_elfimage_options *options,
			  const struct test_section *sections)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_buf image;

	if (make_with(&image, options, sections, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
	assert_int_equal(ff_espimage_parse(parsed, image.bytes, image.size, NULL, &error), FF_OK);
	assert_true(ff_espimage_is_whole(parsed));
	assert_int_equal(parsed->size, image.size);
	assert_ptr_equal(parsed->chip, options->chip);
	return image;
}

struct expected {
	uint32_t address;
	uint32_t size;
	size_t at; /* of the header; 0: not looked at */
};

static void assert_segments(const struct ff_espimage *image, const struct expected *expected, size_t count)
{
	assert_int_equal(image->segment_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(image->segments[i].address, expected[i].address);
		assert_int_equal(image->segments[i].size, expected[i].size);
		if (expected[i].at != 0) {
			assert_int_equal(image->segments[i].at, expected[i].at);
		}
	}
}

static void test_elfimage__writes_every_byte_as_the_format_says(void **state)
{
	static const struct test_section sections[] = { { ".iram0.text", 0x4037C000, 6, 0x11, 0 },
							{ ".dram0.data", 0x3FC80000, 4, 0x22, 0 },
							{ ".dram0.bss", 0x3FC80100, 100, 0, NOBITS },
							{ ".debug_info", 0, 100, 0x33, 0 },
							{ NULL } };
	static const uint8_t expected[64] = {
		0xE9, 2,    2,    0x2F, 0x04, 0x00, 0x38, 0x40, 0xEE, 0,    0,    0,    5,    0,           3,
		0x2C, 0x01, 0x8F, 0x01, 0,    0,    0,    0,    1, /* revisions 3, 300 to 399; a SHA-256 follows */
		0x00, 0x00, 0xC8, 0x3F, 4,    0,    0,    0,    0x22, 0x22, 0x22, 0x22, 0x00, 0xC0,        0x37,
		0x40, 8,    0,    0,    0,    0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0,    0,    [63] = 0xEF,
	};
	struct ff_elfimage_options options = test_elf_options("esp32c3");
	struct ff_espimage parsed;
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct ff_buf image;

	(void)state;
	options.settings = (struct ff_settings){ "dio", "80m", "4MB" };
	options.min_revision_old = 3;
	options.min_revision = 300;
	options.max_revision = 399;
	image = make(&parsed, &options, sections);
	assert_int_equal(image.size, sizeof(expected) + sizeof(digest));
	assert_memory_equal(image.bytes, expected, sizeof(expected));
	SHA256(expected, sizeof(expected), digest);
	assert_memory_equal(image.bytes + sizeof(expected), digest, sizeof(digest));
	ff_buf_release(&image);
}

static void test_elfimage__has_esptools_defaults(void **state)
{
	static const struct test_section sections[] = { { ".iram0.text", 0x40080000, 4, 1, 0 }, { NULL } };
	const struct ff_elfimage_options options = test_elf_options("esp32");
	struct ff_espimage parsed;
	struct ff_buf image;

	(void)state;
	image = make(&parsed, &options, sections);
	assert_int_equal(parsed.flash_mode, 0);
	assert_int_equal(image.bytes[3], 0);
	assert_int_equal(parsed.min_revision, 0);
	assert_int_equal(parsed.max_revision, 0xFFFF);
	ff_buf_release(&image);
}

/* RAM fills the way from one page to the next, zeros the rest of it. */
static void test_elfimage__puts_flash_where_the_mmu_maps_it(void **state)
{
	static const struct test_section sections[] = { { ".iram0.text", 0x4037C000, 0x100, 1, 0 },
							{ ".dram0.data", 0x3FC80000, 0x200, 2, 0 },
							{ ".flash.text", 0x42010020, 0x1000, 3, 0 },
							{ ".flash.rodata", 0x3C000020, 0x8000, 4, 0 },
							{ NULL } };
	static const struct expected expected[] = {
		{ 0x3C000020, 0x8000, 0x18 },        { 0x3FC80000, 0x200, 0x8020 },   { 0x4037C000, 0x100, 0x8228 },
		{ 0, 0x10018 - 0x8330 - 8, 0x8330 }, { 0x42010020, 0x1000, 0x10018 },
	};
	const struct ff_elfimage_options options = test_elf_options("esp32c3");
	struct ff_espimage parsed;
	struct ff_buf image;

	(void)state;
	image = make(&parsed, &options, sections);
	assert_segments(&parsed, expected, COUNT(expected));
	ff_buf_release(&image);
}

static void test_elfimage__splits_ram_that_is_larger_than_the_gap(void **state)
{
	static const struct test_section sections[] = { { ".dram0.data", 0x3FC80000, 0x10000, 2, 0 },
							{ ".flash.text", 0x42010020, 0x100, 3, 0 },
							{ ".flash.rodata", 0x3C000020, 0x8000, 4, 0 },
							{ NULL } };
	static const struct expected expected[] = {
		{ 0x3C000020, 0x8000, 0x18 },
		{ 0x3FC80000, 0x7FF0, 0x8020 },
		{ 0x42010020, 0x100, 0x10018 },
		{ 0x3FC87FF0, 0x8010, 0 },
	};
	const struct ff_elfimage_options options = test_elf_options("esp32c3");
	struct ff_espimage parsed;
	struct ff_buf image;

	(void)state;
	image = make(&parsed, &options, sections);
	assert_segments(&parsed, expected, COUNT(expected));
	ff_buf_release(&image);
}

/* What touches becomes one segment, also over the padding of a section, but not over a kind of memory. */
static void test_elfimage__joins_sections(void **state)
{
	static const struct test_section sections[] = {
		{ ".dram0.data", 0x3FC80000, 6, 1, 0 },  { ".dram0.more", 0x3FC80008, 8, 2, 0 },
		{ ".dram0.apart", 0x3FC80014, 4, 3, 0 }, { ".dram0.end", 0x3FCDFFFC, 4, 4, 0 },
		{ ".beyond", 0x3FCE0000, 4, 5, 0 },      { NULL }
	};
	static const struct expected expected[] = {
		{ 0x3FC80000, 16, 0 }, { 0x3FC80014, 4, 0 }, { 0x3FCDFFFC, 4, 0 }, { 0x3FCE0000, 4, 0 }
	};
	const struct ff_elfimage_options options = test_elf_options("esp32c3");
	struct ff_espimage parsed;
	struct ff_buf image;

	(void)state;
	image = make(&parsed, &options, sections);
	assert_segments(&parsed, expected, COUNT(expected));
	assert_memory_equal(image.bytes + 32, "\1\1\1\1\1\1\0\0\2\2", 10);
	ff_buf_release(&image);
}

/* ESP-IDF wants its descriptions first, the application's with the ELF file's digest in it. */
static void test_elfimage__puts_descriptions_first(void **state)
{
	static const struct test_section app[] = { { ".flash.text", 0x42000020, 0x100, 3, 0 },
						   { ".flash.appdesc", 0x42010020, 0x100, 0, 0 },
						   { ".flash.rodata", 0x42010120, 0x100, 4, 0 },
						   { NULL } };
	static const struct test_section bootloader[] = { { ".dram0.data", 0x40800000, 8, 1, 0 },
							  { ".dram0.bootdesc", 0x40800100, 80, 2, 0 },
							  { NULL } };
	const struct ff_elfimage_options options = test_elf_options("esp32c5");
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct ff_buf elf = test_elf_make(FF_ELF_RISCV, app), image;
	struct ff_espimage parsed;

	(void)state;
	image = make(&parsed, &options, app);
	assert_int_equal(parsed.segments[0].address, 0x42010020);
	assert_int_equal(parsed.segments[0].size, 0x200);
	SHA256(elf.bytes, elf.size, digest);
	assert_memory_equal(image.bytes + 0xB0, digest, sizeof(digest));
	ff_buf_release(&image);
	ff_buf_release(&elf);
	image = make(&parsed, &options, bootloader);
	assert_int_equal(parsed.segments[0].address, 0x40800100);
	ff_buf_release(&image);
}

/* The ESP32's bootloader does not map a last page with less than 0x24 bytes on it. */
static void test_elfimage__lengthens_a_segment_that_just_reaches_a_page(void **state)
{
	static const struct {
		const char *chip;
		struct test_section sections[2];
		uint32_t size;
	} cases[] = {
		{ "esp32", { { ".flash.rodata", 0x3F400020, 0xFFE0, 1, 0 } }, 0xFFE0 + 0x24 },
		{ "esp32", { { ".flash.rodata", 0x3F400020, 0xFFE4, 1, 0 } }, 0xFFE0 + 0x24 },
		{ "esp32", { { ".flash.rodata", 0x3F400020, 0xFFDC, 1, 0 } }, 0xFFDC },
		{ "esp32", { { ".flash.rodata", 0x3F400020, 0x10004, 1, 0 } }, 0x10004 },
		{ "esp32s3", { { ".flash.rodata", 0x3C000020, 0xFFE0, 1, 0 } }, 0xFFE0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct ff_elfimage_options options = test_elf_options(cases[i].chip);
		struct ff_espimage parsed;
		struct ff_buf image = make(&parsed, &options, cases[i].sections);

		assert_int_equal(parsed.segments[0].size, cases[i].size);
		ff_buf_release(&image);
	}
}

static uint32_t second_at(const struct ff_elfimage_options *options, uint8_t page_power, uint32_t text)
{
	const struct test_section sections[] = { { ".flash.appdesc", 0x42800020, 0x100, page_power, 0 },
						 { ".flash.text", text, 0x100, 3, 0 },
						 { NULL } };
	struct ff_espimage parsed;
	struct ff_buf image = make(&parsed, options, sections);
	size_t last = parsed.segment_count - 1;

	for (size_t i = 0; i < parsed.segment_count; i++) {
		if (parsed.segments[i].address == text) {
			last = i;
		}
	}
	ff_buf_release(&image);
	return (uint32_t)parsed.segments[last].at + 8;
}

static void test_elfimage__finds_the_page_size(void **state)
{
	struct ff_elfimage_options options = test_elf_options("esp32c6");

	(void)state;
	assert_int_equal(second_at(&options, 16, 0x42000020), 0x10020);
	assert_int_equal(second_at(&options, 15, 0x42000020), 0x8020);
	assert_int_equal(second_at(&options, 14, 0x42000020), 0x4020);
	assert_int_equal(second_at(&options, 0, 0x42000020), 0x10020); /* not said: by its address */
	options.mmu_page = 0x2000;
	assert_int_equal(second_at(&options, 16, 0x42000020), 0x2020);
	options = test_elf_options("esp32s31"); /* 0x42800020 is flash there too */
	assert_int_equal(second_at(&options, 17, 0x42000020), 0x20020);
	options = test_elf_options("esp32p4"); /* it has one size, whatever is said */
	assert_int_equal(second_at(&options, 15, 0x42000020), 0x10020);
}

static void refuse(const struct ff_elfimage_options *options, const struct test_section *sections,
		   enum ff_status expected, const char *why)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_buf image;

	assert_int_equal(make_with(&image, options, sections, &error), expected);
	if (strstr(error.text, why) == NULL) {
		fail_msg("'%s' does not say '%s'", error.text, why);
	}
	ff_buf_release(&image);
}

static void test_elfimage__refuses_what_no_image_can_hold(void **state)
{
	static const struct test_section ram[] = { { ".dram0.data", 0x3FC80000, 4, 1, 0 }, { NULL } };
	static const struct test_section same_page[] = { { ".flash.a", 0x3C000020, 4, 1, 0 },
							 { ".flash.b", 0x3C00FFF0, 4, 1, 0 },
							 { NULL } };
	static const struct test_section bss[] = { { ".bss", 0x3FC80000, 4, 0, NOBITS }, { NULL } };
	static const struct test_section taken[] = { { ".flash.appdesc", 0x3C000020, 0x100, 0, 0 },
						     { ".flash.rodata", 0x3C010020, 0x100, 0, 0 },
						     { NULL } };
	struct test_section many[18] = { { NULL } };
	struct ff_elfimage_options options = test_elf_options("esp8266");

	(void)state;
	refuse(&options, ram, FF_ERR_UNSUPPORTED, "the ESP8266 has images of another make");
	options = test_elf_options("esp32c3");
	refuse(&options, same_page, FF_ERR_FORMAT, "0x3c000020 and 0x3c00fff0 lie in one page of 64 KiB");
	refuse(&options, bss, FF_ERR_EMPTY, "nothing to load");
	for (uint32_t i = 0; i < 17; i++) {
		many[i] = (struct test_section){ "x", 0x3FC80000 + 16 * i, 4, 1, 0 };
	}
	refuse(&options, many, FF_ERR_FORMAT, "more than 16 separate pieces");
	options.mmu_page = 0x8000;
	refuse(&options, taken, FF_ERR_ARGUMENT, "the ESP32-C3's MMU has no pages of 32 KiB");
	options.mmu_page = 0;
	options.settings.size = "3MB";
	refuse(&options, ram, FF_ERR_ARGUMENT, "--flash-size '3MB'");
}

static void test_elfimage__refuses_other_files(void **state)
{
	static const struct test_section ram[] = { { ".dram0.data", 0x3FC80000, 4, 1, 0 }, { NULL } };
	const struct ff_elfimage_options options = test_elf_options("esp32c3");
	struct ff_buf elf = test_elf_make(FF_ELF_XTENSA, ram), image;
	struct ff_error error = FF_ERROR_NONE;

	(void)state;
	ff_buf_init(&image, 1 << 20);
	assert_int_equal(ff_elfimage_make(&options, elf.bytes, elf.size, &image, &error), FF_ERR_WRONG_CHIP);
	assert_non_null(strstr(error.text, "for an Xtensa processor, and the ESP32-C3 has another"));
	elf.bytes[18] = FF_ELF_RISCV;
	for (size_t cut = 0; cut < elf.size; cut++) {
		assert_int_not_equal(ff_elfimage_make(&options, elf.bytes, cut, &image, NULL), FF_OK);
	}
	elf.bytes[48] = 0;
	error = (struct ff_error)FF_ERROR_NONE;
	assert_int_equal(ff_elfimage_make(&options, elf.bytes, elf.size, &image, &error), FF_ERR_FORMAT);
	assert_non_null(strstr(error.text, "was it stripped?"));
	ff_buf_release(&image);
	ff_buf_release(&elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elfimage__writes_every_byte_as_the_format_says),
		cmocka_unit_test(test_elfimage__has_esptools_defaults),
		cmocka_unit_test(test_elfimage__puts_flash_where_the_mmu_maps_it),
		cmocka_unit_test(test_elfimage__splits_ram_that_is_larger_than_the_gap),
		cmocka_unit_test(test_elfimage__joins_sections),
		cmocka_unit_test(test_elfimage__puts_descriptions_first),
		cmocka_unit_test(test_elfimage__lengthens_a_segment_that_just_reaches_a_page),
		cmocka_unit_test(test_elfimage__finds_the_page_size),
		cmocka_unit_test(test_elfimage__refuses_what_no_image_can_hold),
		cmocka_unit_test(test_elfimage__refuses_other_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
