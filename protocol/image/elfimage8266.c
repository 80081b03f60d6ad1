// SPDX-License-Identifier: Apache-2.0
#include "elfimage8266.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/sha.h>
#include <zlib.h>

#include "bytes.h"
#include "elf.h"
#include "elfpieces.h"
#include "elfwriter.h"
#include "imageheader.h"

/* Where 1 MiB of flash appears in memory. */
#define IROM 0x40200000u
#define IROM_END 0x40300000u
#define IROM_PAGE 0x10000u /* of version 3 */

/* What version 2 says instead of a number of segments in its first header. */
#define V2_COUNT 4
#define V2_IROM_ALIGNMENT 16

#define APP_SECTION ".flash.appdesc"
/* ESP8266_RTOS_SDK's linker script begins it with room for a segment's header. */
#define V3_RODATA_SECTION ".flash.rodata"
#define V3_RODATA_GAP ((size_t)FF_ELFWRITER_SEGMENT_HEADER)

struct builder {
	struct ff_elfimage_options options;
	struct ff_elf_sections sections;
	struct ff_buf data; /* all sections, one after the other */
	struct ff_elfpieces pieces;
	const struct ff_elfpiece *irom; /* NULL: none */
	uint8_t elf_digest[SHA256_DIGEST_LENGTH];
	struct ff_elfwriter writer;
	struct ff_error *error;
};

static enum ff_status put_header(struct builder *builder, uint8_t magic, size_t segments)
{
	const struct ff_imageheader header =
		ff_elfwriter_header(&builder->options, magic, (uint8_t)segments, builder->sections.entry);
	uint8_t bytes[FF_IMAGEHEADER_FULL_SIZE];

	ff_imageheader_write(&header, bytes);
	return ff_elfwriter_append(&builder->writer, bytes, FF_IMAGEHEADER_SIZE);
}

static enum ff_status put_piece(struct builder *builder, const struct ff_elfpiece *piece)
{
	return ff_elfwriter_segment(&builder->writer, piece->address, builder->data.bytes + piece->at, piece->size, 0);
}

/* What the ROM loads: a common image of everything but the code in flash. */
static enum ff_status put_ram(struct builder *builder)
{
	const struct ff_elfpieces *pieces = &builder->pieces;
	enum ff_status status =
		put_header(builder, FF_IMAGEHEADER_MAGIC, pieces->count - (builder->irom != NULL ? 1 : 0));

	for (size_t i = 0; i < pieces->count && status == FF_OK; i++) {
		if (&pieces->items[i] != builder->irom) {
			status = put_piece(builder, &pieces->items[i]);
		}
	}
	return status == FF_OK ? ff_elfwriter_checksum(&builder->writer) : status;
}

static enum ff_status find_irom(struct builder *builder)
{
	const struct ff_elfpieces *pieces = &builder->pieces;

	for (size_t i = 0; i < pieces->count; i++) {
		const struct ff_elfpiece *piece = &pieces->items[i];

		if (piece->address < IROM || piece->address >= IROM_END) {
			continue;
		}
		if (builder->irom != NULL) {
			return ff_error_set(builder->error, FF_ERR_FORMAT,
					    "the pieces for 0x%08x and 0x%08x are both in flash, and the image has one "
					    "place for them: is the linker script right?",
					    builder->irom->address, piece->address);
		}
		builder->irom = piece;
	}
	if (pieces->count == (builder->irom != NULL ? 1 : 0)) {
		return ff_error_set(builder->error, FF_ERR_FORMAT,
				    "the ELF file has nothing for RAM, where the ESP8266 starts");
	}
	return FF_OK;
}

static enum ff_status make_version_1(struct builder *builder, struct ff_elfimage8266 *made)
{
	const struct ff_elfpiece *irom;
	enum ff_status status = find_irom(builder);

	irom = builder->irom;
	if (status == FF_OK && irom != NULL) {
		struct ff_elfwriter beside = ff_elfwriter_make(&made->irom, builder->error);

		made->irom_at = irom->address - IROM;
		status = ff_elfwriter_append(&beside, builder->data.bytes + irom->at, irom->size);
	}
	return status == FF_OK ? put_ram(builder) : status;
}

/* As the SDK's bootloader has it, from its gen_appbin.py: a usual CRC-32 as the magnitude of a number of its own kind. */
static uint32_t sdk_crc(const uint8_t *bytes, size_t size)
{
	uint32_t crc = (uint32_t)crc32_z(0, bytes, size);

	return (crc & 0x80000000u) != 0 ? ~crc : crc + 1;
}

static enum ff_status put_crc(struct builder *builder)
{
	const struct ff_elfwriter *writer = &builder->writer;
	uint8_t bytes[4];

	ff_put_le32(bytes, sdk_crc(writer->image->bytes + writer->start, ff_elfwriter_at(writer)));
	return ff_elfwriter_append(&builder->writer, bytes, sizeof(bytes));
}

static enum ff_status make_version_2(struct builder *builder, struct ff_elfimage8266 *made)
{
	const struct ff_elfpiece *irom;
	enum ff_status status = find_irom(builder);

	irom = builder->irom;
	if (status == FF_OK && irom == NULL) {
		/* esptool leaves it out, and what comes then nothing can read. */
		return ff_error_set(builder->error, FF_ERR_FORMAT,
				    "the ELF file has nothing at 0x%08x to 0x%08x, in flash, and an image of version 2 "
				    "begins with that: version 1 does without",
				    IROM, IROM_END);
	}
	if (status == FF_OK) {
		made->irom_at = irom->address - IROM;
		status = put_header(builder, FF_IMAGEHEADER_MAGIC_V2, V2_COUNT);
	}
	if (status == FF_OK) {
		size_t over = irom->size % V2_IROM_ALIGNMENT;

		status = ff_elfwriter_segment(&builder->writer, 0, builder->data.bytes + irom->at, irom->size,
					      over > 0 ? V2_IROM_ALIGNMENT - over : 0);
	}
	if (status == FF_OK) {
		ff_elfwriter_restart_checksum(&builder->writer); /* it covers the second part alone */
		status = put_ram(builder);
	}
	return status == FF_OK ? put_crc(builder) : status;
}

static bool is_flash_of_version_3(uint32_t address)
{
	return address > IROM;
}

/* The ELF file's digest goes into an application description in flash. */
static void look_for_app(struct builder *builder, const uint8_t *elf, size_t size)
{
	for (size_t i = 0; i < builder->sections.count; i++) {
		const struct ff_elf_section *section = &builder->sections.items[i];

		if (strstr(section->name, APP_SECTION) != NULL) {
			if (is_flash_of_version_3(section->address)) {
				builder->writer.elf_digest = SHA256(elf, size, builder->elf_digest);
			}
			return;
		}
	}
}

/* Flash first, then RAM, each by address. */
static enum ff_status put_version_3(struct builder *builder, bool flash)
{
	struct ff_elfpieces chosen = { .count = 0 };
	enum ff_status status;

	for (size_t i = 0; i < builder->pieces.count; i++) {
		if (is_flash_of_version_3(builder->pieces.items[i].address) == flash) {
			chosen.items[chosen.count++] = builder->pieces.items[i];
		}
	}
	status = flash ? ff_elfpieces_check_pages(&chosen, IROM_PAGE, builder->error) : FF_OK;
	for (size_t i = 0; i < chosen.count && status == FF_OK; i++) {
		struct ff_elfpiece *piece = &chosen.items[i];

		if (flash && strcmp(piece->name, V3_RODATA_SECTION) == 0) {
			size_t gap = piece->size < V3_RODATA_GAP ? piece->size : V3_RODATA_GAP;

			piece->at += gap;
			piece->size -= gap;
		}
		status = put_piece(builder, piece);
	}
	return status;
}

static enum ff_status make_version_3(struct builder *builder)
{
	enum ff_status status = put_header(builder, FF_IMAGEHEADER_MAGIC, builder->pieces.count);

	ff_elfpieces_sort(&builder->pieces);
	if (status == FF_OK) {
		status = put_version_3(builder, true);
	}
	if (status == FF_OK) {
		status = put_version_3(builder, false);
	}
	if (status == FF_OK) {
		status = ff_elfwriter_checksum(&builder->writer);
	}
	return status == FF_OK ? ff_elfwriter_digest(&builder->writer) : status;
}

static enum ff_status read_elf(struct builder *builder, const uint8_t *elf, size_t size)
{
	const struct ff_imagechip *chip = builder->options.chip;
	enum ff_status status = ff_settings_check(&builder->options.settings, chip, builder->error);

	if (status == FF_OK) {
		status = ff_elf_parse_sections(&builder->sections, elf, size, builder->error);
	}
	if (status == FF_OK && builder->sections.machine != FF_ELF_XTENSA) {
		return ff_error_set(builder->error, FF_ERR_WRONG_CHIP,
				    "the ELF file is for a RISC-V processor, and the ESP8266 has another");
	}
	return status == FF_OK ? ff_elfpieces_join(&builder->pieces, &builder->data, &builder->sections, chip->memory,
						   builder->error)
			       : status;
}

enum ff_status ff_elfimage8266_make(struct ff_elfimage8266 *made, const struct ff_elfimage_options *options,
				    unsigned version, const uint8_t *elf, size_t size, struct ff_error *error)
{
	struct builder builder = { .options = *options,
				   .writer = ff_elfwriter_make(&made->image, error),
				   .error = error };
	enum ff_status status;

	if (version == 3) {
		builder.options.chip = ff_imagechip_by_id(0); /* its sizes and its memory, as esptool has it */
	}
	ff_buf_init(&builder.data, made->image.cap);
	status = read_elf(&builder, elf, size);
	if (status == FF_OK && version == 3) {
		look_for_app(&builder, elf, size);
		status = make_version_3(&builder);
	} else if (status == FF_OK) {
		status = version == 2 ? make_version_2(&builder, made) : make_version_1(&builder, made);
	}
	ff_buf_release(&builder.data);
	return status;
}

void ff_elfimage8266_init(struct ff_elfimage8266 *made, size_t cap)
{
	*made = (struct ff_elfimage8266){ .irom_at = 0 };
	ff_buf_init(&made->image, cap);
	ff_buf_init(&made->irom, cap);
}

void ff_elfimage8266_release(struct ff_elfimage8266 *made)
{
	ff_buf_release(&made->image);
	ff_buf_release(&made->irom);
}
