// SPDX-License-Identifier: Apache-2.0
#include "elf.h"

#include <string.h>

#include "bytes.h"

#define HEADER_SIZE 52
#define SEGMENT_HEADER_SIZE 32
#define CLASS_32 1
#define LITTLE_ENDIAN_DATA 1
#define TYPE_EXECUTABLE 2
#define SEGMENT_LOAD 1
#define FLAG_EXECUTABLE 1
#define SECTION_HEADER_SIZE 40

enum section_type {
	SECTION_PROGBITS = 1,
	SECTION_INIT_ARRAY = 14,
	SECTION_FINI_ARRAY = 15,
	SECTION_PREINIT_ARRAY = 16,
};

struct table {
	uint32_t at;
	uint16_t entry_size;
	uint16_t count;
};

bool ff_elf_is(const uint8_t *bytes, size_t size)
{
	return size >= 4 && memcmp(bytes, "\177ELF", 4) == 0;
}

static enum ff_status check_kind(const uint8_t *bytes, size_t size, struct ff_error *error)
{
	if (!ff_elf_is(bytes, size)) {
		return ff_error_set(error, FF_ERR_FORMAT, "not an ELF file");
	}
	if (size < HEADER_SIZE) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file ends inside its header");
	}
	if (bytes[4] != CLASS_32 || bytes[5] != LITTLE_ENDIAN_DATA) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the ELF file is not 32-bit little-endian, as Espressif's chips are");
	}
	if (ff_get_le16(bytes + 16) != TYPE_EXECUTABLE) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the ELF file is no linked executable");
	}
	uint16_t machine = ff_get_le16(bytes + 18);
	if (machine != FF_ELF_XTENSA && machine != FF_ELF_RISCV) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the ELF file is for another processor (machine %u) than Xtensa or RISC-V",
				    machine);
	}
	return FF_OK;
}

static enum ff_status add_segment(struct ff_elf *elf, const uint8_t *bytes, size_t size, const uint8_t *header,
				  struct ff_error *error)
{
	struct ff_cursor cursor = ff_cursor_make(header, SEGMENT_HEADER_SIZE);
	uint32_t type = ff_cursor_le32(&cursor);
	uint32_t at = ff_cursor_le32(&cursor);
	ff_cursor_le32(&cursor); /* virtual address */
	uint32_t address = ff_cursor_le32(&cursor);
	uint32_t length = ff_cursor_le32(&cursor);
	ff_cursor_le32(&cursor); /* size in memory */
	uint32_t flags = ff_cursor_le32(&cursor);

	if (type != SEGMENT_LOAD || length == 0) {
		return FF_OK;
	}
	if (at > size || length > size - at) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file ends inside its segment for 0x%08x", address);
	}
	if (length - 1 > UINT32_MAX - address) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file's segment at 0x%08x goes past the last address",
				    address);
	}
	if (elf->count == FF_ELF_MAX_SEGMENTS) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the ELF file has more than %d segments to load",
				    FF_ELF_MAX_SEGMENTS);
	}
	elf->segments[elf->count++] = (struct ff_elf_segment){
		.address = address, .bytes = bytes + at, .size = length, .executable = (flags & FLAG_EXECUTABLE) != 0
	};
	return FF_OK;
}

enum ff_status ff_elf_parse(struct ff_elf *elf, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct ff_elf found = { .count = 0 };
	enum ff_status status = check_kind(bytes, size, error);

	if (status != FF_OK) {
		return status;
	}
	found.machine = ff_get_le16(bytes + 18);
	found.entry = ff_get_le32(bytes + 24);
	const struct table table = { .at = ff_get_le32(bytes + 28),
				     .entry_size = ff_get_le16(bytes + 42),
				     .count = ff_get_le16(bytes + 44) };
	if (table.count > 0 && (table.entry_size < SEGMENT_HEADER_SIZE || table.at > size ||
				(size_t)table.entry_size * table.count > size - table.at)) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file ends inside its list of segments");
	}
	for (size_t i = 0; i < table.count && status == FF_OK; i++) {
		status = add_segment(&found, bytes, size, bytes + table.at + i * table.entry_size, error);
	}
	if (status == FF_OK && found.count == 0) {
		return ff_error_set(error, FF_ERR_EMPTY, "the ELF file has nothing to load");
	}
	if (status == FF_OK) {
		*elf = found;
	}
	return status;
}

struct section_header {
	uint32_t name;
	uint32_t type;
	uint32_t address;
	uint32_t at;
	uint32_t size;
};

static struct section_header read_section_header(const uint8_t *bytes)
{
	return (struct section_header){ .name = ff_get_le32(bytes),
					.type = ff_get_le32(bytes + 4),
					.address = ff_get_le32(bytes + 12),
					.at = ff_get_le32(bytes + 16),
					.size = ff_get_le32(bytes + 20) };
}

static bool is_inside(const struct section_header *section, size_t size)
{
	return section->at <= size && section->size <= size - section->at;
}

static bool has_bytes(const struct section_header *section)
{
	bool loaded = section->type == SECTION_PROGBITS || section->type == SECTION_INIT_ARRAY ||
		      section->type == SECTION_FINI_ARRAY || section->type == SECTION_PREINIT_ARRAY;

	return loaded && section->address != 0 && section->size > 0;
}

static enum ff_status add_section(struct ff_elf_sections *sections, const uint8_t *bytes, size_t size,
				  const struct section_header *section, const struct section_header *names,
				  struct ff_error *error)
{
	if (!is_inside(section, size)) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file ends inside its section for 0x%08x",
				    section->address);
	}
	if (section->size - 1 > UINT32_MAX - section->address) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file's section at 0x%08x goes past the last address",
				    section->address);
	}
	if (section->name >= names->size ||
	    memchr(bytes + names->at + section->name, 0, names->size - section->name) == NULL) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file's section for 0x%08x has no valid name",
				    section->address);
	}
	if (sections->count == FF_ELF_MAX_SECTIONS) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the ELF file has more than %d sections to load",
				    FF_ELF_MAX_SECTIONS);
	}
	sections->items[sections->count++] =
		(struct ff_elf_section){ .name = (const char *)bytes + names->at + section->name,
					 .address = section->address,
					 .bytes = bytes + section->at,
					 .size = section->size };
	return FF_OK;
}

enum ff_status ff_elf_parse_sections(struct ff_elf_sections *sections, const uint8_t *bytes, size_t size,
				     struct ff_error *error)
{
	enum ff_status status = check_kind(bytes, size, error);

	if (status != FF_OK) {
		return status;
	}
	const struct table table = { .at = ff_get_le32(bytes + 32),
				     .entry_size = ff_get_le16(bytes + 46),
				     .count = ff_get_le16(bytes + 48) };
	uint16_t names_index = ff_get_le16(bytes + 50);
	if (table.count == 0 || table.entry_size != SECTION_HEADER_SIZE || names_index >= table.count) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file has no list of sections; was it stripped?");
	}
	if (table.at > size || (size_t)SECTION_HEADER_SIZE * table.count > size - table.at) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file ends inside its list of sections");
	}
	const struct section_header names =
		read_section_header(bytes + table.at + (size_t)names_index * SECTION_HEADER_SIZE);
	if (!is_inside(&names, size)) {
		return ff_error_set(error, FF_ERR_FORMAT, "the ELF file ends inside the names of its sections");
	}
	sections->machine = ff_get_le16(bytes + 18);
	sections->entry = ff_get_le32(bytes + 24);
	sections->count = 0;
	for (size_t i = 0; i < table.count && status == FF_OK; i++) {
		const struct section_header section = read_section_header(bytes + table.at + i * SECTION_HEADER_SIZE);

		status = has_bytes(&section) ? add_section(sections, bytes, size, &section, &names, error) : FF_OK;
	}
	if (status == FF_OK && sections->count == 0) {
		return ff_error_set(error, FF_ERR_EMPTY, "the ELF file has nothing to load");
	}
	return status;
}
