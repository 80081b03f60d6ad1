// SPDX-License-Identifier: Apache-2.0
/* read-mem, write-mem, dump-mem. */
#include <stdio.h>

#include "bytes.h"
#include "commands.h"
#include "content.h"
#include "job.h"
#include "words.h"
#include "work.h"

#define WORD 4

/* The numbers that a command was given; what each means is the command's. */
#define MAX_NUMBERS 3

struct memory {
	uint32_t address;
	uint32_t value;
	uint32_t mask;
	uint32_t size;
	struct ff_content content;
};

static bool parse(struct ff_run *run, size_t count, uint32_t *const numbers[MAX_NUMBERS])
{
	static const char *const what[MAX_NUMBERS] = { "an address", "a 32-bit number", "a 32-bit number" };
	struct ff_error error = FF_ERROR_NONE;

	for (size_t i = 0; i < count && i < MAX_NUMBERS; i++) {
		if (ff_words_number(numbers[i], run->options->words[i].text, what[i], &error) != FF_OK) {
			return ff_failure_set_error(&run->failure, NULL, &error);
		}
	}
	return true;
}

/* What needs no board is said before one is reset. */
static bool check(struct ff_run *run, uint32_t address, uint32_t size)
{
	if (size == 0) {
		return ff_failure_set(&run->failure, "invalid-argument", "nothing to read: the size is 0");
	}
	if (address % WORD != 0 || size % WORD != 0) {
		return ff_failure_set(&run->failure, "invalid-argument",
				      "memory is accessed in words: address 0x%x and size 0x%x must be multiples of %d",
				      address, size, WORD);
	}
	return true;
}

static enum ff_status take(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	struct memory *memory = context;

	if (memory->size == WORD) {
		memory->value = ff_get_le32(bytes); /* the engine hands over whole words */
	}
	return ff_content_write(&memory->content, bytes, size, error);
}

static enum ff_status read_memory(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct memory *memory = context;
	const struct ff_sink sink = { .write = take, .context = memory };
	enum ff_status status = ff_flasher_read_memory(flasher, memory->address, memory->size, &sink, error);

	if (status == FF_OK) {
		status = ff_content_commit(&memory->content, NULL, error);
	}
	json_object_set_new(result, "bytes", json_integer(memory->size));
	json_object_set_new(result, "sha256", json_string(memory->content.sha256));
	if (memory->size == WORD) {
		json_object_set_new(result, "value", ff_job_word(memory->value));
	}
	return status;
}

/* Reads into `path`, or just for the job where it is NULL. */
static bool run_read(struct ff_run *run, struct memory *memory, const char *path)
{
	const struct ff_direct_task here = { .kind = "read-memory",
					     .work = read_memory,
					     .context = memory,
					     .target = ff_job_memory_target(memory->address, memory->size) };
	struct ff_remote_task there = { .method = "GET", .content = path != NULL ? &memory->content : NULL };
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	snprintf(there.resource, sizeof(there.resource), "memory?address=0x%x&size=%u", memory->address, memory->size);
	if (ff_content_open(&memory->content, path, &error) != FF_OK) {
		json_decref(here.target);
		return ff_failure_set_error(&run->failure, NULL, &error);
	}
	good = ff_work(run, &here, &there);
	ff_content_abort(&memory->content);
	return good;
}

bool ff_cmd_read_mem(struct ff_run *run)
{
	struct memory memory = { .size = WORD };
	const char *value;

	if (run->options->word_count != 1) {
		return ff_failure_set(&run->failure, "invalid-argument", "read-mem wants ADDRESS");
	}
	if (!parse(run, 1, (uint32_t *const[MAX_NUMBERS]){ &memory.address }) ||
	    !check(run, memory.address, memory.size) || !run_read(run, &memory, NULL)) {
		return false;
	}
	value = json_string_value(json_object_get(json_object_get(run->result, "result"), "value"));
	if (value == NULL) {
		return ff_failure_set(&run->failure, "internal-error", "%s: the server did not say what it has read",
				      ff_job_board(run->result));
	}
	if (!run->options->json) {
		printf("0x%08x = %s\n", memory.address, value);
	}
	return true;
}

bool ff_cmd_dump_mem(struct ff_run *run)
{
	const char *path = run->options->words[2].text;
	struct memory memory = { .size = 0 };

	if (run->options->word_count != 3) {
		return ff_failure_set(&run->failure, "invalid-argument", "dump-mem wants ADDRESS, SIZE and FILE");
	}
	if (!parse(run, 2, (uint32_t *const[MAX_NUMBERS]){ &memory.address, &memory.size }) ||
	    !check(run, memory.address, memory.size) || !run_read(run, &memory, path)) {
		return false;
	}
	if (!run->options->json) {
		printf("%s: dumped %lld bytes from 0x%08x into %s\n", ff_job_board(run->result),
		       ff_job_bytes(run->result), memory.address, path);
	}
	return true;
}

static enum ff_status write_word(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	const struct memory *memory = context;

	json_object_set_new(result, "bytes", json_integer(WORD));
	return ff_flasher_write_word(flasher, memory->address, memory->value, memory->mask, error);
}

bool ff_cmd_write_mem(struct ff_run *run)
{
	struct memory memory = { .mask = UINT32_MAX };
	struct ff_direct_task here = { .kind = "write-memory", .work = write_word, .context = &memory };
	struct ff_remote_task there = { .method = "PUT" };
	size_t count = run->options->word_count;

	if (count < 2) {
		return ff_failure_set(&run->failure, "invalid-argument", "write-mem wants ADDRESS and VALUE");
	}
	if (!parse(run, count, (uint32_t *const[MAX_NUMBERS]){ &memory.address, &memory.value, &memory.mask }) ||
	    !check(run, memory.address, WORD)) {
		return false;
	}
	here.target = ff_job_memory_target(memory.address, WORD);
	json_object_set_new(here.target, "value", ff_job_word(memory.value));
	json_object_set_new(here.target, "mask", ff_job_word(memory.mask));
	snprintf(there.resource, sizeof(there.resource), "memory?address=0x%x&value=0x%x&mask=0x%x", memory.address,
		 memory.value, memory.mask);
	if (!ff_work(run, &here, &there)) {
		return false;
	}
	if (!run->options->json) {
		printf("Wrote 0x%08x with mask 0x%08x to 0x%08x\n", memory.value, memory.mask, memory.address);
	}
	return true;
}
