// SPDX-License-Identifier: Apache-2.0
/* read-flash. */
#include <stdio.h>
#include <strings.h>

#include "commands.h"
#include "content.h"
#include "job.h"
#include "words.h"
#include "work.h"

struct read {
	uint32_t offset;
	uint32_t size;
	bool to_the_end; /* size is not known before the board is */
	struct ff_content content;
};

static enum ff_status find_end(struct read *read, const struct ff_board_info *info, struct ff_error *error)
{
	if (info->flash_size == 0) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED,
				    "the size of the flash is unknown: say how many bytes to read");
	}
	if (read->offset >= info->flash_size) {
		return ff_error_set(error, FF_ERR_TOO_LARGE, "0x%x is beyond the flash, which has 0x%x bytes",
				    read->offset, info->flash_size);
	}
	read->size = info->flash_size - read->offset;
	return FF_OK;
}

static enum ff_status read_flash(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct read *read = context;
	const struct ff_sink sink = ff_content_sink(&read->content);
	enum ff_status status = FF_OK;

	if (read->to_the_end) {
		status = find_end(read, ff_flasher_info(flasher), error);
	}
	if (status == FF_OK) {
		status = ff_flasher_read(flasher, read->offset, read->size, &sink, error);
	}
	if (status == FF_OK) {
		status = ff_content_commit(&read->content, NULL, error);
	}
	json_object_set_new(result, "bytes", json_integer(read->size));
	json_object_set_new(result, "sha256", json_string(read->content.sha256));
	return status;
}

static enum ff_status parse(struct read *read, const struct ff_option_word *words, struct ff_error *error)
{
	enum ff_status status = ff_words_offset(&read->offset, words[0].text, error);

	read->to_the_end = strcasecmp(words[1].text, "all") == 0;
	if (status == FF_OK && !read->to_the_end) {
		status = ff_words_number(&read->size, words[1].text, "a size", error);
	}
	if (status == FF_OK && !read->to_the_end && read->size == 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "nothing to read: the size is 0");
	}
	return status;
}

static void tell(const struct ff_run *run, const struct read *read)
{
	const json_t *phases = json_object_get(json_object_get(run->result, "result"), "phases");
	double seconds = json_number_value(json_object_get(phases, "read"));
	long long bytes = ff_job_bytes(run->result);

	printf("%s: read %lld bytes from 0x%x into %s", ff_job_board(run->result), bytes, read->offset,
	       run->options->words[2].text);
	if (seconds > 0) {
		printf(" in %.1f s, %.1f kbit/s", seconds, (double)bytes * 8 / 1000 / seconds);
	}
	putchar('\n');
}

static bool run_read(struct ff_run *run, struct read *read)
{
	const struct ff_direct_task here = { .kind = "read",
					     .work = read_flash,
					     .context = read,
					     .target = ff_job_flash_target(read->offset, read->size) };
	struct ff_remote_task there = { .method = "GET", .content = &read->content };
	int used = snprintf(there.resource, sizeof(there.resource), "flash?offset=0x%x&size=", read->offset);

	snprintf(there.resource + used, sizeof(there.resource) - (size_t)used, read->to_the_end ? "all" : "%u",
		 read->size);
	if (!ff_work(run, &here, &there)) {
		return false;
	}
	if (!run->options->json) {
		tell(run, read);
	}
	return true;
}

bool ff_cmd_read_flash(struct ff_run *run)
{
	const struct ff_option_word *words = run->options->words;
	struct read read = { .size = 0 };
	struct ff_error error = FF_ERROR_NONE;
	bool good;

	if (run->options->word_count != 3) {
		return ff_failure_set(&run->failure, "invalid-argument", "read-flash wants OFFSET, SIZE and FILE");
	}
	if (parse(&read, words, &error) != FF_OK || ff_content_open(&read.content, words[2].text, &error) != FF_OK) {
		return ff_failure_set_error(&run->failure, NULL, &error);
	}
	good = run_read(run, &read);
	ff_content_abort(&read.content);
	return good;
}
