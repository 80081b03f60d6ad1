// SPDX-License-Identifier: Apache-2.0
/* read-flash-status, write-flash-status. */
#include <stdio.h>

#include "commands.h"
#include "direct.h"
#include "words.h"

#define DEFAULT_BYTES 2

struct flash_status {
	unsigned bytes;
	bool non_volatile;
	uint32_t before;
	uint32_t value;
	uint32_t after;
};

static unsigned bytes_of(const struct ff_run *run)
{
	return run->options->status_bytes > 0 ? run->options->status_bytes : DEFAULT_BYTES;
}

/* As many digits as there are bytes. */
static void set_hex(json_t *object, const char *key, unsigned bytes, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%0*x", 2 * (int)bytes, value);
	json_object_set_new(object, key, json_string(text));
}

static enum ff_status read_status(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct flash_status *work = context;
	enum ff_status status = ff_flasher_read_flash_status(flasher, work->bytes, &work->value, error);

	json_object_set_new(result, "bytes", json_integer(work->bytes));
	set_hex(result, "value", work->bytes, work->value);
	return status;
}

bool ff_cmd_read_flash_status(struct ff_run *run)
{
	struct flash_status work = { .bytes = bytes_of(run) };
	const struct ff_direct_task task = { .kind = "read-flash-status", .work = read_status, .context = &work };

	if (!ff_direct_work(run, &task)) {
		return false;
	}
	ff_display_clear(run->display);
	if (!run->options->json) {
		printf("Flash memory status: 0x%0*x\n", 2 * (int)work.bytes, work.value);
	}
	return true;
}

static enum ff_status write_status(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct flash_status *work = context;
	enum ff_status status = ff_flasher_read_flash_status(flasher, work->bytes, &work->before, error);

	if (status == FF_OK) {
		status = ff_flasher_write_flash_status(flasher, work->bytes, work->value, work->non_volatile, error);
	}
	if (status == FF_OK) {
		status = ff_flasher_read_flash_status(flasher, work->bytes, &work->after, error);
	}
	json_object_set_new(result, "bytes", json_integer(work->bytes));
	json_object_set_new(result, "non_volatile", json_boolean(work->non_volatile));
	set_hex(result, "before", work->bytes, work->before);
	set_hex(result, "value", work->bytes, work->value);
	set_hex(result, "after", work->bytes, work->after);
	return status;
}

bool ff_cmd_write_flash_status(struct ff_run *run)
{
	struct flash_status work = { .bytes = bytes_of(run), .non_volatile = run->options->non_volatile };
	const struct ff_direct_task task = { .kind = "write-flash-status", .work = write_status, .context = &work };
	struct ff_error error = FF_ERROR_NONE;
	int digits = 2 * (int)work.bytes;

	if (run->options->word_count != 1) {
		return ff_failure_set(&run->failure, "invalid-argument", "write-flash-status wants VALUE");
	}
	if (ff_words_number(&work.value, run->options->words[0].text, "a status value", &error) != FF_OK) {
		return ff_failure_set_error(&run->failure, NULL, &error);
	}
	if (work.value >> (8 * work.bytes) != 0) {
		return ff_failure_set(&run->failure, "invalid-argument", "0x%x is more than --bytes %u holds",
				      work.value, work.bytes);
	}
	if (!ff_direct_work(run, &task)) {
		return false;
	}
	ff_display_clear(run->display);
	if (!run->options->json) {
		printf("Initial flash memory status: 0x%0*x\n", digits, work.before);
		printf("Setting flash memory status: 0x%0*x\n", digits, work.value);
		printf("After flash memory status:   0x%0*x\n", digits, work.after);
	}
	return true;
}
