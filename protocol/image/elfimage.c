// SPDX-License-Identifier: Apache-2.0
#include "elfimage.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "bytes.h"
#include "elf.h"
#include "elfchip.h"
#include "espimage.h"
#include "imageheader.h"

#define SEGMENT_HEADER_SIZE 8
#define MAX_SEGMENTS FF_IMAGEHEADER_MAX_SEGMENTS
#define MAX_SEGMENT_SIZE 0x1000000
#define CHECKSUM_SEED 0xEF
#define CHECKSUM_ALIGNMENT 16
#define MODE_QIO 0
#define SIZE_1MB 0

#define APP_SECTION ".flash.appdesc"
#define BOOTLOADER_SECTION ".dram0.bootdesc"
#define APP_MAGIC 0xABCD5432
#define APP_SIZE 256
#define APP_PAGE_AT 180         /* in the description: the MMU's page size, as a power of two */
#define APP_ELF_DIGEST_AT 0xB0u /* in the image */

/* ESP-IDF's bootloader for the ESP32 does not map a last page with fewer bytes than this. */
#define ESP32_LEAST_ON_PAGE 0x24

struct segment {
	const char *name; /* of its first section */
	uint32_t address;
	size_t at; /* in builder.data */
	size_t size;
};

struct list {
	struct segment items[MAX_SEGMENTS];
	size_t count;
};

struct builder {
	const struct ff_elfimage_options *options;
	const struct ff_elfchip *chip;
	struct ff_error *error;
	struct ff_elf_sections sections;
	struct ff_buf data; /* all sections, one after the other */
	struct list flash;
	struct list ram;
	uint32_t page;
	uint8_t elf_digest[SHA256_DIGEST_LENGTH];
	bool places_digest;
	struct ff_buf *image;
	size_t start; /* of the image in that buffer */
	unsigned written;
	uint8_t checksum;
};

static enum ff_status fail_append(struct builder *builder, enum ff_status status)
{
	return ff_error_set(builder->error, status, "%s",
			    status == FF_ERR_TOO_LARGE ? "the image would be larger than any flash" : "out of memory");
}

static enum ff_status append(struct builder *builder, struct ff_buf *buf, const void *bytes, size_t size)
{
	enum ff_status status = ff_buf_append(buf, bytes, size);

	return status == FF_OK ? FF_OK : fail_append(builder, status);
}

static enum ff_status append_zeros(struct builder *builder, struct ff_buf *buf, size_t size)
{
	static const uint8_t zeros[256];
	enum ff_status status = FF_OK;

	while (size > 0 && status == FF_OK) {
		size_t part = size < sizeof(zeros) ? size : sizeof(zeros);

		status = append(builder, buf, zeros, part);
		size -= part;
	}
	return status;
}

static size_t position(const struct builder *builder)
{
	return builder->image->size - builder->start;
}

/* Both addresses are of the same kinds of memory. */
static bool same_memory(const struct ff_memmap_range *map, uint32_t a, uint32_t b)
{
	for (; map->name != NULL; map++) {
		if ((a >= map->from && a < map->to) != (b >= map->from && b < map->to)) {
			return false;
		}
	}
	return true;
}

/* Whether a section continues the segment that ends with the section before it. Memory is compared by where that section
 * begins, because esptool joins from the back. */
static bool continues(const struct builder *builder, const struct segment *segment, const struct ff_elf_section *before,
		      const struct ff_elf_section *section)
{
	return (uint64_t)segment->address + segment->size == section->address &&
	       same_memory(builder->options->chip->memory, before->address, section->address);
}

static enum ff_status add_section(struct builder *builder, struct list *list, size_t index)
{
	const struct ff_elf_section *section = &builder->sections.items[index];
	size_t padding = (4 - section->size % 4) % 4;
	enum ff_status status;

	if (index == 0 || !continues(builder, &list->items[list->count - 1], section - 1, section)) {
		if (list->count == MAX_SEGMENTS) {
			return ff_error_set(
				builder->error, FF_ERR_FORMAT,
				"the ELF file has more than %d separate pieces, and no image holds more: is "
				"its linker script right?",
				MAX_SEGMENTS);
		}
		list->items[list->count++] = (struct segment){ .name = section->name,
							       .address = section->address,
							       .at = builder->data.size };
	}
	list->items[list->count - 1].size += section->size + padding;
	status = append(builder, &builder->data, section->bytes, section->size);
	return status == FF_OK ? append_zeros(builder, &builder->data, padding) : status;
}

static int by_address(const void *a, const void *b)
{
	const struct segment *left = a, *right = b;

	if (left->address != right->address) {
		return left->address < right->address ? -1 : 1;
	}
	return left->at < right->at ? -1 : left->at > right->at; /* as in the file */
}

/* The descriptions are looked for in the first segment of their kind. */
static void move_to_front(struct list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, name) == 0) {
			struct segment first = list->items[i];

			memmove(&list->items[1], &list->items[0], i * sizeof(first));
			list->items[0] = first;
			return;
		}
	}
}

static enum ff_status check_pages(struct builder *builder)
{
	const struct list *flash = &builder->flash;

	for (size_t i = 1; i < flash->count; i++) {
		uint32_t before = flash->items[i - 1].address, here = flash->items[i].address;

		if (here / builder->page == before / builder->page) {
			return ff_error_set(builder->error, FF_ERR_FORMAT,
					    "the pieces for 0x%08x and 0x%08x lie in one page of %u KiB of the flash "
					    "mapping, and no image can hold both: is the linker script right?",
					    before, here, builder->page / 1024);
		}
	}
	return FF_OK;
}

/* Sections that follow each other become segments, and those a list for flash and one for RAM. */
static enum ff_status sort(struct builder *builder)
{
	struct list all = { .count = 0 };
	enum ff_status status = FF_OK;

	for (size_t i = 0; i < builder->sections.count && status == FF_OK; i++) {
		status = add_section(builder, &all, i);
	}
	if (status != FF_OK) {
		return status;
	}
	qsort(all.items, all.count, sizeof(all.items[0]), by_address);
	for (size_t i = 0; i < all.count; i++) {
		struct list *list =
			ff_elfchip_is_flash(builder->chip, all.items[i].address) ? &builder->flash : &builder->ram;

		list->items[list->count++] = all.items[i];
	}
	move_to_front(&builder->flash, APP_SECTION);
	move_to_front(&builder->ram, BOOTLOADER_SECTION);
	return check_pages(builder);
}

/* The section with ESP-IDF's description of an application that runs from flash, or NULL. */
static const struct ff_elf_section *find_app(const struct builder *builder)
{
	for (size_t i = 0; i < builder->sections.count; i++) {
		const struct ff_elf_section *section = &builder->sections.items[i];

		if (strstr(section->name, APP_SECTION) != NULL) {
			return ff_elfchip_is_flash(builder->chip, section->address) ? section : NULL;
		}
	}
	return NULL;
}

/* ESP-IDF says the page size in the description since 5.4; before, the linker put the description behind the headers at
 * the start of a page. 0: it cannot be told. */
static uint32_t page_of_app(const struct builder *builder, const struct ff_elf_section *app)
{
	uint8_t power = app->size >= APP_SIZE ? app->bytes[APP_PAGE_AT] : 0;

	if (app->size < APP_SIZE || ff_get_le32(app->bytes) != APP_MAGIC) {
		return 0;
	}
	if (power > 0) {
		return power < 32 ? UINT32_C(1) << power : UINT32_MAX;
	}
	for (size_t i = 0; i < FF_ELFCHIP_MAX_PAGES; i++) {
		uint32_t page = builder->chip->pages[i];

		if (page != 0 && (app->address - FF_IMAGEHEADER_FULL_SIZE - SEGMENT_HEADER_SIZE) % page == 0) {
			return page;
		}
	}
	return 0;
}

static enum ff_status choose_page(struct builder *builder, const struct ff_elf_section *app)
{
	uint32_t page = builder->options->mmu_page;

	if (page == 0 && app != NULL && builder->chip->pages[0] != 0) {
		page = page_of_app(builder, app);
	}
	builder->page = page != 0 ? page : FF_ELFCHIP_PAGE;
	if (!ff_elfchip_has_page(builder->chip, builder->page)) {
		return ff_error_set(builder->error, FF_ERR_ARGUMENT, "the %s's MMU has no pages of %u KiB",
				    builder->options->chip->name, builder->page / 1024);
	}
	return FF_OK;
}

static uint8_t code_of(const struct ff_imagechip_word *list, const char *word, uint8_t otherwise)
{
	const struct ff_imagechip_word *row = word != NULL ? ff_imagechip_find_word(list, word) : NULL;

	return row != NULL ? row->value : otherwise;
}

/* The number of segments is not known yet. */
static enum ff_status put_header(struct builder *builder)
{
	const struct ff_elfimage_options *options = builder->options;
	const struct ff_settings *settings = &options->settings;
	const struct ff_imageheader header = { .magic = FF_IMAGEHEADER_MAGIC,
					       .flash_mode = code_of(ff_imagechip_modes, settings->mode, MODE_QIO),
					       .flash_size = code_of(options->chip->sizes, settings->size, SIZE_1MB),
					       .flash_freq = code_of(options->chip->freqs, settings->freq, 0),
					       .entry = builder->sections.entry,
					       .wp_pin = FF_ESPIMAGE_NO_WP_PIN,
					       .chip_id = options->chip->id,
					       .min_revision_old = options->min_revision_old,
					       .min_revision = options->min_revision,
					       .max_revision = options->max_revision,
					       .has_digest = 1 };
	uint8_t bytes[FF_IMAGEHEADER_FULL_SIZE];

	ff_imageheader_write(&header, bytes);
	return append(builder, builder->image, bytes, sizeof(bytes));
}

/* Puts the ELF file's SHA-256 where the application description keeps it, if the segment written last from `from` on has
 * that place. */
static enum ff_status place_digest(struct builder *builder, size_t from)
{
	uint8_t *place = builder->image->bytes + builder->start + APP_ELF_DIGEST_AT;
	size_t end = position(builder);

	if (!builder->places_digest || APP_ELF_DIGEST_AT < from || APP_ELF_DIGEST_AT >= end) {
		return FF_OK;
	}
	if (APP_ELF_DIGEST_AT < from + SEGMENT_HEADER_SIZE || end - APP_ELF_DIGEST_AT < sizeof(builder->elf_digest)) {
		return ff_error_set(builder->error, FF_ERR_FORMAT,
				    "the ELF file's application description is not where its SHA-256 belongs");
	}
	for (size_t i = 0; i < sizeof(builder->elf_digest); i++) {
		if (place[i] != 0) {
			return ff_error_set(builder->error, FF_ERR_FORMAT,
					    "the ELF file has other data where its SHA-256 belongs in the image");
		}
	}
	memcpy(place, builder->elf_digest, sizeof(builder->elf_digest));
	return FF_OK;
}

/* Appends a segment with `zeros` bytes behind its data; without bytes it is padding. */
static enum ff_status put_segment(struct builder *builder, const struct segment *segment, size_t zeros)
{
	size_t from = position(builder), size = segment->size + zeros;
	uint8_t header[SEGMENT_HEADER_SIZE];
	enum ff_status status;

	if (size % 4 != 0 || size >= MAX_SEGMENT_SIZE) {
		return ff_error_set(builder->error, FF_ERR_FORMAT,
				    "the piece for 0x%08x would have 0x%zx bytes in the image, and a segment has a "
				    "multiple of 4 below 16 MiB",
				    segment->address, size);
	}
	ff_put_le32(header, segment->address);
	ff_put_le32(header + 4, (uint32_t)size);
	status = append(builder, builder->image, header, sizeof(header));
	if (status == FF_OK && segment->size > 0) {
		status = append(builder, builder->image, builder->data.bytes + segment->at, segment->size);
	}
	if (status == FF_OK) {
		status = append_zeros(builder, builder->image, zeros);
	}
	if (status == FF_OK) {
		status = place_digest(builder, from);
	}
	if (status != FF_OK) {
		return status;
	}
	for (size_t i = from + SEGMENT_HEADER_SIZE; i < position(builder); i++) {
		builder->checksum ^= builder->image->bytes[builder->start + i];
	}
	builder->written++;
	return FF_OK;
}

/* Bytes of data that a padding segment needs, so that the data of the segment behind it lies as deep in a page of the
 * file as in a page of memory. Now and then that is a page more than the least, as esptool has it. */
static size_t padding_before(const struct builder *builder, const struct segment *segment)
{
	int64_t page = builder->page;
	int64_t size = page - (int64_t)position(builder) % page + segment->address % page - SEGMENT_HEADER_SIZE;

	if (size == 0 || size == page) {
		return 0;
	}
	size -= SEGMENT_HEADER_SIZE; /* the padding's own */
	return (size_t)(size < 0 ? size + page : size);
}

/* Whether a segment put now has its data as deep in a page of the file as in one of memory. */
static bool is_in_place(const struct builder *builder, const struct segment *segment)
{
	return (position(builder) + SEGMENT_HEADER_SIZE) % builder->page == segment->address % builder->page;
}

/* Fills the way to the next page with what RAM needs anyway, or with zeros. */
static enum ff_status put_padding(struct builder *builder, size_t size)
{
	struct list *ram = &builder->ram;
	const struct segment none = { .size = 0 };
	struct segment part;
	enum ff_status status;

	if (ram->count == 0 || size <= SEGMENT_HEADER_SIZE) {
		return put_segment(builder, &none, size);
	}
	part = ram->items[0];
	part.size = part.size < size ? part.size : size;
	status = put_segment(builder, &part, 0);
	ram->items[0].address += (uint32_t)part.size;
	ram->items[0].at += part.size;
	ram->items[0].size -= part.size;
	if (ram->items[0].size == 0) {
		memmove(&ram->items[0], &ram->items[1], --ram->count * sizeof(part));
	}
	return status;
}

static enum ff_status put_flash(struct builder *builder, const struct segment *segment)
{
	size_t zeros = 0;
	enum ff_status status = FF_OK;

	/* One piece of RAM may not be enough. */
	while (status == FF_OK && !is_in_place(builder, segment)) {
		status = put_padding(builder, padding_before(builder, segment));
	}
	if (status == FF_OK && builder->options->chip->id == 0) {
		size_t on_page = (position(builder) + SEGMENT_HEADER_SIZE + segment->size) % builder->page;

		zeros = on_page < ESP32_LEAST_ON_PAGE ? ESP32_LEAST_ON_PAGE - on_page : 0;
	}
	return status == FF_OK ? put_segment(builder, segment, zeros) : status;
}

static enum ff_status put_end(struct builder *builder)
{
	size_t padding = CHECKSUM_ALIGNMENT - 1 - position(builder) % CHECKSUM_ALIGNMENT;
	uint8_t digest[SHA256_DIGEST_LENGTH];
	enum ff_status status;

	if (builder->written > MAX_SEGMENTS) {
		return ff_error_set(
			builder->error, FF_ERR_FORMAT,
			"the image would have %u segments, with the padding between them, and %d are the most",
			builder->written, MAX_SEGMENTS);
	}
	builder->image->bytes[builder->start + 1] = (uint8_t)builder->written;
	status = append_zeros(builder, builder->image, padding);
	if (status == FF_OK) {
		status = append(builder, builder->image, &builder->checksum, 1);
	}
	if (status == FF_OK) {
		SHA256(builder->image->bytes + builder->start, position(builder), digest);
		status = append(builder, builder->image, digest, sizeof(digest));
	}
	return status;
}

static enum ff_status put_image(struct builder *builder)
{
	enum ff_status status = put_header(builder);

	for (size_t i = 0; i < builder->flash.count && status == FF_OK; i++) {
		status = put_flash(builder, &builder->flash.items[i]);
	}
	for (size_t i = 0; i < builder->ram.count && status == FF_OK; i++) {
		status = put_segment(builder, &builder->ram.items[i], 0);
	}
	return status == FF_OK ? put_end(builder) : status;
}

static enum ff_status read_elf(struct builder *builder, const uint8_t *elf, size_t size)
{
	const struct ff_imagechip *chip = builder->options->chip;
	enum ff_status status;

	builder->chip = ff_elfchip_by_id(chip->id);
	if (builder->chip == NULL) {
		return ff_error_set(builder->error, FF_ERR_UNSUPPORTED,
				    "images for the %s are not made here: esptool elf2image does that", chip->name);
	}
	status = ff_settings_check(&builder->options->settings, chip, builder->error);
	if (status == FF_OK) {
		status = ff_elf_parse_sections(&builder->sections, elf, size, builder->error);
	}
	if (status == FF_OK && builder->chip->machine != 0 && builder->chip->machine != builder->sections.machine) {
		return ff_error_set(builder->error, FF_ERR_WRONG_CHIP,
				    "the ELF file is for an %s processor, and the %s has another",
				    builder->sections.machine == FF_ELF_XTENSA ? "Xtensa" : "RISC-V", chip->name);
	}
	return status;
}

enum ff_status ff_elfimage_make(const struct ff_elfimage_options *options, const uint8_t *elf, size_t size,
				struct ff_buf *image, struct ff_error *error)
{
	struct builder builder = {
		.options = options, .error = error, .image = image, .start = image->size, .checksum = CHECKSUM_SEED
	};
	const struct ff_elf_section *app;
	enum ff_status status = read_elf(&builder, elf, size);

	if (status != FF_OK) {
		return status;
	}
	ff_buf_init(&builder.data, image->cap);
	app = find_app(&builder);
	if (app != NULL) {
		builder.places_digest = true;
		SHA256(elf, size, builder.elf_digest);
	}
	status = choose_page(&builder, app);
	if (status == FF_OK) {
		status = sort(&builder);
	}
	if (status == FF_OK) {
		status = put_image(&builder);
	}
	ff_buf_release(&builder.data);
	return status;
}
