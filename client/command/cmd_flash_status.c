// SPDX-License-Identifier: Apache-2.0
/* read-flash-status, write-flash-status. */
#include <stdio.h>

#include "commands.h"
#include "words.h"
#include "work.h"

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
static json_t *status_json(unsigned bytes, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%0*x", 2 * (int)bytes, value);
	return json_string(text);
}

static const char *told(const struct ff_run *run, const char *member, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(run->result, member), key));

	return text != NULL ? text : "unknown";
}

static enum ff_status read_status(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct flash_status *work = context;
	enum ff_status status = ff_flasher_read_flash_status(flasher, work->bytes, &work->value, error);

	json_object_set_new(result, "bytes", json_integer(work->bytes));
	json_object_set_new(result, "value", status_json(work->bytes, work->value));
	return status;
}

bool ff_cmd_read_flash_status(struct ff_run *run)
{
	struct flash_status work = { .bytes = bytes_of(run) };
	const struct ff_direct_task here = { .kind = "read-flash-status",
					     .work = read_status,
					     .context = &work,
					     .target = json_pack("{s:i}", "size", (int)work.bytes) };
	struct ff_remote_task there = { .method = "GET" };

	snprintf(there.resource, sizeof(there.resource), "flash-status?bytes=%u", work.bytes);
	if (!ff_work(run, &here, &there)) {
		return false;
	}
	if (!run->options->json) {
		printf("Flash memory status: %s\n", told(run, "result", "value"));
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
	json_object_set_new(result, "before", status_json(work->bytes, work->before));
	json_object_set_new(result, "after", status_json(work->bytes, work->after));
	return status;
}

static bool run_write(struct ff_run *run, struct flash_status *work)
{
	const struct ff_direct_task here = { .kind = "write-flash-status",
					     .work = write_status,
					     .context = work,
					     .target = json_pack("{s:i, s:o, s:b}", "size", (int)work->bytes, "value",
								 status_json(work->bytes, work->value), "non_volatile",
								 work->non_volatile) };
	struct ff_remote_task there = { .method = "PUT" };

	snprintf(there.resource, sizeof(there.resource), "flash-status?bytes=%u&value=0x%x&non_volatile=%s",
		 work->bytes, work->value, work->non_volatile ? "true" : "false");
	return ff_work(run, &here, &there);
}

bool ff_cmd_write_flash_status(struct ff_run *run)
{
	struct flash_status work = { .bytes = bytes_of(run), .non_volatile = run->options->non_volatile };
	struct ff_error error = FF_ERROR_NONE;

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
	if (!run_write(run, &work)) {
		return false;
	}
	if (!run->options->json) {
		printf("Initial flash memory status: %s\n", told(run, "result", "before"));
		printf("Setting flash memory status: %s\n", told(run, "target", "value"));
		printf("After flash memory status:   %s\n", told(run, "result", "after"));
	}
	return true;
}
