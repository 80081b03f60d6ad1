// SPDX-License-Identifier: Apache-2.0
#include "elfimage.h"

#include <string.h>

#include <openssl/sha.h>

#include "bytes.h"
#include "elf.h"
#include "elfchip.h"
#include "elfpieces.h"
#include "elfwriter.h"
#include "espimage.h"
#include "imageheader.h"

#define MAX_SEGMENTS FF_IMAGEHEADER_MAX_SEGMENTS

#define APP_SECTION ".flash.appdesc"
#define BOOTLOADER_SECTION ".dram0.bootdesc"
#define APP_MAGIC 0xABCD5432
#define APP_SIZE 256
#define APP_PAGE_AT 180 /* in the description: the MMU's page size, as a power of two */

/* ESP-IDF's bootloader for the ESP32 does not map a last page with fewer bytes than this. */
#define ESP32_LEAST_ON_PAGE 0x24

struct builder {
	const struct ff_elfimage_options *options;
	const struct ff_elfchip *chip;
	struct ff_error *error;
	struct ff_elf_sections sections;
	struct ff_buf data; /* all sections, one after the other */
	struct ff_elfpieces flash;
	struct ff_elfpieces ram;
	uint32_t page;
	uint8_t elf_digest[SHA256_DIGEST_LENGTH];
	struct ff_elfwriter writer;
};

/* The descriptions are looked for in the first segment of their kind. */
static void move_to_front(struct ff_elfpieces *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, name) == 0) {
			struct ff_elfpiece first = list->items[i];

			memmove(&list->items[1], &list->items[0], i * sizeof(first));
			list->items[0] = first;
			return;
		}
	}
}

/* Sections that follow each other become pieces, and those a list for flash and one for RAM. */
static enum ff_status sort(struct builder *builder)
{
	struct ff_elfpieces all;
	enum ff_status status = ff_elfpieces_join(&all, &builder->data, &builder->sections,
						  builder->options->chip->memory, builder->error);

	if (status != FF_OK) {
		return status;
	}
	ff_elfpieces_sort(&all);
	for (size_t i = 0; i < all.count; i++) {
		struct ff_elfpieces *list =
			ff_elfchip_is_flash(builder->chip, all.items[i].address) ? &builder->flash : &builder->ram;

		list->items[list->count++] = all.items[i];
	}
	move_to_front(&builder->flash, APP_SECTION);
	move_to_front(&builder->ram, BOOTLOADER_SECTION);
	return ff_elfpieces_check_pages(&builder->flash, builder->page, builder->error);
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

		if (page != 0 && (app->address - FF_IMAGEHEADER_FULL_SIZE - FF_ELFWRITER_SEGMENT_HEADER) % page == 0) {
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

/* The number of segments is not known yet. */
static enum ff_status put_header(struct builder *builder)
{
	const struct ff_elfimage_options *options = builder->options;
	struct ff_imageheader header = ff_elfwriter_header(options, FF_IMAGEHEADER_MAGIC, 0, builder->sections.entry);
	uint8_t bytes[FF_IMAGEHEADER_FULL_SIZE];

	header.wp_pin = FF_ESPIMAGE_NO_WP_PIN;
	header.chip_id = options->chip->id;
	header.min_revision_old = options->min_revision_old;
	header.min_revision = options->min_revision;
	header.max_revision = options->max_revision;
	header.has_digest = 1;
	ff_imageheader_write(&header, bytes);
	return ff_elfwriter_append(&builder->writer, bytes, sizeof(bytes));
}

/* Appends a piece with `zeros` bytes behind its data; without bytes it is padding. */
static enum ff_status put_piece(struct builder *builder, const struct ff_elfpiece *piece, size_t zeros)
{
	const uint8_t *bytes = piece->size > 0 ? builder->data.bytes + piece->at : NULL;

	return ff_elfwriter_segment(&builder->writer, piece->address, bytes, piece->size, zeros);
}

/* Bytes of data that a padding segment needs, so that the data of the segment behind it lies as deep in a page of the
 * file as in a page of memory. Now and then that is a page more than the least, as esptool has it. */
static size_t padding_before(const struct builder *builder, const struct ff_elfpiece *segment)
{
	int64_t page = builder->page;
	int64_t size = page - (int64_t)ff_elfwriter_at(&builder->writer) % page + segment->address % page -
		       FF_ELFWRITER_SEGMENT_HEADER;

	if (size == 0 || size == page) {
		return 0;
	}
	size -= FF_ELFWRITER_SEGMENT_HEADER; /* the padding's own */
	return (size_t)(size < 0 ? size + page : size);
}

/* Whether a segment put now has its data as deep in a page of the file as in one of memory. */
static bool is_in_place(const struct builder *builder, const struct ff_elfpiece *segment)
{
	return (ff_elfwriter_at(&builder->writer) + FF_ELFWRITER_SEGMENT_HEADER) % builder->page ==
	       segment->address % builder->page;
}

/* Fills the way to the next page with what RAM needs anyway, or with zeros. */
static enum ff_status put_padding(struct builder *builder, size_t size)
{
	struct ff_elfpieces *ram = &builder->ram;
	const struct ff_elfpiece none = { .size = 0 };
	struct ff_elfpiece part;
	enum ff_status status;

	if (ram->count == 0 || size <= FF_ELFWRITER_SEGMENT_HEADER) {
		return put_piece(builder, &none, size);
	}
	part = ram->items[0];
	part.size = part.size < size ? part.size : size;
	status = put_piece(builder, &part, 0);
	ram->items[0].address += (uint32_t)part.size;
	ram->items[0].at += part.size;
	ram->items[0].size -= part.size;
	if (ram->items[0].size == 0) {
		memmove(&ram->items[0], &ram->items[1], --ram->count * sizeof(part));
	}
	return status;
}

static enum ff_status put_flash(struct builder *builder, const struct ff_elfpiece *segment)
{
	size_t zeros = 0;
	enum ff_status status = FF_OK;

	/* One piece of RAM may not be enough. */
	while (status == FF_OK && !is_in_place(builder, segment)) {
		status = put_padding(builder, padding_before(builder, segment));
	}
	if (status == FF_OK && builder->options->chip->id == 0) {
		size_t on_page = (ff_elfwriter_at(&builder->writer) + FF_ELFWRITER_SEGMENT_HEADER + segment->size) %
				 builder->page;

		zeros = on_page < ESP32_LEAST_ON_PAGE ? ESP32_LEAST_ON_PAGE - on_page : 0;
	}
	return status == FF_OK ? put_piece(builder, segment, zeros) : status;
}

static enum ff_status put_end(struct builder *builder)
{
	struct ff_elfwriter *writer = &builder->writer;
	enum ff_status status;

	if (writer->written > MAX_SEGMENTS) {
		return ff_error_set(
			builder->error, FF_ERR_FORMAT,
			"the image would have %u segments, with the padding between them, and %d are the most",
			writer->written, MAX_SEGMENTS);
	}
	writer->image->bytes[writer->start + 1] = (uint8_t)writer->written;
	status = ff_elfwriter_checksum(writer);
	return status == FF_OK ? ff_elfwriter_digest(writer) : status;
}

static enum ff_status put_image(struct builder *builder)
{
	enum ff_status status = put_header(builder);

	for (size_t i = 0; i < builder->flash.count && status == FF_OK; i++) {
		status = put_flash(builder, &builder->flash.items[i]);
	}
	for (size_t i = 0; i < builder->ram.count && status == FF_OK; i++) {
		status = put_piece(builder, &builder->ram.items[i], 0);
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
				    "the %s has images of another make: see ff_elfimage8266_make()", chip->name);
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
	struct builder builder = { .options = options, .error = error, .writer = ff_elfwriter_make(image, error) };
	const struct ff_elf_section *app;
	enum ff_status status = read_elf(&builder, elf, size);

	if (status != FF_OK) {
		return status;
	}
	ff_buf_init(&builder.data, image->cap);
	app = find_app(&builder);
	if (app != NULL) {
		builder.writer.elf_digest = SHA256(elf, size, builder.elf_digest);
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
