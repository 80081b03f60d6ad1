// SPDX-License-Identifier: Apache-2.0
/* read-mem, write-mem, dump-mem. */
#include <stdio.h>

#include "commands.h"
#include "direct.h"
#include "outfile.h"
#include "words.h"

/* The numbers that a command was given; what each means is the command's. */
#define MAX_NUMBERS 3

struct memory {
	uint32_t address;
	uint32_t value;
	uint32_t mask;
	uint32_t size;
	struct ff_outfile file;
};

static void set_hex(json_t *object, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08x", value);
	json_object_set_new(object, key, json_string(text));
}

static bool parse(struct ff_run *run, size_t count, uint32_t *const numbers[MAX_NUMBERS])
{
	static const char *const what[MAX_NUMBERS] = { "an address", "a 32-bit number", "a 32-bit number" };
	struct ff_error error = FF_ERROR_NONE;

	for (size_t i = 0; i < count; i++) {
		if (ff_words_number(numbers[i], run->options->words[i].text, what[i], &error) != FF_OK) {
			return ff_failure_set_error(&run->failure, NULL, &error);
		}
	}
	return true;
}

static enum ff_status read_word(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct memory *memory = context;
	enum ff_status status = ff_flasher_read_word(flasher, memory->address, &memory->value, error);

	set_hex(result, "address", memory->address);
	set_hex(result, "value", memory->value);
	return status;
}

bool ff_cmd_read_mem(struct ff_run *run)
{
	struct memory memory = { .value = 0 };
	const struct ff_direct_task task = { .kind = "read-mem", .work = read_word, .context = &memory };

	if (run->options->word_count != 1) {
		return ff_failure_set(&run->failure, "invalid-argument", "read-mem wants ADDRESS");
	}
	if (!parse(run, 1, (uint32_t *const[MAX_NUMBERS]){ &memory.address }) || !ff_direct_work(run, &task)) {
		return false;
	}
	ff_display_clear(run->display);
	if (!run->options->json) {
		printf("0x%08x = 0x%08x\n", memory.address, memory.value);
	}
	return true;
}

static enum ff_status write_word(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct memory *memory = context;

	set_hex(result, "address", memory->address);
	set_hex(result, "value", memory->value);
	set_hex(result, "mask", memory->mask);
	return ff_flasher_write_word(flasher, memory->address, memory->value, memory->mask, error);
}

bool ff_cmd_write_mem(struct ff_run *run)
{
	struct memory memory = { .mask = UINT32_MAX };
	const struct ff_direct_task task = { .kind = "write-mem", .work = write_word, .context = &memory };
	size_t count = run->options->word_count;

	if (count < 2) {
		return ff_failure_set(&run->failure, "invalid-argument", "write-mem wants ADDRESS and VALUE");
	}
	if (!parse(run, count, (uint32_t *const[MAX_NUMBERS]){ &memory.address, &memory.value, &memory.mask }) ||
	    !ff_direct_work(run, &task)) {
		return false;
	}
	ff_display_clear(run->display);
	if (!run->options->json) {
		printf("Wrote 0x%08x with mask 0x%08x to 0x%08x\n", memory.value, memory.mask, memory.address);
	}
	return true;
}

static enum ff_status dump(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct memory *memory = context;
	const struct ff_sink sink = ff_outfile_sink(&memory->file);
	enum ff_status status = ff_flasher_read_memory(flasher, memory->address, memory->size, &sink, error);

	if (status == FF_OK) {
		status = ff_outfile_commit(&memory->file, error);
	}
	set_hex(result, "address", memory->address);
	json_object_set_new(result, "bytes", json_integer(memory->size));
	return status;
}

bool ff_cmd_dump_mem(struct ff_run *run)
{
	struct memory memory = { .size = 0 };
	const struct ff_direct_task task = { .kind = "dump-mem", .work = dump, .context = &memory };
	const char *path = run->options->words[2].text;
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	if (run->options->word_count != 3) {
		return ff_failure_set(&run->failure, "invalid-argument", "dump-mem wants ADDRESS, SIZE and FILE");
	}
	if (!parse(run, 2, (uint32_t *const[MAX_NUMBERS]){ &memory.address, &memory.size })) {
		return false;
	}
	if (ff_outfile_open(&memory.file, path, 0666, &error) != FF_OK) {
		return ff_failure_set_error(&run->failure, NULL, &error);
	}
	good = ff_direct_work(run, &task);
	ff_outfile_abort(&memory.file);
	ff_display_clear(run->display);
	if (good && !run->options->json) {
		printf("%s: dumped %u bytes from 0x%08x into %s\n", run->options->port, memory.size, memory.address,
		       path);
	}
	return good;
}
