// SPDX-License-Identifier: Apache-2.0
/* load-ram, run: programs that are started without a reset. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "direct.h"
#include "elf.h"
#include "elfchip.h"
#include "espimage.h"
#include "file.h"
#include "job.h"
#include "memmap.h"
#include "work.h"

#define MAX_FILE ((size_t)128 << 20) /* an ELF file with its debug information */

struct program {
	const char *path;
	struct ff_buf file;
	const struct ff_imagechip *chip; /* NULL: the file does not say */
	uint16_t machine;                /* of an ELF file, else 0 */
	struct ff_ram_segment segments[FF_MAX_RAM_SEGMENTS];
	size_t count;
	uint32_t entry;
	uint64_t bytes;
};

static void add(struct program *program, uint32_t address, const uint8_t *bytes, size_t size)
{
	if (size > 0 && program->count < FF_MAX_RAM_SEGMENTS) {
		program->segments[program->count++] =
			(struct ff_ram_segment){ .address = address, .bytes = bytes, .size = (uint32_t)size };
		program->bytes += size;
	}
}

static enum ff_status read_elf(struct program *program, struct ff_error *error)
{
	struct ff_elf elf;
	enum ff_status status = ff_elf_parse(&elf, program->file.bytes, program->file.size, error);

	if (status != FF_OK) {
		return status;
	}
	program->machine = elf.machine;
	program->entry = elf.entry;
	for (size_t i = 0; i < elf.count; i++) {
		add(program, elf.segments[i].address, elf.segments[i].bytes, elf.segments[i].size);
	}
	return FF_OK;
}

static enum ff_status read_image(struct program *program, struct ff_error *error)
{
	struct ff_espimage image;
	enum ff_status status = ff_espimage_parse(&image, program->file.bytes, program->file.size, NULL, error);

	if (status != FF_OK) {
		return status;
	}
	if (!ff_espimage_is_whole(&image)) {
		return ff_error_set(error, FF_ERR_FORMAT, "its checksum or SHA-256 is wrong: the file is damaged");
	}
	program->chip = image.chip;
	program->entry = image.entry;
	for (size_t i = 0; i < image.segment_count; i++) {
		const struct ff_espimage_segment *segment = &image.segments[i];

		if (segment->address != 0) {
			add(program, segment->address, program->file.bytes + segment->at + 8, segment->size);
		}
	}
	return FF_OK;
}

/* What belongs into flash cannot be put into RAM: then it is no program for RAM. */
static enum ff_status check_places(const struct program *program, const struct ff_imagechip *chip,
				   struct ff_error *error)
{
	for (size_t i = 0; i < program->count; i++) {
		uint32_t address = program->segments[i].address;
		char names[64];

		ff_memmap_names(chip->memory, address, names, sizeof(names));
		if (!ff_memmap_is(chip->memory, address, "DRAM") && !ff_memmap_is(chip->memory, address, "IRAM") &&
		    (ff_memmap_is(chip->memory, address, "DROM") || ff_memmap_is(chip->memory, address, "IROM"))) {
			return ff_error_set(
				error, FF_ERR_FORMAT,
				"%.120s is for flash, not for RAM: a segment goes to 0x%08x (%s); write-flash "
				"writes it",
				program->path, address, names);
		}
	}
	return FF_OK;
}

static enum ff_status read_file(struct program *program, struct ff_error *error)
{
	enum ff_status status = ff_file_read(&program->file, program->path, error);

	if (status == FF_OK) {
		status = ff_elf_is(program->file.bytes, program->file.size) ? read_elf(program, error)
									    : read_image(program, error);
	}
	if (status == FF_OK && program->count == 0) {
		status = ff_error_set(error, FF_ERR_EMPTY, "there is nothing to load in it");
	}
	return status;
}

static enum ff_status read_program(struct program *program, struct ff_error *error)
{
	struct ff_error why = FF_ERROR_NONE;
	enum ff_status status = read_file(program, &why);

	if (status != FF_OK) {
		return ff_error_set(error, status, "%.120s: %s", program->path, why.text);
	}
	return program->chip != NULL ? check_places(program, program->chip, error) : FF_OK;
}

/* 0: nobody has said. */
static uint16_t machine_of(const struct ff_imagechip *chip)
{
	const struct ff_elfchip *row = ff_elfchip_by_id(chip->id);

	return row != NULL ? row->machine : FF_ELF_XTENSA; /* the ESP8266 has no row */
}

static enum ff_status check_board(const struct program *program, const char *chip, struct ff_error *error)
{
	const struct ff_imagechip *row = ff_imagechip_by_name(chip);
	uint16_t machine = row != NULL ? machine_of(row) : 0;

	if (program->machine != 0 && machine != 0 && program->machine != machine) {
		return ff_error_set(error, FF_ERR_WRONG_CHIP, "%.120s is for another processor than that of the %s",
				    program->path, chip);
	}
	if (program->chip != NULL && row != NULL && row->id != program->chip->id) {
		return ff_error_set(error, FF_ERR_WRONG_CHIP,
				    "%.120s is for the %s, but the board has an %s; --force goes on", program->path,
				    program->chip->name, chip);
	}
	return row != NULL ? check_places(program, row, error) : FF_OK;
}

struct loading {
	const struct program *program;
	bool force;
};

static enum ff_status load(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	const struct loading *loading = context;
	const struct program *program = loading->program;
	enum ff_status status = FF_OK;

	if (!loading->force) {
		status = check_board(program, ff_flasher_info(flasher)->chip, error);
	}
	if (status == FF_OK) {
		status = ff_flasher_load_ram(flasher, program->segments, program->count, program->entry, error);
	}
	json_object_set_new(result, "bytes", json_integer((json_int_t)program->bytes));
	json_object_set_new(result, "segments", json_integer((json_int_t)program->count));
	return status;
}

bool ff_cmd_load_ram(struct ff_run *run)
{
	struct program program = { .path = run->options->words[0].text };
	struct loading loading = { .program = &program, .force = run->options->force };
	const struct ff_direct_task task = { .kind = "load-ram", .work = load, .context = &loading, .leaves = true };
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	if (run->options->word_count != 1) {
		return ff_failure_set(&run->failure, "invalid-argument", "load-ram wants FILE");
	}
	ff_buf_init(&program.file, MAX_FILE);
	good = read_program(&program, &error) == FF_OK ? ff_direct_work(run, &task)
						       : ff_failure_set_error(&run->failure, NULL, &error);
	ff_buf_release(&program.file);
	ff_display_clear(run->display);
	if (good && !run->options->json) {
		printf("%s: loaded %llu bytes into RAM and started them at 0x%08x\n", run->options->port,
		       (unsigned long long)program.bytes, program.entry);
	}
	return good;
}

static enum ff_status run_flash(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	(void)context;
	(void)result;
	return ff_flasher_run(flasher, error);
}

bool ff_cmd_run(struct ff_run *run)
{
	const struct ff_direct_task here = { .kind = "run", .work = run_flash, .needs_rom = true, .leaves = true };
	const struct ff_remote_task there = { .resource = "run", .plain = true };
	bool good = ff_work(run, &here, &there);

	if (good && !run->options->json) {
		printf("%s: the application was started\n", ff_job_board(run->result));
	}
	return good;
}
