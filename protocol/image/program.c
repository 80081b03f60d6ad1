// SPDX-License-Identifier: Apache-2.0
#include "program.h"

#include "elf.h"
#include "elfchip.h"
#include "espimage.h"
#include "imagechip.h"
#include "memmap.h"

static enum ff_status add(struct ff_program *program, uint32_t address, const uint8_t *bytes, size_t size,
			  struct ff_error *error)
{
	if (size == 0) {
		return FF_OK;
	}
	if (program->count == FF_MAX_RAM_SEGMENTS) {
		return ff_error_set(error, FF_ERR_TOO_LARGE, "it has more than %d segments", FF_MAX_RAM_SEGMENTS);
	}
	program->segments[program->count++] =
		(struct ff_ram_segment){ .address = address, .bytes = bytes, .size = (uint32_t)size };
	program->bytes += size;
	return FF_OK;
}

static enum ff_status read_elf(struct ff_program *program, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct ff_elf elf;
	enum ff_status status = ff_elf_parse(&elf, bytes, size, error);
	if (status != FF_OK) {
		return status;
	}
	program->machine = elf.machine;
	program->entry = elf.entry;
	for (size_t i = 0; i < elf.count && status == FF_OK; i++) {
		status = add(program, elf.segments[i].address, elf.segments[i].bytes, elf.segments[i].size, error);
	}
	return status;
}

static enum ff_status read_image(struct ff_program *program, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct ff_espimage image;
	enum ff_status status = ff_espimage_parse(&image, bytes, size, NULL, error);
	if (status != FF_OK) {
		return status;
	}
	if (!ff_espimage_is_whole(&image)) {
		return ff_error_set(error, FF_ERR_FORMAT, "its checksum or SHA-256 is wrong: the file is damaged");
	}
	if (image.version == 2) {
		return ff_error_set(error, FF_ERR_FORMAT,
				    "it is for flash, not for RAM: an image of version 2 begins with code that stays "
				    "there; write-flash writes it");
	}
	program->chip = image.chip;
	program->entry = image.entry;
	for (size_t i = 0; i < image.segment_count && status == FF_OK; i++) {
		const struct ff_espimage_segment *segment = &image.segments[i];
		if (segment->address != 0) { /* padding has none */
			status = add(program, segment->address, bytes + segment->at + 8, segment->size, error);
		}
	}
	return status;
}

/* What belongs into flash cannot be put into RAM: then it is no program for RAM. */
static enum ff_status check_places(const struct ff_program *program, const struct ff_imagechip *chip,
				   struct ff_error *error)
{
	for (size_t i = 0; i < program->count; i++) {
		uint32_t address = program->segments[i].address;
		char names[64];
		ff_memmap_names(chip->memory, address, names, sizeof(names));
		if (!ff_memmap_is(chip->memory, address, "DRAM") && !ff_memmap_is(chip->memory, address, "IRAM") &&
		    (ff_memmap_is(chip->memory, address, "DROM") || ff_memmap_is(chip->memory, address, "IROM"))) {
			return ff_error_set(error, FF_ERR_FORMAT,
					    "it is for flash, not for RAM: a segment goes to 0x%08x (%s); write-flash "
					    "writes it",
					    address, names);
		}
	}
	return FF_OK;
}

enum ff_status ff_program_parse(struct ff_program *program, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct ff_program parsed = { .count = 0 };
	enum ff_status status = ff_elf_is(bytes, size) ? read_elf(&parsed, bytes, size, error)
						       : read_image(&parsed, bytes, size, error);
	if (status == FF_OK && parsed.count == 0) {
		status = ff_error_set(error, FF_ERR_EMPTY, "there is nothing to load in it");
	}
	if (status == FF_OK && parsed.chip) {
		status = check_places(&parsed, parsed.chip, error);
	}
	if (status == FF_OK) {
		*program = parsed;
	}
	return status;
}

static uint16_t machine_of(const struct ff_imagechip *chip)
{
	const struct ff_elfchip *row = ff_elfchip_by_id(chip->id);
	return row ? row->machine : FF_ELF_XTENSA; /* the ESP8266 has no row */
}

enum ff_status ff_program_check(const struct ff_program *program, const char *chip, struct ff_error *error)
{
	const struct ff_imagechip *row = ff_imagechip_by_name(chip);
	if (!row) {
		return FF_OK;
	}
	if (program->machine != 0 && program->machine != machine_of(row)) {
		return ff_error_set(error, FF_ERR_WRONG_CHIP, "it is for another processor than that of the %s", chip);
	}
	if (program->chip && program->chip->id != row->id) {
		return ff_error_set(error, FF_ERR_WRONG_CHIP,
				    "it is for the %s, but the board has an %s; set force to load it all the same",
				    program->chip->name, chip);
	}
	return check_places(program, row, error);
}
